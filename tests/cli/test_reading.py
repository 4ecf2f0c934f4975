"""Verbs that only look."""

from __future__ import annotations

import pytest

from tests.cli.conftest import NAME, Cli


def test_jobs_are_listed_stuck_first(cli: Cli) -> None:
    ran = cli("jobs")
    lines = ran.out.splitlines()
    assert ran.code == 0
    assert lines[0].split() == ["STATE", "ID", "KIND", "STEP", "DONE", "TRY", "RUN", "IDLE", "WHY"]
    assert [line.split()[0] for line in lines[1:6]] == ["stuck"] * 5
    assert not lines[6].startswith("stuck")


def test_jobs_as_json(cli: Cli) -> None:
    found = cli("jobs", "--json", "--limit", "7").json
    assert list(found) == ["source", "profile", "now", "shown", "more", "jobs"]
    assert (found["source"], found["profile"], found["shown"], found["more"]) == (NAME, "artitec", 7, True)
    job = found["jobs"][0]
    assert {"id", "table", "state", "status", "kind", "retries", "verdict", "needs_person"} <= set(job)
    assert {"rule", "reason", "why", "age_s", "threshold_s", "evidence"} <= set(job["verdict"])
    assert isinstance(job["verdict"]["evidence"], dict)


def test_a_limit_of_none_lists_all(cli: Cli) -> None:
    found = cli("jobs", "--json", "--limit", "0").json
    assert (found["shown"], found["more"]) == (60, False)


@pytest.mark.parametrize("option", [("--state", "failed"), ("--filter", "state:failed")])
def test_jobs_can_be_chosen(cli: Cli, option: tuple[str, str]) -> None:
    jobs = cli("jobs", "--json", *option).json["jobs"]
    assert jobs
    assert {job["state"] for job in jobs} == {"failed"}


def test_jobs_can_be_sorted(cli: Cli) -> None:
    ids = [job["id"] for job in cli("jobs", "--json", "--sort", "id", "--limit", "0").json["jobs"]]
    turned = [
        job["id"] for job in cli("jobs", "--json", "--sort", "id", "--reverse", "--limit", "0").json["jobs"]
    ]
    assert turned == ids[::-1]


def test_check_tells_by_its_exit_code(cli: Cli) -> None:
    assert cli("jobs", "--stuck", "--check").code == 5
    assert cli("jobs", "--stuck", "--check", "--timeout", "never").code == 0
    assert cli("jobs", "--check").code == 2


def test_timeout_takes_minutes(cli: Cli) -> None:
    few = cli("jobs", "--stuck", "--json", "--timeout", "600").json["shown"]
    same = cli("jobs", "--stuck", "--json", "--timeout", "10h").json["shown"]
    assert few == same < 5


def test_nothing_stuck_is_said_in_words(cli: Cli) -> None:
    ran = cli("jobs", "--stuck", "--timeout", "never")
    assert (ran.code, ran.out) == (0, "")
    assert "all clear" in ran.err


def test_show_tells_why(cli: Cli) -> None:
    job = cli.stuck()[0]
    ran = cli("show", job)
    assert ran.code == 0
    assert "stuck: " in ran.out
    assert "threshold" in ran.out
    found = cli("show", job, "--json").json
    assert list(found) == ["source", "profile", "job", "variants", "attempts", "events"]
    assert found["job"]["fields"]


def test_show_of_no_job(cli: Cli) -> None:
    ran = cli("show", "nope", "--json")
    assert ran.code == 2
    assert list(ran.json) == ["error", "exit_code"]
    assert ran.json["exit_code"] == 2


def test_history_operations_and_statistics_after_a_recovery(cli: Cli) -> None:
    assert cli("operations").err.endswith("nothing was changed with unstick yet\n")
    job = cli.stuck()[0]
    done = cli("recover", job, "--yes", "--reason", "worker died", "--json").json
    attempts = cli("history", job, "--json").json["attempts"]
    assert [attempt["job"] for attempt in attempts] == [job]
    assert job in cli("history").out
    listed = cli("operations", "--json").json["operations"]
    assert [(each["id"], each["reason"]) for each in listed] == [(done["operation"], "worker died")]
    assert "@" in listed[0]["operator"]
    one = cli("operations", done["operation"], "--json").json["operation"]
    assert [row["job"] for row in one["rows"]] == [job]
    assert one["status"] == "finished"
    assert "worker died" in cli("operations", done["operation"]).out
    stats = cli("stats", "--since", "30d", "--json").json
    assert {"source", "profile", "window_s", "jobs", "variants", "actions", "reasons"} <= set(stats)
    assert {"total", "by_status", "by_day", "top", "histogram", "alerts"} <= set(stats["jobs"])
    assert "rate" in stats["jobs"]
    assert "by status" in cli("stats", "--since", "30d").out


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("stats", "--since", "soon"), "--since"),
        (("stats", "--since", "never"), "--since"),
        (("jobs", "--limit", "-1"), "--limit"),
        (("jobs", "--timeout", "soon"), "--timeout"),
        (("jobs", "--state", "faild"), "did you mean failed?"),
        (("jobs", "--filter", "mail kidn:x"), "at character 6"),
        (("jobs", "--stukc"), "did you mean --stuck?"),
        (("jbos",), "did you mean jobs?"),
        (("jobs", "--sort", "colour"), "--sort"),
        (("jobs", "--source", "postgress://u@h/d"), "did you mean postgres://?"),
        (("jobs", "--source", "nowhere"), "not a database URL"),
        (("jobs", "--read-only", "--write"), "not allowed with"),
        (("--json",), "prints no JSON"),
        ((), "not a terminal"),
        (("demo", "--source", "x"), "leave --source out"),
    ],
)
def test_mistakes_get_one_sentence(cli: Cli, argv: tuple[str, ...], says: str) -> None:
    ran = cli(*argv)
    assert ran.code == 2
    assert says in ran.out + ran.err
    assert len((ran.out + ran.err).strip().splitlines()) == 1


def test_options_may_stand_before_the_verb(cli: Cli) -> None:
    assert cli("--source", "sqlite:///other.db", "--json", "jobs").json["source"] == "other.db"
    assert cli("jobs", "--source=sqlite:///other.db", "--json").json["source"] == "other.db"


@pytest.mark.parametrize(
    "argv", [("--help",), ("jobs", "--help"), ("help",), ("help", "recover"), ("--version",)]
)
def test_help_goes_to_stdout(cli: Cli, argv: tuple[str, ...]) -> None:
    ran = cli(*argv)
    assert (ran.code, ran.err) == (0, "")
    assert "unstick" in ran.out
