"""What became of a hook, as text: a status (such as `204`), `failed: ` and why, or `not called`.

A call that failed or was never made is `due`: it can be made again.
"""

from __future__ import annotations

from collections.abc import Iterable

NOT_CALLED = "not called"
FAILED = "failed: "


def failed(outcome: str | None) -> bool:
    """Whether a hook was called and didn't succeed."""
    return outcome is not None and outcome.startswith(FAILED)


def due(outcome: str | None) -> bool:
    """Whether a hook is to be called (again): it failed, or was never called."""
    return outcome == NOT_CALLED or failed(outcome)


def counted(outcomes: Iterable[str | None]) -> dict[str, int]:
    """Count the outcomes of hooks as `called`, `failed` and `not_called`; None is a row without one."""
    found = {"called": 0, "failed": 0, "not_called": 0}
    for outcome in outcomes:
        if outcome is not None:
            found["failed" if failed(outcome) else "not_called" if outcome == NOT_CALLED else "called"] += 1
    return found


def counted_words(outcomes: Iterable[str | None]) -> str:
    """Return `3 called, 1 failed, 2 not called`; empty where there was no hook."""
    return ", ".join(
        f"{number:,} {name.replace('_', ' ')}" for name, number in counted(outcomes).items() if number
    )


def hook_times(rows: int) -> str:
    """Return how often a plan calls its hook."""
    return f"once for each changed row: {rows:,} call{'' if rows == 1 else 's'} if all are changed"
