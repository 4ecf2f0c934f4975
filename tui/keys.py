"""Keys for actions: the defaults, a person's own, and the rules that no keymap may break."""

from __future__ import annotations

from collections.abc import Mapping

from textual.binding import Binding

from unstick.recovery.errors import ConfigError
from unstick.recovery.suggest import closest
from unstick.tui.actions import ACTIONS, SCREENS, Action, of_screen

Keymap = Mapping[str, str]
"""Action id -> keys, several separated by commas."""

_UNSAFE = frozenset({"backspace", "enter", *(f"ctrl+{letter}" for letter in "hjklwab")})
"""Keys that terminals, multiplexers and habits send by accident: they never start or confirm a change."""

_SHOWN = {"escape": "esc", "pagedown": "pgdn", "pageup": "pgup"}


def resolve(keymap: Keymap | None = None) -> dict[str, tuple[str, ...]]:
    """Return every action's keys. Raises ConfigError on an unknown action, a clash, or an unsafe key."""
    keys = {action.id: action.keys for action in ACTIONS}
    for action_id, value in (keymap or {}).items():
        if action_id not in keys:
            near = closest(action_id, tuple(keys))
            hint = f"; did you mean {near}?" if near else "; press ? in the console for the list"
            raise ConfigError(f"there is no action of this name{hint}", key=f"keys.{action_id}")
        wanted = tuple(part.strip() for part in value.split(",") if part.strip())
        if not wanted:
            raise ConfigError('gives no key; write one such as "ctrl+g"', key=f"keys.{action_id}")
        keys[action_id] = wanted
    _check_clashes(keys)
    _check_safety(keys)
    return keys


def _check_clashes(keys: Mapping[str, tuple[str, ...]]) -> None:
    for screen in SCREENS:
        owners: dict[str, str] = {}
        for action in of_screen(screen):
            for key in keys[action.id]:
                other = owners.setdefault(key, action.id)
                if other != action.id:
                    raise ConfigError(
                        f"{key} is already the key of {other} on the screen {screen}; choose another",
                        key=f"keys.{action.id}",
                    )


def _check_safety(keys: Mapping[str, tuple[str, ...]]) -> None:
    initiating = {key for action in ACTIONS if action.initiates for key in keys[action.id]}
    for action in ACTIONS:
        for key in keys[action.id]:
            if action.confirms and (key in initiating or not _deliberate(key)):
                why = "is also a key that starts a change" if key in initiating else "is too easily pressed"
                raise ConfigError(f"{key} {why}; it can't confirm one", key=f"keys.{action.id}")
            if action.id == "act.delete" and not _deliberate(key):
                raise ConfigError(f"{key} is too easily pressed to start a deletion", key=f"keys.{action.id}")


def _deliberate(key: str) -> bool:
    return key not in _UNSAFE and not (len(key) == 1 and key.islower())


def bindings(screen: str) -> list[Binding]:
    """Return a screen's bindings with the default keys; a keymap replaces them by id."""
    return [
        Binding(
            ",".join(action.keys), f"do('{action.id}')", action.label, show=False, id=action.id,
            priority=action.id == "app.interrupt",
        )
        for action in of_screen(screen)
    ]  # fmt: skip


def shown(key: str) -> str:
    """Return a key as people write it: `^d`, `esc`, `R`."""
    if key.startswith("ctrl+"):
        return f"^{key[5:]}"
    return _SHOWN.get(key, key)


def key_of(action: Action, keys: Mapping[str, tuple[str, ...]]) -> str:
    """Return an action's first key as people write it."""
    return shown(keys[action.id][0])
