"""What makes the console's tests quick."""

import pytest
from textual import _wait

GRANULARITY_S = 0.0125
"""Between two keys it sleeps for it twice: still no flood, and time for a frame."""


@pytest.fixture(autouse=True)
def _look_often_whether_it_is_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pilot sleeps twice for 20 ms after each key and looks then whether the process has come to rest.

    It may do that more often, by the same measure.
    """
    share = _wait.SLEEP_IDLE / _wait.SLEEP_GRANULARITY
    monkeypatch.setattr(_wait, "SLEEP_GRANULARITY", GRANULARITY_S)
    monkeypatch.setattr(_wait, "SLEEP_IDLE", GRANULARITY_S * share)
