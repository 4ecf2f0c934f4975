"""Where the checkout is, and what is in it."""

import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def folders() -> dict[str, Path]:
    """The import name of each package folder."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    mapped: dict[str, str] = declared["tool"]["setuptools"]["package-dir"]
    return {name: ROOT / folder for name, folder in mapped.items()}


def tracked() -> list[Path]:
    """What is or may come into the repository: all files but the ignored ones."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def python_files() -> list[Path]:
    """All Python files, scripts without an ending included."""
    return [path for path in tracked() if path.suffix == ".py" or _runs_python(path)]


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _runs_python(path: Path) -> bool:
    if path.suffix or path.parent != ROOT / "scripts":
        return False
    with path.open(encoding="utf-8") as lines:
        return "python" in lines.readline()
