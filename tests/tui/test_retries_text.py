"""Retry statistics as text: bars, trends, tables, and sentences about what is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.tui.test_hostile import HOSTILE, assert_inert
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.model import Capabilities, JobId
from unstick.recovery.plan import Options
from unstick.recovery.stats import Figures, Retried, Spread, Statistics
from unstick.tui.screens.retries_rows import RetriedRows
from unstick.tui.screens.retries_text import RAMP, bar, retries_lines, sparkline, window_words

HOUR, DAY = 3600.0, 86_400.0
ABLE = Capabilities("memory", "1", "db", "p", "database", variants_name="pieces")


def squeezed(text: str) -> str:
    return " ".join(text.split())


def text_of(found: Statistics, width: int = 80, *, variants: bool = False, able: Capabilities = ABLE) -> str:
    lines = retries_lines(found, able, width, variants=variants)
    return "\n".join("".join(span.text for span in line).rstrip() for line in lines)


class TestSentences:
    def test_variants_inside_documents_are_only_known_from_the_history(self) -> None:
        known = (Retried(JobId("j"), 2, variant=None),)
        found = Statistics(DAY, Figures(), None, known)
        assert "kept inside documents" in text_of(found, variants=True)
        assert "names none yet" in squeezed(text_of(Statistics(DAY, Figures()), variants=True))
        rows = RetriedRows()
        assert rows.take(found, variants=True, width=80) == ["j"]

    def test_what_keeps_the_figures_from_being_whole_is_told(self) -> None:
        able = replace(ABLE, journal="local", not_migrated=("jobs.retry_count",))
        text = text_of(Statistics(DAY, Figures()), able=able)
        assert "columns are missing, so what they count is left out: jobs.retry_count" in text
        assert "the journal is in a local file" in text
        assert "local file" not in text_of(Statistics(DAY, Figures()))

    @pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
    def test_hostile_actions_results_and_days_are_shown_inertly(self, text: str) -> None:
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


async def test_the_plan_of_a_recovery_is_counted_by_its_reason() -> None:
    backend = MemoryBackend.example(10, 2)
    plan = await backend.plan("recover", [found[0] for found in await backend.verdicts()], Options())
    operation = await backend.begin(plan)
    await backend.apply_chunk(plan, plan.rows, operation)
    text = text_of(await backend.statistics(timedelta(days=1)))
    assert "stuck  2 applied" in text
