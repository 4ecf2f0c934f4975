"""What is done from the sweep's screen: plans of what a run would take, and the recoveries before."""

from __future__ import annotations

import pytest

from tests.tui.driver import PlanScreen, console
from tests.tui.test_sweep import chosen, go, hanging, recovered, squeezed
from unstick.recovery import engine
from unstick.recovery.model import JobId
from unstick.recovery.outcome import Outcome
from unstick.recovery.plan import Options
from unstick.recovery.query import Query
from unstick.tui.screens.operation import OperationScreen
from unstick.tui.screens.operations import OperationsScreen
from unstick.tui.screens.sweep import SweepScreen


class TestActing:
    async def test_recover_opens_the_plan_of_the_rows_that_were_told(self) -> None:
        backend = hanging(130, 400)
        async with console(backend) as c:
            screen = await go(c)
            seen = screen.view.forecast if screen.view else None
            assert seen is not None
            backend.worker.add("later", "running", updated_ago=9e6)
            plan = (await c.plan("R")).plan
            assert plan is not None
            assert {row.ref for row in plan.rows} == {row.ref for row in seen.rows}
            assert "what a sweep would take, 30 more wait" in squeezed(c.text)
            await c.read_first()
            await c.press("R", "R", "enter")
            await c.until(lambda: isinstance(c.app.screen, SweepScreen))
            assert await backend.operations() == ()

    async def test_the_dry_run_can_not_be_applied(self) -> None:
        backend = hanging(3, 9)
        async with console(backend) as c:
            await go(c)
            plan = (await c.plan("x")).plan
            assert plan is not None
            assert len(plan.rows) == 3
            assert c.lines[1].startswith("Dry run")
            await c.read_first()
            await c.press("A")
            assert "this is a dry run" in c.text
            assert await backend.operations() == ()

    async def test_after_a_recovery_it_is_all_clear_and_the_decision_is_listed(self) -> None:
        backend = hanging(3, 9)
        async with console(backend) as c:
            await go(c)
            await c.plan("R")
            await c.apply()
            await c.press("escape")
            await c.until_shows("nothing: nothing is stuck - all clear")
            assert "Last decisions: 1 recovery of the journal" in c.text
            assert "applied 3" in c.text
            assert [each.counts.applied for each in await backend.operations()] == [3]

    async def test_a_read_only_source_says_that_it_could_only_report(self) -> None:
        backend = hanging(3, 9)
        async with console(backend, read_only=True) as c:
            await go(c)
            assert "read-only: a sweep could only report here" in squeezed(c.text)
            await c.press("R")
            assert "the source is read-only; open it with --write" in squeezed(c.text)
            assert isinstance(c.app.screen, SweepScreen)
            await c.plan("x")
            assert c.lines[1].startswith("Dry run")

    @pytest.mark.parametrize("key", ["x", "R"])
    async def test_keys_say_why_not_where_nothing_hangs(self, key: str) -> None:
        async with console(hanging(0, 5)) as c:
            await go(c)
            await c.press(key)
            assert "a sweep would recover nothing now" in c.text

    async def test_asking_again_plans_again(self) -> None:
        backend = hanging(1, 9)
        async with console(backend) as c:
            screen = await go(c)
            backend.worker.add("new", "running", updated_ago=5000.0)
            c.app.wake()
            await c.pilot.pause()
            assert "would recover 1 row" in c.lines[1]
            assert screen.feed._timer is None
            await c.press("ctrl+r")
            await c.until_shows("would recover 2 rows")

    async def test_what_drifted_meanwhile_is_not_recovered(self) -> None:
        backend = hanging(2, 5)
        async with console(backend) as c:
            await go(c)
            screen = await c.plan("R")
            backend.worker.finish(JobId("stuck-0"))
            await c.apply()
            assert screen.result is not None
            assert {row.job: row.outcome for row in screen.result.rows} == {
                "stuck-0": Outcome.DRIFTED,
                "stuck-1": Outcome.APPLIED,
            }
            assert isinstance(c.app.screen, PlanScreen)


class TestDecisions:
    async def test_the_newest_come_first_and_one_opens(self) -> None:
        backend = hanging(2, 9)
        first = await recovered(backend)
        backend.advance(60)
        backend.worker.add("again", "running", updated_ago=5000.0)
        second = await recovered(backend, "the night's last one")
        async with console(backend, size=(120, 40)) as c:
            screen = await go(c)
            assert list(screen.rows.operations) == [second, first]
            assert "Last decisions: 2 recoveries of the journal" in c.text
            [line] = [line for line in c.lines if second in line]
            assert line.split()[:4] == ["01-05", "12:01", "applied", "1"]
            assert "ann@bastion" in line
            assert line.endswith("the night's last one")
            await c.press("tab", "j", "enter")
            await c.until(lambda: isinstance(c.app.screen, OperationScreen))
            assert c.on(OperationScreen).operation_id == first
            await c.press("escape")
            await c.until(lambda: c.app.screen is screen)
            assert chosen(screen) == first
            await c.press("tab")
            assert chosen(screen) is None

    async def test_only_recoveries_are_decisions(self) -> None:
        backend = hanging(1, 2)
        operation = await recovered(backend)
        undo = await engine.apply(backend, await backend.plan_undo(operation, Options()))
        assert undo.counts.applied == 1
        async with console(backend) as c:
            screen = await go(c)
            assert list(screen.rows.operations) == [operation]
            assert "undone: applied 1" in c.text

    async def test_enter_goes_to_them_first_and_an_id_is_copied(self) -> None:
        backend = hanging(1, 2)
        operation = await recovered(backend)
        async with console(backend) as c:
            screen = await go(c)
            await c.press("y")
            assert "no operation under the cursor" in c.text
            await c.press("enter")
            assert chosen(screen) == operation
            await c.press("y")
            await c.until_shows(f"copied operation {operation}")
            await c.press("escape")
            assert chosen(screen) is None

    @pytest.mark.parametrize(("key", "told"), [
        ("tab", "the journal has no recovery yet"), ("enter", "there is no row to act on"),
    ])  # fmt: skip
    async def test_an_empty_journal_says_so(self, key: str, told: str) -> None:
        async with console(hanging(0, 2)) as c:
            await go(c)
            assert "the journal has no recovery yet" in c.text
            await c.press(key)
            assert told in c.text

    async def test_an_empty_journal_with_rows_to_recover_says_so_too(self) -> None:
        async with console(hanging(1, 2)) as c:
            await go(c)
            await c.press("enter")
            assert "the journal has no recovery to open yet" in c.text

    async def test_the_whole_journal_is_a_key_away(self) -> None:
        async with console(hanging(1, 2)) as c:
            await go(c)
            await c.press("at")
            await c.until(lambda: isinstance(c.app.screen, OperationsScreen))

    async def test_what_was_interrupted_says_so(self) -> None:
        backend = hanging(3, 9)
        plan = await backend.plan("recover", Query(stuck_only=True), Options())
        operation = await backend.begin(plan)
        await backend.apply_chunk(plan, plan.rows[:1], operation)
        async with console(backend, size=(120, 40)) as c:
            await go(c)
            assert "interrupted: applied 1, not reached 2" in c.text
