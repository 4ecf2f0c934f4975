"""Looks: the theme that everything is painted in, and changing it while the console is open."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from textual.screen import Screen

from unstick.recovery.errors import ConfigError
from unstick.themes import ThemeSpec, load_theme, theme_names, user_themes
from unstick.tui.frame import Frame
from unstick.tui.palette import Palette, textual_theme
from unstick.tui.widgets.base import Painted

PROD_THEME = "prod-red"
"""What a source in production is shown in while no theme was chosen, where there are colours enough."""


class Looks(Frame, inherit_bindings=False):
    """`palette` has the styles of the theme that is shown. `put_on` has to be called before the app runs."""

    palette: Palette
    _spec: ThemeSpec
    _chosen: bool
    _theme_folder: Path | None
    _plain: bool
    _colourless: bool

    def put_on(self, theme: str | None, folder: Path | None, *, plain: bool, colourless: bool) -> None:
        """Begin with a theme, or with what suits terminal and source. Raises ConfigError for a bad one.

        `folder` has the user's own themes; `plain` wants ASCII only, `colourless` no colour at all.
        """
        self._theme_folder, self._plain, self._colourless = folder, plain, colourless
        self._chosen = theme is not None
        self._wear(load_theme(theme or self._fitting(), folder))

    def theme_names(self) -> tuple[str, ...]:
        """Name every theme that can be used: the built-in ones, then the user's own."""
        return theme_names(self._theme_folder)

    @property
    def theme_name(self) -> str:
        """The theme that is shown."""
        return self._spec.name

    def use_theme(self, name: str) -> None:
        """Show everything in another theme until the console is left, whichever source is shown.

        A theme that can't be used changes nothing; the status line says why.
        """
        try:
            spec = load_theme(name, self._theme_folder)
        except ConfigError as error:
            self._tell(str(error))
            return
        self._chosen = True
        self._wear(spec)
        self._repaint()
        self._tell(spec.warning or f'theme {spec.name}; theme = "{spec.name}" in the configuration keeps it')

    def suit(self) -> None:
        """Change to what suits the source that is shown, unless a theme was chosen."""
        if not self._chosen and self._fitting() != self._spec.name:
            self._wear(load_theme(self._fitting(), self._theme_folder))
            self._repaint()

    def tell_themes(self) -> None:
        """Say what is wrong with the user's themes: one that can't be read, or the one shown is hard to."""
        folder = self._theme_folder
        broken = user_themes(folder)[1] if folder else ()
        told = [f"theme left out: {problem}" for problem in broken[:1]]
        if len(broken) > 1:
            told.append(f"{len(broken) - 1} more left out")
        if self._spec.warning:
            told.insert(0, self._spec.warning)
        if told:
            self.say("; ".join(told))

    def _tell(self, text: str) -> None:
        self.say(text)
        tell = getattr(self.screen, "tell", None)
        if tell is not None:
            tell()

    def _fitting(self) -> str:
        fitting = default_theme(os.environ, colourless=self._colourless)
        return PROD_THEME if self.session.is_prod and fitting == "dark" else fitting

    def _wear(self, spec: ThemeSpec) -> None:
        self._spec = spec
        self.palette = Palette(spec, colourless=self._colourless, plain=self._plain)
        self.register_theme(textual_theme(spec))
        self.theme = spec.name

    def _repaint(self) -> None:
        """Style and paint every screen again, also those below and those of other sources."""
        self.refresh_css(animate=False)
        for screen in self._screens():
            self.stylesheet.update(screen)
            for widget in screen.walk_children(Painted):
                widget.refresh()
            screen.refresh()

    def _screens(self) -> Iterator[Screen[Any]]:
        kept = (each for each in self._installed_screens.values() if isinstance(each, Screen))
        yield from dict.fromkeys((*self.screen_stack, *(each for each in kept if each.is_running)))


def default_theme(environ: Mapping[str, str], *, colourless: bool = False) -> str:
    """Choose the sixteen terminal colours where the terminal has no more."""
    term = environ.get("TERM", "")
    rich = "256" in term or environ.get("COLORTERM") or "kitty" in term or "direct" in term
    return "dark" if rich or colourless or environ.get("NO_COLOR") else "ansi16"
