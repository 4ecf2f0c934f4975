"""Keys for actions: the defaults, a person's own, and the rules that no keymap may break."""

from __future__ import annotations

from collections.abc import Mapping

from textual.binding import Binding

from unstick.recovery.errors import ConfigError
from unstick.recovery.suggest import closest
from unstick.tui.actions import ACTIONS, SCREENS, Action, of_screen
from unstick.tui.key_names import NO_KEY, KeyName, normal, textual_name

Keymap = Mapping[str, str]
"""Action id -> keys, several separated by commas."""

_UNSAFE = frozenset({"backspace", "enter", *(f"ctrl+{letter}" for letter in "hjklwab")})
"""Keys that terminals, multiplexers and habits send by accident: they never start or confirm a change."""

_NEEDED = ("app.back", "app.quit", "app.interrupt", "app.help")
"""The ways out, and the list of keys: nobody may be left without them."""

_SHOWN = {
    "escape": "esc", "pagedown": "pgdn", "pageup": "pgup", "comma": ",", NO_KEY: "(no key)",
    "ctrl+@": "^space", "ctrl+backslash": "^\\", "ctrl+right_square_bracket": "^]",
    "ctrl+circumflex_accent": "^^", "ctrl+underscore": "^_",
}  # fmt: skip


def resolve(keymap: Keymap | None = None) -> dict[str, tuple[str, ...]]:
    """Return every action's keys. Raises ConfigError on an unknown action, a clash, or an unsafe key."""
    keys = {action.id: action.keys for action in ACTIONS}
    for action_id, value in (keymap or {}).items():
        if action_id not in keys:
            near = closest(action_id, tuple(keys))
            hint = f"; did you mean {near}?" if near else "; press ? in the console for the list"
            raise ConfigError(f"there is no action of this name{hint}", key=f"keys.{action_id}")
        keys[action_id] = _read(action_id, value)
    _check_clashes(keys, frozenset(keymap or {}))
    _check_safety(keys)
    return keys


def _read(action_id: str, value: str) -> tuple[str, ...]:
    """Return the keys that a person gave an action."""
    place = f"keys.{action_id}"
    parts = [","] if value.strip() == "," else value.split(",")
    wanted = [part.strip() or part for part in parts if part]
    if not wanted:
        raise ConfigError(f'gives no key; write one such as "ctrl+g", or "{NO_KEY}"', key=place)
    if [part.lower() for part in wanted] == [NO_KEY]:
        action = next(each for each in ACTIONS if each.id == action_id)
        if action_id in _NEEDED or action.confirms or action_id.endswith(".cancel"):
            raise ConfigError(f"{action.label} can't be without a key; give it another one", key=place)
        return (NO_KEY,)
    try:
        return tuple(dict.fromkeys(normal(part) for part in wanted))
    except KeyName as error:
        raise ConfigError(str(error), key=place) from None


def _check_clashes(keys: Mapping[str, tuple[str, ...]], changed: frozenset[str]) -> None:
    """Refuse a key that two actions of a screen have; the place named is one that a person changed."""
    for screen in SCREENS:
        owners: dict[str, str] = {}
        for action in of_screen(screen):
            for key in keys[action.id]:
                other = owners.setdefault(key, action.id)
                if other == action.id or key == NO_KEY:
                    continue
                at, holder = (action.id, other) if action.id in changed else (other, action.id)
                raise ConfigError(
                    f"{shown(key)} is already the key of {holder} on the screen {screen}; choose another, "
                    f'or give {holder} another one or "{NO_KEY}"',
                    key=f"keys.{at}",
                )


def _check_safety(keys: Mapping[str, tuple[str, ...]]) -> None:
    initiating = {key for action in ACTIONS if action.initiates for key in keys[action.id]} - {NO_KEY}
    for action in ACTIONS:
        # Where the default is a key that takes a decision, so must be what replaces it.
        deliberate = all(map(_deliberate, action.keys))
        for key in keys[action.id]:
            why = "is too easily pressed to start or confirm a change"
            if action.confirms and key in initiating:
                raise ConfigError(
                    f"{shown(key)} is also a key that starts a change; it can't confirm one",
                    key=f"keys.{action.id}",
                )
            if action.confirms and not _deliberate(key):
                raise ConfigError(f"{shown(key)} {why}", key=f"keys.{action.id}")
            if action.initiates and (key in _UNSAFE or (deliberate and not _deliberate(key))):
                raise ConfigError(f"{shown(key)} {why}", key=f"keys.{action.id}")


def _deliberate(key: str) -> bool:
    return key not in _UNSAFE and not (len(key) == 1 and key.islower())


def takes_a_key(keys: Mapping[str, tuple[str, ...]], action: Action) -> bool:
    """Whether an action can be reached by a key at all."""
    return keys[action.id] != (NO_KEY,)


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
    if key in _SHOWN:
        return _SHOWN[key]
    return f"^{key[5:]}" if key.startswith("ctrl+") and len(key) == 6 else key


def key_of(action: Action, keys: Mapping[str, tuple[str, ...]]) -> str:
    """Return an action's first key as people write it."""
    return shown(keys[action.id][0])


__all__ = ["NO_KEY", "Keymap", "bindings", "key_of", "resolve", "shown", "takes_a_key", "textual_name"]
