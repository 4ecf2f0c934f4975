"""The only place where something is changed, and the hurried person in front of it."""

from __future__ import annotations

from collections.abc import Sequence

from tests.tui.driver import Console, JobsScreen, OperationsScreen, PlanScreen, console
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.model import JobId
from unstick.recovery.plan import PlanRow


def status(c: Console, job: str) -> object:
    row = c.backend.worker.row(JobId(job))
    return row and row["status"]


async def test_recover_changes_exactly_the_row_under_the_cursor_and_says_so() -> None:
    async with console() as c:
        job, other = c.jobs.rows.window.order[:2]
        screen = await c.plan("R")
        assert [row.job for row in screen.plan.rows] == [job]  # type: ignore[union-attr]
        assert "the row under the cursor" in c.text
        assert "status: running -> failed" in c.text
        await c.apply()
        assert status(c, job) == "failed"
        assert status(c, other) == "running"
        assert "+ applied" in c.text
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        assert "recovered 1" in c.lines[-2]
        assert "u to undo" in c.lines[-2]


async def test_the_initiating_key_never_confirms() -> None:
    async with console() as c:
        screen = await c.plan("R")
        await c.read_first()
        await c.press("R", "R", "T", "ctrl+d", "x", "u")
        assert not screen.facts().applied
        c.on(PlanScreen)


async def test_enter_enter_changes_nothing() -> None:
    async with console() as c:
        job = c.jobs.rows.window.order[0]
        await c.plan("R")
        await c.press("enter")
        c.on(PlanScreen)
        await c.read_first()
        await c.press("enter")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        assert status(c, job) == "running"


async def test_a_burst_after_a_lag_is_ignored() -> None:
    async with console() as c:
        job = c.jobs.rows.window.order[0]
        screen = await c.plan("R")
        await c.press("A", "enter", "A", "escape", "y")
        assert not screen.facts().applied
        c.on(PlanScreen)
        assert "ignored" in c.text
        assert status(c, job) == "running"


async def test_keys_pressed_before_the_plan_is_there_do_not_apply_it() -> None:
    async with console() as c:
        c.backend.hold()
        await c.press("R")
        await c.until(lambda: isinstance(c.app.screen, PlanScreen))
        await c.read_first()
        await c.press("A", "A")
        assert "not ready" in c.text
        c.backend.release()
        screen = c.on(PlanScreen)
        await c.until(lambda: screen.plan is not None)
        await c.press("A")
        await c.pilot.pause()
        assert not screen.facts().applied


async def test_a_plan_that_hangs_can_be_left() -> None:
    async with console() as c:
        c.backend.hold()
        await c.press("R")
        await c.until(lambda: isinstance(c.app.screen, PlanScreen))
        await c.read_first()
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        c.backend.release()


async def test_a_dry_run_can_not_be_applied() -> None:
    async with console() as c:
        screen = await c.plan("x")
        await c.read_first()
        await c.press("A")
        assert "dry run" in c.lines[-2]
        assert not screen.facts().applied


async def test_more_than_twenty_rows_want_their_number_typed() -> None:
    async with console(MemoryBackend.example(60, 30)) as c:
        await c.press("2")
        await c.until(lambda: len(c.jobs.rows.window.order) == 30)
        await c.press("asterisk")
        screen = await c.plan("R")
        rows = len(screen.plan.rows)  # type: ignore[union-attr]
        assert rows > 20
        await c.read_first()
        await c.press("A")
        assert screen.prompt.is_open
        await c.type("7")
        await c.press("enter")
        assert "neither" in c.text
        assert screen.prompt.is_open
        await c.press("backspace")
        await c.type(str(rows))
        await c.press("enter")
        assert not screen.facts().applied, "typing the number must not apply by itself"
        await c.press("A")
        assert not screen.facts().applied, "a key typed on is ignored"
        await c.apply()
        assert screen.result is not None
        assert screen.result.counts.applied == rows


async def test_prod_wants_a_reason_and_the_source_typed_even_for_one_row() -> None:
    async with console(environment="prod") as c:
        screen = await c.plan("R")
        await c.read_first()
        await c.press("A", "enter")
        assert "a reason is required" in c.text
        await c.type("INC-7 rm")
        await c.press("enter")
        await c.read_first()
        await c.press("A")
        await c.type("memory")
        await c.press("enter")
        assert not screen.facts().applied
        await c.apply()
        assert screen.result is not None
        operation = await c.backend.operation(screen.result.operation)
        assert operation.reason == "INC-7 rm"
        assert operation.operator


async def test_the_plan_is_on_the_captured_ids_whatever_happens_to_the_view() -> None:
    async with console() as c:
        first, second = c.jobs.rows.window.order[:2]
        await c.press("space", "space")
        screen = await c.plan("R")
        c.backend.worker.add("aaa", "running", started_ago=99_999, updated_ago=99_999)
        await c.apply()
        assert {row.job for row in screen.result.rows} == {first, second}  # type: ignore[union-attr]
        assert status(c, "aaa") == "running"


async def test_rows_that_moved_on_are_reported_and_stay_marked() -> None:
    async with console() as c:
        second = c.jobs.rows.window.order[1]
        await c.press("space", "space")
        await c.plan("R")
        c.backend.worker.finish(second)
        await c.apply()
        assert "recovered 1, drifted 1" in c.text
        assert status(c, second) == "completed"
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        assert c.jobs.marks.ids == {second}


async def test_undo_puts_back_and_is_itself_a_plan() -> None:
    async with console() as c:
        job = c.jobs.rows.window.order[0]
        await c.plan("R")
        await c.apply()
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        await c.plan("u")
        assert "> undo" in c.text
        await c.apply()
        assert status(c, job) == "running"


async def test_the_result_offers_undo_at_once() -> None:
    async with console() as c:
        job = c.jobs.rows.window.order[0]
        screen = await c.plan("R")
        await c.apply()
        await c.read_first()
        await c.press("u")
        await c.until(lambda: c.app.screen is not screen)
        await c.until(lambda: c.on(PlanScreen).plan is not None)
        await c.apply()
        assert status(c, job) == "running"


async def test_stopping_leaves_the_rest_untouched_and_counts_it() -> None:
    async with console(MemoryBackend.example(1300, 1200)) as c:
        await c.press("2")
        await c.until(lambda: len(c.jobs.rows.window.order) >= 200)
        await c.press("asterisk", "asterisk")
        await c.until(lambda: len(c.jobs.marks.ids) > 1_000)
        screen = await c.plan("R")
        planned = len(screen.plan.rows)  # type: ignore[union-attr]
        assert planned > 500

        def stop(rows: Sequence[PlanRow]) -> None:
            c.app.ask_to_stop()

        c.backend.on_apply = stop
        await c.read_first()
        await c.press("A")
        await c.type(str(planned))
        await c.press("enter")
        await c.apply()
        assert screen.result is not None
        assert screen.result.stopped
        assert f"not reached {planned - 500:,}" in c.text


async def test_delete_is_a_plan_too_and_undo_brings_the_rows_back() -> None:
    async with console() as c:
        await c.press("3")
        await c.until(lambda: c.jobs.rows.window.loaded and bool(c.jobs.rows.window.order))
        await c.pilot.pause()
        job = c.jobs.table.cursor
        assert job is not None
        await c.plan("ctrl+d")
        assert "deleted" in c.text
        await c.apply()
        assert status(c, job) is None
        await c.read_first()
        await c.press("u")
        await c.until(lambda: "> undo" in c.text)
        await c.until(lambda: c.on(PlanScreen).plan is not None)
        await c.apply()
        assert status(c, job) == "failed"


async def test_the_journal_lists_operations_and_undoes_the_chosen_one() -> None:
    async with console() as c:
        job = c.jobs.rows.window.order[0]
        await c.plan("R")
        await c.apply()
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        await c.press("at")
        await c.until(lambda: isinstance(c.app.screen, OperationsScreen))
        await c.until_shows("applied 1")
        await c.press("enter")
        await c.until_shows("planned")
        await c.until_shows(str(job))
        await c.plan("u")
        await c.apply()
        assert status(c, job) == "running"


async def test_a_source_that_goes_down_while_planning_says_so() -> None:
    async with console() as c:
        c.backend.go_down()
        await c.press("R")
        await c.until(lambda: isinstance(c.app.screen, PlanScreen))
        await c.until(lambda: any(line.startswith("! ") for line in c.lines))
        await c.read_first()
        await c.press("A")
        assert "not ready" in c.text


async def test_the_outcome_of_each_of_many_rows_is_painted() -> None:
    async with console(MemoryBackend.example(100, 40)) as c:
        await c.press("2")
        await c.until(lambda: c.jobs.rows.window.loaded)
        await c.press("asterisk")
        await c.plan("R")
        await c.read_first()
        await c.press("A")
        await c.type("40")
        await c.press("enter")
        await c.apply()
        assert c.text.count("+ applied") > 10
