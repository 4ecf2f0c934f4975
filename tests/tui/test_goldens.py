"""Every screen shows what is written down of it, letter by letter; colours are tested elsewhere."""

from __future__ import annotations

from difflib import unified_diff

import pytest

from tests.tui.golden import FOLDER, SIZES, path_of, shown
from tests.tui.stage import SCENES

pytestmark = pytest.mark.checkout


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", SCENES)
async def test_a_screen_shows_what_is_written_down_of_it(name: str, size: tuple[int, int]) -> None:
    golden = path_of(name, size)
    before = golden.read_text(encoding="utf-8") if golden.is_file() else ""
    now = await shown(name, size)
    diff = unified_diff(before.splitlines(), now.splitlines(), f"{golden.name}", "now", lineterm="", n=1)
    assert now == before, "if that is meant: scripts/goldens " + name + "\n" + "\n".join(diff)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", SCENES)
def test_nothing_that_is_written_down_is_larger_than_the_screen(name: str, size: tuple[int, int]) -> None:
    lines = path_of(name, size).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= size[1]
    assert max(map(len, lines)) <= size[0]


def test_nothing_is_written_down_that_is_shown_nowhere() -> None:
    known = {path_of(name, size) for name in SCENES for size in SIZES}
    assert set(FOLDER.glob("*")) == known, "scripts/goldens puts that right"
