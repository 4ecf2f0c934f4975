"""How sentences name keys: by action, so that whoever has keys of their own is told those."""

from __future__ import annotations

from collections.abc import Mapping

_now: dict[str, tuple[str, ...]] = {}
"""Action id -> keys of the console that runs; there is one in a process."""


def use(keys: Mapping[str, tuple[str, ...]]) -> None:
    """From now on name these keys."""
    _now.clear()
    _now.update(keys)


def key(action_id: str) -> str:
    """Return an action's first key as people write it: `esc`, `^d`, `R`."""
    from unstick.tui.keys import resolve, shown

    if not _now:
        use(resolve())
    return shown(_now[action_id][0])
