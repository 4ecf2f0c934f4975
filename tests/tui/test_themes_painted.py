"""What is really painted: on every screen and in every theme each text can be read on what it stands on."""

from __future__ import annotations

from operator import sub

import pytest
from rich.color import Color, ColorType
from rich.style import Style

import tests.tui.scenes  # noqa: F401 - fills the list
from tests.tui.driver import Console, console
from tests.tui.stage import SCENES, on_stage
from unstick.themes import ANSI, BUILT_IN, contrast, load_theme
from unstick.themes.contrast import channels
from unstick.themes.loader import PAIRS
from unstick.tui.palette import Palette

Pair = tuple[str, str]


def name_of(colour: Color | None) -> str:
    """Return a colour as contrast() wants it; one that the terminal chooses has no contrast to speak of."""
    assert colour is not None, "a text without a colour of its own"
    if colour.type is ColorType.STANDARD:
        assert colour.number is not None
        return list(ANSI)[colour.number]
    assert colour.type is ColorType.TRUECOLOR, colour
    assert colour.triplet is not None
    return colour.triplet.hex


def pair_of(style: Style) -> Pair:
    assert not style.dim, "a terminal's own dimming has a contrast that nobody knows"
    text, ground = name_of(style.color), name_of(style.bgcolor)
    return (ground, text) if style.reverse else (text, ground)


def painted(c: Console) -> dict[Pair, str]:
    """Return every pair of text and ground on the screen, with a text that is painted so."""
    found: dict[Pair, str] = {}
    for strip in c.app.screen._compositor.render_strips():
        for text, style, control in strip:
            if text.strip() and not control:
                assert style is not None, text
                found.setdefault(pair_of(style), text.strip())
    return found


def same(one: Pair, other: Pair) -> bool:
    """Whether two pairs are alike but for rounding: what a stylesheet names goes through Lab and back."""
    return all(
        max(map(abs, map(sub, channels(a), channels(b)))) < 1 / 99 for a, b in zip(one, other, strict=True)
    )


def promised(name: str, label: str | None) -> set[Pair]:
    """Return the pairs that the palette can produce, and those of the prompt's input."""
    spec = load_theme(name)
    palette = Palette(spec)
    of_palette = {pair_of(style) for style in palette.values()}
    of_label = {pair_of(palette[f"label:{label}"])} if label else set()
    return of_palette | of_label | {(spec.colours[text], spec.colours[ground]) for text, ground in PAIRS}


@pytest.mark.parametrize("size", [(80, 24), (160, 40)], ids=["80x24", "160x40"])
@pytest.mark.parametrize("scene", SCENES)
async def test_every_text_on_a_screen_can_be_read_in_every_theme(scene: str, size: tuple[int, int]) -> None:
    async with on_stage(scene, size) as c:
        for theme in BUILT_IN:
            c.app.use_theme(theme)
            c.app.say("")
            c.app.screen.tell()  # type: ignore[attr-defined]
            await c.pilot.pause()
            allowed = promised(theme, SCENES[scene].options.get("colour"))
            for pair, text in painted(c).items():
                assert contrast(*pair) >= 4.5, f"{theme}: {text!r} is {pair[0]} on {pair[1]}"
                assert any(same(pair, each) for each in allowed), (
                    f"{theme}: {text!r} is {pair[0]} on {pair[1]}, which is no style"
                )


@pytest.mark.parametrize("theme", BUILT_IN)
def test_every_style_can_be_read(theme: str) -> None:
    for name, style in Palette(load_theme(theme)).items():
        assert contrast(*pair_of(style)) >= 4.5, name


@pytest.mark.parametrize("theme", BUILT_IN)
async def test_the_prompt_can_be_read_with_cursor_selection_and_suggestion(theme: str) -> None:
    async with console() as c:
        c.app.use_theme(theme)
        await c.press("slash")
        await c.type("kind:up state:failed")
        await c.press("left", "shift+left", "shift+left")
        await c.pilot.pause()
        for pair, text in painted(c).items():
            assert contrast(*pair) >= 4.5, f"{text!r} is {pair[0]} on {pair[1]}"
