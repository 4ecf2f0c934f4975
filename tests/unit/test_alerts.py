"""What is alerted, when again, and when it is over."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.alerting import WEBHOOK, Desk, away, broken, job, run
from unstick.recovery.alerts import AlertSettings, Kind, Severity, Target
from unstick.recovery.alerts_memory import Memory
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.plan import LeftOut
from unstick.recovery.sweep import Decision, Mode
from unstick.recovery.sweeping import Run

HOUR = 3600.0


class TestStuck:
    async def test_a_stuck_job_is_told_once_however_many_runs_see_it(self) -> None:
        desk = Desk()
        assert await desk.saw(run("a")) == ["unstick prod: 1 job is stuck"]
        assert await desk.saw(run("a"), run("a"), run("a")) == []

    async def test_it_is_told_with_why_and_with_the_command_that_helps(self) -> None:
        desk = Desk()
        await desk.saw(run(job("88213", "send_receipt", retries=1)))
        assert desk.last.severity is Severity.WARNING
        assert desk.last.text.splitlines() == [
            "88213 (send_receipt): idle 14m > 5m",
            "The sweep: would recover 0 rows.",
            "",
            "To look at it, and to do what it takes:",
            "  unstick jobs --stuck --source prod",
            "  unstick recover --dry-run --source prod",
        ]

    async def test_another_job_is_told_when_it_comes(self) -> None:
        desk = Desk()
        await desk.saw(run("a"))
        assert await desk.saw(run("a", "b")) == ["unstick prod: 2 jobs are stuck"]
        assert desk.last.text.startswith("b (mail): idle")

    async def test_it_is_told_again_after_a_while_and_then_after_another(self) -> None:
        desk = Desk()
        await desk.saw(run("a"))
        desk.now += 4 * HOUR - 1
        assert await desk.saw(run("a")) == []
        desk.now += 1
        assert await desk.saw(run("a")) == ["unstick prod: still: 1 job is stuck"]
        assert await desk.saw(run("a")) == []
        desk.now += 4 * HOUR
        assert await desk.saw(run("a")) == ["unstick prod: still: 1 job is stuck"]

    async def test_the_end_is_told_and_a_second_time_is_a_new_one(self) -> None:
        desk = Desk()
        await desk.saw(run("a", "b"))
        assert await desk.saw(run("b")) == ["unstick prod: over: 1 job no longer stuck; 1 job is stuck"]
        assert desk.last.severity is Severity.OVER
        assert await desk.saw(run("a", "b")) == ["unstick prod: 2 jobs are stuck"]

    async def test_the_end_is_not_told_where_nobody_wants_to_hear_of_it(self) -> None:
        desk = Desk(AlertSettings((WEBHOOK,), resolved=False))
        await desk.saw(run("a"))
        assert await desk.saw(run()) == []
        assert await desk.saw(run("a")) == ["unstick prod: 1 job is stuck"]

    async def test_what_was_only_not_looked_at_is_not_over(self) -> None:
        desk = Desk()
        await desk.saw(run("a", "b"))
        assert await desk.saw(run("c", number=9_000)) == ["unstick prod: 9,000 jobs are stuck"]
        assert await desk.saw(run("a", "b", "c")) == []

    async def test_jobs_that_could_not_be_listed_are_told_by_their_number(self) -> None:
        desk = Desk()
        assert await desk.saw(run(number=7)) == ["unstick prod: 7 jobs are stuck"]
        assert await desk.saw(run(number=8)) == []

    async def test_a_flood_is_one_message_that_names_the_first_jobs(self) -> None:
        desk = Desk()
        await desk.saw(run(*(f"job-{number}" for number in range(300))))
        assert len(desk.sent) == 1
        assert "job-9 (mail)" in desk.last.text
        assert "job-10 " not in desk.last.text
        assert "... and 290 more" in desk.last.text

    async def test_only_what_is_asked_for_is_told(self) -> None:
        desk = Desk(AlertSettings((WEBHOOK,), on=(Kind.DOWN,)))
        assert await desk.saw(run("a", at_limit=["b"], brake="x", decision=Decision.BRAKED)) == []
        assert await desk.saw(away()) == ["unstick prod: the database is not there"]


class TestOthers:
    async def test_a_job_at_its_limit_needs_a_person(self) -> None:
        desk = Desk()
        assert await desk.saw(run("a", at_limit=["a"])) == [
            "unstick prod: 1 job is stuck",
            "unstick prod: 1 row at the retry limit needs a person",
        ]
        assert "a (mail): needs a person: 3 of 3 attempts made" in desk.last.text
        assert "  unstick recover a --over-limit --dry-run --source prod" in desk.last.text
        assert await desk.saw(run("a", at_limit=["a"])) == []

    async def test_a_variant_at_its_limit_is_another_one_than_its_job(self) -> None:
        desk = Desk(AlertSettings((WEBHOOK,), on=(Kind.LIMIT,)))
        await desk.saw(run(at_limit=["a"]))
        one = run(at_limit=["a"])
        assert one.plan is not None
        left = LeftOut(one.plan.left_out[0].job, "needs a person: 3 of 3", variant="7")  # type: ignore[arg-type]
        both = replace(one, plan=replace(one.plan, left_out=(*one.plan.left_out, left)))
        assert await desk.saw(both) == ["unstick prod: 2 rows at the retry limit need a person"]
        assert desk.last.text.startswith("a/7: needs a person")

    async def test_a_brake_is_told_and_that_it_is_off_again(self) -> None:
        desk = Desk(AlertSettings((WEBHOOK,), on=(Kind.BRAKE,)))
        braked = run("a", decision=Decision.BRAKED, brake="21 of 40 running jobs look stuck at once")
        assert await desk.saw(braked, braked) == ["unstick prod: the sweep has stopped itself"]
        assert desk.last.severity is Severity.CRITICAL
        assert "21 of 40 running jobs look stuck at once" in desk.last.text
        assert await desk.saw(run()) == ["unstick prod: over: the brake is off"]

    async def test_three_failed_runs_in_a_row_are_told_though_none_of_them_could_look(self) -> None:
        desk = Desk()
        assert await desk.saw(broken(), broken()) == []
        assert await desk.saw(broken()) == ["unstick prod: the sweep has stopped itself"]
        assert "3 runs in a row failed, at last: permission denied" in desk.last.text
        assert "start the sweep again" in desk.last.text

    async def test_a_database_that_is_away_is_told_and_that_it_is_there_again(self) -> None:
        desk = Desk()
        assert await desk.saw(away(), away()) == ["unstick prod: the database is not there"]
        assert "no route to host" in desk.last.text
        assert "unstick doctor --source prod" in desk.last.text
        assert await desk.saw(run()) == ["unstick prod: over: the database is there again"]

    async def test_a_database_that_is_away_does_not_make_its_stuck_jobs_be_over(self) -> None:
        desk = Desk()
        await desk.saw(run("a"))
        assert await desk.saw(away(), run("a")) == [
            "unstick prod: the database is not there",
            "unstick prod: over: the database is there again",
        ]

    async def test_who_only_follows_tells_nothing(self) -> None:
        desk = Desk()
        follows = Run("prod", Mode.ARMED, 1, Decision.FOLLOW, leader="ann@bastion")
        assert await desk.saw(follows, replace(follows, decision=Decision.REST)) == []

    async def test_many_retries_within_the_hour_are_told_and_asked_for_now_and_then(self) -> None:
        backend = MemoryBackend.example(10, 0)
        await backend.open()
        backend.worker.add("9001", "failed", retry_count=3, updated_ago=60.0, kind="mail")
        desk = Desk(backend=backend)
        assert await desk.saw(run()) == [
            "unstick prod: 1 row with 3 retries or more, updated within the last 1h"
        ]
        assert desk.last.text.startswith("9001 (mail failed): 3 retries")
        backend.worker.add("9002", "failed", retry_count=5, updated_ago=60.0)
        assert await desk.saw(run()) == []
        desk.now += 300
        assert len(await desk.saw(run())) == 1

    async def test_a_database_that_cannot_tell_retries_spoils_nothing_else(self) -> None:
        desk = Desk(backend=MemoryBackend.example(10, 0))
        desk.backend.statistics = None  # type: ignore[union-attr, method-assign]
        assert await desk.saw(run("a")) == ["unstick prod: 1 job is stuck"]
        assert desk.said
        assert "retries could not be looked at" in desk.said[0]


class TestLimit:
    async def test_so_many_an_hour_and_the_rest_in_one_message(self) -> None:
        desk = Desk(AlertSettings((WEBHOOK,), limit=2, resolved=False))
        await desk.saw(run("a"), run("a", "b"))
        assert "This is the last of 2 messages within the hour" in desk.last.text
        assert await desk.saw(run("a", "b", "c"), run("a", "b", "c", "d")) == []
        desk.now += HOUR
        assert await desk.saw(run("a", "b", "c", "d")) == ["unstick prod: 2 alerts summed up"]
        assert desk.last.text.splitlines()[1:3] == [
            "unstick prod: 4 jobs are stuck", "unstick prod: 3 jobs are stuck",
        ]  # fmt: skip

    async def test_the_summary_has_the_worst_severity(self) -> None:
        desk = Desk(AlertSettings((WEBHOOK,), limit=1))
        await desk.saw(run("a"), away(), run("a", "b"))
        desk.now += HOUR
        await desk.saw(run("a", "b"))
        assert desk.last.severity is Severity.CRITICAL

    async def test_never_more_than_the_limit_within_any_hour(self) -> None:
        desk = Desk(AlertSettings((WEBHOOK,), limit=3, resolved=False))
        times = []
        for number in range(200):
            desk.now += 60
            times += [desk.now] * len(await desk.saw(run(f"job-{number}")))
        assert len(times) > 6
        assert all(sum(at <= other < at + HOUR for other in times) <= 3 for at in times)

    async def test_what_could_not_be_delivered_is_sent_with_the_next_run(self) -> None:
        desk = Desk(problem="error=500")
        await desk.saw(run("a"))
        assert desk.said == ["alert to json-1 failed: error=500"]
        desk.problem = None
        assert await desk.saw(run("a")) == ["unstick prod: 1 job is stuck"]
        assert await desk.saw(run("a")) == []
        assert (desk.alerter.counts["json-1"].sent, desk.alerter.counts["json-1"].failed) == (1, 1)

    async def test_a_dry_run_says_what_it_would_send_and_sends_nothing(self) -> None:
        desk = Desk(AlertSettings((WEBHOOK,), dry_run=True))
        assert await desk.saw(run("a"), run("a")) == []
        assert desk.said == ["alert (dry run) to json-1: unstick prod: 1 job is stuck"]

    async def test_a_target_without_a_url_is_counted_and_keeps_none_of_the_others_waiting(self) -> None:
        missing = Target("target-2", "", problem="the environment variable X is not set")
        desk = Desk(AlertSettings((missing, WEBHOOK)))
        await desk.saw(run("a"))
        assert [name for name, _ in desk.sent] == ["json-1"]
        assert desk.alerter.counts["target-2"].failed == 1


class TestMemory:
    async def test_a_sweep_that_starts_anew_knows_what_was_told(self, tmp_path: Path) -> None:
        folder = tmp_path / "alerts"
        assert await Desk(memory=Memory(folder)).saw(run("a"))
        again = Desk(memory=Memory(folder), now=1_000_300.0)
        assert await again.saw(run("a")) == []
        assert await again.saw(run()) == ["unstick prod: over: 1 job no longer stuck"]

    async def test_what_waits_for_the_summary_outlives_the_process(self, tmp_path: Path) -> None:
        settings = AlertSettings((WEBHOOK,), limit=1, resolved=False)
        await Desk(settings, memory=Memory(tmp_path)).saw(run("a"), run("a", "b"), run("a", "b", "c"))
        later = Desk(settings, memory=Memory(tmp_path), now=1_000_000 + HOUR)
        assert await later.saw(run("a", "b", "c")) == ["unstick prod: 2 alerts summed up"]

    async def test_it_holds_no_secret_and_is_nobody_elses_to_read(self, tmp_path: Path) -> None:
        await Desk(memory=Memory(tmp_path / "alerts")).saw(run("a"))
        files = list((tmp_path / "alerts").iterdir())
        assert len(files) == 2
        assert all("t0ken" not in file.read_text() + file.name for file in files)
        assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"stuck": 3}', '{"foo": {}}', '{"stuck": {"a": [1]}}'])
    async def test_a_file_that_is_broken_is_nothing_told_yet(self, tmp_path: Path, text: str) -> None:
        folder = tmp_path / "alerts"
        await Desk(memory=Memory(folder)).saw(run("a"))
        for file in folder.iterdir():
            file.write_text(text)
        assert await Desk(memory=Memory(folder)).saw(run("a")) == ["unstick prod: 1 job is stuck"]

    async def test_a_folder_that_cannot_be_written_is_said_once_and_stops_nothing(
        self, tmp_path: Path
    ) -> None:
        (tmp_path / "file").write_text("")
        said: list[str] = []
        desk = Desk(memory=Memory(tmp_path / "file" / "alerts", said.append))
        assert len(await desk.saw(run("a"), run("a"), run("a", "b"))) == 2
        assert len(said) == 1
        assert "can't be remembered" in said[0]
