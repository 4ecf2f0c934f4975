"""The sweep's timer in the console: what it does by itself, when, and what ends it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tests.tui.driver import Console, PlanScreen, console
from tests.tui.sources import seat
from tests.tui.sweeps import named, next_run, state, sweep_of, switched
from unstick.recovery.errors import ConfigError
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.model import State
from unstick.recovery.source import Source, SweepSettings
from unstick.recovery.sweep import Decision, Mode
from unstick.recovery.sweeping import Run
from unstick.tui.screens.sources import SourcesScreen


class TestModes:
    async def test_it_is_off_at_the_start_whatever_the_configuration_says(self) -> None:
        backend = named("shop", 3)
        async with console(backend) as c:
            wanted = SweepSettings(enabled=True, every_s=60.0)
            c.app.session.source = replace(c.app.session.source, sweep=wanted)
            c.ticks.pass_by(9_999.0)
            await c.refresh()
            assert sweep_of(c).mode is Mode.OFF
            assert not sweep_of(c).runs
            assert await backend.operations() == ()
            assert "sweep" not in c.lines[1]

    async def test_shadow_tells_and_changes_nothing(self) -> None:
        backend = named("shop", 3)
        async with console(backend) as c:
            sweep = await switched(c, Mode.SHADOW)
            assert sweep.runs[0].decision is Decision.REPORT
            await next_run(c, sweep)
            assert await backend.operations() == ()
            assert await state(backend, "stuck-0") is State.RUNNING

    async def test_armed_recovers_again_and_again(self) -> None:
        backend = named("shop", 3)
        async with console(backend) as c:
            sweep = await switched(c, Mode.ARMED)
            assert sweep.runs[0].outcomes.applied == 3
            backend.worker.add("later", "running", updated_ago=9_000.0)
            assert (await next_run(c, sweep)).outcomes.applied == 1
            assert await state(backend, "later") is State.PENDING
            assert len(await backend.operations()) == 2

    async def test_it_runs_when_it_is_due_and_not_before(self) -> None:
        async with console(named("shop", 0)) as c:
            sweep = await switched(c, Mode.SHADOW)
            c.ticks.pass_by(299.0)
            sweep.wake()
            await c.pilot.pause(0.05)
            assert len(sweep.runs) == 1
            await next_run(c, sweep, 1.0)
            assert len(sweep.runs) == 2

    async def test_off_ends_it_at_once_and_gives_the_place_up(self) -> None:
        backend = named("shop", 1)
        async with console(backend) as c:
            sweep = await switched(c, Mode.ARMED)
            assert await backend.second().lead("bob", 60.0) is not None
            c.app.set_sweep(c.app.session, Mode.OFF)
            await c.until(lambda: backend._store.leader is None, "for the place")
            backend.worker.add("later", "running", updated_ago=9_000.0)
            c.ticks.pass_by(999.0)
            await c.pilot.pause(0.05)
            assert len(sweep.runs) == 1
            assert await state(backend, "later") is State.RUNNING

    async def test_a_run_under_way_changes_nothing_when_it_is_disarmed_meanwhile(self) -> None:
        backend = named("shop", 3)
        async with console(backend) as c:
            sweep = await switched(c, Mode.SHADOW)
            backend.hold()
            c.app.set_sweep(c.app.session, Mode.ARMED)
            await c.until(lambda: sweep.running)
            c.app.set_sweep(c.app.session, Mode.SHADOW)
            backend.release()
            await c.until(lambda: len(sweep.runs) > 2 and not sweep.running)
            assert await backend.operations() == ()

    async def test_who_armed_it_and_why_is_in_the_journal(self) -> None:
        backend = named("shop", 1)
        async with console(backend) as c:
            await switched(c, Mode.ARMED, reason="night shift")
            (operation,) = await backend.operations()
            assert operation.reason == "background sweep: night shift"
            assert " pid " in operation.operator


class TestSideBySide:
    async def test_two_sources_are_swept_each_by_itself(self) -> None:
        first, (second, other) = named("shop", 2), seat("imports", stuck=3, jobs=40)
        async with console(first, others=[other]) as c:
            await switched(c, Mode.SHADOW)
            sweep = await switched(c, Mode.ARMED, 1)
            assert sweep.runs[0].outcomes.applied == 3
            assert await first.operations() == ()
            assert len(await second.operations()) == 1
            await c.until(lambda: "sweep shadow 5m" in c.lines[2])
            await c.press("]")
            await c.until_shows("sweep ARMED 5m")

    async def test_one_that_is_down_stops_no_other_and_comes_back(self) -> None:
        first, (_, other) = named("shop", 2), seat("imports", stuck=1, jobs=40)
        async with console(first, others=[other]) as c:
            first.go_down()
            broken = await switched(c, Mode.ARMED)
            assert broken.runs[0].down
            assert (await switched(c, Mode.ARMED, 1)).runs[0].outcomes.applied == 1
            await c.until_shows("sweep ARMED failing")
            first.come_back()
            assert (await next_run(c, broken, 30.0)).outcomes.applied == 2

    async def test_it_asks_on_a_connection_of_its_own(self) -> None:
        shown = named("shop", 2)
        made: list[MemoryBackend] = []

        def make() -> MemoryBackend:
            made.append(shown if not made else shown.second())
            return made[-1]

        async with console(shown) as c:
            c.app.session.make = make
            made.append(shown)
            c.app.set_sweep(c.app.session, Mode.ARMED)
            await c.until(lambda: len(made) > 1, "for a backend of its own")
            made[1].hold()
            await c.refresh()
            assert c.app.session.problem is None
            made[1].release()

    async def test_all_of_them_show_their_sweeps_side_by_side(self) -> None:
        _, other = seat("imports")
        async with console(named("shop", 2), others=[other], size=(120, 40)) as c:
            await c.press("0")
            await c.until(lambda: isinstance(c.app.screen, SourcesScreen))
            assert "SWEEP" not in c.text
            await switched(c, Mode.ARMED)
            await c.until_shows("SWEEP")
            await c.until_shows("ARMED 5m")


class TestOthers:
    async def test_where_somebody_else_sweeps_it_says_who_and_takes_over_when_he_has_gone(self) -> None:
        backend = named("shop", 2)
        bob = backend.second()
        assert await bob.lead("bob@bastion pid 7", 60.0) is None
        async with console(backend) as c:
            sweep = await switched(c, Mode.ARMED)
            assert sweep.leader == "bob@bastion pid 7"
            await c.until_shows("sweep ARMED follows")
            assert await backend.operations() == ()
            await bob.resign()
            assert (await next_run(c, sweep)).outcomes.applied == 2
            assert sweep.leads

    async def test_it_waits_while_the_operators_own_plan_is_applied(self) -> None:
        backend = named("shop", 3)
        async with console(backend) as c:
            sweep = await switched(c, Mode.SHADOW)
            screen = await c.plan("R")
            await c.read_first()
            backend.on_apply = lambda rows: backend.hold()
            await c.press("A")
            await c.until(lambda: c.app.session.applying)
            c.ticks.pass_by(999.0)
            sweep.wake()
            await c.pilot.pause(0.05)
            assert len(sweep.runs) == 1
            assert sweep.held
            backend.release()
            await c.until(lambda: screen.result is not None)
            await c.until(lambda: len(sweep.runs) > 1, "for the run that had waited")
            assert isinstance(c.app.screen, PlanScreen)

    async def test_a_source_that_becomes_read_only_is_disarmed(self) -> None:
        backend = named("shop", 2)
        async with console(backend) as c:
            sweep = await switched(c, Mode.ARMED)
            backend._read_only = True
            before = list(sweep.runs)
            backend.worker.add("later", "running", updated_ago=9_000.0)
            c.ticks.pass_by(300.0)
            sweep.wake()
            await c.until(lambda: sweep.mode is Mode.SHADOW and not sweep.running)
            assert len(sweep.runs) > len(before)
            assert await state(backend, "later") is State.RUNNING
            await c.until(lambda: backend._store.leader is None, "for the place")
            await c.until_shows("sweep disarmed: the source is read-only")


class TestWrong:
    async def test_a_mistake_of_ours_in_a_run_ends_nothing(self) -> None:
        backend = named("shop", 2)
        counted = backend.counts

        async def counts(thresholds: object = None) -> object:
            raise ValueError("boom")

        async with console(backend) as c:
            sweep = await switched(c, Mode.SHADOW)
            backend.counts = counts  # type: ignore[assignment,method-assign]
            told = await next_run(c, sweep)
            assert told.problem == "internal error: ValueError: boom"
            await c.until_shows("sweep: the run failed: internal error: ValueError: boom")
            await c.until_shows("sweep shadow failing")
            backend.counts = counted  # type: ignore[method-assign]
            assert (await next_run(c, sweep)).decision is Decision.REPORT

    async def test_a_backend_that_can_not_be_made_is_told_of_and_made_later(self) -> None:
        async with console(named("shop", 1)) as c:

            def make() -> MemoryBackend:
                raise ConfigError("the variable SHOP_URL is not set")

            c.app.session.make = make
            c.app.set_sweep(c.app.session, Mode.SHADOW)
            await c.until(lambda: sweep_of(c).problem)
            assert sweep_of(c).problem == "the variable SHOP_URL is not set"
            await c.until_shows("sweep shadow failing")

    async def test_who_listens_hears_of_every_run_and_may_fail(self) -> None:
        heard: list[tuple[str, Decision]] = []

        def hear(source: Source, run: Run) -> None:
            heard.append((source.name, run.decision))
            raise OSError("the pager does not answer")

        async with console(named("shop", 1), on_sweep=hear) as c:
            sweep = await switched(c, Mode.ARMED)
            await next_run(c, sweep)
            assert heard == [("shop", Decision.RECOVER), ("shop", Decision.CLEAR)]
            assert "the pager does not answer" in " ".join(c.text.split())


class TestNews:
    async def test_a_run_that_recovered_something_says_so_once_and_refreshes_the_list(self) -> None:
        async with console(named("shop", 2)) as c:
            sweep = await switched(c, Mode.ARMED)
            await c.until_shows("> sweep: recovered 2; operation")
            await c.until(lambda: "0 stuck" in c.lines[1], "for the list")
            await c.press("escape")
            assert "recovered 2" not in c.text
            await next_run(c, sweep)
            assert "all clear" not in c.text
            assert "recovered" not in c.text

    async def test_of_another_source_it_says_the_name(self) -> None:
        _, other = seat("imports", stuck=1, jobs=40)
        async with console(named("shop", 0), others=[other]) as c:
            await switched(c, Mode.ARMED, 1)
            await c.until_shows("imports: sweep: recovered 1")

    async def test_that_the_brake_holds_is_said_once(self) -> None:
        async with console(named("shop", 12, 3)) as c:
            sweep = await switched(c, Mode.ARMED)
            await c.until_shows("sweep: brake: 12 of 15 running jobs look stuck at once")
            await c.until(lambda: "sweep BRAKED" in c.lines[1])
            await c.press("escape")
            await next_run(c, sweep)
            assert "12 of 15" not in c.text
            await c.until(lambda: "sweep BRAKED" in c.lines[1])

    async def test_three_failed_runs_pull_the_brake_until_it_is_armed_again(self) -> None:
        backend = named("shop", 2)
        planned = backend.plan

        async def broken(*_: object) -> object:
            raise ValueError("boom")

        async with console(backend) as c:
            backend.plan = broken  # type: ignore[assignment,method-assign]
            sweep = await switched(c, Mode.ARMED)
            for _ in range(2):
                await next_run(c, sweep)
            assert sweep.brake == "3 runs in a row failed"
            backend.plan = planned  # type: ignore[method-assign]
            assert (await next_run(c, sweep)).decision is Decision.BRAKED
            await c.until(lambda: "sweep BRAKED" in c.lines[1])
            assert (await switched(c, Mode.ARMED)).runs[0].outcomes.applied == 2

    async def test_to_arm_it_although_so_many_look_stuck_holds_until_there_are_fewer(self) -> None:
        backend = named("shop", 12, 3)
        async with console(backend) as c:
            sweep = await switched(c, Mode.ARMED)
            assert sweep.runs[0].decision is Decision.BRAKED
            assert (await switched(c, Mode.ARMED)).runs[0].decision is Decision.BRAKED
            assert (await switched(c, Mode.ARMED, overrule=True)).runs[0].outcomes.applied == 12
            await next_run(c, sweep)
            assert not sweep.overruled
            for number in range(12):
                backend.worker.add(f"again-{number}", "running", updated_ago=9_000.0)
            assert (await next_run(c, sweep)).decision is Decision.BRAKED


class TestLeaving:
    async def test_quitting_says_that_the_sweep_stops_with_the_console(self) -> None:
        async with console(named("shop", 0)) as c:
            await c.press("ctrl+c")
            assert "again to quit" in c.text
            assert "the sweep stops" not in c.text
            await switched(c, Mode.ARMED)
            await c.press("escape")
            assert "q quits; the sweep stops with the console" in c.text
            c.ticks.pass_by(9.0)
            await c.press("ctrl+c")
            assert "again to quit; the sweep stops with the console" in c.text

    async def test_hanging_up_disarms_and_gives_the_place_up(self) -> None:
        backend = named("shop", 2)
        async with console(backend) as c:
            await switched(c, Mode.ARMED)
            assert backend._store.leader is not None
            await c.app.hang_up(129)
            assert sweep_of(c).mode is Mode.OFF
        assert backend._store.leader is None

    async def test_a_source_that_hangs_holds_nothing_up(self) -> None:
        backend = named("shop", 2)
        async with console(backend) as c:
            sweep = await switched(c, Mode.ARMED)
            backend.hold()
            c.ticks.pass_by(300.0)
            sweep.wake()
            await c.until(lambda: sweep.running)
            async with asyncio.timeout(1.0):
                await c.app.end_sweeps()
            assert backend._store.leader is None
            backend.release()

    async def test_closing_a_source_ends_its_sweep(self) -> None:
        backend = named("shop", 2)
        async with console(backend) as c:
            sweep = await switched(c, Mode.ARMED)
            await c.app.session.close()
            assert sweep.mode is Mode.OFF
            assert backend._store.leader is None


async def test_the_time_until_the_next_run_is_coarse_and_painted_with_what_is_painted_anyway() -> None:
    async def title(c: Console, seconds: float) -> str:
        c.ticks.pass_by(seconds)
        await c.refresh()
        return c.lines[1]

    async with console(named("shop", 0)) as c:
        await switched(c, Mode.SHADOW)
        assert "sweep shadow 4m" in await title(c, 1.0)
        assert "sweep shadow 4m" in await title(c, 50.0)
        assert "sweep shadow 3m" in await title(c, 50.0)
        assert "sweep shadow <1m" in await title(c, 150.0)
