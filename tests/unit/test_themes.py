"""Themes are readable and checked; a wrong file is one clear sentence."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest
from rich.color import Color, ColorSystem

from unstick.recovery.errors import ConfigError
from unstick.themes import (
    ANSI,
    BUILT_IN,
    contrast,
    distance,
    load_theme,
    readable_on,
    theme_names,
    user_themes,
)
from unstick.themes.loader import KEYS, ON_BACKGROUND, PAIRS, read_theme
from unstick.themes.vision import DEUTERANOPIA, TRITANOPIA, Matrix

Shown = Callable[[str], str]
"""What a terminal makes of a colour."""

APART = 20.0
"""Delta E (CIE 1976) that two states keep: ten times what is just noticeable side by side, because here they
stand rows apart in small letters."""

FOREMOST = tuple(combinations(("stuck", "failed", "running", "done"), 2))
SEEN_BY: dict[str, Matrix] = {"deuteranopia": DEUTERANOPIA, "tritanopia": TRITANOPIA}


def of_256(colour: str) -> str:
    """Return what a terminal with 256 colours makes of it: most SSH connections don't pass COLORTERM on."""
    if colour in ANSI:
        return colour
    return Color.parse(colour).downgrade(ColorSystem.EIGHT_BIT).get_truecolor().hex


def as_is(colour: str) -> str:
    return colour


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("shown", [as_is, of_256])
def test_every_text_has_a_contrast_of_at_least_four_and_a_half(name: str, shown: Shown) -> None:
    colours = load_theme(name).colours
    for text, ground in [*((text, "background") for text in ON_BACKGROUND), *PAIRS]:
        ratio = contrast(shown(colours[text]), shown(colours[ground]))
        assert ratio >= 4.5, f"{text} on {ground}: {ratio:.2f}"
    assert load_theme(name).weak() == ()


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("shown", [as_is, of_256])
@pytest.mark.parametrize("pair", FOREMOST, ids="-".join)
def test_stuck_failed_running_and_done_differ_in_colour(
    name: str, shown: Shown, pair: tuple[str, str]
) -> None:
    one, other = (shown(load_theme(name).colours[state]) for state in pair)
    assert distance(one, other) >= APART


@pytest.mark.parametrize("name", SEEN_BY)
@pytest.mark.parametrize("shown", [as_is, of_256])
@pytest.mark.parametrize("pair", FOREMOST, ids="-".join)
def test_they_differ_also_for_those_whom_the_theme_is_made_for(
    name: str, shown: Shown, pair: tuple[str, str]
) -> None:
    one, other = (shown(load_theme(name).colours[state]) for state in pair)
    assert distance(one, other, seen_by=SEEN_BY[name]) >= APART


def test_a_theme_for_everybody_is_not_enough_for_them() -> None:
    dark = load_theme("dark").colours
    assert distance(dark["failed"], dark["done"]) > 80
    assert distance(dark["failed"], dark["done"], seen_by=DEUTERANOPIA) < APART


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_distance_is_that_of_the_standard() -> None:
    assert distance("#000000", "#ffffff") == pytest.approx(100.0, abs=0.1)
    # L*a*b* of the primaries, D65: red 53.24 80.09 67.20, green 87.73 -86.18 83.18, blue 32.30 79.19 -107.86.
    assert distance("#ff0000", "#00ff00") == pytest.approx(170.6, abs=0.2)
    assert distance("#ff0000", "#0000ff") == pytest.approx(176.3, abs=0.2)


@pytest.mark.parametrize("matrix", SEEN_BY.values(), ids=SEEN_BY)
def test_grey_stays_grey_for_everybody(matrix: Matrix) -> None:
    for row in matrix:
        assert sum(row) == pytest.approx(1.0, abs=1e-3)
    assert distance("#808080", "#000000", seen_by=matrix) == pytest.approx(
        distance("#808080", "#000000"), abs=0.2
    )


def test_red_and_green_meet_without_green_cones_and_blue_and_green_without_blue_ones() -> None:
    assert distance("#a06000", "#608000", seen_by=DEUTERANOPIA) < distance("#a06000", "#608000") / 2
    assert distance("#00a0c0", "#00a890", seen_by=TRITANOPIA) < distance("#00a0c0", "#00a890") / 2


@pytest.mark.parametrize("ground", ["#000000", "#757575", "#ffffff", "#c62828", "#fbc02d", "#1565c0"])
def test_black_or_white_can_be_read_on_any_colour(ground: str) -> None:
    assert contrast(readable_on(ground), ground) >= 4.5


def _theme(**changes: str) -> str:
    colours = {key: "#ffffff" for key in KEYS} | changes
    return "[colours]\n" + "\n".join(f'{key} = "{value}"' for key, value in colours.items())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("dark = ", "x.toml:1: this is not TOML"),
        ("# mine\ndark = 1\n", "x.toml:2: dark: must be true or false"),
        ("clours = 'x'\n", "x.toml:1: clours: is not a key of a theme; did you mean colours?"),
        ("base = 'drak'\n", "x.toml:1: base: can't be 'drak'; did you mean dark?"),
        ("base = ['dark']\n", "x.toml:1: base: can't be ['dark']"),
        ("base = 'dark'\ncolours = 1\n", "x.toml:2: colours: is missing"),
        ("dark = true\n", "x.toml: colours: is missing"),
        (_theme(text="red"), "x.toml:3: colours.text: 'red' is not a colour"),
        (_theme(text="ansi_red"), "x.toml:1: colours: mixes"),
        ("base = 'ansi16'\n[colours]\ntext = '#ffffff'\n", "x.toml:2: colours: mixes"),
        (
            _theme() + "\nstcuk = '#000000'\n",
            "colours.stcuk: is not a colour of a theme; did you mean stuck?",
        ),
        ("[colours]\nbackground = '#000000'\n", "x.toml:1: colours.text: is missing"),
    ],
)
def test_a_wrong_theme_is_refused_with_file_line_and_key(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_theme(text, "x", "x.toml")
    assert sentence in str(caught.value)


def test_a_theme_may_name_only_what_differs_from_another(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('base = "light"\n[colours]\nstuck = "#663300"\n')
    mine, light = load_theme("mine", tmp_path), load_theme("light")
    assert not mine.dark
    assert mine.colours == {**light.colours, "stuck": "#663300"}
    (tmp_path / "copy.toml").write_text('base = "ansi16"\n')
    assert load_theme("copy", tmp_path).ansi


def test_the_base_of_a_theme_is_the_built_in_one_also_under_its_name(tmp_path: Path) -> None:
    (tmp_path / "dark.toml").write_text('base = "dark"\n[colours]\nstuck = "#ffffff"\n')
    changed = load_theme("dark", tmp_path).colours
    assert changed == {**load_theme("dark").colours, "stuck": "#ffffff"}


def test_a_theme_of_the_user_wins_and_a_broken_one_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(_theme(background="#000000"))
    (tmp_path / "dark.toml").write_text(_theme(background="#111111"))
    (tmp_path / "broken.toml").write_text("[colours")
    (tmp_path / "not a name.toml").write_text(_theme())
    assert theme_names(tmp_path) == (*BUILT_IN, "mine")
    assert load_theme("dark", tmp_path).colours["background"] == "#111111"
    specs, problems = user_themes(tmp_path)
    assert [spec.name for spec in specs] == ["dark", "mine"]
    assert [Path(problem.partition(".toml")[0]).name for problem in problems] == ["broken", "not a name"]


def test_a_broken_theme_that_is_asked_for_is_an_error_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('base = "dark"\n\n[colours]\nstuck = "orange"\n')
    with pytest.raises(ConfigError, match=r"mine\.toml:4: colours\.stuck: 'orange' is not a colour"):
        load_theme("mine", tmp_path)


def test_a_folder_that_is_not_there_has_no_themes(tmp_path: Path) -> None:
    assert theme_names(tmp_path / "themes") == BUILT_IN


@pytest.mark.parametrize("name", ["nope", "../dark", "", "a b"])
def test_an_unknown_name_lists_the_known_ones(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="high-contrast"):
        load_theme(name, tmp_path)


def test_weak_contrast_of_a_users_theme_is_told_with_its_ratio(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('base = "dark"\n[colours]\ndim = "#333333"\n')
    assert load_theme("mine", tmp_path).weak() == ("dim on background 1.4",)
