"""Nothing of one developer's machine is in the repository, and no test sleeps."""

import ast
import re

from tests.arch.checkout import ROOT, python_files, relative, tracked

# Home folders and the place of this very checkout; spelled so that this file does not find itself.
MACHINE = re.compile(rf"/(?:home|Users)/[a-z][\w.-]*/|/roo[t]/|{re.escape(str(ROOT))}(?:/|\b)")
WAITING = "tests/harness/waiting.py"


def test_no_path_of_a_machine_is_in_the_repository() -> None:
    found = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        found += [f"{relative(path)}: {match.group()}" for match in MACHINE.finditer(text)]
    assert not found


def sleeps(tree: ast.AST) -> list[int]:
    """The lines that call sleep with anything but 0, which only lets others run."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).split(".")[-1] == "sleep"
        and not (node.args and ast.unparse(node.args[0]) == "0")
    ]


def test_tests_wait_for_conditions_and_never_sleep() -> None:
    found = [
        f"{relative(path)}:{line}"
        for path in python_files()
        if relative(path).startswith("tests/") and relative(path) != WAITING
        for line in sleeps(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not found, f"use tests.harness.waiting: {found}"
