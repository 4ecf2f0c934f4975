"""After how long a running job counts as stuck: what was seen of living and finished jobs, with room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .clocks import Moments

STEPS = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 1440)
"""Minutes that are proposed; the first is the least."""
UNKNOWN = 30
"""Minutes where nothing can be derived."""
_ROOM = 3.0
"""How many times as long as what was usual is still no reason to worry."""
_FEW = 5


def threshold(
    times: Mapping[str, Moments], running: Sequence[bool], now: float, *, beats: bool
) -> tuple[int, str]:
    """Return minutes and what they come from. `running` says which rows of the sample run; `beats` that the
    life sign is a heartbeat, which comes often however long a job takes."""
    if beats and "updated" in times:
        ages = sorted(
            now - at
            for at, runs in zip(times["updated"].at, running, strict=True)
            if runs and at is not None and now >= at
        )
        if len(ages) >= _FEW:
            usual = ages[len(ages) // 4]
            return _nice(
                usual * _ROOM
            ), f"a quarter of the {len(ages)} running jobs beat within {_text(usual)}"
        return STEPS[1], "a heartbeat comes often; too few jobs run now to tell how often"
    lasted = _durations(times)
    if len(lasted) >= _FEW:
        long = lasted[int(len(lasted) * 0.95)]
        return _nice(long * _ROOM), f"19 of 20 finished jobs took less than {_text(long)}"
    return UNKNOWN, "too few finished jobs were seen to tell how long they take"


def _durations(times: Mapping[str, Moments]) -> list[float]:
    if "started" not in times or "finished" not in times:
        return []
    both = zip(times["started"].at, times["finished"].at, strict=True)
    return sorted(
        end - start for start, end in both if start is not None and end is not None and end >= start
    )


def _nice(seconds: float) -> int:
    return next((step for step in STEPS if step * 60 >= seconds), STEPS[-1])


def _text(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
