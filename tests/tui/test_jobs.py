"""The live table under a person's hands: cursor, marks, filters, refreshes."""

from __future__ import annotations

import pytest
from textual.events import Paste

from tests.tui.driver import JobScreen, JobsScreen, console
from unstick.recovery.memory import MemoryBackend


async def test_the_first_screen_shows_source_tags_counts_and_stuck_rows_first() -> None:
    async with console(environment="prod") as c:
        assert c.lines[0].startswith("memory  [PROD]")
        assert "5 stuck" in c.lines[1]
        assert c.lines[2].startswith("Queue blocked by  ! stuck")
        assert c.lines[4].startswith(">  ! stuck")
        assert c.jobs.table.size.width == 80
        assert c.lines[-1].startswith("space mark  x dry-run  R recover")


async def test_the_cursor_moves_and_opens_the_row_it_is_on() -> None:
    async with console() as c:
        await c.press("j", "down", "k")
        second = c.jobs.rows.window.order[1]
        assert c.jobs.table.cursor == second
        await c.press("enter")
        await c.until(lambda: isinstance(c.app.screen, JobScreen))
        await c.until_shows("Why it is stuck")
        assert f"Job {second}" in c.text
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        assert c.jobs.table.cursor == second


async def test_a_refresh_that_reorders_rows_keeps_the_cursor_on_its_job() -> None:
    async with console() as c:
        await c.press("j", "j")
        job = c.jobs.table.cursor
        assert job is not None
        for other in c.jobs.rows.window.order[:2]:
            c.backend.worker.finish(other)
        await c.refresh()
        assert c.jobs.table.cursor == job
        assert c.jobs.table.position == 0


async def test_a_row_that_vanishes_under_the_cursor_stays_until_the_cursor_leaves_it() -> None:
    async with console() as c:
        job = c.jobs.rows.window.order[0]
        c.backend.worker.remove(job)
        await c.refresh()
        assert c.jobs.table.cursor == job
        assert "left this view" in c.text
        await c.press("j")
        await c.until(lambda: job not in c.jobs.rows.window.order)
        assert "left this view" not in c.text


async def test_marks_freeze_the_order_and_new_rows_are_only_counted() -> None:
    async with console() as c:
        await c.press("space")
        before = list(c.jobs.rows.window.order)
        new = c.backend.worker.add("new", "running", started_ago=99_999, updated_ago=99_999)
        c.backend.worker.finish(before[1])
        await c.refresh()
        assert c.jobs.rows.window.order == before
        assert "+1 new" in c.text
        assert "marked 1, hidden 0" in c.text
        await c.press("U")
        await c.until(lambda: new in c.jobs.rows.window.order)
        assert c.jobs.rows.window.order[0] == new


async def test_a_marked_row_that_leaves_the_view_is_counted_as_hidden() -> None:
    async with console() as c:
        await c.press("space")
        c.backend.worker.remove(c.jobs.rows.window.order[0])
        await c.refresh()
        assert "marked 1, hidden 1" in c.text


async def test_a_filter_change_removes_the_marks_and_says_so() -> None:
    async with console() as c:
        await c.press("space", "space", "slash")
        await c.type("state:failed")
        await c.press("enter")
        await c.until_shows("2 marks removed")
        assert c.jobs.marks.ids == frozenset()
        await c.until(lambda: c.jobs.rows.window.loaded)
        assert "/state:failed" in c.lines[1]
        assert all(job.state == "failed" for job in c.jobs.rows.window.rows.values())


async def test_a_bad_filter_says_why_and_keeps_the_prompt() -> None:
    async with console() as c:
        await c.press("space", "slash")
        await c.type("nope:1")
        await c.press("enter")
        await c.until_shows("nope")
        assert len(c.jobs.marks.ids) == 1
        assert "filter /" in c.text
        await c.press("escape")
        assert "filter /" not in c.text
        assert c.jobs.filter_text == ""


async def test_keys_typed_into_the_prompt_never_act() -> None:
    async with console() as c:
        await c.press("slash")
        await c.type("RTxq*Uo")
        assert c.jobs.prompt.is_open
        assert c.jobs.marks.ids == frozenset()
        await c.press("ctrl+d", "ctrl+r")
        c.on(JobsScreen)


async def test_a_range_is_marked_in_the_shown_order() -> None:
    async with console() as c:
        await c.press("j", "v", "j", "j", "v")
        assert c.jobs.marks.ids == frozenset(c.jobs.rows.window.order[1:4])


async def test_all_shown_rows_can_be_marked_and_unmarked() -> None:
    async with console() as c:
        await c.press("asterisk")
        assert len(c.jobs.marks.ids) == 60
        await c.press("U")
        assert not c.jobs.marks.ids


async def test_views_sort_and_reverse_ask_the_source_again() -> None:
    async with console() as c:
        await c.press("2")
        await c.until(lambda: len(c.jobs.rows.window.order) == 5)
        assert "Jobs > stuck" in c.text
        await c.press("1", "greater_than_sign", "o")
        await c.until(lambda: len(c.jobs.rows.window.order) == 60)
        ids = list(c.jobs.rows.window.order)
        assert ids == sorted(ids, reverse=True)
        assert "by id reversed" in c.text


async def test_esc_clears_one_thing_at_a_time_and_never_the_marks() -> None:
    async with console() as c:
        await c.press("3")
        await c.press("space", "v", "escape")
        assert c.jobs.marks.anchor is None
        assert c.jobs.view == "failed"
        await c.press("escape")
        await c.until(lambda: c.jobs.view == "all")


async def test_more_pages_come_in_by_key_as_the_cursor_goes_down() -> None:
    async with console(MemoryBackend.example(1000, 5)) as c:
        await c.until(lambda: len(c.jobs.rows.window.order) == 200)
        for _ in range(4):
            loaded = len(c.jobs.rows.window.order)
            c.jobs.table.move("end")
            await c.until(lambda loaded=loaded: len(c.jobs.rows.window.order) > loaded)  # type: ignore[misc]
        assert len(c.jobs.rows.window.order) == 1000
        assert len(set(c.jobs.rows.window.order)) == 1000
        await c.refresh()
        assert c.jobs.table.cursor in c.jobs.rows.window.order


async def test_a_source_that_goes_down_says_so_and_keeps_its_rows() -> None:
    async with console() as c:
        c.backend.go_down()
        await c.press("ctrl+r")
        await c.until(lambda: c.app.session.problem is not None)
        await c.pilot.pause()
        assert "down, rows 0s old" in c.lines[0]
        assert c.lines[2].startswith("! ")
        assert "! stuck" in c.text
        c.ticks.pass_by(90)
        await c.press("ctrl+r")
        await c.until_shows("rows 1m old")
        c.backend.come_back()
        await c.press("ctrl+r")
        await c.until_shows("fresh")


async def test_pausing_is_visible_and_stops_refreshing() -> None:
    async with console() as c:
        await c.press("p")
        assert "[PAUSED]" in c.lines[0]
        await c.press("p", "underscore")
        assert "[PAUSED]" not in c.lines[0]


async def test_narrow_terminals_keep_source_tags_state_and_id() -> None:
    async with console(MemoryBackend.example(60, 5, read_only=True), environment="prod", size=(40, 12)) as c:
        assert c.lines[0].startswith("memory  [PROD]  [READ-ONLY]")
        assert "! stuck" in c.text
        assert "R recover" not in c.text


async def test_a_key_that_is_not_available_says_why() -> None:
    async with console(MemoryBackend.example(60, 5, read_only=True)) as c:
        await c.press("R")
        c.on(JobsScreen)
        assert "read-only" in c.lines[-2]


async def test_ctrl_c_quits_only_when_pressed_twice() -> None:
    async with console() as c:
        await c.press("ctrl+c")
        assert "press ctrl-c again to quit" in c.text
        assert c.app.is_running
        c.ticks.pass_by(5)
        await c.press("ctrl+c")
        assert c.app._exit is False
        await c.press("ctrl+c")
        await c.until(lambda: c.app._exit)


async def test_q_quits_at_the_first_screen() -> None:
    async with console() as driven:
        await driven.press("q")
        await driven.until(lambda: driven.app._exit)
        assert driven.app.return_code == 0


async def test_help_lists_every_key_with_the_reason_why_not_and_can_be_filtered() -> None:
    async with console(MemoryBackend.example(60, 5, read_only=True), size=(100, 70)) as c:
        await c.press("question_mark")
        await c.until_shows("Help > jobs")
        assert "Plan to recover the marked rows" in c.text
        assert "not now: " in c.text
        await c.press("slash")
        await c.type("undo")
        await c.press("enter")
        assert "Plan the undo" in c.text
        assert "Next line" not in c.text
        await c.press("escape", "escape")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))


async def test_keys_can_be_remapped_by_id() -> None:
    async with console(keymap={"act.dry_run": "f5", "move.down": "e"}) as c:
        await c.press("e")
        assert c.jobs.table.position == 1
        await c.press("x", "j")
        assert c.jobs.table.position == 1
        assert "f5 dry-run" in c.lines[-1]
        await c.plan("f5")


async def test_ids_and_records_are_copied_through_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    async with console() as c:
        written: list[str] = []
        monkeypatch.setattr(c.app._driver, "write", written.append)
        await c.press("y")
        assert any(text.startswith("\x1b]52;c;") for text in written)
        assert f"copied id {c.jobs.table.cursor}" in c.text
        await c.press("Y")
        assert "as JSON" in c.text


async def test_a_source_that_is_marked_read_only_is_so_whatever_the_backend_says() -> None:
    backend = MemoryBackend.example(60, 5)
    async with console(backend, read_only=True) as c:
        assert "[READ-ONLY]" in c.lines[0]
        await c.press("R")
        c.on(JobsScreen)
        assert "read-only" in c.text
        await c.plan("x")


async def test_a_refresh_that_hangs_while_another_screen_is_open_does_not_end_refreshing() -> None:
    async with console() as c:
        c.backend.hold()
        await c.press("ctrl+r")
        await c.until(lambda: c.jobs.feed.in_flight)
        await c.press("question_mark")
        await c.until_shows("Help > jobs")
        c.backend.release()
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        job = c.jobs.rows.window.order[0]
        c.backend.worker.finish(job)
        await c.refresh()
        assert c.jobs.rows.window.rows[job].state == "done"


async def test_text_pasted_into_the_prompt_passes_the_gate() -> None:
    async with console() as c:
        await c.press("slash")
        c.app.screen.focused.post_message(Paste("a\x1b[31mb\nsecond"))  # type: ignore[union-attr]
        await c.until_shows("a\\x1b[31mb")
        assert "\x1b" not in c.text


async def test_a_wide_terminal_shows_the_row_beside_the_table() -> None:
    async with console(size=(160, 45)) as c:
        await c.until_shows("enter opens it")
        assert f"Job {c.jobs.table.cursor}" in c.text
        await c.press("j")
        await c.until(lambda: f"Job {c.jobs.table.cursor}" in c.text)
        assert "Why it is stuck" in c.text


async def test_ctrl_c_quits_from_inside_a_prompt_too() -> None:
    async with console() as c:
        await c.press("slash", "a", "ctrl+c")
        assert "press ctrl-c again" in c.text
        await c.press("ctrl+c")
        await c.until(lambda: c.app._exit)


async def test_marking_all_twice_marks_what_is_not_loaded_too() -> None:
    async with console(MemoryBackend.example(1000, 700)) as c:
        await c.press("2")
        await c.until(lambda: c.jobs.rows.window.loaded and not c.jobs.rows.reading_more)
        await c.press("asterisk")
        assert "* again marks them too" in c.text
        first = len(c.jobs.marks.ids)
        assert first < 700
        await c.press("asterisk")
        await c.until_shows("700 rows marked")
        assert len(c.jobs.marks.ids) == 700


async def test_a_reason_that_is_long_takes_several_lines_and_gives_them_back() -> None:
    async with console() as c:
        c.app.session.failed(RuntimeError("word " * 40 + "end"))
        c.jobs.tell()
        await c.until_shows("(^r asks again now)")
        assert c.lines[2].startswith("! internal error")
        await c.refresh()
        assert c.lines[2].startswith("Queue")
