"""Variants that can be acted on: verdicts that reach the job, effects by rule, one variant alone, undo."""

from collections.abc import Sequence

import pytest

from tests.profiles.place import Place, act, job, plan, stuck, undo, variants
from unstick.recovery.engine import apply
from unstick.recovery.filters import parse_filter
from unstick.recovery.model import JobId, Target, VariantId
from unstick.recovery.outcome import Outcome
from unstick.recovery.plan import Options, Plan
from unstick.recovery.port import Backend
from unstick.recovery.query import Query

PROFILE = """
    name = "pipelines"
    clock = "utc"
    max_retries = 3
    [[jobs]]
    table = "orders"
    key = ["id"]
    status = "status"
    states = { running = ["busy"], done = ["done"], failed = ["failed"] }
    columns = { step = "step" }
    steps = ["draw", "cut", "paint"]
    times = { updated = "beat" }
    [[jobs.rules]]
    name = "stuck"
    statuses = ["busy"]
    age_of = ["updated"]
    older_than = "1h"
    [jobs.actions.recover]
    verb = "set failed"
    only_stuck = true
    set = { status = "failed" }
    [jobs.variants]
    name = "pieces"
    table = "pieces"
    key = ["id"]
    match = { order_id = "id" }
    only = "j.kind <> 'note'"
    status = "status"
    states = { running = ["busy"], done = ["ok"], failed = ["bad"] }
    columns = { step = "step", retries = "tries" }
    times = { updated = "beat" }
    [[jobs.variants.rules]]
    name = "broken"
    reason = "failed"
    statuses = ["bad"]
    parent_statuses = ["busy"]
    behind = "parent"
    [[jobs.variants.rules]]
    name = "lagging"
    reason = "lagging"
    statuses = ["ok"]
    parent_statuses = ["busy"]
    behind = "parent"
    [jobs.variants.actions.recover]
    verb = "go on with the next step"
    only_stuck = true
    set = { tries = { increment = 1 }, beat = { now = true } }
    [jobs.variants.actions.recover.by_rule.broken]
    set = { status = "ok" }
    [jobs.variants.actions.retry]
    verb = "work on the step again"
    statuses = ["bad", "ok"]
    refuse = "{job}: a piece that is {status} is not done again"
    set = { status = "busy", tries = { increment = 1 } }
    [[jobs.variants.actions.retry.guards]]
    sql = "j.step <> 'draw'"
    refuse = "drawn by hand: it can't be drawn again"
"""


async def pipelines(place: Place) -> None:
    """Order 1 cuts: piece 11 lags, 12 broke before, 13 is where it should be, 14 is no piece; order 2 is
    over, with pieces that look alike; order 3 hangs itself and has a piece that lags."""
    new, old = place.ago(10), place.ago(7200)
    time = place.pick("timestamp", "datetime(6)", "text")
    await place.run(
        f"CREATE TABLE orders (id integer, status varchar(9), step varchar(9), beat {time})",
        "CREATE TABLE pieces (id integer, order_id integer, kind varchar(9), status varchar(9), "
        f"step varchar(9), tries integer, beat {time})",
        f"INSERT INTO orders VALUES (1, 'busy', 'paint', {new}), (2, 'done', 'paint', {new}), "
        f"(3, 'busy', 'paint', {old}), (4, 'busy', 'draw', {new})",
    )
    pieces = (
        (11, 1, "part", "ok", "draw", "NULL"),
        (12, 1, "part", "bad", "cut", 1),
        (13, 1, "part", "ok", "paint", 0),
        (14, 1, "note", "ok", "draw", 0),
        (21, 2, "part", "ok", "draw", 0),
        (22, 2, "part", "bad", "cut", 0),
        (31, 3, "part", "ok", "cut", 3),
        (41, 4, "part", "ok", "draw", 0),
    )
    for number, order, kind, status, step, tries in pieces:
        await place.run(
            f"INSERT INTO pieces VALUES ({number}, {order}, '{kind}', '{status}', '{step}', {tries}, {new})"
        )


async def pieces(place: Place) -> dict[int, tuple[str, int | None]]:
    return {row[0]: (row[1], row[2]) for row in await place.rows("SELECT id, status, tries FROM pieces")}


def refs(made: Plan) -> list[tuple[str, str | None, str | None]]:
    return [(row.job, row.variant, row.rule) for row in made.rows]


async def of_one(backend: Backend, action: str, *targets: tuple[str, str]) -> Plan:
    wanted: Sequence[Target] = [Target(JobId(order), VariantId(piece)) for order, piece in targets]
    return await backend.plan(action, wanted, Options())


async def test_a_job_is_stuck_when_one_of_its_variants_is(place: Place) -> None:
    await pipelines(place)
    backend = await place.console(PROFILE)
    assert await stuck(backend) == {"1", "3"}
    verdict = (await job(backend, "1")).verdict
    assert verdict is not None
    assert verdict.why == "pieces: 1 broken, 1 lagging"
    assert ("broken", "1 pieces") in verdict.evidence
    own = (await job(backend, "3")).verdict
    assert own is not None
    assert own.rule == "stuck"


async def test_variants_have_verdicts_and_counts_of_their_own(place: Place) -> None:
    await pipelines(place)
    backend = await place.console(PROFILE)
    found = await variants(backend, "1")
    assert {name: piece.verdict and piece.verdict.rule for name, piece in found.items()} == {
        "11": "lagging",
        "12": "broken",
        "13": None,
    }
    assert [(piece.retries, piece.needs_person) for piece in found.values()] == [
        (0, False),
        (1, False),
        (0, False),
    ]
    assert (await variants(backend, "3"))["31"].needs_person


async def test_recovering_everything_takes_jobs_and_variants_and_only_those(place: Place) -> None:
    await pipelines(place)
    before = await pieces(place)
    backend = await place.console(PROFILE)
    made = await plan(backend, "recover")
    assert refs(made) == [("3", None, "stuck"), ("1", "11", "lagging"), ("1", "12", "broken")]
    assert [(left.job, left.variant) for left in made.left_out] == [("3", "31")]
    assert "needs a person" in made.left_out[0].reason
    result = await apply(backend, made)
    assert result.counts.as_dict() == {"applied": 3, "drifted": 0, "missing": 0, "busy": 0, "failed": 0}
    assert await pieces(place) == {**before, 11: ("ok", 1), 12: ("ok", 2)}
    assert await place.rows("SELECT id FROM orders WHERE status = 'failed'") == [(3,)]


async def test_recovering_a_job_takes_those_of_its_variants_that_are_stuck(place: Place) -> None:
    await pipelines(place)
    backend = await place.console(PROFILE)
    made = await plan(backend, "recover", "1")
    assert refs(made) == [("1", "11", "lagging"), ("1", "12", "broken")]
    assert not made.left_out
    nothing = await plan(backend, "recover", "2", "4", "9")
    assert {left.job: left.reason.partition(":")[0] for left in nothing.left_out} == {
        "2": "not stuck",
        "4": "not stuck",
        "9": "there is no such job",
    }


async def test_one_variant_alone_is_named_with_its_job(place: Place) -> None:
    await pipelines(place)
    backend = await place.console(PROFILE)
    assert refs(await of_one(backend, "recover", ("1", "12"))) == [("1", "12", "broken")]
    assert refs(await plan(backend, "recover", "1/11")) == [("1", "11", "lagging")]
    wrong = await of_one(backend, "recover", ("1", "21"), ("7", "11"), ("1", "what"))
    assert {(left.job, left.variant): left.reason for left in wrong.left_out} == {
        ("1", "21"): "there is no such variant",
        ("7", "11"): "there is no such variant",
        ("1", "what"): "there is no such variant",
    }
    assert not wrong.rows


async def test_an_action_for_variants_alone_refuses_whole_jobs_in_words(place: Place) -> None:
    await pipelines(place)
    backend = await place.console(PROFILE)
    made = await of_one(backend, "retry", ("1", "12"), ("1", "11"))
    assert refs(made) == [("1", "12", "broken")]
    assert [left.reason for left in made.left_out] == ["drawn by hand: it can't be drawn again"]
    assert (await apply(backend, made)).counts.applied == 1
    assert (await pieces(place))[12] == ("busy", 2)
    again = await of_one(backend, "retry", ("1", "12"))
    assert [left.reason for left in again.left_out] == ["1: a piece that is busy is not done again"]
    whole = await plan(backend, "retry", "1")
    assert not whole.rows
    assert [left.job for left in whole.left_out] == ["1"]
    assert "JOB/VARIANT" in whole.left_out[0].reason


async def test_what_a_guard_forbids_by_the_time_of_the_apply_is_left_alone(place: Place) -> None:
    await pipelines(place)
    backend = await place.console(PROFILE)
    made = await of_one(backend, "retry", ("1", "12"))
    await place.run("UPDATE pieces SET step = 'draw' WHERE id = 12")
    [row] = (await apply(backend, made)).rows
    assert (row.outcome, row.detail) == (Outcome.DRIFTED, "drawn by hand: it can't be drawn again")


async def test_a_variant_that_another_rule_finds_by_now_has_drifted(place: Place) -> None:
    await pipelines(place)
    profile = PROFILE.replace(
        '    reason = "failed"\n    statuses = ["bad"]\n', "    when = \"j.kind = 'rush'\"\n"
    )
    backend = await place.console(profile)
    made = await plan(backend, "recover", "1/11")
    await place.run("UPDATE pieces SET kind = 'rush' WHERE id = 11")
    [row] = (await apply(backend, made)).rows
    assert (row.outcome, row.detail) == (
        Outcome.DRIFTED,
        "stuck for another reason now: lagging → broken",
    )
    assert (await pieces(place))[11] == ("ok", None)


async def test_a_variant_whose_job_went_on_has_drifted(place: Place) -> None:
    await pipelines(place)
    backend = await place.console(PROFILE)
    made = await plan(backend, "recover", "1")
    await place.run("UPDATE orders SET status = 'done' WHERE id = 1")
    result = await apply(backend, made)
    assert result.counts.drifted == 2
    assert {row.detail for row in result.rows} == {"no longer stuck by the database's clock"}


async def test_undo_puts_variants_back_and_history_names_them(place: Place) -> None:
    await pipelines(place)
    before = await place.rows("SELECT * FROM pieces ORDER BY id")
    backend = await place.console(PROFILE)
    result = await act(backend, "recover", "1")
    attempts = await backend.attempts(JobId("1"))
    assert {(one.variant, one.reason, one.from_status, one.to_status) for one in attempts} == {
        ("11", "lagging", "ok", "ok"),
        ("12", "failed", "bad", "ok"),
    }
    assert {row.detail for row in result.rows} == {"bad → ok", "tries NULL → 1"}
    assert (await undo(backend, result)).counts.applied == 2
    assert await place.rows("SELECT * FROM pieces ORDER BY id") == before
    shown = await backend.operation(result.operation)
    assert shown.status == "undone"
    assert {row.variant for row in shown.rows} == {"11", "12"}


async def test_two_consoles_recover_a_variant_once(place: Place) -> None:
    await pipelines(place)
    one, two = await place.console(PROFILE), await place.console(PROFILE)
    plans = [await plan(one, "recover", "1"), await plan(two, "recover", "1")]
    results = [await apply(backend, made) for backend, made in zip((one, two), plans, strict=True)]
    assert [result.counts.applied for result in results] == [2, 0]
    assert (await pieces(place))[11] == ("ok", 1)


async def test_attempts_of_variants_are_counted_from_the_history_where_no_column_does(place: Place) -> None:
    await pipelines(place)
    backend = await place.console(PROFILE.replace(', retries = "tries"', ""))
    for _ in range(3):
        await act(backend, "recover", "1/12")
        await place.run("UPDATE pieces SET status = 'bad' WHERE id = 12")
    found = await variants(backend, "1")
    assert (found["12"].retries, found["11"].retries) == (3, 0)
    assert (await job(backend, "1")).retries == 0
    assert not (await plan(backend, "recover", "1/12")).rows


async def test_a_job_that_can_only_be_acted_on_by_its_variants_says_so(place: Place) -> None:
    await pipelines(place)
    own = PROFILE[PROFILE.index("    [jobs.actions.recover]") : PROFILE.index("    [jobs.variants]")]
    backend = await place.console(PROFILE.replace(own, ""))
    made = await plan(backend, "recover", "1", "2", "9")
    assert refs(made) == [("1", "11", "lagging"), ("1", "12", "broken")]
    assert {left.job: left.reason for left in made.left_out} == {
        "2": "not stuck: none of its pieces is",
        "9": "there is no such job",
    }


async def test_a_filter_chooses_variants_by_their_jobs(place: Place) -> None:
    await pipelines(place)
    backend = await place.console(PROFILE)
    made = await backend.plan("recover", Query(terms=parse_filter("id:3")), Options(over_limit=True))
    assert refs(made) == [("3", None, "stuck"), ("3", "31", "lagging")]


@pytest.mark.parametrize("threshold", ["lagging", "broken"])
async def test_a_rule_of_variants_can_be_switched_off(place: Place, threshold: str) -> None:
    await pipelines(place)
    backend = await place.console(PROFILE, thresholds={threshold: None})
    left = {"lagging": "12", "broken": "11"}[threshold]
    assert refs(await plan(backend, "recover", "1"))[0][1] == left
