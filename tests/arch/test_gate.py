"""Nothing from a database reaches a terminal but through `display_text`: no other door is open.

In the console only `tui/paint.py` makes what Textual writes, and it passes every span through the gate. On
the command line only `cli/output.py` prints, and it passes every line. These tests find any other way.
"""

import ast
from collections.abc import Iterator

import pytest

from tests.arch.checkout import ROOT, folders, python_files, relative

PAINT, PALETTE, PROMPT = "tui/paint.py", "tui/palette.py", "tui/widgets/prompt.py"
APP, CONSOLE, OUTPUT = "tui/app.py", "tui/console.py", "cli/output.py"

SHOWING = (
    *("rich", "textual.content", "textual.visual", "textual.markup", "textual.widgets", "textual.command"),
    *("textual.renderables", "textual.notifications", "textual.fuzzy"),
)
"""Parts of the libraries that turn text into something on the screen."""

LIBRARY = {
    "rich.segment.Segment": (PAINT,),
    "rich.style.Style": (PALETTE,),
    # The second only asks which widget has the keys.
    "textual.widgets.Input": (PROMPT, "tui/typing.py"),
    # What is being typed, with its password hidden.
    "rich.text.Text": ("tui/widgets/url_prompt.py",),
}
"""What of them is used, and where it may be."""

CALLS = {
    "notify": "a toast takes markup",
    "write": "writes to the terminal, or to a log that swallows escapes",
    "copy_to_clipboard": "knows no multiplexer and no limit",
    "render_str": "takes markup",
    "from_markup": "takes markup",
    "bell": "writes while nothing happened",
    "print_exception": "prints what a database said",
    "print_exc": "prints what a database said",
}
TITLES = {"title", "sub_title", "border_title", "border_subtitle", "tooltip", "TITLE", "SUB_TITLE",
          "placeholder"}  # fmt: skip
DEFINITIONS = {"render", "render_lines", "__rich__", "__rich_console__", "__visual__"}

# The few places that may: file, what, and the function it stands in.
ALLOWED = {
    (CONSOLE, "call of write", "copy"),
    # The driver's own way out, through which passes what was painted.
    ("tui/flow.py", "call of write", "write"),
    (APP, "print", "_tell"),
    (OUTPUT, "print", "say"),
    (OUTPUT, "print", "narrate"),
    ("cli/encode.py", "print", "print_json"),
    ("cli/spool.py", "print", "print_spool"),
    ("cli/failures.py", "print", "explain"),
    (PROMPT, "a field's text", "_put"),
    # A worker of the demo is a process of its own, whose output goes to its parent and to a log.
    ("backends/demo/worker.py", "call of write", "_tell"),
    ("backends/demo/worker.py", "call of write", "_say"),
}
"""What passes the gate by itself, or is JSON in ASCII, or goes to no terminal."""


def imports(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def functions(tree: ast.AST) -> dict[ast.AST, str]:
    """Which function each node stands in."""
    where: dict[ast.AST, str] = {}
    for outer in ast.walk(tree):
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef):
            where.update(dict.fromkeys(ast.walk(outer), outer.name))
    return where


def named(node: ast.expr) -> str:
    """The last part of what is called, so that an alias of a module changes nothing."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def printing(node: ast.AST) -> Iterator[str]:
    """Ways to a terminal that are open everywhere."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("print", "input"):
        yield node.func.id
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        owner = ast.unparse(node.func.value)
        if owner.split(".")[-1].strip("_") in ("stdout", "stderr") and node.func.attr.startswith("write"):
            yield "call of write"
        if owner == "os" and node.func.attr in ("write", "writev"):
            yield "call of write"
        if node.func.attr in ("print_exception", "print_exc", "showwarning"):
            yield f"call of {node.func.attr}"


def showing(node: ast.AST, file: str) -> Iterator[str]:
    """Ways to the screen that are open in the console."""
    for name in imports(node):
        if name.startswith(SHOWING) and file not in LIBRARY.get(name, ()):
            yield f"import of {name}"
    if isinstance(node, ast.Call):
        yield from showing_calls(node, file)
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        attributes = [each for each in targets if isinstance(each, ast.Attribute)]
        if any(each.attr in TITLES for each in attributes):
            yield "a title"
        if any(ast.unparse(each).endswith("input.value") for each in attributes):
            yield "a field's text"
    if isinstance(node, ast.FunctionDef) and node.name in DEFINITIONS:
        yield f"def {node.name}"


def showing_calls(node: ast.Call, file: str) -> Iterator[str]:
    called = named(node.func)
    owner = ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else ""
    given = {each.arg for each in node.keywords}
    if file != PAINT and (called in ("Strip", "Segment") or owner == "Strip"):
        yield "a strip made outside the painter"
    if owner and owner != "file" and called in CALLS:
        yield f"call of {called}"
    if called in ("exit", "panic") and "message" in given:
        yield "a message that is printed at the end"
    if given & {"tooltip", "placeholder", "border_title"}:
        yield "a title"


def leaks(source: str, file: str) -> list[str]:
    """What in a file would show text that did not pass the gate."""
    tree = ast.parse(source)
    where = functions(tree)
    found = []
    for node in ast.walk(tree):
        ways = list(printing(node))
        if file.startswith("tui/"):
            ways += [way for way in showing(node, file) if way not in ways]
        for way in ways:
            if (file, way, where.get(node, "")) not in ALLOWED:
                found.append(f"{file}:{getattr(node, 'lineno', 0)}: {way}")
    return found


def test_no_other_way_leads_from_data_to_the_screen() -> None:
    ours = tuple(f"{folder.name}/" for folder in folders().values())
    found = [
        leak
        for path in python_files()
        if relative(path).startswith(ours)
        for leak in leaks(path.read_text(encoding="utf-8"), relative(path))
    ]
    assert not found


@pytest.mark.parametrize(
    "source",
    [
        "from textual.widgets import Static",
        "from textual.widgets import Label as Words",
        "import rich.text",
        "from rich.segment import Segment",
        "from textual.content import Content",
        "strip = Strip([])",
        "strip = Strip.blank(3)",
        "self.app.notify(job.error)",
        "self.notify(job.error, markup=False)",
        "self.border_title = job.kind",
        "self.app.sub_title = source.name",
        "button = Widget(tooltip=job.id)",
        "self._driver.write(text)",
        "self._input.value = job.id",
        "self.app.copy_to_clipboard(job.id)",
        "self.exit(1, message=str(error))",
        "class Row:\n def render(self): return job.error",
        "traceback.print_exception(error)",
        "print(error)",
        "sys.__stderr__.write(text)",
    ],
)
def test_each_of_these_ways_is_found_in_the_console(source: str) -> None:
    assert leaks(source, "tui/screens/new.py")


@pytest.mark.parametrize(
    "source",
    [
        "print(job.error)",
        "def run():\n print(safe(job.error))",
        "sys.stdout.write(job.error)",
        "sys.stderr.writelines(lines)",
        "os.write(1, data)",
        "input(job.error)",
        "traceback.print_exc()",
    ],
)
@pytest.mark.parametrize("folder", ["cli", "backends", "recovery", "themes"])
def test_each_of_these_ways_is_found_on_the_command_line(source: str, folder: str) -> None:
    assert leaks(source, f"{folder}/new.py")


def gated(file: str, function: str, gate: str) -> list[bool]:
    """For each call of `function` in a file, whether its first argument comes out of `gate`."""
    source = (ROOT / file).read_text(encoding="utf-8")
    calls = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and named(node.func) == function
    ]
    return [isinstance(call.args[0], ast.Call) and named(call.args[0].func) == gate for call in calls]


@pytest.mark.parametrize(
    ("file", "function", "gate"),
    [
        (OUTPUT, "print", "_shown"),
        (APP, "print", "display_text"),
        (CONSOLE, "osc52", "display_text"),
        (PAINT, "clip", "display_text"),
        (PROMPT, "insert_text_at_cursor", "display_text"),
        ("cli/encode.py", "print", "dumps"),
        ("cli/spool.py", "print", "only_ascii"),
        ("cli/failures.py", "print", "dumps"),
    ],
)
def test_the_doors_themselves_have_the_gate(file: str, function: str, gate: str) -> None:
    found = gated(file, function, gate)
    assert found
    assert all(found)


def test_json_is_printed_in_ascii_only() -> None:
    for file in ("cli/encode.py", "cli/failures.py"):
        assert "ensure_ascii=False" not in (ROOT / file).read_text(encoding="utf-8")
