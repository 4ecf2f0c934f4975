"""The sweep's screen: what a run would do now, told from the database, and nothing that isn't there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.tui.driver import Console, JobsScreen, Ticks, console
from tests.tui.test_hostile import HOSTILE, assert_inert
from unstick.recovery import engine, sweep
from unstick.recovery.errors import QueryTimeout
from unstick.recovery.memory import ARTITEC, EXTRACTION, PIPELINE, MemoryBackend
from unstick.recovery.memory.pipeline import fill
from unstick.recovery.model import JobId
from unstick.recovery.plan import LeftOut, Options, Plan, seal
from unstick.recovery.port import Selection
from unstick.recovery.query import Query
from unstick.recovery.source import Source
from unstick.tui.screens.sweep import SweepScreen
from unstick.tui.screens.sweep_text import SweepView, sweep_lines
from unstick.tui.session import Session

SIZES = [(80, 24), (120, 40), (40, 12)]


async def go(c: Console, shows: str = "as of") -> SweepScreen:
    """Open the sweep's screen and wait until it has planned."""
    await c.press("S")
    await c.until(lambda: isinstance(c.app.screen, SweepScreen), "for the sweep")
    await c.until_shows(shows)
    await c.until(lambda: not c.on(SweepScreen).feed.in_flight)
    await c.pilot.pause()
    return c.on(SweepScreen)


def squeezed(text: str) -> str:
    return " ".join(text.split())


def chosen(screen: SweepScreen) -> str | None:
    return screen.table.chosen


def hanging(stuck: int, running: int = 0) -> MemoryBackend:
    """So many jobs that hang, and so many that run as they should."""
    backend = MemoryBackend(EXTRACTION, source="shop")
    for number in range(stuck):
        backend.worker.add(f"stuck-{number}", "running", updated_ago=1000.0 + number)
    for number in range(running):
        backend.worker.add(f"fine-{number}", "running", updated_ago=1.0)
    return backend


async def recovered(backend: MemoryBackend, reason: str = "") -> str:
    """Recover everything that hangs; returns the operation."""
    options = Options(operator="ann@bastion", reason=reason)
    result = await engine.apply(backend, await backend.plan("recover", Query(stuck_only=True), options))
    return result.operation


class TestWhatItSays:
    @pytest.mark.parametrize("size", SIZES)
    async def test_the_mode_is_off_and_no_timer_is_promised(self, size: tuple[int, int]) -> None:
        async with console(hanging(3, 9), size=size) as c:
            await go(c, "nothing")
            assert c.lines[1].startswith("Sweep > off")
            assert "off: no timer runs in this console, nothing is recovered by itself" in squeezed(c.text)

    async def test_it_counts_what_would_be_recovered(self) -> None:
        backend = hanging(3, 9)
        async with console(backend) as c:
            await go(c)
            assert "would recover 3 rows" in c.lines[1]
            assert "as of 12:00:00" in c.lines[1]
            assert "recover 3 rows: set pending again (worker is not stopped)" in squeezed(c.text)
            assert "of 3 rows that hang" in squeezed(c.text)
            assert "brake would stop" not in c.text
            assert await backend.operations() == ()

    async def test_all_clear_is_said_where_nothing_hangs(self) -> None:
        async with console(hanging(0, 5)) as c:
            await go(c)
            assert "nothing: nothing is stuck - all clear" in c.text
            assert "would recover nothing" in c.lines[1]

    async def test_the_cap_leaves_the_rest_to_the_next_runs(self) -> None:
        async with console(hanging(130, 400)) as c:
            screen = await go(c)
            assert "recover 100 rows" in squeezed(c.text)
            assert "later 30 rows: beyond the cap, for the next runs" in squeezed(c.text)
            assert "of 130 rows that hang" in squeezed(c.text)
            assert screen.facts().marked == sweep.CAP

    async def test_what_only_a_person_can_help_is_counted(self) -> None:
        backend = hanging(4, 20)
        for number in range(2):
            backend.worker.set(JobId(f"stuck-{number}"), retry_count=3, max_retries=3)
        async with console(backend) as c:
            await go(c)
            assert "recover 2 rows" in squeezed(c.text)
            assert "needs a person 2 rows: at the retry limit" in squeezed(c.text)

    async def test_nothing_is_offered_where_only_persons_can_help(self) -> None:
        backend = hanging(1)
        backend.worker.set(JobId("stuck-0"), retry_count=3, max_retries=3)
        async with console(backend) as c:
            await go(c)
            assert "recover nothing: all of them are left out" in squeezed(c.text)
            await c.press("R")
            assert "a sweep would recover nothing now" in c.text
            assert isinstance(c.app.screen, SweepScreen)

    async def test_the_brake_says_why_it_would_stop(self) -> None:
        async with console(hanging(12, 3)) as c:
            await go(c)
            assert "the brake would stop it" in c.lines[1]
            assert "! the brake would stop it: 12 of 15 running jobs look stuck at once" in c.text

    async def test_the_brake_is_not_spoken_of_where_nothing_would_be_recovered(self) -> None:
        backend = hanging(12, 3)
        for number in range(12):
            backend.worker.set(JobId(f"stuck-{number}"), retry_count=3, max_retries=3)
        async with console(backend) as c:
            await go(c)
            assert "would stop it" not in c.text
            assert "needs a person 12 rows" in squeezed(c.text)

    async def test_variants_are_counted_with_their_jobs(self) -> None:
        backend = MemoryBackend(PIPELINE, source="posters")
        fill(backend.worker, 60, 9, 7)
        async with console(backend) as c:
            await go(c)
            plan = await backend.plan("recover", Query(stuck_only=True), Options())
            counts = await backend.counts()
            assert f"of {plan.found} rows that hang, of {counts.stuck} jobs" in squeezed(c.text)

    async def test_thresholds_and_limit_say_where_they_come_from(self) -> None:
        async with console(hanging(1, 3), size=(120, 40)) as c:
            c.app.session.source = replace(
                c.app.session.source, thresholds={"stuck": EXTRACTION.threshold_s}, max_retries=3
            )
            await go(c)
            assert "stuck 5m set for this source" in squeezed(c.text)
            assert "retry limit 3 set for this source" in squeezed(c.text)
            assert "cap 100 rows in one run" in squeezed(c.text)

    async def test_without_settings_they_come_from_the_profile(self) -> None:
        async with console(hanging(1, 3), size=(120, 40)) as c:
            await go(c)
            assert f"stuck 5m {sweep.FROM_PROFILE}" in squeezed(c.text)
            assert f"retry limit 3 {sweep.FROM_PROFILE}" in squeezed(c.text)

    async def test_a_rule_that_is_off_and_no_limit_are_told(self) -> None:
        system = replace(EXTRACTION, threshold_s=None, max_retries=None)
        backend = MemoryBackend(system)
        backend.worker.add("one", "running", updated_ago=9e9)
        async with console(backend, size=(120, 40)) as c:
            await go(c)
            assert "stuck never" in squeezed(c.text)
            assert "retry limit never" in squeezed(c.text)
            assert "all clear" in c.text


class TestWrong:
    async def test_a_source_that_hangs_says_so_and_can_be_left(self) -> None:
        backend = hanging(3, 9)
        async with console(backend) as c:
            backend.hold()
            await c.press("S")
            await c.until_shows("planning what a sweep would do ...")
            c.on(SweepScreen).feed._waits()
            await c.until_shows("that takes its time; esc leaves without waiting")
            await c.press("R")
            assert "a sweep would recover nothing now" in c.text
            await c.press("escape")
            await c.until(lambda: isinstance(c.app.screen, JobsScreen))
            backend.release()

    async def test_a_source_that_is_down_says_so_and_comes_back(self) -> None:
        backend = hanging(3, 9)
        async with console(backend) as c:
            backend.go_down()
            await c.press("S")
            await c.until_shows("can't be told without the database")
            assert "! shop does not answer" in c.text
            screen = c.on(SweepScreen)
            await c.until(lambda: screen.feed._timer is not None, "for the next try")
            backend.come_back()
            await c.press("ctrl+r")
            await c.until_shows("would recover 3 rows")

    async def test_what_took_too_long_is_not_planned_again_by_itself(self) -> None:
        backend = hanging(3, 9)

        async def slow(action: str, selection: Selection, options: Options) -> Plan:
            raise QueryTimeout("shop did not answer within 10 s")

        backend.plan = slow  # type: ignore[method-assign]
        async with console(backend) as c:
            await c.press("S")
            await c.until_shows("did not answer within 10 s")
            screen = c.on(SweepScreen)
            await c.until(lambda: not screen.feed.in_flight)
            assert screen.feed._timer is None

    async def test_a_system_that_can_not_recover_says_so_and_shows_the_rest(self) -> None:
        system = replace(ARTITEC, actions=tuple(a for a in ARTITEC.actions if a.info.name != "recover"))
        backend = MemoryBackend.example(20, 3, system=system)
        async with console(backend, size=(100, 40)) as c:
            await go(c)
            assert "! artitec has no action 'recover'; it has retry, delete" in c.text
            assert "stuck" in c.text
            await c.press("R")
            assert "artitec has no action recover" in c.text

    @pytest.mark.parametrize("size", [*SIZES, (30, 8), (20, 6)])
    async def test_it_breaks_at_no_size(self, size: tuple[int, int]) -> None:
        backend = hanging(2, 3)
        await recovered(backend)
        backend.worker.add("again", "running", updated_ago=5000.0)
        async with console(backend, size=size) as c:
            await go(c, "Sweep")
            for key in ("tab", "j", "k", "k", "ctrl+f", "G", "g", "j", "tab"):
                await c.press(key)
                assert_inert(c.lines, size[0])
            await c.pilot.resize_terminal(120, 40)
            await c.until(lambda: len(c.lines) == 40 and "What a sweep would do now" in c.text)

    async def test_ascii_leaves_nothing_else(self) -> None:
        async with console(hanging(3, 9), ascii=True) as c:
            await go(c)
            assert all(line.isascii() for line in c.lines)


class TestHostile:
    @pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
    @pytest.mark.parametrize("width", [40, 120])
    async def test_reasons_rules_and_the_journal_are_shown_inertly(self, text: str, width: int) -> None:
        short = text[:200]
        system = replace(EXTRACTION, rule=short, variants_name=short)
        backend = MemoryBackend(system, source="memory")
        backend.worker.add(f"1{short}", "running", updated_ago=9e5)
        options = Options(operator=short, reason=text[:1000])
        await engine.apply(backend, await backend.plan("recover", Query(stuck_only=True), options))
        backend.worker.add(f"2{short}", "running", updated_ago=9e5)
        planned = backend.plan

        async def plan(action: str, selection: Selection, options: Options) -> Plan:
            made = await planned(action, selection, options)
            left = (LeftOut(JobId(short), text), LeftOut(JobId("x"), f"needs a person: {text}"))
            return seal(replace(made, left_out=left, warnings=(text,), verb=text, nonce=""))

        backend.plan = plan  # type: ignore[method-assign]
        async with console(backend, size=(width, 40)) as c:
            await go(c, "Sweep")
            for key in ("ctrl+f", "G", "tab", "j"):
                await c.press(key)
                assert_inert(c.lines, width)


class TestText:
    async def test_many_reasons_are_cut_to_the_most_frequent(self) -> None:
        backend = hanging(1, 5)
        plan = await backend.plan("recover", Query(stuck_only=True), Options())
        words = ["alfa", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett"]
        left = tuple(
            LeftOut(JobId(f"job-{word}-{number}"), f"because of {word}")
            for place, word in enumerate(words)
            for number in range(len(words) - place)
        )
        counts, made = await backend.counts(), replace(plan, left_out=left)
        view = SweepView(counts, made, None, (), 0.0, sweep.forecast(made, counts))
        session = Session(lambda: backend, Source("s", "memory://"), Ticks())
        lines = sweep_lines(view, session, backend.capabilities, 100, lambda action: "i")
        text = squeezed("\n".join("".join(span.text for span in line) for line in lines))
        assert "left out 10 rows: because of alfa" in text
        assert "because of hotel" in text
        assert "because of india" not in text
        assert "left out 3 rows for 2 other reasons" in text
