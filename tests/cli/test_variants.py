"""Variants on the command line: a list of their own, one alone, and in every plan."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Cli
from unstick.recovery.memory import PIPELINE, MemoryBackend
from unstick.recovery.memory.pipeline import fill


@pytest.fixture
def pipes(cli: Cli) -> Cli:
    """The command line on a pipeline: order 4001 has a piece at its limit."""
    cli.backend = MemoryBackend(PIPELINE, source="here")
    fill(cli.backend.worker, 12, 4, 1)
    worker = cli.backend.worker
    job = worker.add("slow", "busy", updated_ago=5.0, step="paint", step_index=3, step_count=3)
    worker.add_variant(job, "front", "ok", id="f1", step="cut", retry_count=1)
    worker.add_variant(job, "back", "bad", id="b1", step="paint", retry_count=3, error="no paint")
    worker.add_variant(job, "side", "ok", id="s1", step="paint")
    return cli


def test_variants_are_listed_stuck_first(pipes: Cli) -> None:
    ran = pipes("variants")
    lines = ran.out.splitlines()
    assert ran.code == 0
    assert lines[0].split() == ["STATE", "JOB", "VARIANT", "NAME", "STEP", "TRY", "IDLE", "WHY"]
    assert [line.split()[0] for line in lines[1:7]] == ["stuck"] * 6
    assert not lines[7].startswith("stuck")
    assert "pieces" in ran.err


def test_variants_of_one_job_and_those_at_their_limit(pipes: Cli) -> None:
    ran = pipes("variants", "slow", "--sort", "id")
    assert [line.split()[:4] for line in ran.out.splitlines()[1:]] == [
        ["stuck", "(bad)", "slow", "b1"],
        ["stuck", "(ok)", "slow", "f1"],
        ["done", "(ok)", "slow", "s1"],
    ]
    assert "needs a person: broken" in ran.out
    assert pipes("variants", "nope").code == 2


def test_variants_as_json(pipes: Cli) -> None:
    found = pipes("variants", "--json", "--stuck", "--filter", "job:slow").json
    assert list(found) == ["source", "profile", "called", "now", "shown", "more", "variants"]
    assert (found["called"], found["shown"], found["more"]) == ("pieces", 2, False)
    pieces = {each["id"]: each for each in found["variants"]}
    assert pieces["b1"]["verdict"]["rule"] == "broken"
    assert (pieces["b1"]["needs_person"], pieces["f1"]["needs_person"]) == (True, False)
    assert "fields" not in pieces["b1"]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("--state", "failed"), {"b1"}),
        (("--filter", "step:paint"), {"b1", "s1"}),
        (("--filter", "retries>=1"), {"b1", "f1"}),
        (("--stuck",), {"b1", "f1"}),
    ],
)
def test_variants_can_be_chosen(pipes: Cli, options: tuple[str, ...], found: set[str]) -> None:
    listed = pipes("variants", "slow", "--json", *options).json["variants"]
    assert {each["id"] for each in listed} == found


def test_a_limit_says_that_there_are_more(pipes: Cli) -> None:
    found = pipes("variants", "--json", "--limit", "2").json
    assert (found["shown"], found["more"]) == (2, True)
    assert "there are more" in pipes("variants", "--limit", "2").err


def test_check_tells_whether_a_variant_is_stuck(pipes: Cli) -> None:
    assert pipes("variants", "--stuck", "--check").code == 5
    clear = pipes("variants", "--stuck", "--check", "--filter", "id:s1")
    assert clear.code == 0
    assert "all clear" in clear.err
    assert pipes("variants", "--check").code == 2


def test_a_system_without_variants_says_so(cli: Cli) -> None:
    from unstick.recovery.memory import EXTRACTION

    cli.backend = MemoryBackend.example(10, 1, system=EXTRACTION)
    ran = cli("variants")
    assert (ran.code, ran.out) == (0, "")
    assert "have no variants" in ran.err


def test_show_of_a_variant_tells_its_job_why_and_its_attempts(pipes: Cli) -> None:
    ran = pipes("show", "slow/f1")
    assert ran.code == 0
    assert "of job" in ran.out
    assert "stuck: lagging" in ran.out
    assert "its job's status" in ran.out
    assert pipes("recover", "slow/f1", "--yes").code == 0
    after = pipes("show", "slow/f1")
    assert "attempts, newest first" in after.out
    found = pipes("show", "slow/f1", "--json").json
    assert list(found) == ["source", "profile", "job", "variant", "attempts"]
    assert found["variant"]["retries"] == 2
    assert [each["variant"] for each in found["attempts"]] == ["f1"]
    assert found["job"]["id"] == "slow"


@pytest.mark.parametrize("name", ["slow/nope", "nope/f1", "nope"])
def test_show_of_nothing_is_one_sentence(pipes: Cli, name: str) -> None:
    ran = pipes("show", name)
    assert ran.code == 2
    assert len(ran.err.strip().splitlines()) == 1


def test_show_of_a_job_lists_its_variants_with_their_verdicts(pipes: Cli) -> None:
    ran = pipes("show", "slow")
    assert "stuck: pieces: 1 broken, 1 lagging" in ran.out
    assert "needs a person: broken" in ran.out


def test_history_of_a_job_has_its_variants_and_of_a_variant_only_that(pipes: Cli) -> None:
    assert pipes("recover", "slow", "--over-limit", "--yes").code == 0
    both = pipes("history", "slow", "--json").json["attempts"]
    assert {each["variant"] for each in both} == {"b1", "f1"}
    one = pipes("history", "slow/b1", "--json").json["attempts"]
    assert [each["variant"] for each in one] == ["b1"]
    assert "b1" in pipes("history", "slow").out
    assert "no attempt was made yet on slow/s1" in pipes("history", "slow/s1").err


def test_a_plan_and_its_outcome_name_the_variant_of_each_row(pipes: Cli) -> None:
    dry = pipes("recover", "slow", "--dry-run")
    assert "VARIANT" in dry.out
    assert "slow/b1" in dry.out, "what is left out is named with its variant"
    planned = pipes("recover", "slow", "--dry-run", "--json").json
    assert [(each["job"], each["variant"]) for each in planned["changes"]] == [("slow", "f1")]
    assert [(each["job"], each["variant"]) for each in planned["left_out"]] == [("slow", "b1")]
    done = pipes("recover", "slow", "--yes", "--json").json
    assert [(each["job"], each["variant"], each["outcome"]) for each in done["rows"]] == [
        ("slow", "f1", "applied")
    ]
    listed = pipes("operations", done["operation"], "--json").json["operation"]
    assert [each["variant"] for each in listed["rows"]] == ["f1"]
    assert "slow  f1       applied" in pipes("operations", done["operation"]).out


def test_jobs_say_that_their_variants_are_stuck(pipes: Cli) -> None:
    assert "pieces: 1 broken, 1 lagging" in pipes("jobs", "--stuck").out


def test_a_stuck_job_at_its_limit_needs_a_person(cli: Cli) -> None:
    job = cli.stuck()[0]
    cli.backend.worker.set(cli.backend.worker.add("again", "running", started_ago=99_999.0), retry_count=3)
    assert "needs a person: " in cli("jobs", "--stuck", "--filter", "id:again").out
    assert "needs a person: " not in cli("jobs", "--stuck", "--filter", f"id:{job}").out
