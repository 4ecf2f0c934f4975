"""The pictures in `screenshots/` show what the console shows now."""

from __future__ import annotations

import html
import re

import pytest

from tests.tui.pictures import FOLDER, every_picture

pytestmark = pytest.mark.checkout


def told(svg: str) -> list[str]:
    """Return what a picture says; how exactly it is drawn differs from one version of Textual to the next."""
    return [html.unescape(text) for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]


async def test_the_pictures_are_current() -> None:
    old = {
        name: told((FOLDER / f"{name}.svg").read_text(encoding="utf-8")) == told(svg)
        async for name, svg in every_picture()
    }
    assert all(old.values()), f"run scripts/screenshots: {[name for name, same in old.items() if not same]}"
