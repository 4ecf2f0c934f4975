"""The command line on the three databases, from the first look to the undo."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.systems.databases import create_tables, dialect_of, in_database
from unstick.backends.demo import seed
from unstick.cli import main

pytestmark = pytest.mark.slow


@pytest.fixture(params=["artitec", "extraction"])
def url(request: pytest.FixtureRequest, database_url: str) -> str:
    """A database full of ordinary and hostile rows."""
    system: str = request.param

    def fill(connection: sa.Connection) -> None:
        seed.insert(connection, system, seed.rows(system))
        seed.insert(connection, system, seed.hostile_rows(system, dialect_of(database_url)))

    asyncio.run(create_tables(database_url, system))
    asyncio.run(in_database(database_url, fill))
    return database_url


def test_from_the_first_look_to_the_undo(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("UNSTICK_SOURCE", url)

    def unstick(*argv: str, code: int = 0) -> dict[str, Any]:
        assert main([*argv, "--json"]) == code
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    stuck = {job["id"] for job in unstick("jobs", "--stuck", "--check", code=5)["jobs"]}
    assert unstick("doctor")["ok"]
    before = {job["id"]: job["status"] for job in unstick("jobs", "--limit", "0")["jobs"]}
    planned = unstick("recover", "--dry-run")
    named = {row["job"] for row in (*planned["changes"], *planned["left_out"])}
    assert named == stuck
    file = str(tmp_path / "plan.json")
    unstick("recover", "--dry-run", "--out", file)
    standing = unstick("apply", file, "--dry-run")["standing"]
    assert {row["outcome"] for row in standing} == {"applied"}
    done = unstick("recover", "--yes", "--reason", "test")
    standing = unstick("apply", file, "--dry-run", code=1)["standing"]
    assert {row["outcome"] for row in standing} == {"drifted"}
    assert done["outcomes"]["applied"] == planned["planned"] > 0
    assert done["report"]
    assert unstick("jobs", "--stuck")["shown"] == len(planned["left_out"])
    assert unstick("operations", done["operation"])["operation"]["reason"] == "test"
    unstick("undo", done["operation"], "--yes")
    assert {job["id"]: job["status"] for job in unstick("jobs", "--limit", "0")["jobs"]} == before
    for argv in (["jobs", "--limit", "0"], ["recover", "--dry-run"], ["history"], ["stats"], ["operations"]):
        assert main(argv) == 0
        shown = capsys.readouterr()
        assert not {"\x1b", "\x9b", "\x07", "\u202e"} & set(shown.out + shown.err)


@pytest.mark.parametrize("installed", [True, False], ids=["in the database", "in the local file"])
def test_the_timeline_is_exported_wherever_the_journal_is(
    url: str, installed: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNSTICK_SOURCE", url)
    if installed:
        assert main(["migrate", "--apply", "--yes"]) == 0
    assert main(["recover", "--yes", "--reason", "worker died"]) == 0
    assert main(["undo", "last", "--yes"]) == 0
    capsys.readouterr()
    assert main(["operations", "--since", "1h", "--csv"]) == 0
    lines = list(csv.DictReader(io.StringIO(capsys.readouterr().out, newline="")))
    assert list(dict.fromkeys(line["action"] for line in lines)) == ["recover", "undo"]
    half = len(lines) // 2
    done, undone = lines[:half], lines[half:]
    assert {line["undone_by"] for line in done} == {line["operation"] for line in undone}
    pairs = zip(sorted(done, key=_of), sorted(undone, key=_of), strict=True)
    for before, after in pairs:
        assert before["outcome"] == after["outcome"] == "applied"
        assert json.loads(before["before"])["status"] == json.loads(after["after"])["status"]


def _of(line: dict[str, str]) -> tuple[str, str]:
    return (line["job"], line["variant"])
