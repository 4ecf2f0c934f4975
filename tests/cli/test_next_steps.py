"""What a command says about saved plans, and whether the next step that it names works."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import URL, Cli
from unstick.recovery.errors import QueryTimeout
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.model import JobId


@pytest.fixture
def plan(cli: Cli, tmp_path: Path) -> str:
    """A saved plan of five rows."""
    file = tmp_path / "plan.json"
    assert cli("recover", "--dry-run", "--out", str(file)).code == 0
    return str(file)


def test_a_dry_run_of_a_saved_plan_looks_at_the_rows_again(cli: Cli, plan: str) -> None:
    ran = cli("apply", plan, "--dry-run")
    assert (ran.code, "no longer" in ran.out, "5 rows would be" in ran.err) == (0, False, True)
    moved, gone, *_ = cli.stuck()
    cli.backend.worker.finish(JobId(moved))
    cli("delete", gone, "--yes")
    cli.backend.worker.remove(JobId(gone))
    ran = cli("apply", plan, "--dry-run")
    assert (ran.code, "3 rows would be" in ran.err) == (1, True)
    assert "no longer as planned: 2 of 5 rows" in ran.out
    found = cli("apply", plan, "--dry-run", "--json").json
    standing = {row["job"]: row["outcome"] for row in found["standing"]}
    assert (standing[moved], standing[gone]) == ("drifted", "missing")
    assert (found["dry_run"], sum(found["outcomes"].values())) == (True, 0)
    applied = cli("apply", plan, "--yes", "--json").json["rows"]
    assert {row["job"]: row["outcome"] for row in applied} == standing


def test_a_dry_run_of_a_plan_for_another_database_is_refused(cli: Cli, plan: str) -> None:
    cli.backend = MemoryBackend.example(60, 5, source="other")
    cli.prepare = lambda backend: None
    object.__setattr__(cli.backend, "database", "memory://elsewhere")
    ran = cli("apply", plan, "--dry-run")
    assert (ran.code, "the plan was made for" in ran.err) == (2, True)


def test_a_plan_that_was_applied_before_says_so(cli: Cli, plan: str) -> None:
    done = cli("apply", plan, "--yes", "--json").json["operation"]
    ran = cli("apply", plan, "--yes")
    assert ran.code == 0
    assert f"nothing was changed now; 5 rows were already applied by operation {done}" in ran.out
    ran = cli("apply", plan, "--dry-run")
    assert (ran.code, "0 rows would be" in ran.err) == (0, True)
    assert f"already applied by operation {done}" in ran.out


def test_the_next_step_is_a_command_that_works(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UNSTICK_SOURCE")
    file = str(tmp_path / "my plan.json")
    told = cli("recover", "--source", URL, "--dry-run", "--out", file).err
    step = shlex.split(told.partition("apply it with: ")[2].splitlines()[0])
    assert step == ["unstick", "apply", file, "--source", URL]
    ran = cli(*step[1:], "--yes")
    assert ran.code == 0
    undo = shlex.split(ran.out.partition("put back with: ")[2].partition(")")[0])
    assert cli(*undo[1:], "--yes").code == 0


def test_the_next_step_shows_no_password(cli: Cli, tmp_path: Path) -> None:
    file = str(tmp_path / "plan.json")
    ran = cli("recover", "--source", "postgresql://ann:s3cret@db/jobs", "--dry-run", "--out", file)
    assert "s3cret" not in ran.out + ran.err
    assert "--source URL" in ran.err


def test_what_to_do_about_rows_that_were_not_reached(
    cli: Cli, plan: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(self: MemoryBackend, *_: object) -> None:
        raise QueryTimeout("the statement ran into its limit")

    monkeypatch.setattr(MemoryBackend, "apply_chunk", lost)
    assert "run the same command again" in cli("recover", "--yes").err
    assert f"unstick apply {plan}" in cli("apply", plan, "--yes").err


def test_an_undo_that_leaves_rows_out_shows_in_the_exit_code(cli: Cli) -> None:
    operation = cli("recover", "--yes", "--json").json["operation"]
    assert cli("undo", operation, "--yes").code == 0
    again = cli("undo", operation, "--yes", "--json")
    assert again.code == 1
    assert len(again.json["left_out"]) == 5


@pytest.mark.parametrize("more", [[], ["--path"]])
def test_an_unknown_demo_is_a_mistake_in_usage(cli: Cli, tmp_path: Path, more: list[str]) -> None:
    ran = cli("demo", "extractoin", "--dir", str(tmp_path / "demo"), *more)
    assert (ran.code, "did you mean extraction?" in ran.err) == (2, True)
    assert not (tmp_path / "demo").exists()
