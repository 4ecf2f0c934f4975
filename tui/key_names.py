"""What people call keys, as the one name that each has here. Raises KeyName with how to write it."""

from __future__ import annotations

import re
import string

from textual.keys import _character_to_key, key_to_character

from unstick.recovery.suggest import closest

NO_KEY = "none"
"""Takes an action's keys away."""

_NAMED = (
    "space", "enter", "tab", "escape", "backspace", "delete", "insert", "home", "end", "pageup", "pagedown",
    "up", "down", "left", "right", "comma", *(f"f{number}" for number in range(1, 25)),
)  # fmt: skip
_ALSO = {
    "esc": "escape", "return": "enter", "ret": "enter", "del": "delete", "ins": "insert", "bs": "backspace",
    "pgup": "pageup", "page_up": "pageup", "page-up": "pageup", "pgdn": "pagedown", "pgdown": "pagedown",
    "page_down": "pagedown", "page-down": "pagedown", "spacebar": "space", "blank": "space", "plus": "+",
    "minus": "-", "hyphen": "-",
}  # fmt: skip
_MODIFIERS = {"c": "ctrl", "control": "ctrl", "ctl": "ctrl", "strg": "ctrl", "ctrl": "ctrl", "s": "shift",
              "shift": "shift"}  # fmt: skip
_LOST = ("alt", "meta", "m", "a", "option", "opt", "super", "cmd", "command", "win", "hyper")
_CTRL_IS = {"i": "tab", "m": "enter", "[": "escape", "h": "backspace", "space": "ctrl+@", "@": "ctrl+@",
            "\\": "ctrl+backslash", "]": "ctrl+right_square_bracket", "^": "ctrl+circumflex_accent",
            "_": "ctrl+underscore"}  # fmt: skip
"""What a terminal sends for these."""
_MOVING = ("up", "down", "left", "right", "home", "end", "insert", "delete", "pageup", "pagedown")

HOW = "write a key as ctrl+g, f5, space, X for shift and x, or the character itself such as ?"


class KeyName(ValueError):
    """A text that names no key, or one that terminals don't send."""


def normal(text: str) -> str:
    """Return the name of one key: `ctrl+g`, `f5`, `space`, `X`, `?`. Raises KeyName."""
    name = text.strip()
    if len(name) == 1 or not name:
        return _character(name)
    if name == _modified(name)[1]:
        return _plain(name)
    modifiers, key = _modified(name)
    lost = [each for each in modifiers if each in _LOST]
    if lost:
        raise KeyName(f"{text}: terminals send {lost[0]} as escape and a second key; {HOW}")
    wrong = [each for each in modifiers if each not in _MODIFIERS]
    if wrong:
        near = closest(wrong[0], ("ctrl", "shift"))
        raise KeyName(f"{text} is no key{f'; did you mean {near}+{key}?' if near else ''}; {HOW}")
    held = {_MODIFIERS[each] for each in modifiers}
    if held == {"shift"}:
        return _shifted(text, key)
    return _controlled(text, key, shift="shift" in held)


def _modified(name: str) -> tuple[list[str], str]:
    """Split `ctrl+x`, `C-x` and `^x` into modifiers and key."""
    if name.startswith("^"):
        return ["ctrl"], name[1:]
    parts = re.split(r"(?<=[^+-])[+-](?=.)", name)
    if len(parts) > 1 and name.lower() not in (*_NAMED, *_ALSO):
        return [part.lower() for part in parts[:-1]], parts[-1]
    return [], name


def _character(name: str) -> str:
    if name == ",":
        return "comma"
    if name == " ":
        return "space"
    if not name or not name.isprintable():
        raise KeyName(f"there is no key; {HOW}")
    return name


def _plain(name: str) -> str:
    low = name.lower()
    if low in _ALSO:
        return _ALSO[low]
    if low in _NAMED:
        return low
    character = key_to_character(low)
    if character is not None and character.isprintable():
        return _character(character)
    near = closest(low, (*_NAMED, *_ALSO))
    raise KeyName(f"{name} is no key{f'; did you mean {near}?' if near else ''}; {HOW}")


def _shifted(text: str, key: str) -> str:
    if len(key) == 1 and key.isalpha():
        return key.upper()
    if len(key) == 1:
        raise KeyName(f"{text}: write the character that shift gives, such as ! or ?")
    name = _plain(key)
    if name in _MOVING or name == "tab":
        return f"shift+{name}"
    raise KeyName(f"{text}: terminals send the same without shift; {HOW}")


def _controlled(text: str, key: str, *, shift: bool) -> str:
    name = _character(key) if len(key) == 1 else _plain(key)
    if not shift and name in _MOVING:
        return f"ctrl+{name}"
    if shift:
        raise KeyName(f"{text}: terminals send the same without shift; write ctrl+{key.lower()}")
    low = name.lower()
    if low in _CTRL_IS:
        return _CTRL_IS[low]
    if len(low) == 1 and low in string.ascii_lowercase:
        return f"ctrl+{low}"
    raise KeyName(f"{text}: terminals don't send ctrl with this key; {HOW}")


def textual_name(key: str) -> str:
    """Return what Textual calls a key: `question_mark` for `?`."""
    return _character_to_key(key) if len(key) == 1 else key
