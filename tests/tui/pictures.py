"""Draws the pictures in `screenshots/`: every scene that has a caption, and a page that shows them all.

The sources are made up from a seed and their clocks stand still, so that each run draws the same bytes.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tests.tui.scenes  # noqa: F401 - fills the list
from tests.tui.stage import SCENES, on_stage

FOLDER = Path(__file__).parents[2] / "screenshots"
PAGE = FOLDER / "README.md"

SIZE = (120, 28)
SMALL = (80, 24)
MAIN = "jobs"
THEMES = ("dark", "light")
"""Those of the main screen; the others are drawn in the first one."""

MADE_WITH = f"Textual {version('textual')} and Rich {version('rich')}"

# Rich names a server where a font could be fetched; a picture should ask nobody.
_REMOTE = re.compile(r",\s*url\(\"https:[^;]*;")
_COMMENT = re.compile(r"<!-- Generated with Rich [^>]* -->")

HEAD = """# What the console looks like

Drawn by `scripts/screenshots` from made-up sources whose clocks stand still; a test compares them with what
the console shows now.
"""


@dataclass(frozen=True, slots=True)
class Picture:
    """A scene in one theme and at one size (columns, rows)."""

    scene: str
    size: tuple[int, int] = SIZE
    theme: str = THEMES[0]

    @property
    def name(self) -> str:
        """Return the name of the file, without its end."""
        parts = [self.scene]
        parts += [self.theme] if self.theme != THEMES[0] else []
        parts += [f"{self.size[0]}x{self.size[1]}"] if self.size != SIZE else []
        return "-".join(parts)

    @property
    def path(self) -> Path:
        """Return where it is kept."""
        return FOLDER / f"{self.name}.svg"

    @property
    def caption(self) -> str:
        """Return what it shows, and how where that is worth a word."""
        how = [f"theme `{self.theme}`"] if self.theme != THEMES[0] else []
        how += [f"{self.size[0]} columns, {self.size[1]} rows"] if self.size != SIZE else []
        return SCENES[self.scene].caption + (f" ({', '.join(how)})" if how else "")

    async def draw(self) -> str:
        """Return it as SVG."""
        given: dict[str, Any] = SCENES[self.scene].options
        async with on_stage(self.scene, self.size, theme=given.get("theme", self.theme)) as c:
            svg = c.app.export_screenshot(title="unstick")
        svg = _REMOTE.sub(";", svg)
        return _COMMENT.sub(f"<!-- Drawn by scripts/screenshots with {MADE_WITH} -->", svg)


def all_pictures() -> Iterator[Picture]:
    """Yield every picture that there is to be, the main screen's first."""
    for size in (SIZE, SMALL):
        for theme in THEMES:
            yield Picture(MAIN, size, theme)
    for name, scene in SCENES.items():
        if scene.caption and name != MAIN:
            yield Picture(name)


def page() -> str:
    """Return the page that shows all of them."""
    shown = (f"\n{each.caption}\n\n![{each.caption}]({each.name}.svg)\n" for each in all_pictures())
    return HEAD + "".join(shown)


async def main(names: list[str]) -> None:
    """Draw them all, or only those of the scenes that are named."""
    FOLDER.mkdir(exist_ok=True)
    wanted = [each for each in all_pictures() if not names or each.scene in names]
    for each in wanted:
        each.path.write_text(await each.draw(), encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")
    for path in set(FOLDER.iterdir()) - {PAGE, *(each.path for each in all_pictures())}:
        path.unlink()
    sys.stderr.write(f"{len(wanted)} pictures in screenshots; look at what changed: git diff --stat\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
