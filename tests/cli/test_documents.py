"""What each command prints as JSON has exactly the keys that docs/json.md tells."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.arch.pages.documents import mistakes, seen
from tests.arch.pages.shapes import DOCUMENTS, Document
from tests.arch.pages.shapes_objects import OBJECTS
from unstick.backends.demo.database import create
from unstick.cli import main
from unstick.cli.verbs import VERBS

pytestmark = pytest.mark.slow
Ask = Callable[..., dict[str, Any]]

WHICH = {document.command: document for found in DOCUMENTS.values() for document in found}
SYSTEM = "feedlyai"
"""A system with variants, steps and actions of its own; the journal may be in its database."""


@pytest.fixture
def paths(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Path]:
    """The demo's databases as configured sources, each with a hook that nobody answers."""
    made = create(tmp_path / "demo")
    folder = home / ".config" / "unstick"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("".join(
        f'[sources.{name}]\nurl = "sqlite:///{path.resolve()}"\n'
        f'[sources.{name}.hooks.retry]\nurl = "http://127.0.0.1:1/{{job}}"\n'
        for name, path in made.items()
    ))  # fmt: skip
    return made


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    """Runs a command and returns the object it printed."""

    def run(*argv: str) -> dict[str, Any]:
        main([*argv, "--json"])
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert set(found) != {"error", "exit_code"}, found
        return found

    return run


def wrong(command: str, value: Mapping[str, Any]) -> list[str]:
    return sorted({f"{command}: {mistake}" for mistake in mistakes(WHICH[command].keys, value)})


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_declares_what_it_prints(verb: str) -> None:
    assert DOCUMENTS.get(verb), f"tests/arch/pages/shapes.py has no keys of {verb}"


def test_nothing_else_is_declared() -> None:
    assert set(DOCUMENTS) == set(VERBS)


def commands(ask: Ask, source: str, folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Do on one source all that the verbs can do, and yield what they print."""
    at = ("--source", source)
    jobs = ask("jobs", "--limit", "0", *at)
    yield "jobs", jobs
    variants = ask("variants", *at)
    yield "variants", variants
    for job in jobs["jobs"][:15]:
        yield "show JOB", ask("show", job["id"], *at)
    for each in variants["variants"][:3]:
        yield "show JOB/VARIANT", ask("show", f"{each['job']}/{each['id']}", *at)
    plan = str(folder / f"{source}.json")
    yield "recover …", ask("recover", "--dry-run", "--out", plan, *at)
    yield "apply …", ask("apply", plan, "--dry-run", *at)
    yield "apply …", ask("apply", plan, "--yes", *at)
    yield "show JOB", ask("show", ask("history", *at)["attempts"][0]["job"], *at)
    yield "undo …", ask("undo", "last", "--yes", *at)
    retry = ask("retry", "--filter", "is:failed", "--yes", *at)
    yield "retry …", retry
    yield "delete …", ask("delete", jobs["jobs"][0]["id"], "--dry-run", *at)
    yield "operations", ask("operations", *at)
    yield "operations --since …", ask("operations", "--since", "1h", *at)
    yield "history", ask("history", *at)
    yield "stats", ask("stats", "--since", "900d", *at)
    yield "sweep --once", ask("sweep", "--once", *at)
    yield "doctor --source NAME", ask("doctor", *at)
    yield "migrate", ask("migrate", *at)
    if retry["operation"]:
        yield "hooks OPERATION", ask("hooks", retry["operation"], *at)
        yield "operations ID", ask("operations", retry["operation"], *at)


def test_each_command_prints_exactly_the_declared_keys(
    paths: Mapping[str, Path], ask: Ask, tmp_path: Path
) -> None:
    met: dict[str, set[str]] = {}
    found: list[str] = []
    for source in paths:
        for command, value in commands(ask, source, tmp_path):
            found += wrong(command, value)
            met.setdefault(command, set()).update(seen(WHICH[command].keys, value))
    assert not found
    lists = {"alert target", "problem", "reason left out", "named reason", "checked source", "format change"}
    elsewhere = {"profile", "tour", "tour stuck", "action", *lists}
    assert set(OBJECTS) - set().union(*met.values()) - elsewhere == set()


def test_the_verbs_without_a_database_too(paths: Mapping[str, Path], ask: Ask, tmp_path: Path) -> None:
    alerting = tmp_path / "alerting.toml"
    alerting.write_text('[alerts]\ntargets = ["json://127.0.0.1:1", { env = "NOT_SET" }]\n')
    printed = {
        "alerts test": ask("alerts", "test", "--dry-run", "--config", str(alerting)),
        "doctor": ask("doctor"),
        "profiles": ask("profiles"),
        "profiles NAME": ask("profiles", SYSTEM),
        "config show": ask("config", "show"),
        "config path": ask("config", "path"),
        "config migrate": ask("config", "migrate"),
        "completion SHELL": ask("completion", "bash"),
        "demo --path": ask("demo", "--path", "--dir", str(tmp_path)),
        "demo --once": ask("demo", "--once", SYSTEM),
        "init URL": ask("init", f"sqlite:///{paths[SYSTEM]}", "--name", "other"),
    }
    assert [mistake for command, value in printed.items() for mistake in wrong(command, value)] == []


def test_a_source_that_is_down_is_a_declared_problem(
    paths: Mapping[str, Path], ask: Ask, tmp_path: Path
) -> None:
    paths["artitec"].unlink()
    value = ask("operations", "--since", "1h")
    assert wrong("operations --since …", value) == []
    assert [problem["source"] for problem in value["problems"]] == ["artitec"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"path": "p"}, "exists is missing"),
        ({"path": "p", "exists": True, "more": 1}, "more is not declared"),
        ({"path": ["p"], "exists": True}, "path holds more than one value"),
    ],
)
def test_a_key_that_differs_is_found(value: dict[str, Any], said: str) -> None:
    document: Document = WHICH["config path"]
    assert list(mistakes(document.keys, value)) == [said]
