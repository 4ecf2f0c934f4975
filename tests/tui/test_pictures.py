"""The pictures in `screenshots/` are what the console shows now, byte for byte."""

from __future__ import annotations

import html
import pkgutil
import re
from importlib import import_module
from pathlib import Path

import pytest

from tests.tui.pictures import FOLDER, MADE_WITH, MAIN, PAGE, Picture, all_pictures, page
from unstick.tui import screens
from unstick.tui.screens.base import ConsoleScreen

pytestmark = pytest.mark.checkout

README = FOLDER.parent / "README.md"


def told(svg: str) -> list[str]:
    """Return what a picture says, which does not depend on how it is drawn."""
    return [html.unescape(text) for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]


@pytest.mark.parametrize("picture", list(all_pictures()), ids=lambda picture: picture.name)
async def test_a_picture_is_what_the_console_shows(picture: Picture) -> None:
    kept = picture.path.read_text(encoding="utf-8") if picture.path.is_file() else ""
    drawn = await picture.draw()
    again = f"run scripts/screenshots {picture.scene}"
    assert told(kept) == told(drawn), again
    # Another version of what draws may place and number things otherwise.
    assert kept == drawn or MADE_WITH not in kept, again


def test_a_picture_fetches_nothing_from_anywhere() -> None:
    for picture in all_pictures():
        assert "url(http" not in picture.path.read_text(encoding="utf-8").replace('"', ""), picture.name


def test_there_are_no_other_pictures_and_the_page_shows_each() -> None:
    assert set(FOLDER.iterdir()) == {PAGE, *(each.path for each in all_pictures())}, "run scripts/screenshots"
    assert PAGE.read_text(encoding="utf-8") == page(), "run scripts/screenshots"


def test_the_main_screen_is_there_in_two_themes_and_two_sizes() -> None:
    mine = [each for each in all_pictures() if each.scene == MAIN]
    assert len({each.theme for each in mine}) == len({each.size for each in mine}) == 2
    assert len(mine) == 4


def test_the_readme_shows_pictures_that_are_there() -> None:
    shown = re.findall(r"!\[[^]]+\]\(screenshots/([^)]+)\)", README.read_text(encoding="utf-8"))
    assert len(shown) >= 4
    assert {Path(each).stem for each in shown} <= {each.name for each in all_pictures()}


def test_every_screen_is_on_a_picture() -> None:
    names = [each.name for each in pkgutil.iter_modules(screens.__path__)]
    modules = [import_module(f"unstick.tui.screens.{name}") for name in names]
    classes = [each for module in modules for each in vars(module).values() if isinstance(each, type)]
    scopes = {each.SCOPE for each in classes if issubclass(each, ConsoleScreen) and hasattr(each, "SCOPE")}
    assert scopes <= {each.scene for each in all_pictures()}
