"""Stuck rules: several life signs, fallbacks, never, workers' tables, children, steps."""

import pytest

from tests.profiles.place import Place, act, job, stuck, variants
from unstick.recovery.errors import ConfigError

HEAD = """
    name = "rules"
    clock = "utc"
    [[jobs]]
    table = "tasks"
    key = ["id"]
    status = "status"
    states = { pending = ["waiting"], running = ["busy"] }
"""
RECOVER = """
    [jobs.actions.recover]
    verb = "set waiting"
    only_stuck = true
    set = { status = "waiting" }
"""


async def table(place: Place, name: str, columns: str, *rows: str) -> None:
    time = place.pick("timestamp", "datetime(6)", "text")
    await place.run(f"CREATE TABLE {name} ({columns.replace('TIME', time)})")
    for row in rows:
        await place.run(f"INSERT INTO {name} VALUES ({row})")


LATEST = (
    HEAD
    + """
    times = { created = "made", started = "began", updated = "beat", seen = "seen" }
    [[jobs.rules]]
    name = "stuck"
    statuses = ["busy"]
    age_of = ["updated", "seen"]
    fallback = ["started", "created"]
    older_than = "5m"
    [[jobs.rules]]
    name = "off"
    statuses = ["busy"]
    age_of = ["started"]
    older_than = "never"
    enabled = false
"""
    + RECOVER
)


async def several_clocks(place: Place) -> None:
    new, old = place.ago(60), place.ago(900)
    await table(
        place,
        "tasks",
        "id integer, status varchar(20), made TIME, began TIME, beat TIME, seen TIME",
        *(
            f"{number}, 'busy', {made}, {began}, {beat}, {seen}"
            for number, (made, began, beat, seen) in enumerate(
                [
                    (old, old, new, old),  # 0: one of two life signs is new
                    (old, old, old, new),  # 1: the other one is
                    (old, old, place.ago(901), old),  # 2: stuck
                    (old, old, "NULL", old),  # 3: stuck by the one that there is
                    (old, old, new, "NULL"),  # 4: alive by the one that there is
                    (old, new, "NULL", "NULL"),  # 5: alive by the first fallback
                    (new, old, "NULL", "NULL"),  # 6: stuck by the first fallback, whatever the second says
                    (old, "NULL", "NULL", "NULL"),  # 7: stuck by the second fallback
                    (new, "NULL", "NULL", "NULL"),  # 8: alive by the second fallback
                    ("NULL", "NULL", "NULL", "NULL"),  # 9: no life sign at all
                ]
            )
        ),
    )


async def test_the_latest_life_sign_counts_then_the_fallbacks_in_order(place: Place) -> None:
    await several_clocks(place)
    backend = await place.console(LATEST)
    assert await stuck(backend) == {"2", "3", "6", "7", "9"}
    whys = {name: (await job(backend, name)).verdict for name in ("2", "6", "7", "9")}
    assert {name: verdict and verdict.clock for name, verdict in whys.items()} == {
        "2": "seen",
        "6": "began",
        "7": "made",
        "9": None,
    }
    assert whys["9"]
    assert (whys["9"].why, whys["9"].age_s) == ("no life sign recorded", None)
    assert ("beat", "NULL") in whys["9"].evidence
    assert (await act(backend, "recover")).counts.applied == 5


async def test_never_and_rules_that_are_off(place: Place) -> None:
    await several_clocks(place)
    backend = await place.console(LATEST)
    assert backend.capabilities.thresholds == {"stuck": 300, "off": None}
    assert await stuck(backend, {"stuck": None}) == set()
    assert await stuck(backend, {"*": None}) == set()
    assert await stuck(backend, {"*": 1e6}) == {"9"}, "`*` leaves a rule that is off alone"
    on = await stuck(backend, {"stuck": None, "off": 300.0})
    assert on == {"0", "1", "2", "3", "4", "6", "7", "8", "9"}
    with pytest.raises(
        ConfigError, match=r"profile rules has no rule 'stack' \(it has: off, stuck; `\*` means"
    ):
        await place.console(LATEST, thresholds={"stack": 1.0})


OWNER = (
    HEAD.replace("{", "{{").replace("}", "}}")
    + """
    times = {{ updated = "beat" }}
    [[jobs.rules]]
    name = "orphan"
    statuses = ["busy"]
    {more}
    owner = {{ table = "workers", match = {{ name = "worker" }}, beat = "beat", older_than = "60s" {null} }}
"""
    + RECOVER.replace("{", "{{").replace("}", "}}")
)


async def workers(place: Place) -> None:
    columns = "id integer, status varchar(20), beat TIME, worker varchar(20)"
    old = place.ago(900)
    rows = [
        f"{n}, 'busy', {old}, {worker}"
        for n, worker in enumerate(("'alive'", "'silent'", "'gone'", "NULL", "'mute'"))
    ]
    await table(place, "tasks", columns, *rows, f"5, 'busy', {place.ago(10)}, 'gone'")
    beats = (f"'alive', {place.ago(10)}", f"'silent', {place.ago(90)}", "'mute', NULL")
    await table(place, "workers", "name varchar(20), beat TIME", *beats)


async def test_a_job_whose_worker_is_dead_or_silent(place: Place) -> None:
    await workers(place)
    backend = await place.console(OWNER.format(more="", null=""))
    assert backend.capabilities.thresholds == {"orphan": 60}
    assert await stuck(backend) == {"1", "2", "3", "4", "5"}
    assert await stuck(backend, {"orphan": 100.0}) == {"2", "3", "4", "5"}
    assert await stuck(backend, {"orphan": None}) == set()
    verdict = (await job(backend, "1")).verdict
    assert verdict is not None
    assert verdict.why == "worker gone or silent > 60s"
    assert ("worker", "no beat in workers within 1m") in verdict.evidence
    await place.run(f"UPDATE workers SET beat = {place.ago(0)} WHERE name = 'silent'")
    assert await stuck(backend) == {"2", "3", "4", "5"}


async def test_a_job_without_a_worker_can_be_left_alone(place: Place) -> None:
    await workers(place)
    backend = await place.console(OWNER.format(more="", null=", null_is_dead = false"))
    assert await stuck(backend) == {"1", "2", "4", "5"}


async def test_an_age_beside_a_worker_has_a_threshold_of_its_own(place: Place) -> None:
    await workers(place)
    more = 'age_of = ["updated"]\n    older_than = "5m"'
    backend = await place.console(OWNER.format(more=more, null=""))
    assert backend.capabilities.thresholds == {"orphan": 300}
    assert await stuck(backend) == {"1", "2", "3", "4"}
    assert await stuck(backend, {"orphan": 1000.0}) == set()


async def family(place: Place) -> None:
    await table(place, "tasks", "id integer, status varchar(20)", *(f"{n}, 'busy'" for n in range(5)))
    parts = {1: ("ok", "ok"), 2: ("ok", "bad"), 3: ("ok", None), 4: ("new",)}
    rows = [
        f"{job * 10 + n}, {job}, " + (f"'{status}'" if status else "NULL")
        for job, found in parts.items()
        for n, status in enumerate(found)
    ]
    await table(place, "parts", "id integer, task integer, status varchar(20)", *rows)


CHILDREN = (
    HEAD.replace("{", "{{").replace("}", "}}")
    + """
    [jobs.variants]
    table = "parts"
    key = ["id"]
    match = {{ task = "id" }}
    status = "status"
    states = {{ done = ["ok"], failed = ["bad"] }}
    [[jobs.children]]
    name = "pieces"
    table = "{table}"
    optional = {optional}
    key = ["id"]
    match = {{ task = "id" }}
    status = "status"
    [[jobs.rules]]
    name = "unfinished"
    statuses = ["busy"]
    children = {{ {condition} }}
"""
    + RECOVER.replace("{", "{{").replace("}", "}}")
)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('every = ["ok"]', {"0", "1"}),
        ('every = ["ok"], at_least = 1', {"1"}),
        ('any = ["bad", "new"]', {"2", "4"}),
        ('none = ["ok"]', {"0", "4"}),
        ("at_least = 2", {"1", "2", "3"}),
    ],
)
@pytest.mark.parametrize("of", ["variants", "pieces"])
async def test_conditions_on_children(place: Place, of: str, condition: str, expected: set[str]) -> None:
    await family(place)
    text = CHILDREN.format(table="parts", optional="false", condition=f'of = "{of}", {condition}')
    backend = await place.console(text)
    assert await stuck(backend) == expected
    assert await stuck(backend, {"unfinished": None}) == set(), "never switches it off"
    assert (await job(backend, "1")).variants_done == 2
    assert (await act(backend, "recover")).counts.applied == len(expected)


async def test_an_optional_table_that_is_absent_has_no_rows(place: Place) -> None:
    await family(place)
    for condition, expected in (('every = ["ok"]', 5), ('any = ["ok"]', 0), ("at_least = 1", 0)):
        text = CHILDREN.format(table="none", optional="true", condition=f'of = "pieces", {condition}')
        assert len(await stuck(await place.console(text))) == expected


async def test_a_rule_without_a_clock_is_off_until_it_is_switched_on(place: Place) -> None:
    await family(place)
    text = CHILDREN.format(table="parts", optional="false", condition='every = ["ok"]')
    text = text.replace('name = "unfinished"', 'name = "unfinished"\n    enabled = false')
    backend = await place.console(text)
    assert await stuck(backend) == set()
    assert await stuck(backend, {"unfinished": 0.0}) == {"0", "1"}


BEHIND = (
    HEAD
    + """
    columns.step = "step"
    steps = ["load", "check", "Build", "ship"]
    [jobs.variants]
    table = "parts"
    key = ["id"]
    match = { task = "id" }
    status = "status"
    columns.step = "step"
    [[jobs.variants.rules]]
    name = "lagging"
    reason = "lagging"
    behind = "parent"
    statuses = ["ok"]
    [[jobs.variants.rules]]
    name = "stalled"
    behind = "sibling"
"""
)


async def test_variants_behind_their_job_or_a_sibling(place: Place) -> None:
    await table(
        place,
        "tasks",
        "id integer, status varchar(20), step varchar(20)",
        "1, 'busy', 'Build'",
        "2, 'busy', 'odd'",
    )
    rows = [(11, 1, "ok", "load"), (12, 1, "ok", "ship"), (13, 1, "new", "check"), (14, 1, "ok", "odd")]
    rows += [(15, 1, "ok", "Build"), (21, 2, "ok", "load"), (22, 2, "ok", "load")]
    await table(
        place,
        "parts",
        "id integer, task integer, status varchar(20), step varchar(20)",
        *(", ".join(map(repr, row)) for row in rows),
    )
    backend = await place.console(BEHIND)
    found = {**await variants(backend, "1"), **await variants(backend, "2")}
    assert {name: v.verdict and v.verdict.rule for name, v in found.items()} == {
        "11": "lagging",
        "12": None,
        "13": "stalled",
        "14": None,
        "15": "stalled",
        "21": None,
        "22": None,
    }
    assert found["11"].verdict
    assert found["11"].verdict.reason == "lagging"
    assert (await job(backend, "1")).step_index == 3


LIFE = (
    HEAD
    + """
    times = { updated = "beat" }
    [[jobs.children]]
    name = "progress"
    table = "progress"
    optional = true
    key = ["id"]
    match = { task = "id" }
    clock = "epoch_s"
    [[jobs.rules]]
    name = "stuck"
    statuses = ["busy"]
    age_of = ["updated", "progress.made"]
    older_than = "5m"
"""
    + RECOVER
)


async def test_a_childs_newest_row_is_a_life_sign(place: Place) -> None:
    old = place.ago(900)
    await table(
        place,
        "tasks",
        "id integer, status varchar(20), beat TIME",
        *(f"{n}, 'busy', {old}" for n in range(3)),
        "3, 'busy', NULL",
    )
    without = await place.console(LIFE)
    assert await stuck(without) == {"0", "1", "2", "3"}, "an optional table that is absent tells nothing"
    rows = [(1, 1, 800), (2, 1, 30), (3, 2, 700), (4, 3, 20)]
    await table(
        place,
        "progress",
        "id integer, task integer, made bigint",
        *(f"{n}, {task}, {place.ago(age, 'epoch_s')}" for n, task, age in rows),
    )
    backend = await place.console(LIFE)
    assert await stuck(backend) == {"0", "2"}
    found = await job(backend, "2")
    assert found.idle_s == pytest.approx(700, abs=3)
    assert found.verdict
    assert found.verdict.clock == "progress.made"
    assert (await act(backend, "recover")).counts.applied == 2
