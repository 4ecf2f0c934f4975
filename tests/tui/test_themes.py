"""Themes on the screen: which one is shown, changing it, a source's own colour."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from rich.style import Style

from tests.tui.driver import Console, JobScreen, console
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.model import Job, JobId, State, Verdict
from unstick.recovery.source import Source
from unstick.themes import BUILT_IN, contrast, load_theme
from unstick.tui.looks import default_theme
from unstick.tui.palette import NAMED, Palette
from unstick.tui.states import state_span


def grounds(c: Console) -> set[str]:
    """Return the background of every cell on the screen."""
    strips = c.app.screen._compositor.render_strips()
    found = {segment.style.bgcolor for strip in strips for segment in strip if segment.style}
    return {colour.triplet.hex if colour and colour.triplet else "" for colour in found}


def style_of(c: Console, text: str) -> Style:
    """Return the style that a text on the screen begins with."""
    for strip in c.app.screen._compositor.render_strips():
        for segment in strip:
            if text in segment.text and segment.style is not None:
                return segment.style
    raise AssertionError(f"{text!r} is not on the screen\n{c.text}")


def ground_of(name: str) -> str:
    return load_theme(name).colours["background"]


def test_themes_follow_the_terminal() -> None:
    assert default_theme({"TERM": "xterm-256color"}) == "dark"
    assert default_theme({"TERM": "linux"}) == "ansi16"
    assert default_theme({"TERM": "linux", "COLORTERM": "truecolor"}) == "dark"
    assert default_theme({"TERM": "linux", "NO_COLOR": "1"}) == "dark"


async def test_another_theme_repaints_everything_and_holds_on_every_screen_and_source() -> None:
    other = MemoryBackend.example(10, 2, source="imports")
    async with console(others=[(lambda: other, Source("imports", "memory://"))]) as c:
        await c.press("right_square_bracket")
        await c.until_shows("imports  ")
        await c.until(lambda: "stuck" in c.text)
        await c.press("left_square_bracket")
        await c.until_shows("memory  [STAGING]")
        await c.press("enter")
        await c.until(lambda: isinstance(c.app.screen, JobScreen))
        before = c.text
        assert ground_of("dark") in grounds(c)
        c.app.use_theme("light")
        await c.pilot.pause()
        new = set(load_theme("light").colours.values())
        assert grounds(c) <= new
        assert ground_of("light") in grounds(c)
        assert c.text.splitlines()[:-3] == before.splitlines()[:-3]
        await c.press("escape")
        assert grounds(c) <= new
        await c.press("slash")
        await c.pilot.pause()
        assert grounds(c) <= new
        await c.press("escape", "right_square_bracket")
        await c.until_shows("imports  ")
        assert grounds(c) <= new


async def test_a_change_of_theme_says_how_to_keep_it_until_the_next_key() -> None:
    async with console() as c:
        c.app.use_theme("tritanopia")
        await c.until_shows('theme = "tritanopia" in the configuration keeps it')
        assert c.app.theme_name == "tritanopia"
        await c.press("j")
        assert "tritanopia" not in c.text


async def test_the_names_are_the_built_in_ones_and_those_of_the_users_folder(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('base = "dark"\n')
    async with console(theme_folder=tmp_path) as c:
        assert c.app.theme_names() == (*BUILT_IN, "mine")


async def test_a_theme_that_does_not_exist_changes_nothing_and_is_told() -> None:
    async with console() as c:
        c.app.use_theme("solarized")
        await c.until_shows("there is no theme 'solarized'")
        assert grounds(c) <= set(load_theme("dark").colours.values())


async def test_a_broken_theme_is_left_out_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[colours")
    async with console(theme_folder=tmp_path, size=(160, 24)) as c:
        await c.until_shows("theme left out: ")
        assert "mine.toml:1: this is not TOML" in c.text
        assert "mine" not in c.app.theme_names()


async def test_a_theme_of_the_user_that_is_hard_to_read_is_used_and_told(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('base = "dark"\n[colours]\ndim = "#333333"\n')
    async with console(theme_folder=tmp_path, size=(120, 24)) as c:
        c.app.use_theme("mine")
        await c.until_shows("theme mine is hard to read: contrast below 4.5 of dim on background 1.4")
        assert c.app.palette["dim"].color == Style.parse("#333333").color


def seen_as(environment: str, monkeypatch: pytest.MonkeyPatch, term: str = "xterm-256color") -> Source:
    monkeypatch.setenv("TERM", term)
    monkeypatch.delenv("COLORTERM", raising=False)
    return Source("jobs-b", "memory://", environment=environment)


async def test_production_is_red_while_no_theme_was_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    live = seen_as("prod", monkeypatch)
    other = MemoryBackend.example(10, 2, source="jobs-b")
    async with console(others=[(lambda: other, live)], theme=None) as c:
        assert c.app.theme_name == "dark"
        await c.press("right_square_bracket")
        await c.until_shows("jobs-b  [PROD]")
        assert c.app.theme_name == "prod-red"
        assert ground_of("prod-red") in grounds(c)
        await c.press("left_square_bracket")
        await c.until_shows("[STAGING]")
        assert c.app.theme_name == "dark"
        assert grounds(c) <= set(load_theme("dark").colours.values())


async def test_a_chosen_theme_holds_in_production_too(monkeypatch: pytest.MonkeyPatch) -> None:
    live = seen_as("prod", monkeypatch)
    other = MemoryBackend.example(10, 2, source="jobs-b")
    async with console(others=[(lambda: other, live)], theme=None) as c:
        c.app.use_theme("light")
        await c.press("right_square_bracket")
        await c.until_shows("jobs-b  [PROD]")
        assert c.app.theme_name == "light"


async def test_sixteen_colours_stay_sixteen_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    seen_as("prod", monkeypatch, "linux")
    async with console(environment="prod", theme=None) as c:
        assert c.app.theme_name == "ansi16"


@pytest.mark.parametrize("theme", BUILT_IN)
@pytest.mark.parametrize("colour", [*NAMED, "#123456", "#ff8800", "#808080"])
def test_a_label_can_be_read_in_the_colour_of_its_source(theme: str, colour: str) -> None:
    spec = load_theme(theme)
    style = Palette(spec)[f"label:{colour}"]
    text, ground = style.color, style.bgcolor
    assert text is not None
    assert ground is not None
    named = [f"ansi_{each.name}" if spec.ansi else each.name for each in (text, ground)]
    assert contrast(*named) >= 4.5


async def test_the_label_of_a_source_has_the_colour_of_the_configuration() -> None:
    backend = MemoryBackend.example(10, 2)
    async with console(backend, colour="#1565c0") as c:
        assert style_of(c, "[STAGING]").bgcolor == Style.parse("on #1565c0").bgcolor
        assert style_of(c, "memory").bgcolor == c.app.palette["tag"].bgcolor
    async with console(backend, environment="", colour="yellow") as c:
        assert style_of(c, "memory").bgcolor == Style.parse("on #fbc02d").bgcolor
        assert style_of(c, "memory").color == Style.parse("#000000").color


async def test_production_without_a_colour_of_its_own_has_the_label_of_production() -> None:
    async with console(environment="prod") as c:
        assert style_of(c, "[PROD]").bgcolor == c.app.palette["prod"].bgcolor


async def test_without_colours_the_label_of_a_source_is_in_reverse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with console(colour="#1565c0") as c:
        assert style_of(c, "[STAGING]").reverse


def as_shown(state: State, *, stuck: bool = False) -> str:
    verdict = Verdict("idle", "stuck", "idle 14m > 5m") if stuck else None
    return state_span(Job(JobId("1"), "jobs", state, "parked", verdict=verdict)).text


@pytest.mark.parametrize(("one", "other"), [*combinations([*State, "stuck"], 2)])
def test_states_are_told_apart_without_colour_by_glyph_and_word(one: str, other: str) -> None:
    shown = [
        as_shown(State.RUNNING, stuck=True) if each == "stuck" else as_shown(State(each))
        for each in (one, other)
    ]
    glyphs, words = zip(*(text.split(" ", 1) for text in shown), strict=True)
    assert glyphs[0] != glyphs[1]
    assert words[0] != words[1]
    assert all(len(glyph) == 1 and glyph.isascii() for glyph in glyphs)
