"""Thresholds by kind where only a profile can say it: no kind, variants, rules without a clock, texts."""

import pytest

from tests.profiles.place import Place, act, plan, stuck
from unstick.recovery.errors import ConfigError

PROFILE = """
    name = "kinds"
    clock = "utc"
    [[jobs]]
    table = "orders"
    key = ["id"]
    status = "status"
    states = { pending = ["new"], running = ["busy"] }
    steps = ["cut", "paint"]
    columns = { kind = "kind", step = "step", error = "note" }
    times = { updated = "beat" }
    [[jobs.rules]]
    name = "stuck"
    statuses = ["busy"]
    age_of = ["updated"]
    older_than = "30m"
    [[jobs.rules]]
    name = "slow"
    statuses = ["busy"]
    age_of = ["updated"]
    older_than = "5m"
    enabled = false
    [jobs.actions.recover]
    verb = "set new"
    only_stuck = true
    set = { status = "new", note = { text = "silent for {timeout_minutes} min" } }
    [jobs.variants]
    name = "pieces"
    table = "pieces"
    key = ["id"]
    match = { order_id = "id" }
    status = "status"
    states = { running = ["busy"], done = ["ok"] }
    columns = { step = "step" }
    [[jobs.variants.rules]]
    name = "lagging"
    statuses = ["ok"]
    behind = "parent"
    parent_statuses = ["busy"]
    [jobs.variants.actions.recover]
    verb = "do it again"
    only_stuck = true
    set = { status = "busy" }
"""
MINUTE = 60


async def orders(place: Place) -> None:
    """One order of each kind, silent for an hour; 4 has no kind; 5 and 6 live, and have a late piece each."""
    old, new = place.ago(60 * MINUTE), place.ago(10)
    time = place.pick("timestamp", "datetime(6)", "text")
    await place.run(
        "CREATE TABLE orders (id integer, kind varchar(20), status varchar(9), step varchar(9), "
        f"note varchar(90), beat {time})",
        "CREATE TABLE pieces (id integer, order_id integer, status varchar(9), step varchar(9))",
        f"INSERT INTO orders VALUES (1, 'render', 'busy', 'cut', NULL, {old}), "
        f"(2, 'render_hd', 'busy', 'cut', NULL, {old}), (3, 'mail', 'busy', 'cut', NULL, {old}), "
        f"(4, NULL, 'busy', 'cut', NULL, {old}), (5, 'render', 'busy', 'paint', NULL, {new}), "
        f"(6, 'mail', 'busy', 'paint', NULL, {new})",
        "INSERT INTO pieces VALUES (51, 5, 'ok', 'cut'), (61, 6, 'ok', 'cut')",
    )


OFF = {"lagging kind:*": None, "lagging": None}


@pytest.mark.parametrize(
    ("thresholds", "expected"),
    [
        ({"kind:render": 2.0 * 60 * MINUTE}, "2 3 4"),
        ({"kind:render*": None}, "3 4"),
        ({"kind:*": None}, "4"),
        ({"stuck": None, "kind:mail": 50.0 * MINUTE}, "3"),
        ({"kind:mail": 2.0 * 60 * MINUTE, "slow kind:mail": 50.0 * MINUTE}, "1 2 3 4"),
        ({"stuck": None, "slow kind:render": 6.0 * MINUTE, "kind:mail": None}, "1"),
    ],
)
async def test_a_job_without_a_kind_has_the_threshold_of_the_rule(
    place: Place, thresholds: dict[str, float | None], expected: str
) -> None:
    await orders(place)
    backend = await place.console(PROFILE, thresholds=OFF | thresholds)
    assert await stuck(backend) == set(expected.split())


@pytest.mark.parametrize(
    ("thresholds", "expected"),
    [
        ({}, {"51", "61"}),
        ({"kind:mail": None}, {"51", "61"}),
        ({"lagging kind:mail": None}, {"51"}),
        ({"lagging": None, "lagging kind:m*l": 60.0}, {"61"}),
    ],
)
async def test_variants_go_by_the_kind_of_their_job(
    place: Place, thresholds: dict[str, float | None], expected: set[str]
) -> None:
    await orders(place)
    backend = await place.console(PROFILE, thresholds={"stuck": None} | thresholds)
    found = {str(variant) for _, variant, _ in await backend.verdicts() if variant is not None}
    made = {str(row.variant) for row in (await plan(backend, "recover")).rows}
    assert found == made == expected
    assert await stuck(backend) == {piece[0] for piece in expected}
    applied = await act(backend, "recover")
    assert applied.counts.applied == len(expected)


async def test_each_row_is_told_the_timeout_of_its_kind(place: Place) -> None:
    await orders(place)
    given = OFF | {"kind:render": 50.0 * MINUTE, "kind:render_*": 40.0 * MINUTE}
    backend = await place.console(PROFILE, thresholds=given)
    made = await plan(backend, "recover")
    told = {str(row.job): row.after["note"] for row in made.rows}
    assert told == {
        "1": "silent for 50 min",
        "2": "silent for 40 min",
        "3": "silent for 30 min",
        "4": "silent for 30 min",
    }
    assert all(any(text in statement for statement in made.sql) for text in ("50 min", "40 min", "30 min"))
    await act(backend, "recover")
    written = await place.rows("SELECT id, note FROM orders WHERE status = 'new'")
    assert {str(number): note for number, note in written} == told


async def test_a_kind_that_changed_meanwhile_is_judged_by_what_it_is_now(place: Place) -> None:
    await orders(place)
    backend = await place.console(
        PROFILE, thresholds=OFF | {"stuck": 120.0 * MINUTE, "kind:render": 30.0 * MINUTE}
    )
    made = await plan(backend, "recover")
    assert [str(row.job) for row in made.rows] == ["1"]
    await place.run("UPDATE orders SET kind = 'other' WHERE id = 1")
    [outcome] = await backend.apply_chunk(made, made.rows, made.id)
    assert outcome.outcome == "drifted"


@pytest.mark.parametrize(
    ("thresholds", "says"),
    [
        ({"stuk kind:mail": 60.0}, "no rule 'stuk'"),
        ({"stuk": 60.0}, "no rule 'stuk'"),
    ],
)
async def test_a_rule_that_does_not_exist_is_named(
    place: Place, thresholds: dict[str, float | None], says: str
) -> None:
    await orders(place)
    with pytest.raises(ConfigError, match=says):
        await place.console(PROFILE, thresholds=thresholds)


async def test_jobs_without_kinds_are_told_about(place: Place) -> None:
    await orders(place)
    with pytest.raises(ConfigError, match=r"kind:mail.* have no kind; name the column"):
        await place.console(PROFILE.replace('kind = "kind", ', ""), thresholds={"kind:mail": 60.0})
