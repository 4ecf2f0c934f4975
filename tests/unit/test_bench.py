"""The arithmetic of the benchmark: what it measures is never timed by a test."""

from __future__ import annotations

import json

import pytest

from tests.bench.figures import Figure, at_least, at_most, percentile, told
from tests.bench.report import as_json, as_markdown, as_table, summary

FAST = at_most("a", "fast", 10, "ms", 1.2, 9, "other")
SLOW = at_most("b", "slow", 12, "ms", 1.2, 9, "other")
RATE = at_least("c", "rate", 99, "/s", 20, 5, "one by one")
GONE = Figure("d", "left", note="not here")


def test_a_figure_is_held_against_its_reference() -> None:
    assert [each.met for each in (FAST, SLOW, RATE, GONE)] == [True, False, False, None]


def test_of_two_bounds_the_laxer_one_counts() -> None:
    assert at_most("a", "", 15, "ms", 2, 5, "other", limit=16).met
    assert at_most("a", "", 15, "ms", 2, 8, "other", limit=10).met
    assert not at_most("a", "", 15, "ms", 2, 5, "other", limit=10).met


@pytest.mark.parametrize(("share", "value"), [(0.5, 2), (0.95, 4), (0.25, 1), (1.0, 4), (0.0, 1)])
def test_a_percentile_is_a_value_that_was_measured(share: float, value: float) -> None:
    assert percentile([4, 1, 3, 2], share) == value


def test_nothing_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 0.5)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(0, "B", "0 B"), (12345, "B", "12.3 kB"), (1234.4, "ms", "1,234 ms"), (0.0, "", "0"), (None, "ms", "-"),
     (12.34, "ms", "12.3 ms"), (0.1234, "s", "0.12 s")],
)  # fmt: skip
def test_values_are_told_in_three_digits(value: float | None, unit: str, text: str) -> None:
    assert told(value, unit) == text


def test_the_report_has_a_line_for_each_figure() -> None:
    figures = [FAST, SLOW, RATE, GONE]
    table = as_table(figures).splitlines()
    assert len(table) == len(figures) + 1
    assert "<= 1.2 × other" in table[1]
    assert "MISSED" in table[2]
    assert "not here" in table[4]
    assert len(as_markdown(figures).splitlines()) == len(figures) + 2
    assert [each["verdict"] for each in json.loads(as_json(figures, {"size": "x"}))["lines"]] == [
        *("met", "MISSED", "MISSED", "left out")
    ]
    assert summary(figures) == "1 met, 2 missed, 1 left out"
