"""What the console remembers: per source, beside other consoles, and with files that make no sense."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.tui.driver import Console, console
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.source import Source
from unstick.tui.remember import FILE, Memory, console_file


def written() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(console_file().read_text("utf-8"))
    return content


def put(text: str) -> Path:
    path = console_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def jobs_of(source: str, **kept: Any) -> str:
    return json.dumps({"format": 1, "sources": {source: {"jobs": kept}}})


async def test_order_view_width_and_pane_are_there_again_after_a_restart() -> None:
    async with console() as c:
        await c.press("greater_than_sign", "o", "w", "b", "2")
        sort = c.jobs.query_now.sort
        assert sort != "stuck"
    async with console() as c:
        query, layout = c.jobs.query_now, c.jobs.rows.layout
        assert (query.sort, query.descending, query.stuck_only) == (sort, True, True)
        assert (layout.wide, c.jobs.with_pane, c.jobs.view) == (True, False, "stuck")
        assert "Jobs > stuck" in c.text


async def test_a_filter_is_forgotten_when_the_console_is_left() -> None:
    async with console() as c:
        await c.press("slash")
        await c.type("kind:update")
        await c.press("enter", "greater_than_sign")
        await c.until(lambda: c.jobs.rows.window.loaded)
    async with console() as c:
        assert c.jobs.filter_text == ""
        assert c.jobs.query_now.terms == ()
        assert "kind:update" not in console_file().read_text("utf-8")


async def test_each_source_and_each_table_has_its_own_memory() -> None:
    backend = MemoryBackend.example(20, 2)
    second = [(lambda: backend, Source("second", "memory://", refresh_s=3600.0))]
    async with console(others=second) as c:
        await c.press("o")
        await c.press("V")
        await c.until_shows("Changes > all")
        await c.press("greater_than_sign")
        await c.until_shows("by job")
    kept = written()["sources"]
    assert kept == {"memory": {"jobs": {"reverse": True}, "variants": {"sort": "job"}}}


async def test_nothing_is_written_while_nothing_is_changed() -> None:
    async with console() as c:
        await c.press("j", "space", "U", "x", "escape")
    assert not console_file().exists()


async def test_the_file_is_for_its_owner_only() -> None:
    async with console() as c:
        await c.press("o")
    assert console_file().stat().st_mode & 0o777 == 0o600


async def test_what_is_back_at_its_default_is_kept_as_such() -> None:
    async with console() as c:
        await c.press("o")
    async with console() as c:
        assert c.jobs.query_now.descending
        await c.press("o")
    async with console() as c:
        assert not c.jobs.query_now.descending


async def test_wrapping_is_kept_for_jobs() -> None:
    async with console() as c:
        await c.press("enter")
        await c.until_shows("native status")
        await c.press("z")
    assert written()["sources"]["memory"]["jobs"] == {"wrap": False}


async def test_the_change_is_written_while_the_console_is_open() -> None:
    async with console() as c:
        await c.press("o")
        await c.until(console_file().exists, "for the file")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{ not json", "is not JSON; it is set aside"),
        ("[" * 50_000, "is not JSON; it is set aside"),
        ("[]", "holds something else; it is set aside"),
        ('{"format": 1, "sources": {"memory": 7}}', "holds something else; it is set aside"),
        ("\x00\xff", "is not JSON; it is set aside"),
    ],
)
async def test_a_broken_file_is_told_and_set_aside_when_something_is_kept(text: str, told: str) -> None:
    path = put(text)
    before = path.read_bytes()
    async with console(size=(200, 40)) as c:
        await c.until_shows(told)
        assert c.jobs.query_now.sort == "stuck"
        assert path.read_bytes() == before
        await c.press("o")
    assert path.with_name(f"{FILE}.broken").read_bytes() == before
    assert written()["sources"]["memory"]["jobs"] == {"reverse": True}


async def test_a_second_broken_file_does_not_replace_the_first() -> None:
    for text in ("first{", "second{"):
        put(text)
        async with console() as c:
            await c.press("o")
    folder = console_file().parent
    assert {path.read_text("utf-8") for path in folder.glob(f"{FILE}.broken*")} == {"first{", "second{"}


async def test_a_file_of_another_version_is_left_alone() -> None:
    path = put('{"format": 2, "rows": []}')
    async with console(size=(200, 40)) as c:
        await c.until_shows("was written by another version of unstick; nothing is kept")
        await c.press("o")
        assert c.jobs.query_now.descending
    assert path.read_text("utf-8") == '{"format": 2, "rows": []}'
    assert list(path.parent.glob(f"{FILE}*.broken*")) == []


async def test_values_edited_by_hand_that_make_no_sense_are_taken_as_built_in() -> None:
    put(jobs_of("memory", sort="nonsense", reverse="maybe", wide=3, view=["x"], columns={"order": 7}))
    async with console() as c:
        query, layout = c.jobs.query_now, c.jobs.rows.layout
        assert (query.sort, query.descending, layout.wide, c.jobs.view) == ("stuck", False, False, "all")
        assert layout.choice.automatic
        await c.press("w")
    kept = written()["sources"]["memory"]["jobs"]
    assert kept["wide"] is True


async def test_a_folder_that_cannot_be_written_costs_one_sentence() -> None:
    console_file().parent.parent.mkdir(parents=True, exist_ok=True)
    console_file().parent.write_text("a file where a folder should be")
    async with console(size=(200, 40)) as c:
        await c.until_shows("columns and views are not kept")
        await c.press("o")
        assert c.jobs.query_now.descending
        assert "not kept" not in c.text


async def test_what_fails_only_at_writing_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("unstick.tui.remember.os.replace", refuse)
    async with console(size=(200, 40)) as c:
        await c.press("o")
        await c.until_shows("columns and views are not kept: Read-only file system")


async def test_a_file_that_is_a_pipe_does_not_hold_up_the_console() -> None:
    console_file().parent.mkdir(parents=True)
    os.mkfifo(console_file())
    async with console(size=(200, 40)) as c:
        await c.until_shows("is no file; nothing is kept")
        await c.press("o")


def changed(place: tuple[str, ...], value: Any) -> None:
    memory = Memory()
    memory.read()
    memory.change(place, value)
    memory.write()
    assert memory.problem == ""


def test_consoles_that_write_at_once_keep_what_the_others_wrote() -> None:
    places = [("sources", f"s{number}", "jobs", "sort") for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(changed, places, [f"v{number}" for number in range(24)]))
    assert {name: each["jobs"]["sort"] for name, each in written()["sources"].items()} == {
        f"s{number}": f"v{number}" for number in range(24)
    }


def test_what_another_console_wrote_meanwhile_survives_in_the_same_table() -> None:
    mine, other = Memory(), Memory()
    mine.read()
    other.read()
    other.change(("sources", "a", "jobs", "sort"), "idle")
    other.write()
    mine.change(("sources", "a", "jobs", "wide"), True)
    mine.write()
    assert written()["sources"]["a"]["jobs"] == {"sort": "idle", "wide": True}


def test_what_the_file_says_beyond_what_is_known_is_kept() -> None:
    put('{"format": 1, "later": {"x": 1}, "sources": {"a": {"jobs": {"colour": "red"}}}}')
    changed(("sources", "a", "jobs", "sort"), "idle")
    assert written()["later"] == {"x": 1}
    assert written()["sources"]["a"]["jobs"] == {"colour": "red", "sort": "idle"}


def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.json"
    real.write_text('{"format": 1}')
    console_file().parent.mkdir(parents=True)
    console_file().symlink_to(real)
    changed(("sources", "a", "jobs", "sort"), "idle")
    assert console_file().is_symlink()
    assert "idle" in real.read_text()


def test_what_could_not_be_written_is_written_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    memory = Memory()
    memory.read()
    memory.change(("sources", "a", "jobs", "sort"), "idle")
    with monkeypatch.context() as patched:
        patched.setattr("unstick.tui.remember.os.replace", refuse)
        memory.write()
    assert memory.problem == "columns and views are not kept: No space left on device"
    assert list(console_file().parent.glob(".*")) == []
    memory.write()
    assert written()["sources"]["a"]["jobs"]["sort"] == "idle"


async def test_a_hanging_home_folder_holds_up_neither_the_rows_nor_the_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hangs: list[Callable[[], None]] = []
    from threading import Event

    released = Event()

    def hang(self: Memory) -> None:
        hangs.append(released.set)
        released.wait(20)

    monkeypatch.setattr(Memory, "read", hang)
    try:
        async with console(size=(200, 40)) as c:
            assert hangs
            assert_rows(c)
            await c.until_shows("does not answer; columns and views are not kept")
    finally:
        released.set()


def assert_rows(c: Console) -> None:
    assert len(c.jobs.rows.window.order) > 0
