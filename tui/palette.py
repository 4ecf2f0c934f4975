"""Style names -> finished styles of one theme. Each names text and ground, so a line needs no context."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.style import Style
from textual.theme import Theme

from unstick.themes import ThemeSpec

BOLD = frozenset({"stuck", "failed", "mark", "title", "prod", "tag", "key", "button"})

_TEXTS = {"title": "text", "heading": "accent"}
_BARS = {"bar": "bar_text", "bar.dim": "bar_dim", "tag": "bar_text"}


class Palette(Mapping[str, Style]):
    """The styles of a theme by name; an unknown name is plain text, so that a typo never takes a screen down.

    `colourless` adds reverse video where colour alone would tell the cursor and the tags. `plain` wants
    nothing but ASCII on the screen.
    """

    def __init__(self, spec: ThemeSpec, *, colourless: bool = False, plain: bool = False) -> None:
        self.plain = plain
        colours = {name: value.removeprefix("ansi_") for name, value in spec.colours.items()}
        ground = colours["background"]
        self._styles: dict[str, Style] = {}
        for name in (*colours, *_TEXTS):
            colour = colours[_TEXTS.get(name, name)]
            self._styles[name] = Style(color=colour, bgcolor=ground, bold=name in BOLD or None)
        for name, text in _BARS.items():
            self._styles[name] = Style(
                color=colours[text],
                bgcolor=colours["bar"],
                bold=name in BOLD or None,
                reverse=colourless or None,
            )
        for name in ("cursor", "button"):
            self._styles[name] = Style(
                color=colours["cursor_text"],
                bgcolor=colours["cursor"],
                bold=name in BOLD or None,
                reverse=colourless or None,
            )
        self._styles["prod"] = Style(
            color=colours["prod_text"], bgcolor=colours["prod"], bold=True, reverse=colourless or None
        )
        self._styles["key"] = Style(color=colours["accent"], bgcolor=ground, bold=True)

    def __getitem__(self, name: str) -> Style:
        return self._styles.get(name, self._styles["text"])

    def __iter__(self) -> Iterator[str]:
        return iter(self._styles)

    def __len__(self) -> int:
        return len(self._styles)


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
            "input-cursor-background": colours["cursor"],
            "input-cursor-foreground": colours["cursor_text"],
            "input-cursor-text-style": "none",
        },
    )
