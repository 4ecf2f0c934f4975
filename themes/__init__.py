"""Colours of the console: TOML files and their loader. Knows nothing of Textual."""

from __future__ import annotations

from unstick.themes.contrast import contrast
from unstick.themes.loader import BUILT_IN, ThemeSpec, load_theme, theme_names, user_themes

__all__ = ["BUILT_IN", "ThemeSpec", "contrast", "load_theme", "theme_names", "user_themes"]
