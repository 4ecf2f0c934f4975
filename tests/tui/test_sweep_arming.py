"""Switching the sweep: armed only after a question that nobody answers by accident."""

from __future__ import annotations

import pytest

from tests.tui.driver import Console, JobsScreen, console
from tests.tui.sources import seat
from tests.tui.sweeps import SwitchedOff, filled, named, next_run, state, sweep_of, switched, to_arm
from tests.tui.test_hostile import HOSTILE, assert_inert
from tests.tui.test_sweep import go, squeezed
from unstick.recovery.memory import ARTITEC, EXTRACTION, MemoryBackend
from unstick.recovery.model import State
from unstick.recovery.sweep import Mode
from unstick.tui.screens.arm import ArmScreen
from unstick.tui.screens.sweep import SweepScreen


async def command(c: Console, line: str) -> None:
    await c.press(":")
    await c.type(line)
    await c.press("enter")
    await c.pilot.pause()


class TestTheQuestion:
    async def test_only_its_own_key_arms_and_not_before_it_could_be_read(self) -> None:
        backend = named("shop", 3)
        async with console(backend) as c:
            await go(c)
            await c.press("E")
            await c.until(lambda: isinstance(c.app.screen, ArmScreen))
            await c.until_shows("3 rows would be recovered now")
            await c.press("A")
            assert "only just appeared" in c.text
            assert sweep_of(c).mode is Mode.OFF
            await c.read_first()
            await c.press("E")
            c.on(ArmScreen)
            assert sweep_of(c).mode is Mode.OFF
            await c.press("A")
            await c.until(lambda: isinstance(c.app.screen, SweepScreen))
            assert sweep_of(c).mode is Mode.ARMED
            await c.until_shows("recovered 3")
            assert await state(backend, "stuck-0") is State.PENDING

    @pytest.mark.parametrize("key", ["enter", "escape", "q"])
    async def test_every_way_of_leaving_leaves_it_as_it_was(self, key: str) -> None:
        async with console(named("shop", 3)) as c:
            await go(c)
            await to_arm(c)
            assert "[ Cancel ]" in c.text
            await c.press(key)
            await c.until(lambda: isinstance(c.app.screen, SweepScreen))
            assert sweep_of(c).mode is Mode.OFF

    async def test_keys_that_arrive_at_once_arm_nothing(self) -> None:
        async with console(named("shop", 3)) as c:
            await go(c)
            await c.burst("E", "A", "A", "enter", "A")
            await c.pilot.pause()
            assert sweep_of(c).mode is Mode.OFF

    async def test_it_says_what_it_will_do(self) -> None:
        async with console(named("shop", 3), size=(120, 40)) as c:
            await go(c)
            await to_arm(c)
            told = squeezed(c.text)
            assert "every 5m, what hangs is recovered without asking: set pending again" in told
            assert "At most 100 rows in one run" in told
            assert "3 rows would be recovered now" in told
            assert "A arms it" in told

    async def test_a_reason_goes_to_the_journal(self) -> None:
        backend = named("shop", 1)
        async with console(backend) as c:
            await go(c)
            await to_arm(c)
            await c.press("r")
            await c.type("night shift")
            await c.press("enter")
            await c.read_first()
            assert "reason: night shift" in c.text
            await c.press("A")
            await c.until(lambda: sweep_of(c).runs)
            (operation,) = await backend.operations()
            assert operation.reason == "background sweep: night shift"

    async def test_in_prod_it_wants_a_reason_and_the_name(self) -> None:
        async with console(named("shop", 1), environment="prod") as c:
            await go(c)
            await to_arm(c)
            assert "A wants a reason first" in c.text
            await c.press("A")
            await c.type("night shift")
            await c.press("enter")
            await c.read_first()
            assert "A wants shop typed first" in c.text
            await c.press("A")
            await c.type("1")
            await c.press("enter")
            await c.until_shows("that is not shop")
            await c.press("backspace")
            await c.type("shop")
            await c.press("enter")
            await c.read_first()
            assert sweep_of(c).mode is Mode.OFF
            await c.press("A")
            assert sweep_of(c).mode is Mode.ARMED

    async def test_with_a_brake_the_name_is_typed_and_lets_go_of_it(self) -> None:
        backend = named("shop", 12, 3)
        async with console(backend) as c:
            sweep = await switched(c, Mode.ARMED)
            await go(c)
            assert "! BRAKED: 12 of 15 running jobs look stuck at once" in squeezed(c.text)
            assert "E arms it again and lets go of it" in squeezed(c.text)
            await to_arm(c)
            assert "BRAKED: 12 of 15" in c.text
            await c.press("A")
            assert not sweep.overruled
            await c.type("shop")
            await c.press("enter")
            await c.read_first()
            await c.press("A")
            await c.until(lambda: sweep.runs[0].outcomes.applied == 12, "for what had been held")

    async def test_while_the_source_is_down_it_can_not_be_armed(self) -> None:
        backend = named("shop", 3)
        async with console(backend) as c:
            await go(c)
            backend.go_down()
            await to_arm(c)
            assert "! it can't be armed: shop does not answer" in c.text
            await c.press("A")
            assert "it is not known yet what it would do" in c.text
            assert sweep_of(c).mode is Mode.OFF

    @pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 12), (20, 6)])
    async def test_it_breaks_at_no_size(self, size: tuple[int, int]) -> None:
        async with console(named("shop", 12, 3), size=size) as c:
            await go(c, "Sweep")
            await to_arm(c)
            for key in ("j", "G", "k"):
                await c.press(key)
                assert_inert(c.lines, size[0])

    @pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
    async def test_what_databases_say_is_shown_inertly(self, text: str) -> None:
        backend = filled(MemoryBackend(EXTRACTION, source="memory"), 2, 9)
        bob = backend.second()
        await bob.lead(text[:200], 60.0)
        async with console(backend, size=(60, 40)) as c:
            sweep = await switched(c, Mode.ARMED)
            assert sweep.leader is not None
            await go(c, "Sweep")
            assert_inert(c.lines, 60)
            await to_arm(c)
            assert_inert(c.lines, 60)


class TestRefused:
    async def test_a_read_only_source_says_why_and_may_still_tell(self) -> None:
        async with console(named("shop", 3), read_only=True) as c:
            await go(c)
            await c.press("E")
            assert "arm: the source is read-only; open it with --write to change rows" in c.text
            c.on(SweepScreen)
            await c.press("s")
            await c.until_shows("would recover 3 rows")
            assert sweep_of(c).mode is Mode.SHADOW

    @pytest.mark.parametrize("key", ["E", "s"])
    async def test_one_that_its_variable_switches_off_names_the_variable(self, key: str) -> None:
        backend = filled(SwitchedOff(EXTRACTION, source="shop"), 3, 9)
        async with console(backend, size=(120, 40)) as c:
            await go(c)
            assert "switched off: JOB_MONITOR_ENABLED=false; it can't be armed here" in squeezed(c.text)
            await c.press(key)
            assert "the sweep is switched off for this source: JOB_MONITOR_ENABLED=false" in c.text
            assert sweep_of(c).mode is Mode.OFF

    async def test_a_system_without_recover_says_so(self) -> None:
        from dataclasses import replace

        system = replace(ARTITEC, actions=tuple(a for a in ARTITEC.actions if a.info.name != "recover"))
        async with console(MemoryBackend.example(20, 3, system=system)) as c:
            await go(c)
            await c.press("E")
            assert "arm: artitec has no action recover" in c.text


class TestCommands:
    async def test_the_line_switches_it_from_any_screen(self) -> None:
        async with console(named("shop", 3)) as c:
            await command(c, "sweep shadow")
            assert sweep_of(c).mode is Mode.SHADOW
            await c.until_shows("sweep shadow: tells what it would do")
            await command(c, "sweep off")
            assert sweep_of(c).mode is Mode.OFF
            assert isinstance(c.app.screen, JobsScreen)

    async def test_to_arm_it_asks_all_the_same(self) -> None:
        async with console(named("shop", 3)) as c:
            await command(c, "sweep armed")
            await c.until(lambda: isinstance(c.app.screen, ArmScreen))
            assert sweep_of(c).mode is Mode.OFF

    async def test_without_a_mode_it_opens_the_screen(self) -> None:
        async with console(named("shop", 3)) as c:
            await command(c, "sweep")
            await c.until(lambda: isinstance(c.app.screen, SweepScreen))
            await command(c, "sweep shadow")
            c.on(SweepScreen)

    async def test_what_is_no_mode_is_told(self) -> None:
        async with console(named("shop", 3)) as c:
            await command(c, "sweep amred")
            assert "a sweep is off, shadow or armed, not 'amred'" in c.text

    async def test_what_is_not_possible_is_said_as_by_the_key(self) -> None:
        async with console(named("shop", 3), read_only=True) as c:
            await command(c, "sweep armed")
            assert "arm: the source is read-only" in c.text
            await command(c, "sweep off")
            assert "off: the sweep is off already" in c.text

    async def test_it_is_about_the_source_that_is_shown(self) -> None:
        _, other = seat("imports")
        async with console(named("shop", 3), others=[other]) as c:
            await c.press("]")
            await c.until(lambda: c.app.shown == 1)
            await c.until(lambda: c.app.session.connected)
            await command(c, "sweep shadow")
            assert sweep_of(c, 1).mode is Mode.SHADOW
            assert sweep_of(c, 0).mode is Mode.OFF


class TestTheScreen:
    async def test_it_shows_mode_next_run_leader_brake_and_runs(self) -> None:
        backend = named("shop", 2)
        async with console(backend, size=(120, 40)) as c:
            sweep = await switched(c, Mode.ARMED)
            for _ in range(3):
                await next_run(c, sweep)
            await go(c)
            told = squeezed(c.text)
            assert "now ARMED: it recovers by itself, 100 rows in one run at most; o switches it off" in told
            assert "next run in 5m, every 5m; N runs it now" in told
            assert "leader this console" in told
            assert "brake not pulled" in told
            assert "Runs of this console" in told
            assert "all clear: nothing is stuck, 9 running (and 2 before)" in told
            assert "recovered 2; operation op-0001" in told
            assert "Last decisions: 1 recovery of the journal" in told

    async def test_a_run_that_ends_is_shown_with_what_it_left(self) -> None:
        backend = named("shop", 2)
        async with console(backend, size=(120, 40)) as c:
            sweep = await switched(c, Mode.ARMED)
            await go(c)
            backend.worker.add("later", "running", updated_ago=9_000.0)
            await next_run(c, sweep)
            await c.until_shows("recovered 1; operation op-0002")
            await c.until_shows("Last decisions: 2 recoveries of the journal")

    async def test_a_run_under_way_says_so(self) -> None:
        backend = named("shop", 2)
        async with console(backend, size=(120, 40)) as c:
            sweep = await switched(c, Mode.SHADOW)
            await go(c)
            backend.hold()
            await c.press("N")
            await c.until_shows("a run is under way")
            await c.press("N")
            assert "run now: a run is under way" in c.text
            backend.release()
            await c.until(lambda: len(sweep.runs) == 2 and not sweep.running)

    async def test_the_source_own_cap_and_brake_are_what_is_told(self) -> None:
        from dataclasses import replace

        from unstick.recovery.source import SweepSettings

        async with console(named("shop", 12, 3), size=(120, 40)) as c:
            own = SweepSettings(cap=5, brake=False)
            c.app.session.source = replace(c.app.session.source, sweep=own)
            await go(c)
            assert "recover 5 rows" in squeezed(c.text)
            assert "the brake would stop it" not in c.text
            assert "cap 5 rows in one run" in squeezed(c.text)
            assert "stops nothing here: set for this source" in squeezed(c.text)

    async def test_the_countdown_goes_on_by_itself(self) -> None:
        async with console(named("shop", 0), size=(120, 40)) as c:
            await switched(c, Mode.SHADOW)
            screen = await go(c)
            c.ticks.pass_by(100.0)
            screen.sweep_changed()
            await c.until_shows("in 3m, every 5m")
