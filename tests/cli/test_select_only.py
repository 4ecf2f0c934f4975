"""An account that may only SELECT is enough for everything but actions, on PostgreSQL and MariaDB."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.cli.test_accounts import execute, give, reader
from tests.systems.databases import dialect_of, in_database
from tests.tui.driver import console
from unstick.backends import create_backend, install_journal
from unstick.cli import main
from unstick.recovery.engine import apply
from unstick.recovery.plan import Options
from unstick.recovery.query import Query
from unstick.recovery.source import Source

__all__ = ["reader"]

Run = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(params=["postgresql", "mariadb"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database on a server that knows accounts."""
    name = {"postgresql": "postgres_url", "mariadb": "mariadb_url"}[request.param]
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture
async def operation(reader: str, database_url: str) -> str:
    """An operation of the administrator's in the journal in the database, which the account may read."""
    source = Source("admin", database_url)
    await install_journal(source, apply=True)
    if dialect_of(database_url) == "postgresql":
        await execute(database_url, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker")
    backend = create_backend(source)
    await backend.open()
    page = await backend.page(Query(stuck_only=True, limit=1))
    result = await apply(backend, await backend.plan("recover", [page.rows[0].id], Options()))
    assert result.counts.applied == 1
    await backend.close()
    return result.operation


@pytest.fixture
def run(reader: str, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a verb as the account."""

    def once(*words: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = main([*words, "--source", reader, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return once


def everything(url: str) -> list[tuple[object, ...]]:
    tables = ("collection_jobs", "collection_changes", "unstick_operations", "unstick_operation_rows")

    def work(connection: sa.Connection) -> list[tuple[object, ...]]:
        return [tuple(row) for one in tables for row in connection.exec_driver_sql(f"SELECT * FROM {one}")]

    return asyncio.run(in_database(url, work))


def test_everything_but_actions_works(operation: str, run: Run, database_url: str) -> None:
    before = everything(database_url)
    code, jobs = run("jobs", "--stuck")
    assert (code, jobs["shown"] > 0) == (0, True)
    job = jobs["jobs"][0]["id"]
    assert run("jobs", "--filter", "age>1h")[0] == 0
    assert run("show", job)[1]["job"]["verdict"] is not None
    assert run("variants")[1]["variants"]
    assert [one["operation"] for one in run("history")[1]["attempts"]] == [operation]
    assert run("stats", "--since", "90d")[1]["jobs"]["total"] > 0
    assert [one["id"] for one in run("operations")[1]["operations"]] == [operation]
    assert run("operations", operation)[1]["operation"]["rows"]
    assert run("migrate")[0] == 0
    failed = run("jobs", "--state", "failed")[1]["jobs"][0]["id"]
    for words in (("recover",), ("recover", job), ("retry", failed), ("delete", failed)):
        code, plan = run(*words, "--dry-run")
        assert (code, plan["planned"] > 0, plan["dry_run"]) == (0, True, True)
    assert run("undo", operation, "--dry-run")[1]["planned"] == 1
    code, told = run("doctor")
    assert code == 1
    wrong = [check for check in told["checks"] if not check["ok"]]
    assert {check["name"] for check in wrong} - {"problem"} == {"writing"}
    assert all("GRANT" in check["advice"] + check["detail"] for check in wrong)
    assert "recover not (without UPDATE collection_jobs)" in str(told)
    assert run("doctor", "--read-only")[0] == (1 if any(c["name"] == "problem" for c in wrong) else 0)
    assert everything(database_url) == before


def test_actions_name_every_privilege_that_is_missing_before_anything_is_changed(
    operation: str, run: Run, database_url: str, tmp_path: Path
) -> None:
    before = everything(database_url)
    plan = tmp_path / "plan.json"
    job = run("jobs", "--stuck")[1]["jobs"][0]["id"]
    failed = run("jobs", "--state", "failed")[1]["jobs"][0]["id"]
    assert run("recover", job, "--dry-run", "--out", str(plan))[0] == 0
    wanted = {
        ("recover", job): ["GRANT UPDATE ON collection_jobs TO"],
        ("retry", failed): ["GRANT UPDATE ON collection_jobs TO"],
        ("delete", failed): ["GRANT DELETE ON collection_jobs TO", "GRANT DELETE ON collection_changes TO"],
        ("apply", str(plan)): ["GRANT UPDATE ON collection_jobs TO"],
        ("undo", operation): ["GRANT UPDATE ON collection_jobs TO"],
    }
    for words, grants in wanted.items():
        code, told = run(*words, "--yes")
        assert (words, code) == (words, 3)
        assert told["error"].endswith("; nothing was changed")
        for grant in grants:
            assert grant in told["error"]
    assert everything(database_url) == before


def test_what_is_named_is_enough(operation: str, run: Run, database_url: str) -> None:
    failed = run("jobs", "--state", "failed")[1]["jobs"][0]["id"]
    for words in (("undo", operation), ("recover",), ("delete", failed)):
        for _ in range(3):
            code, told = run(*words, "--yes")
            if code == 0:
                break
            assert "error" in told, told
            for part in told["error"].replace(": GRANT", "; GRANT").split("; "):
                if "GRANT" in part:
                    asyncio.run(give(database_url, part))
        assert (code, told["outcomes"]["applied"] > 0) == (0, True)


async def test_the_console_shows_the_jobs(reader: str) -> None:
    source = Source("looker", reader, refresh_s=3600.0)
    async with console(others=[(lambda: create_backend(source), source)], size=(120, 40)) as c:
        await c.press("]")
        await c.until_shows("looker")
        await c.until_shows("JOB-")
