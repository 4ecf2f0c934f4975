"""Themes are readable and checked; a wrong file is one clear sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from unstick.recovery.errors import ConfigError
from unstick.themes import BUILT_IN, contrast, load_theme, theme_names, user_themes
from unstick.themes.loader import KEYS, read_theme


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_text_has_a_contrast_of_at_least_four_and_a_half(name: str) -> None:
    assert load_theme(name).weak() == ()


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def _theme(**changes: str) -> str:
    colours = {key: "#ffffff" for key in KEYS} | changes
    return "[colours]\n" + "\n".join(f'{key} = "{value}"' for key, value in colours.items())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("dark = ", "x.toml: not valid TOML"),
        ("dark = 1\n", "x.toml: dark: must be true or false"),
        ("name = 'x'\n", "x.toml: name: is not a key of a theme"),
        ("dark = true\n", "x.toml: colours: is missing"),
        (_theme(text="red"), "x.toml: colours.text: 'red' is not a colour"),
        (_theme(text="ansi_red"), "x.toml: colours: mixes"),
        (_theme(mood="#000000"), "x.toml: colours.mood: is not a colour of a theme"),
        ("[colours]\nbackground = '#000000'\n", "x.toml: colours.text: is missing"),
    ],
)
def test_a_wrong_theme_is_refused_with_file_and_key(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_theme(text, "x", "x.toml")
    assert str(caught.value).startswith(sentence)


def test_a_theme_of_the_user_wins_and_a_broken_one_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(_theme(background="#000000"))
    (tmp_path / "dark.toml").write_text(_theme(background="#111111"))
    (tmp_path / "broken.toml").write_text("[colours")
    assert theme_names(tmp_path) == (*BUILT_IN, "broken", "mine")
    assert load_theme("dark", tmp_path).colours["background"] == "#111111"
    specs, problems = user_themes(tmp_path)
    assert [spec.name for spec in specs] == ["dark", "mine"]
    assert len(problems) == 1
    assert "broken.toml" in problems[0]


@pytest.mark.parametrize("name", ["nope", "../dark", "", "a b"])
def test_an_unknown_name_lists_the_known_ones(name: str) -> None:
    with pytest.raises(ConfigError, match="high-contrast"):
        load_theme(name)
