"""Choosing columns: what may go, what may not, what is said of those that tell nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.tui.driver import Console, console
from unstick.recovery.config.views import COLUMNS
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.model import Job
from unstick.tui.column_choice import AUTOMATIC, ColumnChoice, choice_from_json, only
from unstick.tui.columns import JOB_COLUMNS, VARIANT_COLUMNS, job_layout
from unstick.tui.remember import console_file
from unstick.tui.screens.columns import ColumnsScreen

NAMES = [column.id for column in JOB_COLUMNS]


async def opened(c: Console) -> ColumnsScreen:
    await c.press("C")
    await c.until(lambda: isinstance(c.app.screen, ColumnsScreen), "for the columns")
    await c.pilot.pause()
    return c.on(ColumnsScreen)


async def to(c: Console, name: str) -> None:
    c.on(ColumnsScreen).table.move_to(name)
    await c.pilot.pause()


def heading(c: Console) -> list[str]:
    return next(line for line in c.lines if "STATE" in line).split()


async def test_a_column_is_hidden_and_shown_at_once() -> None:
    async with console() as c:
        await opened(c)
        await to(c, "kind")
        await c.press("space")
        assert "[ ] KIND" in c.text
        assert "hidden" in c.text
        await c.press("enter")
        await c.until(lambda: c.app.screen is c.jobs)
        await c.pilot.pause()
        assert "KIND" not in heading(c)
        await opened(c)
        await to(c, "kind")
        await c.press("space", "escape")
        await c.until(lambda: c.app.screen is c.jobs)
        await c.pilot.pause()
        assert "KIND" in heading(c)


@pytest.mark.parametrize("name", ["state", "id", "why"])
async def test_what_a_table_needs_cannot_be_hidden_and_it_says_why(name: str) -> None:
    async with console() as c:
        await opened(c)
        await to(c, name)
        await c.press("space")
        assert f"{name.upper()} can't be hidden: " in c.text
        assert c.jobs.rows.layout.choice.automatic


@pytest.mark.parametrize(("right", "left"), [("J", "K"), ("greater_than_sign", "less_than_sign")])
async def test_a_column_moves_and_the_cursor_goes_with_it(right: str, left: str) -> None:
    async with console() as c:
        screen = await opened(c)
        await to(c, "kind")
        await c.press(right, right)
        assert screen.table.cursor == "kind"
        assert [column.id for column in c.jobs.rows.layout.arranged()].index("kind") == 4
        await c.press(left, left)
        assert c.jobs.rows.layout.choice.automatic


async def test_moving_beyond_the_ends_changes_nothing() -> None:
    async with console() as c:
        await opened(c)
        await c.press("K", "K")
        assert c.jobs.rows.layout.choice.automatic
        await to(c, "why")
        await c.press("J")
        assert "WHY always stands at the end" in c.text


async def test_one_key_makes_everything_automatic_again() -> None:
    async with console() as c:
        await opened(c)
        await to(c, "kind")
        await c.press("space", "J", "r")
        assert c.jobs.rows.layout.choice == AUTOMATIC
        assert "automatic again" in c.text


async def test_columns_are_the_same_after_a_restart() -> None:
    async with console() as c:
        await opened(c)
        await to(c, "kind")
        await c.press("space")
        await to(c, "idle")
        await c.press("K", "K", "K")
    async with console() as c:
        titles = heading(c)
        assert "KIND" not in titles
        assert titles.index("IDLE") < titles.index("TRY")


async def test_a_column_without_any_value_says_so() -> None:
    backend = MemoryBackend.example(5, 1)
    without = [
        replace(job, kind=None) for job in [await backend.job(each.id) for each in await rows(backend)]
    ]
    assert len(without) == 5
    layout = job_layout()
    layout.measure(without)
    from unstick.tui.screens.columns_text import ColumnRows

    told = ColumnRows(layout).row("kind")
    assert "no values seen" in "".join(span.text for span in told)


async def rows(backend: MemoryBackend) -> list[Job]:
    from unstick.recovery.query import Query

    await backend.open()
    return list((await backend.page(Query(), None)).rows)


async def test_a_column_that_has_no_room_says_so() -> None:
    async with console(size=(40, 16)) as c:
        await opened(c)
        await c.until_shows("no room")


async def test_columns_of_the_system_that_are_wide_say_which_key_brings_them() -> None:
    async with console() as c:
        await opened(c)
        assert "w shows it" in c.text


async def test_names_that_a_file_has_from_elsewhere_do_no_harm() -> None:
    console_file().parent.mkdir(parents=True)
    choice = {"order": ["nonsense", "idle", "id"], "shown": ["nonsense"], "hidden": ["state", "kind"]}
    kept = {"format": 1, "sources": {"memory": {"jobs": {"columns": choice}}}}
    console_file().write_text(json.dumps(kept))
    async with console() as c:
        titles = heading(c)
        assert "STATE" in titles
        assert "KIND" not in titles
        assert titles.index("IDLE") < titles.index("ID")


def test_what_was_asked_for_leaves_a_narrow_terminal_last() -> None:
    layout = job_layout()
    layout.choose(ColumnChoice(shown=frozenset({"created"})))
    layout.resize(66, wide=False)
    shown = [column.id for column, _ in layout.columns]
    assert "created" in shown
    assert "running" not in shown


def test_state_id_and_reason_stay_however_narrow_it_is() -> None:
    layout = job_layout()
    layout.choose(ColumnChoice(shown=frozenset(NAMES)))
    for width in range(120, 0, -1):
        layout.resize(width, wide=True)
        names = [column.id for column, _ in layout.columns]
        assert {"state", "id"} <= set(names)
        assert layout.why >= 22 or set(names) == {"state", "id"}


@pytest.mark.parametrize("value", [None, 3, [], {"order": 1}, {"shown": [1]}, {"hidden": {}}])
def test_a_choice_that_makes_no_sense_is_none(value: object) -> None:
    assert choice_from_json(value) is None


def test_a_choice_survives_being_written_down() -> None:
    choice = AUTOMATIC.hiding("kind").showing("created").moving("idle", -3, NAMES)
    assert choice_from_json(json.loads(json.dumps(choice.as_json()))) == choice


def test_naming_columns_shows_exactly_those_in_that_order() -> None:
    layout = job_layout()
    layout.choose(only(["id", "idle", "state", "why"], layout.names))
    layout.resize(80, wide=False)
    assert [column.id for column, _ in layout.columns] == ["id", "idle", "state"]


def test_a_column_that_a_choice_does_not_know_keeps_its_place() -> None:
    assert ColumnChoice(order=("id", "state")).arranged(["state", "id", "kind"]) == ["id", "state", "kind"]


def test_the_configuration_knows_the_columns_that_the_console_has() -> None:
    assert set(COLUMNS["jobs"]) == {*NAMES, "why"}
    assert set(COLUMNS["variants"]) == {*(column.id for column in VARIANT_COLUMNS), "why"}
