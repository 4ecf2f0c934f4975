"""Retry statistics on the screen: the same figures as `unstick stats`, and why there are none."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.tui.driver import Console, JobScreen, JobsScreen, console
from tests.tui.test_hostile import HOSTILE, assert_inert
from tests.tui.test_retries_text import DAY, HOUR, squeezed
from unstick.recovery.memory import EXTRACTION, PIPELINE, MemoryBackend
from unstick.recovery.memory.pipeline import fill
from unstick.recovery.model import JobId
from unstick.recovery.stats import Statistics
from unstick.tui.screens.retries import RetriesScreen
from unstick.tui.screens.variant import VariantScreen


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
