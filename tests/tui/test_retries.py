"""Retry statistics on the screen: the same figures as `unstick stats`, and why there are none."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.tui.driver import Console, JobScreen, JobsScreen, console
from tests.tui.test_hostile import HOSTILE, assert_inert
from unstick.recovery.errors import QueryTimeout
from unstick.recovery.memory import EXTRACTION, PIPELINE, MemoryBackend
from unstick.recovery.memory.pipeline import fill
from unstick.recovery.model import Capabilities, JobId
from unstick.recovery.plan import Options
from unstick.recovery.stats import Figures, Retried, Spread, Statistics
from unstick.tui.screens.retries import RetriesScreen
from unstick.tui.screens.retries_rows import RetriedRows
from unstick.tui.screens.retries_text import RAMP, bar, retries_lines, sparkline, window_words
from unstick.tui.screens.variant import VariantScreen

HOUR, DAY = 3600.0, 86_400.0
ABLE = Capabilities("memory", "1", "db", "p", "database", variants_name="pieces")


def shop() -> MemoryBackend:
    """Jobs of two days without variants: twenty that were never retried, some that were."""
    backend = MemoryBackend(EXTRACTION, source="shop")
    for number in range(20):
        backend.worker.add(
            f"plain-{number}", "completed", created_ago=2 * HOUR, updated_ago=HOUR, kind="mail"
        )
    for name, retries, ago in (("once", 1, 1.5 * HOUR), ("often", 5, 2 * HOUR), ("long-ago", 9, 5 * DAY)):
        backend.worker.add(
            name, "failed", created_ago=ago, updated_ago=ago, kind="bill", step="send", retry_count=retries
        )
    backend.worker.add(
        "burning", "running", created_ago=3 * HOUR, started_ago=60.0, updated_ago=20.0, kind="bill",
        retry_count=3,
    )  # fmt: skip
    return backend


def pieces() -> MemoryBackend:
    """Jobs with variants that are retried."""
    backend = MemoryBackend(PIPELINE, source="posters")
    fill(backend.worker, 30, 9, 7)
    return backend


async def go(c: Console, shows: str = "as of") -> RetriesScreen:
    """Open the statistics and wait for them."""
    await c.press("%")
    await c.until(lambda: isinstance(c.app.screen, RetriesScreen), "for the statistics")
    await c.until_shows(shows)
    await c.until(lambda: not c.on(RetriesScreen).feed.in_flight)
    await c.pilot.pause()
    return c.on(RetriesScreen)


def chosen(screen: RetriesScreen) -> str | None:
    return screen.table.chosen


def squeezed(text: str) -> str:
    return " ".join(text.split())


def text_of(found: Statistics, width: int = 80, *, variants: bool = False, able: Capabilities = ABLE) -> str:
    lines = retries_lines(found, able, width, variants=variants)
    return "\n".join("".join(span.text for span in line).rstrip() for line in lines)


class TestFigures:
    @pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
    async def test_rate_and_counts_are_those_of_the_backend(self, size: tuple[int, int]) -> None:
        backend = shop()
        async with console(backend, size=size) as c:
            await go(c)
            spread = (await backend.statistics(timedelta(days=1))).jobs.spread
            assert (spread.total, spread.some, spread.none, spread.high, spread.maximum) == (23, 3, 20, 2, 5)
            assert "Jobs created in the last 24 h: 23" in c.text
            shown = squeezed(c.text)
            assert "not retried 20 87.0% retried 3 13.0% 3 times or more 2 8.7%" in shown
            assert f"average {spread.average:.2f} most 5" in shown
            assert "! 1 job to look at" in c.text

    async def test_everything_is_on_one_scrolled_page(self) -> None:
        backend = shop()
        async with console(backend, size=(120, 60)) as c:
            await go(c)
            await c.press(">")
            await c.until_shows("Jobs created in the last 7 d: 24")
            for told in (
                "How many jobs were retried how often",
                "Share retried by day",
                "By step",
                "By source type",
            ):
                assert told in c.text
            assert "bill 100.0% 4 4 3 4.50 9 mail 0.0% 0 20 0 0.00 0" in squeezed(c.text)

    async def test_what_came_of_actions_is_counted_too(self) -> None:
        backend = MemoryBackend.example(20, 4)
        async with console(backend, size=(120, 60)) as c:
            await c.press("asterisk")
            await c.plan("R")
            await c.apply()
            await c.press("escape")
            await go(c)
            assert "What came of actions in the last 24 h" in c.text
            assert "recover  4 applied" in c.text
            assert "Attempts by reason in the last 24 h" in c.text

    async def test_bars_and_trend_are_ascii_in_every_terminal(self) -> None:
        for plain in (True, False):
            async with console(shop(), ascii=plain, size=(80, 50)) as c:
                await go(c)
                assert "#" in c.text
                assert all(line.isascii() for line in c.lines)

    @pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 12), (30, 8), (20, 6)])
    async def test_it_breaks_at_no_size(self, size: tuple[int, int]) -> None:
        async with console(pieces(), size=size) as c:
            await go(c, "Retries")
            for key in ("tab", "j", "j", "tab", "ctrl+f", "tab", "j", "G", ">", "V", "k", "g", "<"):
                await c.press(key)
                assert_inert(c.lines, size[0])
            assert c.app.is_running

    async def test_a_resize_lays_out_again(self) -> None:
        async with console(pieces(), size=(120, 40)) as c:
            await go(c)
            await c.pilot.resize_terminal(40, 12)
            await c.until(lambda: len(c.lines) == 12 and "Retries" in c.lines[1])
            await c.pilot.pause()
            assert_inert(c.lines, 40)
            await c.pilot.resize_terminal(120, 40)
            await c.until(lambda: len(c.lines) == 40 and "Jobs created" in c.text)


class TestWindow:
    async def test_it_goes_from_an_hour_to_thirty_days_and_no_further(self) -> None:
        async with console(shop()) as c:
            await go(c)
            assert "< 24 h >" in c.lines[1]
            await c.press("<")
            await c.until_shows("no jobs were created in the last 1 h")
            assert "< 1 h >" in c.lines[1]
            await c.press("<")
            assert "1 h is the shortest time" in c.text
            for title in ("24 h", "7 d", "30 d"):
                await c.press(">")
                await c.until_shows(f"Jobs created in the last {title}")
            await c.press(">")
            assert "30 d is the longest time" in c.text

    async def test_each_window_is_counted_once_and_again_only_with_its_key(self) -> None:
        backend = shop()
        asked: list[float] = []
        counted = backend.statistics

        async def statistics(window: timedelta) -> Statistics:
            asked.append(window.total_seconds())
            return await counted(window)

        backend.statistics = statistics  # type: ignore[method-assign]
        async with console(backend) as c:
            screen = await go(c)
            await c.press(">")
            await c.until_shows("last 7 d: 24")
            await c.press("<")
            await c.until_shows("last 24 h: 23")
            await c.press("tab", "enter")
            await c.until(lambda: isinstance(c.app.screen, JobScreen))
            await c.press("escape")
            await c.until(lambda: isinstance(c.app.screen, RetriesScreen))
            backend.worker.add("new", "failed", created_ago=1.0, updated_ago=1.0, retry_count=2)
            c.app.wake()
            await c.pilot.pause()
            assert asked == [DAY, 7 * DAY]
            await c.press("ctrl+r")
            await c.until_shows("last 24 h: 24")
            assert asked == [DAY, 7 * DAY, DAY]
            assert screen.feed._timer is None

    async def test_its_age_is_told_when_something_is_painted_anyway(self) -> None:
        async with console(shop(), size=(120, 24)) as c:
            screen = await go(c)
            assert c.lines[1].endswith("as of 12:00:00")
            c.ticks.pass_by(12)
            await c.press("j", "tab")
            await c.until_shows("as of 12:00:00, 12s ago")
            await c.press("ctrl+r")
            await c.until(lambda: not screen.feed.in_flight)
            await c.until(lambda: c.lines[1].endswith("as of 12:00:00"))

    async def test_the_answer_for_another_window_is_dropped(self) -> None:
        backend = shop()
        async with console(backend) as c:
            await go(c)
            backend.hold()
            await c.press(">")
            await c.until_shows("counting ...")
            await c.press("<")
            backend.release()
            await c.until_shows("last 24 h: 23")
            await c.pilot.pause()
            assert "7 d" not in c.lines[1]
            assert c.on(RetriesScreen).counted is not None


class TestRows:
    async def test_those_to_look_at_come_first_then_the_most_retried_of_all_time(self) -> None:
        async with console(shop(), size=(100, 40)) as c:
            screen = await go(c)
            assert list(screen.rows.rows) == ["burning", "long-ago", "often", "once"]
            assert "Most retried jobs, of all time: 4, 1 to look at" in c.text
            line = next(line for line in c.lines if "burning" in line and "RETRIES" not in line)
            assert line.split()[:2] == ["3", "burning"]
            assert line.endswith("! to look at")

    @pytest.mark.parametrize("key", ["tab", "enter"])
    async def test_a_job_is_opened_and_one_comes_back_to_its_row(self, key: str) -> None:
        async with console(shop()) as c:
            screen = await go(c)
            assert chosen(screen) is None
            await c.press(key, "j")
            assert chosen(screen) == "long-ago"
            await c.press("enter")
            await c.until(lambda: isinstance(c.app.screen, JobScreen))
            assert c.on(JobScreen).job_id == JobId("long-ago")
            await c.press("escape")
            await c.until(lambda: c.app.screen is screen)
            await c.pilot.pause()
            assert chosen(screen) == "long-ago"
            await c.press("escape")
            assert c.app.screen is screen
            assert chosen(screen) is None
            await c.press("escape")
            await c.until(lambda: isinstance(c.app.screen, JobsScreen))

    async def test_a_variant_is_opened(self) -> None:
        backend = pieces()
        async with console(backend) as c:
            screen = await go(c)
            await c.press("V", "tab")
            row = chosen(screen)
            assert row is not None
            await c.press("enter")
            await c.until(lambda: isinstance(c.app.screen, VariantScreen))
            assert str(c.on(VariantScreen).target) == row
            assert (await backend.variant(c.on(VariantScreen).target)).retries == 3

    async def test_the_end_of_the_text_leads_to_the_rows_and_their_top_back(self) -> None:
        async with console(shop(), size=(80, 60)) as c:
            screen = await go(c)
            await c.press("j")
            assert chosen(screen) == "burning"
            await c.press("k")
            assert chosen(screen) is None

    async def test_an_id_is_copied(self) -> None:
        async with console(shop()) as c:
            await go(c)
            await c.press("tab", "y")
            await c.until_shows("copied id burning")

    async def test_a_key_without_a_row_says_so(self) -> None:
        backend = MemoryBackend(EXTRACTION, source="calm")
        backend.worker.add("plain", "completed")
        async with console(backend) as c:
            await go(c)
            for key in ("enter", "y", "tab", "j"):
                await c.press(key)
                assert chosen(c.on(RetriesScreen)) is None
            await c.press("enter")
            assert "there is no row to act on" in c.text


class TestVariants:
    async def test_tab_goes_round_jobs_their_rows_variants_and_theirs(self) -> None:
        async with console(pieces()) as c:
            screen = await go(c)
            places = []
            for _ in range(4):
                places.append((screen.variants, screen.table.active))
                await c.press("tab")
            jobs_without_retries = [(False, False), (True, False), (True, True), (False, False)]
            assert places == jobs_without_retries
            await c.press("V")
            assert (screen.variants, screen.table.active) == (False, False)

    async def test_variants_are_called_what_the_system_calls_them(self) -> None:
        backend = pieces()
        async with console(backend, size=(120, 50)) as c:
            await go(c)
            await c.press("V")
            await c.until_shows("Retries > pieces")
            found = (await backend.statistics(timedelta(days=1))).variants
            assert found is not None
            assert f"Pieces created in the last 24 h: {found.spread.total}" in c.text
            assert f"Most retried pieces, of all time: {len(found.top)}" in c.text

    async def test_a_system_without_variants_says_so(self) -> None:
        async with console(shop()) as c:
            screen = await go(c)
            await c.press("V")
            assert "the jobs of this system have no variants" in c.text
            assert not screen.variants
            await c.press("tab", "tab")
            assert not screen.variants
            assert not screen.table.active

    async def test_the_screen_opens_from_the_list_of_variants_too(self) -> None:
        async with console(pieces()) as c:
            await c.press("V")
            await c.until_shows("Pieces >")
            await go(c)

    def test_variants_inside_documents_are_only_known_from_the_history(self) -> None:
        known = (Retried(JobId("j"), 2, variant=None),)
        found = Statistics(DAY, Figures(), None, known)
        assert "kept inside documents" in text_of(found, variants=True)
        assert "names none yet" in squeezed(text_of(Statistics(DAY, Figures()), variants=True))
        rows = RetriedRows()
        assert rows.take(found, variants=True, width=80) == ["j"]


class TestEmptyAndWrong:
    async def test_no_jobs_at_all_says_so_and_how_to_look_further_back(self) -> None:
        async with console(MemoryBackend(EXTRACTION), ready=False) as c:
            await c.until(lambda: c.jobs.rows.window.loaded)
            await go(c)
            assert "no jobs were created in the last 24 h, so there is nothing to count; > looks" in c.text
            assert "Most retried" not in c.text

    async def test_jobs_that_were_never_retried_say_so(self) -> None:
        backend = MemoryBackend(EXTRACTION)
        backend.worker.add("plain", "completed", created_ago=HOUR)
        async with console(backend) as c:
            await go(c)
            assert "no retries in the last 24 h: none of the jobs created then was retried" in c.text

    async def test_a_source_that_hangs_says_so_and_can_be_left(self) -> None:
        backend = shop()
        async with console(backend) as c:
            backend.hold()
            await c.press("%")
            await c.until_shows("counting ...")
            screen = c.on(RetriesScreen)
            screen.feed._waits()
            await c.until_shows("that takes its time; esc leaves without waiting")
            await c.press("escape")
            await c.until(lambda: isinstance(c.app.screen, JobsScreen))
            backend.release()
            await c.pilot.pause()
            assert c.app.is_running

    async def test_a_source_that_is_down_says_so_and_is_tried_again(self) -> None:
        backend = shop()
        async with console(backend) as c:
            backend.go_down()
            await c.press("%")
            await c.until_shows("nothing could be counted")
            assert "! shop does not answer" in c.text
            assert "^r asks again now" in c.text
            screen = c.on(RetriesScreen)
            await c.until(lambda: screen.feed._timer is not None, "for the next try")
            backend.come_back()
            await c.press("ctrl+r")
            await c.until_shows("Jobs created in the last 24 h: 23")
            assert "does not answer" not in c.text

    async def test_what_took_too_long_is_not_asked_again_by_itself(self) -> None:
        backend = shop()
        asked: list[timedelta] = []

        async def slow(window: timedelta) -> Statistics:
            asked.append(window)
            raise QueryTimeout("shop did not answer within 10 s")

        backend.statistics = slow  # type: ignore[method-assign]
        async with console(backend) as c:
            await c.press("%")
            await c.until_shows("a shorter time is counted faster")
            screen = c.on(RetriesScreen)
            await c.until(lambda: not screen.feed.in_flight)
            assert screen.feed._timer is None
            assert len(asked) == 1
            await c.press("escape")
            await c.until(lambda: isinstance(c.app.screen, JobsScreen))

    async def test_figures_stay_with_their_time_when_the_source_goes_down(self) -> None:
        backend = shop()
        async with console(backend) as c:
            await go(c)
            backend.go_down()
            await c.press("ctrl+r")
            await c.until_shows("! shop does not answer")
            assert "Jobs created in the last 24 h: 23" in c.text
            assert "as of 12:00:00" in c.text

    async def test_a_read_only_source_shows_the_same(self) -> None:
        async with console(shop(), read_only=True) as c:
            await go(c)
            assert "[READ-ONLY]" in c.lines[0]
            assert "Jobs created in the last 24 h: 23" in c.text

    async def test_it_writes_nothing_while_nobody_asks(self) -> None:
        async with console(shop()) as c:
            screen = await go(c)
            assert screen.feed._timer is None
            assert screen.feed._aging is None
            assert screen.feed._slow is None

    def test_what_keeps_the_figures_from_being_whole_is_told(self) -> None:
        able = replace(ABLE, journal="local", not_migrated=("jobs.retry_count",))
        text = text_of(Statistics(DAY, Figures()), able=able)
        assert "columns are missing, so what they count is left out: jobs.retry_count" in text
        assert "the journal is in a local file" in text
        assert "local file" not in text_of(Statistics(DAY, Figures()))


class TestHostile:
    @pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
    @pytest.mark.parametrize("width", [40, 80, 160])
    async def test_kinds_steps_and_names_from_the_database_are_shown_inertly(
        self, text: str, width: int
    ) -> None:
        backend = MemoryBackend(PIPELINE, source="memory")
        for number in range(3):
            job = backend.worker.add(
                f"{number}{text[:300]}", "busy", created_ago=60.0, updated_ago=1.0, kind=text, step=text,
                retry_count=4,
            )  # fmt: skip
            backend.worker.add_variant(
                job, text, "bad", id=f"{number}-{text[:300]}", step=text, retry_count=3
            )
        async with console(backend, size=(width, 40)) as c:
            await go(c, "Retries")
            for key in ("ctrl+f", "G", "tab", "j", "tab", "ctrl+f", "tab", "j"):
                await c.press(key)
                assert_inert(c.lines, width)
            await c.press("enter")
            await c.until(lambda: isinstance(c.app.screen, VariantScreen))
            assert_inert(c.lines, width)

    @pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
    def test_so_are_actions_results_and_days(self, text: str) -> None:
        spread = Spread(10, 5, 5, 1, 0.7, 4)
        figures = Figures(
            spread, {0: 5, 1: 4, 4: 1}, {text: 10}, {text: spread}, {text: spread},
            {text: spread, "2026-01-04": spread, "2026-01-05": spread},
        )  # fmt: skip
        names: dict[str, dict[str, int]] = {text: {text: 3}}
        found = Statistics(DAY, figures, figures, actions=names, reasons=names)
        able = replace(ABLE, kinds_name=text, variants_name=text, not_migrated=(text,))
        for variants in (False, True):
            assert_inert(text_of(found, 80, variants=variants, able=able).split("\n"), 80)


class TestDrawing:
    def test_a_trend_has_a_sign_for_each_day_and_tells_none_from_nothing(self) -> None:
        assert sparkline([0.0, None, 0.01, 0.5, 1.0]) == f"_ {RAMP[0]}{RAMP[3]}{RAMP[-1]}"
        assert sparkline([0.0, 0.0]) == "__"
        assert sparkline([None]) == " "
        assert sparkline([]) == ""

    def test_days_without_jobs_are_blank_and_broken_days_are_left_out(self) -> None:
        few, many = Spread(10, 9, 1), Spread(10, 5, 5)
        days = {"2026-01-01": few, "2026-01-03": many, "2026-01-04": Spread(4, 4), "soon": many}
        text = text_of(Statistics(7 * DAY, Figures(Spread(24, 18, 6), {0: 18, 1: 6}, by_day=days)))
        assert "01-01 : #_ 01-04" in text
        assert "worst 01-03: 50.0% (5 of 10); last 01-04: 0.0% (0 of 4)" in text

    def test_a_clock_that_is_wrong_by_years_makes_no_years_of_days(self) -> None:
        one = Spread(1, 0, 1)
        days = {"1970-01-01": one, "2026-01-05": one, "9999-12-31": one}
        text = text_of(Statistics(DAY, Figures(Spread(3, 0, 3), {1: 3}, by_day=days)))
        assert "01-01 ### 12-31" in text

    def test_one_day_is_no_trend(self) -> None:
        figures = Figures(Spread(3, 0, 3), {1: 3}, by_day={"2026-01-05": Spread(3, 0, 3)})
        assert "within one day; > looks further back" in text_of(Statistics(DAY, figures))

    def test_a_bar_is_as_long_as_its_share_and_never_nothing(self) -> None:
        assert bar(10, 10, 20) == "#" * 20
        assert bar(1, 1000, 20) == "#"
        assert bar(0, 1000, 20) == ""
        assert bar(0, 0, 20) == ""

    @pytest.mark.parametrize("width", range(20, 200, 9))
    def test_very_many_retries_are_one_bar_and_every_line_fits(self, width: int) -> None:
        spread = Spread(1_234_567, 1_000_000, 234_567, 9, 1.5, 10**9)
        names = {f"kind-{number}-{'x' * number}": spread for number in range(40)}
        histogram = {0: 1_000_000, 9: 1, 10: 5, 11: 6, 10**9: 234_000}
        figures = Figures(spread, histogram, by_kind=names, by_step=names)
        lines = text_of(Statistics(DAY, figures), width).split("\n")
        assert max(map(len, lines)) <= max(width, 40)
        [most] = [line for line in lines if line.startswith("  10+")]
        assert "234,011" in most
        assert "and 28 more; unstick stats --json has all of them" in squeezed("\n".join(lines))

    def test_a_count_below_none_is_none(self) -> None:
        text = text_of(Statistics(DAY, Figures(Spread(3, 2, 1, 0, 0.1, 1), {-7: 1, 0: 1, 1: 1})))
        assert "0 2 #" in squeezed(text)

    @pytest.mark.parametrize(("seconds", "words"), [(HOUR, "1 h"), (DAY, "24 h"), (7 * DAY, "7 d")])
    def test_windows_are_called_as_people_say(self, seconds: float, words: str) -> None:
        assert window_words(seconds) == words


async def test_leaving_lets_go_of_the_question() -> None:
    backend = shop()
    async with console(backend) as c:
        backend.hold()
        await c.press("%")
        await c.until_shows("counting ...")
        workers = [worker for worker in c.app.workers if worker.group == "refresh"]
        assert workers
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        await c.until(lambda: all(worker.is_finished for worker in workers))
        backend.release()


async def test_the_plan_of_a_recovery_is_counted_by_its_reason() -> None:
    backend = MemoryBackend.example(10, 2)
    plan = await backend.plan("recover", [found[0] for found in await backend.verdicts()], Options())
    operation = await backend.begin(plan)
    await backend.apply_chunk(plan, plan.rows, operation)
    text = text_of(await backend.statistics(timedelta(days=1)))
    assert "stuck  2 applied" in text
