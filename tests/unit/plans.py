"""A plan with something in every field."""

from datetime import UTC, datetime

from unstick.recovery.model import JobId, VariantId
from unstick.recovery.plan import Change, LeftOut, Options, Plan, PlanRow, seal

NOW = datetime(2026, 1, 5, 12, 0, 0, 123456, tzinfo=UTC)

ROW = PlanRow(
    job=JobId("a"),
    table="jobs",
    key={"id": 1},
    token={"status": "running", "updated_at": "2026-01-05 11:00:00.000001", "retries": 0},
    before={"status": "running", "error": None, "ratio": 0.1, "live": True},
    after={"status": "failed", "error": "ünïcode \U0001f525 \udcff", "ratio": 0.1, "live": False},
    variant=VariantId("v"),
    rule="stuck",
    reason="stuck",
    why="idle 1h > 5m",
    evidence=(("updated_at", "11:00"), ("threshold", "5m")),
    related=("problems 7",),
    changes=(
        Change("jobs", "delete", {"id": 1}, {"id": 1, "status": "x"}, None),
        Change("logs", "insert", {"id": 2}, None, {"id": 2}),
    ),
)

PLAN = seal(
    Plan(
        source="here",
        database="postgresql://db/jobs",
        profile="artitec",
        action="recover",
        verb="set failed",
        made_at=NOW,
        options=Options(
            {"stuck": 300.0, "*": None}, over_limit=True, max_rows=9, reason="why", operator="kim"
        ),
        rows=(ROW,),
        left_out=(LeftOut(JobId("b"), "not stuck"), LeftOut(JobId("c"), "busy", VariantId("w"))),
        sql=("UPDATE jobs",),
        warnings=("careful",),
        hook="POST http://app/x",
        undoes="op-1",
    )
)
