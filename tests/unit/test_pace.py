"""How often a database is asked: as wanted, and never so that it is busy with that."""

from __future__ import annotations

import pytest

from unstick.tui.pace import SLOWEST_S, Pace


@pytest.mark.parametrize(
    ("took", "wanted", "interval"),
    [(0.0, 5.0, 5.0), (0.2, 5.0, 5.0), (0.5, 5.0, 10.0), (1.2, 5.0, 24.0), (9.0, 5.0, SLOWEST_S)],
)
def test_what_takes_long_is_asked_less_often(took: float, wanted: float, interval: float) -> None:
    pace = Pace(wanted, took_s=took)
    assert (pace.interval_s, pace.next_delay()) == (interval, interval)


def test_whoever_wants_it_slower_still_gets_it() -> None:
    assert Pace(300.0, took_s=9.0).next_delay() == 300.0


def test_a_failure_waits_by_its_own_rule() -> None:
    delay = Pace(5.0, took_s=9.0, failures=1, chance=lambda: 0.5).next_delay()
    assert delay is not None
    assert delay < 5.0
