"""Reads and checks theme files. A wrong file is refused with one sentence that names it and the key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from unstick.recovery.errors import ConfigError
from unstick.themes.contrast import ANSI, contrast

BUILT_IN = ("dark", "light", "ansi16", "high-contrast")

ON_BACKGROUND = (
    "text", "dim", "accent", "mark", "warning",
    "stuck", "failed", "running", "pending", "done", "cancelled", "other",
)  # fmt: skip
"""Colours of text on `background`."""

PAIRS = (("bar_text", "bar"), ("bar_dim", "bar"), ("cursor_text", "cursor"), ("prod_text", "prod"))
"""Text and what it stands on, where that isn't `background`."""

KEYS = ("background", *ON_BACKGROUND, *(name for pair in PAIRS for name in pair))
MINIMUM_CONTRAST = 4.5

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")


@dataclass(frozen=True, slots=True)
class ThemeSpec:
    """A checked theme: every name of `KEYS` has a colour, `#rrggbb` or one of the `ansi_...` names."""

    name: str
    dark: bool
    colours: Mapping[str, str]

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


def theme_names(folder: Path | None = None) -> tuple[str, ...]:
    """Name the built-in themes, then those of the user's folder."""
    own = sorted(path.stem for path in folder.glob("*.toml")) if folder and folder.is_dir() else []
    return (*BUILT_IN, *(name for name in own if name not in BUILT_IN))


def load_theme(name: str, folder: Path | None = None) -> ThemeSpec:
    """Load a theme by name; a file in the user's folder wins over a built-in one. Raises ConfigError."""
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is not a theme's name; there is {', '.join(theme_names(folder))}")
    own = folder / f"{name}.toml" if folder else None
    if own and own.is_file():
        try:
            return read_theme(own.read_text(encoding="utf-8"), name, str(own))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"can't be read: {error}", file=str(own)) from None
    if name not in BUILT_IN:
        raise ConfigError(f"there is no theme {name!r}; there is {', '.join(theme_names(folder))}")
    text = files("unstick.themes").joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return read_theme(text, name, f"{name}.toml")


def user_themes(folder: Path) -> tuple[tuple[ThemeSpec, ...], tuple[str, ...]]:
    """Load every theme of a folder; a broken one is left out and told in the second tuple."""
    specs, problems = [], []
    for path in sorted(folder.glob("*.toml")):
        try:
            specs.append(load_theme(path.stem, folder))
        except ConfigError as error:
            problems.append(str(error))
    return tuple(specs), tuple(problems)


def read_theme(text: str, name: str, file: str) -> ThemeSpec:
    """Check the text of a theme file. Raises ConfigError."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"not valid TOML: {error}", file=file) from None
    unknown = sorted(set(data) - {"dark", "colours"})
    if unknown:
        raise ConfigError(
            "is not a key of a theme; allowed are dark and [colours]", file=file, key=unknown[0]
        )
    dark = data.get("dark", True)
    if not isinstance(dark, bool):
        raise ConfigError("must be true or false", file=file, key="dark")
    return ThemeSpec(name, dark, _colours(data.get("colours"), file))


def _colours(table: Any, file: str) -> Mapping[str, str]:
    if not isinstance(table, dict):
        raise ConfigError(
            "is missing; it gives a colour to each of " + ", ".join(KEYS), file=file, key="colours"
        )
    for key in sorted(table.keys() - set(KEYS)):
        raise ConfigError(
            "is not a colour of a theme; these are " + ", ".join(KEYS), file=file, key=f"colours.{key}"
        )
    for key in KEYS:
        value = table.get(key)
        if value is None:
            raise ConfigError('is missing; write a colour such as "#d0d0d0"', file=file, key=f"colours.{key}")
        if not isinstance(value, str) or not (_HEX.fullmatch(value) or value in ANSI):
            raise ConfigError(
                f'{value!r} is not a colour; write "#rrggbb" or one of {", ".join(ANSI)}',
                file=file,
                key=f"colours.{key}",
            )
    if len({value in ANSI for value in table.values()}) > 1:
        raise ConfigError('mixes "#rrggbb" and ansi_ colours; use one kind', file=file, key="colours")
    return dict(table)
