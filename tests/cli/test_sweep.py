"""`unstick sweep`: one run and many, several sources, limits, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import URL, Cli
from unstick.recovery.memory import MemoryBackend

KEYS = {
    *("source", "mode", "number", "at", "took_s", "decision", "told", "stuck", "found", "planned", "waiting"),
    *("at_limit", "left_out", "brake", "outcomes", "rows", "operation", "leader", "problem", "down"),
}


def test_one_run_recovers_what_is_stuck_and_says_so(cli: Cli) -> None:
    ran = cli("sweep", "--once")
    assert ran.code == 0
    assert "memory.db: recovered 5; operation " in ran.out
    assert cli.stuck() == []
    assert "all clear: nothing is stuck" in cli("sweep", "--once").out


def test_a_shadow_says_what_it_would_do_and_changes_nothing(cli: Cli) -> None:
    before = cli.stuck()
    ran = cli("sweep", "--once", "--shadow")
    assert (ran.code, cli.stuck()) == (0, before)
    assert "memory.db: would recover 5 rows" in ran.out


def test_json_has_each_run_with_its_rows(cli: Cli) -> None:
    expected = cli.stuck()
    [run] = cli("sweep", "--once", "--json").json["runs"]
    assert set(run) == KEYS
    assert (run["source"], run["decision"], run["found"], run["planned"]) == ("memory.db", "recover", 5, 5)
    assert sorted(row["job"] for row in run["rows"]) == sorted(expected)
    assert run["outcomes"]["applied"] == 5
    assert cli("operations", run["operation"], "--json").json["operation"]["reason"] == "background sweep"


def test_the_cap_and_the_brake_are_set_on_the_command_line(cli: Cli) -> None:
    cli.backend = MemoryBackend.example(60, 40)
    ran = cli("sweep", "--once")
    assert ran.code == 1
    assert "brake: " in ran.out
    assert len(cli.stuck()) == 40
    assert "recovered 7; 33 wait for the next runs" in cli("sweep", "--once", "--no-brake", "--cap", "7").out


def test_a_timeout_counts_for_every_rule(cli: Cli) -> None:
    assert "all clear" in cli("sweep", "--once", "--timeout", "never").out
    assert "recovered 5" in cli("sweep", "--once", "--timeout", "30").out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--every", "soon"), "--every: 'soon' is not a duration"),
        (("--every", "never"), "--every: 'never' is too short"),
        (("--every", "0"), "--every: '0' is too short; write at least 1s (a plain number is minutes)"),
        (("--once", "--cap", "0"), "--cap: a run needs at least one row, not 0"),
        (("--once", "--every", "5"), "not allowed with argument"),
        (("--once", "--timeout", "0"), "--timeout: '0' is too short"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(cli: Cli, options: tuple[str, ...], told: str) -> None:
    ran = cli("sweep", *options)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err


def test_a_row_that_is_refused_is_an_exit_code(cli: Cli) -> None:
    for job in cli.stuck():
        cli.backend.worker.break_row(job, "check constraint")  # type: ignore[arg-type]
    ran = cli("sweep", "--once")
    assert ran.code == 1
    assert "recovered 0, failed 5" in ran.out


def test_a_source_that_is_away_is_an_exit_code_and_a_sentence(cli: Cli) -> None:
    cli.prepare = MemoryBackend.go_down
    ran = cli("sweep", "--once")
    assert ran.code == 3
    assert "memory.db: the run failed: " in ran.out


def test_prod_is_swept_only_with_write(prod: Cli) -> None:
    ran = prod("sweep", "--once")
    assert (ran.code, ran.out) == (3, "")
    assert "live is read-only; add --write to recover what is stuck, or --shadow to only tell" in ran.err
    assert "would recover 5 rows" in prod("sweep", "--once", "--shadow").out
    assert "recovered 5" in prod("sweep", "--once", "--write").out


def test_all_configured_sources_are_swept_and_one_that_is_wrong_stops_none(
    cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UNSTICK_SOURCE")
    folder = home / ".config" / "unstick"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(
        '[sources.one]\nurl = "sqlite:///one.db"\n'
        '[sources.lost]\nurl_env = "NOT_SET"\n'
        '[sources.look]\nurl = "sqlite:///two.db"\nread_only = true\nsweep = { cap = 2 }\n'
    )
    ran = cli("sweep", "--once", "--shadow", "--json")
    runs = {run["source"]: run for run in json.loads(ran.out)["runs"]}
    assert set(runs) == {"one", "look"}
    assert (runs["look"]["planned"], runs["look"]["waiting"]) == (2, 3)
    assert ran.code == 2
    assert "unstick: lost: " in ran.err
    assert "NOT_SET" in ran.err
    armed = cli("sweep", "--once")
    assert "note: look is read-only (--write opens it): it is only told about" in armed.err
    assert "one: recovered 5" in armed.out


def test_a_source_that_is_away_holds_up_no_other(cli: Cli) -> None:
    cli.prepare = lambda backend: backend.go_down() if backend.source == "away.db" else None
    ran = cli("sweep", "--once", "--json", "--source", "sqlite:///away.db", URL)
    away, here = ran.json["runs"]
    assert (away["source"], away["decision"], away["down"]) == ("away.db", "failed", True)
    assert (here["decision"], here["outcomes"]["applied"]) == ("recover", 5)
    assert ran.code == 3


def test_a_name_given_twice_is_swept_once(cli: Cli) -> None:
    assert len(cli("sweep", "--once", "--json", "--source", URL, URL).json["runs"]) == 1
