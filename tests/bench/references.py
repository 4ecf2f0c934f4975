"""Programs of others to compare with, each in an environment of its own below .venv-bench."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parents[2] / ".venv-bench"
PACKAGES = {
    "pg_activity": ("pg_activity", "psycopg[binary]"),
    "harlequin": ("harlequin",),
    "fastdatatable": ("textual-fastdatatable",),
}
PROGRAMS = Path(__file__).parent / "programs"


@cache
def environment(name: str) -> Path | None:
    """Return the folder of a reference's programs; None, told once, where it can't be installed."""
    folder = FOLDER / name
    stamp = folder / "complete"
    if not stamp.exists():
        print(f"  installing {name} into {folder.relative_to(FOLDER.parent)} ...", file=sys.stderr)
        try:
            _call(sys.executable, "-m", "venv", "--clear", str(folder))
            _call(str(folder / "bin" / "python"), "-m", "pip", "install", "-qq", *PACKAGES[name])
        except subprocess.CalledProcessError as error:
            print(f"  {name} can't be installed and is left out: {error}", file=sys.stderr)
            return None
        stamp.touch()
    return folder / "bin"


def _call(*command: str) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=600)


def own(program: str, *arguments: object) -> list[str]:
    """Return the command line of one of our small programs in this environment."""
    return [sys.executable, str(PROGRAMS / f"{program}.py"), *map(str, arguments)]
