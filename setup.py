"""Lists the packages below the folders that pyproject.toml maps to import names, and the manual page.

setuptools can map a folder to a dotted name, or find packages, but not both at once in pyproject.toml.
"""

import tomllib
from pathlib import Path

from setuptools import find_namespace_packages, setup

ROOT = Path(__file__).parent
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FOLDERS: dict[str, str] = DECLARED["tool"]["setuptools"]["package-dir"]


def packages_below(name: str, folder: str) -> list[str]:
    """The package itself and all below it, folders that hold only data included."""
    found = find_namespace_packages(str(ROOT / folder), exclude=["*__pycache__*"])
    return [name, *(f"{name}.{package}" for package in found)]


PACKAGES = [package for name, folder in FOLDERS.items() for package in packages_below(name, folder)]
# pyproject.toml has no place for what belongs outside of site-packages.
setup(packages=sorted(PACKAGES), data_files=[("share/man/man1", ["docs/unstick.1"])])
