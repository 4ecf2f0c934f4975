"""Durations as people type and read them."""

import pytest

from unstick.recovery.durations import long_duration, parse_duration, short_duration
from unstick.recovery.errors import UsageError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5", 300.0),
        (5, 300.0),
        (0.5, 30.0),
        ("0", 0.0),
        ("90s", 90.0),
        ("1.5h", 5400.0),
        ("30 m", 1800.0),
        ("2H", 7200.0),
        ("1d", 86_400.0),
        ("1w", 604_800.0),
        ("1h30m", 5400.0),
        ("1h 30m", 5400.0),
        ("1h30", 5400.0),
        ("  10m  ", 600.0),
        ("never", None),
        (" Never ", None),
    ],
)
def test_durations_are_read_as_people_write_them(text: str | float, seconds: float | None) -> None:
    assert parse_duration(text) == seconds


def test_a_plain_number_counts_in_the_unit_that_the_caller_names() -> None:
    assert parse_duration("300", unit="s") == 300.0
    assert parse_duration(300, unit="s") == 300.0
    assert parse_duration("2h", unit="s") == 7200.0


@pytest.mark.parametrize(
    "text",
    ["", " ", "m", "5x", "5 minutes", "-5", "1,5h", "10 30", "5m never", "nan", "inf", "9" * 400, "1e3"],
)
def test_nonsense_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="30m"):
        parse_duration(text)


@pytest.mark.parametrize("number", [-1, float("nan"), float("inf"), 1e12])
def test_numbers_that_are_no_time_span_are_refused(number: float) -> None:
    with pytest.raises(UsageError, match="sensible"):
        parse_duration(number)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "-"),
        (-5, "0s"),
        (0, "0s"),
        (0.9, "0s"),
        (99.9, "99s"),
        (100, "1m"),
        (5999, "99m"),
        (6000, "1h"),
        (172_799, "47h"),
        (172_800, "2d"),
        (999 * 86_400, "999d"),
        (1000 * 86_400, "2y"),
        (1e12, "999y"),
    ],
)
def test_a_table_cell_shows_one_unit(seconds: float | None, shown: str) -> None:
    assert short_duration(seconds) == shown
    assert len(shown) <= 4


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "never"),
        (-5, "0s"),
        (0, "0s"),
        (42, "42s"),
        (300, "5m"),
        (7440, "2h 4m"),
        (1865, "31m 5s"),
        (3605, "1h 5s"),
        (90_061, "1d 1h"),
    ],
)
def test_a_sentence_shows_two_units(seconds: float | None, shown: str) -> None:
    assert long_duration(seconds) == shown


@pytest.mark.parametrize("seconds", [1, 59, 60, 61, 3600, 3660, 86_400, 90_000])
def test_what_a_sentence_shows_can_be_typed_again(seconds: float) -> None:
    assert parse_duration(long_duration(seconds)) == seconds
