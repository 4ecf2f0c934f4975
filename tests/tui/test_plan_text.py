"""A plan as lines: what differs from row to row can be read, and nothing hides the rest."""

from __future__ import annotations

from dataclasses import replace

from tests.tui.driver import PlanScreen, console
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.plan import Options, Plan
from unstick.recovery.query import Query
from unstick.tui.screens.plan_text import SQL_LINES, plan_lines


async def planned(rows: int) -> Plan:
    backend = MemoryBackend.example(100, rows)
    await backend.open()
    page = await backend.page(Query(stuck_only=True))
    return await backend.plan("recover", tuple(each.id for each in page.rows), Options())


def texts(plan: Plan, width: int) -> list[str]:
    return ["".join(span.text for span in line) for line in plan_lines(plan, {}, width)]


async def test_of_many_rows_each_line_begins_with_why_and_the_reasons_stand_below_each_other() -> None:
    plan = await planned(30)
    told = [line for line in texts(plan, 80) if "status: running -> failed" in line]
    assert len(told) == len(plan.rows) == 30
    for line, row in zip(told, plan.rows, strict=True):
        assert line.split()[0] == row.job
        assert row.why in line[:60]
    assert len({line.index("status:") for line in told}) == 1


async def test_a_statement_that_lists_hundreds_of_ids_shows_its_beginning_and_its_end() -> None:
    plan = await planned(3)
    ids = ", ".join(f"'JOB-{number:06}'" for number in range(500))
    plan = replace(
        plan, sql=(f"UPDATE jobs SET status = 'failed' WHERE id IN ({ids}) AND status = 'running'",)
    )
    told = texts(plan, 80)
    begin = next(place for place, line in enumerate(told) if line.startswith("  UPDATE jobs SET"))
    assert len(told) - begin == SQL_LINES
    assert "status = 'running'" in told[-1]
    assert any("y copies it whole" in line for line in told[begin:])
    assert all(len(line) <= 80 for line in told)


async def test_the_result_is_told_once_on_the_plan_and_goes_along_to_the_table() -> None:
    async with console() as c:
        await c.press("space", "space")
        screen = await c.plan("R")
        assert screen.plan is not None
        c.backend.worker.finish(screen.plan.rows[1].job)
        await c.apply()
        assert c.on(PlanScreen).result is not None
        assert c.text.count("recovered 1, drifted 1") == 1
        assert "updated_at" not in "".join(c.lines[-5:]), (
            "the plan has all that moved on, the sentence its first"
        )
        await c.press("escape")
        assert c.text.count("recovered 1, drifted 1") == 1
