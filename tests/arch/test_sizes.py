"""Files and functions stay small enough to be read in one go."""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.arch.checkout import folders, python_files, relative

FILE_LINES = 400
FUNCTION_LINES = 50
APP_LINES = 300
MEDIAN_LINES = 120


def length(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def lines_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_file_is_long() -> None:
    long = {relative(path): length(path) for path in python_files() if length(path) > FILE_LINES}
    assert not long, f"more than {FILE_LINES} lines: {long}"


def test_no_function_is_long() -> None:
    long = [
        f"{relative(path)}:{function.lineno} {function.name}: {lines_of(function)} lines"
        for path in python_files()
        for function in functions(path)
        if lines_of(function) > FUNCTION_LINES
    ]
    assert not long, f"more than {FUNCTION_LINES} lines:\n" + "\n".join(long)


def test_the_app_stays_a_frame_for_its_screens() -> None:
    app = folders()["unstick.tui"] / "app.py"
    assert not app.exists() or length(app) <= APP_LINES


def test_the_median_file_is_short() -> None:
    homes = list(folders().values())
    sizes = [length(path) for path in python_files() if any(path.is_relative_to(home) for home in homes)]
    assert median(sizes) <= MEDIAN_LINES
