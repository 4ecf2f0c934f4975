"""Headless commands start without the console's libraries."""

import subprocess
import sys

import pytest

PRINT_HEAVY = "import sys; print(sorted({name.split('.')[0] for name in sys.modules} & %r))"


def imported(statement: str, heavy: set[str]) -> str:
    """Which of the heavy packages are there after the statement, as printed by a fresh interpreter."""
    code = f"{statement}\n{PRINT_HEAVY % heavy}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize("package", ["unstick.recovery", "unstick.backends", "unstick.cli"])
def test_headless_packages_do_not_import_textual(package: str) -> None:
    assert imported(f"import {package}", {"textual"}) == "[]"


@pytest.mark.parametrize("package", ["unstick.recovery", "unstick.tui", "unstick.themes"])
def test_only_the_backends_import_database_libraries(package: str) -> None:
    assert imported(f"import {package}", {"sqlalchemy", "asyncpg", "pymysql"}) == "[]"
