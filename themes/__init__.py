"""Colours of the console: TOML files and their loader. Knows nothing of Textual."""

from __future__ import annotations

from unstick.themes.contrast import ANSI, contrast, readable_on
from unstick.themes.loader import BUILT_IN, ON_BACKGROUND, ThemeSpec, load_theme, theme_names, user_themes
from unstick.themes.vision import distance

__all__ = [
    "ANSI",
    "BUILT_IN",
    "ON_BACKGROUND",
    "ThemeSpec",
    "contrast",
    "distance",
    "load_theme",
    "readable_on",
    "theme_names",
    "user_themes",
]
