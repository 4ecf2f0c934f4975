"""Reads and checks theme files. A wrong file is refused with one sentence that names file, line and key.

base = "dark"          # optional: a built-in theme that gives every colour not named here
dark = true            # whether the ground is dark; the base's, else true
[colours]              # all of KEYS, or with a base only those that differ
stuck = "#ffb454"      # "#rrggbb" throughout, or the sixteen names ansi_red ... throughout
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from unstick.recovery.errors import ConfigError
from unstick.recovery.suggest import hint
from unstick.recovery.toml_file import line_of, parse_toml
from unstick.themes.contrast import ANSI, contrast

BUILT_IN = ("dark", "light", "ansi16", "high-contrast", "deuteranopia", "tritanopia", "prod-red")

ON_BACKGROUND = (
    "text", "dim", "accent", "mark", "warning",
    "stuck", "failed", "running", "pending", "done", "cancelled", "other",
)  # fmt: skip
"""Colours of text on `background`."""

PAIRS = (
    ("bar_text", "bar"),
    ("bar_dim", "bar"),
    ("text", "bar"),
    ("cursor_text", "cursor"),
    ("prod_text", "prod"),
)
"""Text and what it stands on, where that isn't `background`; `text` on `bar` is what one types."""

KEYS = tuple(dict.fromkeys(("background", *ON_BACKGROUND, *(name for pair in PAIRS for name in pair))))
TOP = ("base", "dark", "colours")
MINIMUM_CONTRAST = 4.5

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,30}")


@dataclass(frozen=True, slots=True)
class ThemeSpec:
    """A checked theme: every name of `KEYS` has a colour, `#rrggbb` or one of the `ansi_...` names.

    `file` is where the user keeps it, None for a built-in theme.
    """

    name: str
    dark: bool
    colours: Mapping[str, str]
    file: str | None = None

    @property
    def ansi(self) -> bool:
        """Whether the terminal's own sixteen colours are used."""
        return self.colours["background"] in ANSI

    def weak(self) -> tuple[str, ...]:
        """Name the texts whose contrast is below 4.5 : 1, each with its ratio."""
        pairs = [*((name, "background") for name in ON_BACKGROUND), *PAIRS]
        ratios = [(f"{text} on {ground}", contrast(self.colours[text], self.colours[ground]))
                  for text, ground in pairs]  # fmt: skip
        return tuple(f"{what} {ratio:.1f}" for what, ratio in ratios if ratio < MINIMUM_CONTRAST)

    @property
    def warning(self) -> str:
        """One sentence about texts of a user's theme that are hard to read; empty where there are none."""
        weak = self.weak() if self.file else ()
        return f"theme {self.name} is hard to read: contrast below 4.5 of {', '.join(weak)}" if weak else ""


def theme_names(folder: Path | None = None) -> tuple[str, ...]:
    """Name the built-in themes, then the user's own; a broken one is left out."""
    own = user_themes(folder)[0] if folder else ()
    return (*BUILT_IN, *(spec.name for spec in own if spec.name not in BUILT_IN))


def load_theme(name: str, folder: Path | None = None) -> ThemeSpec:
    """Load a theme by name; a file in the user's folder wins over a built-in one. Raises ConfigError."""
    own = folder / f"{name}.toml" if folder and _NAME.fullmatch(name) else None
    if own and own.is_file():
        return _read_own(own)
    if name in BUILT_IN:
        return _built_in(name)
    raise ConfigError(f"there is no theme {name!r}{hint(name, theme_names(folder))}")


def user_themes(folder: Path) -> tuple[tuple[ThemeSpec, ...], tuple[str, ...]]:
    """Load every theme of a folder; a broken one is left out and told in the second tuple."""
    specs, problems = [], []
    for path in sorted(folder.glob("*.toml")):
        try:
            specs.append(_read_own(path))
        except ConfigError as error:
            problems.append(str(error))
    return tuple(specs), tuple(problems)


def read_theme(text: str, name: str, file: str, *, own: bool = True) -> ThemeSpec:
    """Check the text of a theme file. Raises ConfigError."""
    data = parse_toml(text, file)
    for key in sorted(data.keys() - set(TOP)):
        raise _wrong(text, file, f"is not a key of a theme{hint(key, TOP)}", key)
    base = data.get("base")
    if base is not None and base not in BUILT_IN:
        raise _wrong(text, file, f"can't be {base!r}{hint(str(base), BUILT_IN)}", "base")
    below = _built_in(base) if base is not None else None
    dark = data.get("dark", below.dark if below else True)
    if not isinstance(dark, bool):
        raise _wrong(text, file, "must be true or false", "dark")
    colours = _colours(data.get("colours"), below, text, file)
    return ThemeSpec(name, dark, colours, file if own else None)


def _read_own(path: Path) -> ThemeSpec:
    if not _NAME.fullmatch(path.stem):
        raise ConfigError("the name of a theme has letters, digits, - and _ only", file=str(path))
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"can't be read: {error}", file=str(path)) from None
    return read_theme(text, path.stem, str(path))


def _built_in(name: str) -> ThemeSpec:
    file = f"{name}.toml"
    text = files("unstick.themes").joinpath(file).read_text(encoding="utf-8")
    return read_theme(text, name, file, own=False)


def _colours(table: Any, below: ThemeSpec | None, text: str, file: str) -> Mapping[str, str]:
    if table is None and below is not None:
        table = {}
    if not isinstance(table, dict):
        raise _wrong(text, file, "is missing; it gives a colour to each of " + ", ".join(KEYS), "colours")
    for key in sorted(table.keys() - set(KEYS)):
        raise _wrong(text, file, f"is not a colour of a theme{hint(key, KEYS)}", "colours", key)
    for key, value in table.items():
        if not isinstance(value, str) or not (_HEX.fullmatch(value) or value in ANSI):
            message = f'{value!r} is not a colour; write "#rrggbb" or one of {", ".join(ANSI)}'
            raise _wrong(text, file, message, "colours", key)
    colours = {**(below.colours if below else {}), **table}
    for key in KEYS:
        if key not in colours:
            message = 'is missing; write a colour such as "#d0d0d0", or base = "dark" at the top for the rest'
            raise _wrong(text, file, message, "colours", key)
    if len({value in ANSI for value in colours.values()}) > 1:
        message = 'mixes "#rrggbb" and ansi_ colours; use one kind, and for ansi_ ones base = "ansi16"'
        raise _wrong(text, file, message, "colours")
    return colours


def _wrong(text: str, file: str, message: str, *path: str) -> ConfigError:
    return ConfigError(message, file=file, line=line_of(text, path), key=".".join(path))
