"""Modules are imported by their one name, and headless commands start without the console's libraries."""

import ast
import subprocess
import sys

import pytest

from tests.arch.checkout import folders, python_files, relative

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


def names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) and node.level == 0 else []


def test_no_module_is_imported_by_its_folder_which_works_in_the_checkout_only() -> None:
    bare = {folder.name for folder in folders().values()}
    found = [
        f"{relative(path)}: {name}"
        for path in python_files()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in names(node)
        if name.split(".")[0] in bare
    ]
    assert not found
