"""Verbs that change rows: plan, confirm, apply, journal, undo."""

from __future__ import annotations

import os
import signal
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import NAME, Cli
from unstick.recovery.errors import QueryTimeout, Unreachable
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.model import JobId

KEYS = [
    *("source", "profile", "action", "dry_run", "plan_id", "found", "planned", "left_out", "changes", "sql"),
    *("warnings", "hooks", "outcomes", "rows", "operation", "undoes", "report"),
]


def states(cli: Cli) -> dict[str, str]:
    return {job["id"]: job["status"] for job in cli("jobs", "--json", "--limit", "0").json["jobs"]}


def test_recover_without_a_job_means_every_stuck_one(cli: Cli) -> None:
    stuck = cli.stuck()
    done = cli("recover", "--yes", "--json").json
    assert list(done) == KEYS
    assert [row["job"] for row in done["rows"]] == [change["job"] for change in done["changes"]]
    assert sorted(row["job"] for row in done["rows"]) == sorted(stuck)
    assert done["outcomes"] == {"applied": 5, "drifted": 0, "missing": 0, "busy": 0, "failed": 0}
    assert (done["found"], done["planned"], done["dry_run"], done["source"]) == (5, 5, False, NAME)
    assert set(done["rows"][0]) == {"job", "variant", "outcome", "detail", "hook", "already"}
    assert {"job", "variant", "before", "after", "evidence"} <= set(done["changes"][0])
    assert cli.stuck() == []


def test_recovering_again_is_all_clear(cli: Cli) -> None:
    cli("recover", "--yes")
    ran = cli("recover", "--yes")
    assert ran.code == 0
    assert "all clear" in ran.err


def test_a_dry_run_changes_nothing(cli: Cli) -> None:
    before = states(cli)
    ran = cli("recover", "--dry-run")
    assert ran.code == 0
    assert "status: running -> failed" in ran.out
    assert "SQL:" in ran.out
    found = cli("recover", "--dry-run", "--json").json
    assert (found["dry_run"], found["operation"], found["rows"]) == (True, None, [])
    assert sum(found["outcomes"].values()) == 0
    assert states(cli) == before


def test_without_a_terminal_a_write_needs_yes(cli: Cli) -> None:
    before = states(cli)
    ran = cli("recover")
    assert ran.code == 2
    assert "--yes" in ran.err
    assert (cli.opened[1:], states(cli)) == ([], before)


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("yes\n", 0), ("n\n", 2), ("\n", 2), ("", 2)])
def test_on_a_terminal_it_asks(cli: Cli, answer: str, code: int) -> None:
    ran = cli("recover", answers=answer)
    assert ran.code == code
    assert "recover 5 rows" in ran.err
    assert len(cli.stuck()) == (0 if code == 0 else 5)


@pytest.mark.parametrize(("answer", "code"), [("y\n", 2), ("60\n", 2), ("{n}\n", 0)])
def test_for_many_rows_their_number_is_typed(cli: Cli, answer: str, code: int) -> None:
    planned = cli("delete", "--filter", "!state:running", "--dry-run", "--json").json["planned"]
    assert planned > 20
    assert cli("delete", "--filter", "!state:running", answers=answer.format(n=planned)).code == code


def test_jobs_can_be_named(cli: Cli) -> None:
    one, *rest = cli.stuck()
    done = cli("recover", one, one, "--yes", "--json").json
    assert [row["job"] for row in done["rows"]] == [one]
    assert sorted(cli.stuck()) == sorted(rest)


def test_a_named_job_that_is_left_out_shows_in_the_exit_code(cli: Cli) -> None:
    running = cli.stuck()[0]
    ran = cli("retry", running, "--yes", "--json")
    assert ran.code == 1
    assert [row["job"] for row in ran.json["left_out"]] == [running]
    assert "running" in ran.json["left_out"][0]["reason"]
    assert cli("retry", running, "--dry-run").code == 0


def test_retry_by_filter(cli: Cli) -> None:
    failed = [job["id"] for job in cli("jobs", "--state", "failed", "--json").json["jobs"]]
    done = cli("retry", "--filter", "state:failed", "--yes", "--json").json
    assert sorted(row["job"] for row in done["rows"]) == sorted(failed)


@pytest.mark.parametrize("verb", ["retry", "delete"])
def test_only_recover_may_mean_all(cli: Cli, verb: str) -> None:
    ran = cli(verb, "--yes")
    assert ran.code == 2
    assert "never means all" in ran.err


def test_names_and_filter_do_not_go_together(cli: Cli) -> None:
    assert cli("retry", "1", "--filter", "state:failed", "--yes").code == 2


def test_timeout_overrides_every_rule_with_a_clock(cli: Cli) -> None:
    assert cli("recover", "--timeout", "never", "--dry-run", "--json").json["found"] == 0
    assert cli("recover", "--timeout", "1s", "--dry-run", "--json").json["found"] > 5


def test_max_refuses_a_bigger_plan(cli: Cli) -> None:
    ran = cli("recover", "--max", "3", "--yes")
    assert ran.code == 2
    assert len(cli.stuck()) == 5
    assert cli("recover", "--max", "0", "--yes").code == 2


def test_a_row_that_moves_on_is_reported(cli: Cli) -> None:
    moved = cli.stuck()[0]

    def finish(backend: MemoryBackend) -> None:
        backend.on_apply = lambda rows: backend.worker.finish(JobId(moved))

    cli.prepare = finish
    ran = cli("recover", "--yes", "--json")
    assert ran.code == 1
    assert ran.json["outcomes"]["drifted"] == 1
    assert ran.json["outcomes"]["applied"] == 4
    assert sum(ran.json["outcomes"].values()) == ran.json["planned"] == 5


def test_a_plan_is_saved_and_applied_later(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    planned = cli("recover", "--dry-run", "--out", str(file), "--json").json
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    done = cli("apply", str(file), "--yes", "--json").json
    assert done["plan_id"] == planned["plan_id"]
    assert done["outcomes"]["applied"] == 5
    again = cli("apply", str(file), "--yes", "--json")
    assert again.json["operation"] == done["operation"]
    assert cli.stuck() == []


def test_a_changed_plan_is_refused(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    cli("recover", "--dry-run", "--out", str(file))
    file.write_text(file.read_text().replace("running", "pending"))
    assert cli("apply", str(file), "--yes").code == 2
    assert cli("apply", str(tmp_path / "none"), "--yes").code == 2
    assert cli("recover", "--dry-run", "--out", str(tmp_path / "no" / "folder")).code == 2


def test_undo_puts_back(cli: Cli) -> None:
    before = states(cli)
    operation = cli("recover", "--yes", "--json").json["operation"]
    assert "put back" in cli("undo", operation, "--dry-run").out
    assert states(cli) != before
    undone = cli("undo", operation, "--yes", "--json").json
    assert (undone["action"], undone["undoes"]) == ("undo", operation)
    assert states(cli) == before
    assert cli("undo", "nope", "--yes").code == 2


def test_other_actions_by_name(cli: Cli) -> None:
    assert cli("act", "recover", "--yes", "--json").json["action"] == "recover"
    ran = cli("act", "explode", "--stuck", "--yes")
    assert ran.code == 2
    assert "recover" in ran.err


def test_a_read_only_source_says_why(cli: Cli) -> None:
    ran = cli("recover", "--yes", "--read-only")
    assert ran.code == 3
    assert "--write" in ran.err
    assert cli("recover", "--dry-run", "--read-only").code == 0


def test_prod_is_closed_until_write_and_wants_a_reason(prod: Cli) -> None:
    assert prod("recover", "--yes", "--reason", "r").code == 3
    assert "environment is prod" in prod("recover", "--yes").err
    ran = prod("recover", "--yes", "--write")
    assert (ran.code, "--reason" in ran.err) == (2, True)
    assert prod("recover", "--yes", "--write", "--reason", "r", "--json").json["outcomes"]["applied"] == 5


@pytest.mark.parametrize(("answers", "code"), [("because\nlive\n", 0), ("because\ny\n", 2), ("\nlive\n", 2)])
def test_in_prod_the_sources_name_is_typed(prod: Cli, answers: str, code: int) -> None:
    assert prod("recover", "--write", answers=answers).code == code


def test_errors_have_their_exit_codes(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    errors = [(Unreachable("no answer from mysql://ann:s3cret@db/x"), 3), (QueryTimeout("too slow"), 4)]
    for error, code in [*errors, (KeyboardInterrupt(), 130), (RuntimeError("s3cret=1 pwd=s3cret"), 1)]:

        async def fail(self: MemoryBackend, *_: object, error: BaseException = error) -> None:
            raise error

        monkeypatch.setattr(MemoryBackend, "plan", fail)
        ran = cli("recover", "--yes", "--json")
        assert (ran.code, ran.json["exit_code"]) == (code, code)
        assert ":s3cret" not in ran.out
        assert "pwd=s3cret" not in ran.out
        assert "Traceback" not in ran.out + ran.err
        assert cli("recover", "--yes").code == code


def test_ctrl_c_stops_between_two_chunks_and_tells_what_was_done(cli: Cli) -> None:
    cli.backend = MemoryBackend.example(1200, 1100)

    def interrupt(backend: MemoryBackend) -> None:
        backend.on_apply = lambda rows: os.kill(os.getpid(), signal.SIGINT)

    cli.prepare = interrupt
    ran = cli("recover", "--yes", "--json")
    assert ran.code == 130
    assert ran.json["outcomes"] == {"applied": 500, "drifted": 0, "missing": 0, "busy": 0, "failed": 600}
    assert "stopping after this chunk" in ran.err
    cli.prepare = lambda backend: None
    assert len(cli.stuck()) == 100


def test_a_lost_database_leaves_a_full_account(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    async def lost(self: MemoryBackend, *_: object) -> None:
        raise QueryTimeout("the statement ran into its limit")

    monkeypatch.setattr(MemoryBackend, "apply_chunk", lost)
    ran = cli("recover", "--yes", "--json")
    assert ran.code == 4
    assert (ran.json["exit_code"], ran.json["outcomes"]["failed"]) == (4, 5)
    assert "limit" in ran.json["error"]


@pytest.mark.parametrize("verb", ["recover", "jobs"])
@pytest.mark.parametrize("silence", ["0", "0s", "0.5s"])
def test_a_timeout_that_every_living_worker_exceeds_is_refused(
    cli: Cli, verb: str, silence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = ["--yes"] if verb == "recover" else []
    before = states(cli)
    ran = cli(verb, "--timeout", silence, *more)
    assert (ran.code, "at least 1s" in ran.err, states(cli)) == (2, True, before)
    monkeypatch.setenv("UNSTICK_TIMEOUT", silence)
    ran = cli(verb, *more)
    assert (ran.code, "UNSTICK_TIMEOUT" in ran.err) == (2, True)


def test_a_threshold_in_the_configuration_is_a_second_at_least(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('[sources.a]\nurl = "sqlite:///x"\nthresholds = { stuck = 0 }\n')
    ran = cli("jobs", "--config", str(file))
    assert (ran.code, f"{file}:3: sources.a.thresholds.stuck: must be at least 1s" in ran.err) == (2, True)


def test_a_rate_and_a_brake_are_set_on_the_command_line(cli: Cli) -> None:
    cli.backend = MemoryBackend.example(1400, 1100)
    for job in cli("jobs", "--stuck", "--limit", "2000", "--json").json["jobs"]:
        cli.backend.worker.break_row(job["id"], "check constraint")
    ran = cli("recover", "--yes", "--json", "--max-rate", "100000")
    assert ran.code == 1
    assert ran.json["error"] == "stopped by the brake: 500 of 500 rows failed, the last one: check constraint"
    assert ran.json["outcomes"]["failed"] == 1100
    assert len(ran.json["rows"]) == 500
    told = cli("recover", "--yes")
    assert "--no-brake goes on all the same" in told.err
    assert "stopped early: 600 rows not reached" in told.err
    assert len(cli("recover", "--yes", "--json", "--no-brake").json["rows"]) == 1100


@pytest.mark.parametrize("rate", ["0", "-1", "inf", "nan"])
def test_a_rate_that_is_none_is_refused(cli: Cli, rate: str) -> None:
    ran = cli("recover", "--yes", f"--max-rate={rate}")
    assert ran.code == 2
    assert "is no number of rows a second; write one above 0" in ran.err
    assert len(cli.stuck()) == 5
