"""Style names -> finished styles of one theme. Each names text and ground, so a line needs no context.

The names are a theme's colours (`stuck`, `dim`, `cursor`, ...), those of `ALIASES`, and `label:COLOUR` for
the label of a source that has a colour of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.style import Style
from textual.theme import Theme

from unstick.themes import ANSI, ON_BACKGROUND, ThemeSpec, distance, readable_on

BOLD = frozenset({"stuck", "failed", "mark", "title", "prod", "tag", "key", "button"})

ALIASES = {
    "title": ("text", "background"),
    "heading": ("accent", "background"),
    "key": ("accent", "background"),
    "bar": ("bar_text", "bar"),
    "bar.dim": ("bar_dim", "bar"),
    "tag": ("bar_text", "bar"),
    "cursor": ("cursor_text", "cursor"),
    "button": ("cursor_text", "cursor"),
    "prod": ("prod_text", "prod"),
}
"""Style name -> colours of text and ground, where it is not a text of that name on the background."""

NAMED = {
    "red": "#c62828", "green": "#2e7d32", "yellow": "#fbc02d", "blue": "#1565c0",
    "magenta": "#9c27b0", "cyan": "#00838f", "white": "#ffffff", "grey": "#757575",
}  # fmt: skip
"""The colours that a configuration may name; anything else is `#rrggbb`."""

LABEL = "label:"


class Palette(Mapping[str, Style]):
    """The styles of a theme by name; an unknown name is plain text, so that a typo never takes a screen down.

    `colourless` adds reverse video where colour alone would tell the cursor and the tags. `plain` wants
    nothing but ASCII on the screen.
    """

    def __init__(self, spec: ThemeSpec, *, colourless: bool = False, plain: bool = False) -> None:
        self.plain, self.colourless, self._ansi = plain, colourless, spec.ansi
        colours = {name: value.removeprefix("ansi_") for name, value in spec.colours.items()}
        grounded = {name: (name, "background") for name in ON_BACKGROUND}
        self._styles: dict[str, Style] = {}
        for name, (text, ground) in {**grounded, **ALIASES}.items():
            self._styles[name] = Style(
                color=colours[text],
                bgcolor=colours[ground],
                bold=name in BOLD or None,
                reverse=(colourless and ground != "background") or None,
            )

    def __getitem__(self, name: str) -> Style:
        found = self._styles.get(name)
        if found is None and name.startswith(LABEL):
            found = self._styles[name] = self._label(name.removeprefix(LABEL))
        return found or self._styles["text"]

    def __iter__(self) -> Iterator[str]:
        return iter(self._styles)

    def __len__(self) -> int:
        return len(self._styles)

    def _label(self, colour: str) -> Style:
        """Return black or white on a colour, or on the one of the sixteen that looks most like it."""
        wanted = NAMED.get(colour, colour)
        ground = min(ANSI, key=lambda name: distance(name, wanted)) if self._ansi else wanted
        text = readable_on(ground)
        if self._ansi:
            text = "black" if text == "#000000" else "bright_white"
        return Style(
            color=text,
            bgcolor=ground.removeprefix("ansi_"),
            bold=True,
            reverse=self.colourless or None,
        )


def textual_theme(spec: ThemeSpec) -> Theme:
    """Return the theme for the few stock widgets (the prompt's input field, the screen's ground)."""
    colours = spec.colours
    return Theme(
        name=spec.name,
        primary=colours["accent"],
        secondary=colours["accent"],
        accent=colours["accent"],
        warning=colours["warning"],
        error=colours["failed"],
        success=colours["done"],
        foreground=colours["text"],
        background=colours["background"],
        surface=colours["background"],
        panel=colours["bar"],
        dark=spec.dark,
        ansi=spec.ansi,
        variables={
            "ansi-background": colours["background"],
            "ansi-foreground": colours["text"],
            "text-disabled": colours["bar_dim"],
            "input-cursor-background": colours["cursor"],
            "input-cursor-foreground": colours["cursor_text"],
            "input-cursor-text-style": "none",
            "input-selection-background": colours["cursor"],
            "input-selection-foreground": colours["cursor_text"],
        },
    )
