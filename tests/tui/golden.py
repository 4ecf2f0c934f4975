"""Writes down what every scene shows, as text: `scripts/goldens`, or some: `scripts/goldens NAME...`"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import tests.tui.scenes  # noqa: F401 - fills the list
from tests.tui.stage import SCENES, on_stage

FOLDER = Path(__file__).parent / "goldens"
SIZES = ((80, 24), (120, 40))


def path_of(name: str, size: tuple[int, int]) -> Path:
    """Return where a scene is written down."""
    return FOLDER / f"{name}-{size[0]}x{size[1]}.txt"


async def shown(name: str, size: tuple[int, int]) -> str:
    """Return the text of a scene, without blanks at the ends of lines."""
    async with on_stage(name, size) as c:
        return c.text.rstrip("\n") + "\n"


async def main(names: list[str]) -> None:
    """Write them all down, or some."""
    FOLDER.mkdir(exist_ok=True)
    for name in names or SCENES:
        for size in SIZES:
            path_of(name, size).write_text(await shown(name, size), encoding="utf-8")
    if not names:
        known = {path_of(name, size) for name in SCENES for size in SIZES}
        for path in set(FOLDER.glob("*.txt")) - known:
            path.unlink()
    sys.stderr.write(f"{len(names or SCENES)} scenes in tests/tui/goldens; look at what changed: git diff\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
