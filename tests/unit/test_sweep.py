"""What a sweep would do: cap, brake, left-out rows by reason, thresholds by origin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from unstick.recovery import sweep
from unstick.recovery.memory import PIPELINE, MemoryBackend
from unstick.recovery.model import Capabilities, Counts, JobId, State, Target, VariantId
from unstick.recovery.plan import LeftOut, Options, Plan, PlanRow
from unstick.recovery.query import Query
from unstick.recovery.source import Source
from unstick.recovery.sweep import Decision, Group, Mode, brake, decide, forecast, grouped, within

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


def row(job: str, variant: str | None = None) -> PlanRow:
    of = VariantId(variant) if variant is not None else None
    return PlanRow(JobId(job), "jobs", {"id": job}, {}, {}, {}, of)


def plan(rows: list[PlanRow], left: list[LeftOut] | None = None) -> Plan:
    return Plan(
        "here", "db", "artitec", "recover", "set failed", NOW, Options(), tuple(rows), tuple(left or ())
    )


def counts(stuck: int, running: int) -> Counts:
    return Counts({State.RUNNING: running}, {"running": running}, stuck, NOW)


def refs(rows: tuple[PlanRow, ...]) -> list[str]:
    return [f"{each.job}/{each.variant}" if each.variant else each.job for each in rows]


class TestCap:
    def test_the_first_rows_up_to_the_cap_are_taken_in_their_order(self) -> None:
        rows = [row(str(number)) for number in range(150)]
        assert within(rows) == tuple(rows[:100])
        assert within(rows, 3) == tuple(rows[:3])
        assert within(rows, 1000) == tuple(rows)

    def test_a_job_is_taken_with_all_its_variants_or_waits_for_the_next_run(self) -> None:
        rows = [row("a"), row("b"), row("a", "1"), row("a", "2"), row("b", "1"), row("c", "1")]
        assert refs(within(rows, 3)) == ["a", "a/1", "a/2"]
        assert refs(within(rows, 4)) == ["a", "a/1", "a/2"]
        assert refs(within(rows, 5)) == ["a", "b", "a/1", "a/2", "b/1"]

    def test_a_job_with_more_variants_than_the_cap_is_taken_in_several_runs(self) -> None:
        rows = [row("a"), *(row("a", str(number)) for number in range(7))]
        assert refs(within(rows, 3)) == ["a/0", "a/1", "a/2"]

    @pytest.mark.parametrize("cap", [0, -5])
    def test_a_cap_of_nothing_takes_nothing(self, cap: int) -> None:
        assert within([row("a"), row("a", "1"), row("b")], cap) == ()

    def test_what_waits_is_counted(self) -> None:
        seen = forecast(plan([row(str(number)) for number in range(130)]), counts(3, 50))
        assert (len(seen.rows), seen.waiting, seen.found) == (100, 30, 130)

    @pytest.mark.parametrize("cap", [1, 2, 3, 5, 8, 100])
    async def test_planning_the_targets_again_gives_exactly_the_rows_within_the_cap(self, cap: int) -> None:
        backend = MemoryBackend(PIPELINE)
        for name in ("one", "two", "three"):
            job = backend.worker.add(name, "busy", updated_ago=9000.0, step="paint")
            for number in range(2):
                backend.worker.add_variant(job, f"{name}-{number}", "bad", step="cut")
        other = backend.worker.add("living", "busy", updated_ago=1.0, step="paint")
        backend.worker.add_variant(other, "living-1", "bad", step="cut")
        everything = await backend.plan("recover", Query(stuck_only=True), Options())
        seen = forecast(everything, await backend.counts(), cap=cap)
        again = await backend.plan("recover", seen.targets, Options())
        assert {each.ref for each in again.rows} == {each.ref for each in seen.rows}
        assert len(again.rows) <= cap
        assert len(seen.rows) + seen.waiting == len(everything.rows) == 10


class TestTargets:
    def test_a_variant_whose_job_is_not_planned_is_planned_alone(self) -> None:
        seen = forecast(plan([row("a"), row("a", "1"), row("b", "2")]), counts(0, 9))
        assert seen.targets == (JobId("a"), Target(JobId("b"), VariantId("2")))


class TestBrake:
    def test_more_than_half_of_the_running_jobs_hanging_at_once_stops_it(self) -> None:
        assert brake(counts(20, 40)) is None
        assert brake(counts(21, 40)) == "21 of 40 running jobs look stuck at once"

    def test_a_handful_never_stops_it_because_a_queue_of_one_always_hangs_as_a_whole(self) -> None:
        assert brake(counts(1, 1)) is None
        assert brake(counts(sweep.FEW - 1, sweep.FEW - 1)) is None
        assert brake(counts(sweep.FEW, sweep.FEW)) is not None

    def test_jobs_that_hang_in_other_states_count_too(self) -> None:
        assert brake(counts(1200, 30)) == "1,200 jobs look stuck while 30 are running"
        assert brake(replace(counts(12, 0), by_state={})) == "12 jobs look stuck while 0 are running"

    def test_three_failed_runs_in_a_row_stop_it(self) -> None:
        assert brake(counts(0, 9), failed_runs=2) is None
        assert brake(counts(0, 9), failed_runs=3) == "3 runs in a row failed"


class TestDecision:
    SOME = forecast(plan([row("a")]), counts(1, 9))
    BRAKED = forecast(plan([row("a")]), counts(30, 30))

    @pytest.mark.parametrize(
        ("mode", "decision"),
        [(Mode.OFF, Decision.REST), (Mode.SHADOW, Decision.REPORT), (Mode.ARMED, Decision.RECOVER)],
    )
    def test_only_an_armed_sweep_recovers(self, mode: Mode, decision: Decision) -> None:
        assert decide(mode, self.SOME) is decision

    @pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.ARMED])
    def test_the_brake_goes_before_the_mode(self, mode: Mode) -> None:
        assert decide(mode, self.BRAKED) is Decision.BRAKED

    def test_a_source_that_may_not_be_written_is_only_reported_on(self) -> None:
        assert decide(Mode.ARMED, self.SOME, read_only=True) is Decision.REPORT

    def test_nothing_to_recover_is_all_clear_even_where_everything_looks_stuck(self) -> None:
        assert decide(Mode.ARMED, forecast(plan([]), counts(0, 9))) is Decision.CLEAR
        only_persons = forecast(plan([], [LeftOut(JobId("a"), "needs a person: 3 of 3")]), counts(30, 30))
        assert decide(Mode.ARMED, only_persons) is Decision.CLEAR

    def test_modes_are_the_words_of_the_configuration(self) -> None:
        assert [mode.value for mode in Mode] == ["off", "shadow", "armed"]


class TestLeftOut:
    def test_reasons_that_differ_in_names_and_numbers_only_are_one(self) -> None:
        left = [
            LeftOut(JobId("job-7"), "job job-7 is not active, or its interval is paused"),
            LeftOut(JobId("x"), "needs a person: 3 of 3 attempts made"),
            LeftOut(JobId("job-12"), "job job-12 is not active, or its interval is paused"),
            LeftOut(JobId("y"), "needs a person: 3 of 3 attempts made"),
            LeftOut(JobId("z"), "needs a person: 4 of 3 attempts made"),
        ]
        assert grouped(left) == (
            Group(3, "needs a person: 3 of 3 attempts made", alike=False),
            Group(2, "job job-7 is not active, or its interval is paused", alike=False),
        )

    def test_the_letters_of_a_short_id_are_not_looked_for_within_words(self) -> None:
        left = [LeftOut(JobId("a"), "a is paused"), LeftOut(JobId("e"), "e is paused")]
        assert grouped(left) == (Group(2, "a is paused", alike=False),)

    def test_the_same_words_are_alike(self) -> None:
        left = [LeftOut(JobId(name), "recovery is off") for name in "pq"]
        assert grouped(left) == (Group(2, "recovery is off", alike=True),)

    async def test_rows_at_their_limit_are_counted_by_the_words_of_a_backend(self) -> None:
        backend = MemoryBackend.example(40, 4)
        for job in list(await backend.verdicts())[:3]:
            backend.worker.set(job[0], retry_count=3, max_retries=3)
        made = await backend.plan("recover", Query(stuck_only=True), Options())
        seen = forecast(made, await backend.counts())
        assert (seen.at_limit, len(seen.rows), seen.found) == (3, 1, 4)


class TestThresholds:
    @pytest.mark.parametrize(
        ("given", "used", "origin"),
        [
            ({}, {"stuck": 300.0}, sweep.FROM_PROFILE),
            ({"stuck": 60.0}, {"stuck": 60.0}, sweep.FROM_SOURCE),
            ({"*": 60.0}, {"stuck": 60.0}, f"{sweep.FROM_SOURCE}, for all rules"),
            ({"stuck": None}, {"stuck": None}, sweep.FROM_SOURCE),
            ({"stuck": 60.0}, {"stuck": 900.0}, sweep.FROM_ENVIRONMENT),
            ({"*": 60.0}, {"stuck": None}, sweep.SWITCHED_OFF),
            ({"other": 60.0}, {"stuck": 300.0}, sweep.FROM_PROFILE),
        ],
    )
    def test_each_says_where_it_comes_from(
        self, given: Mapping[str, float | None], used: Mapping[str, float | None], origin: str
    ) -> None:
        able = Capabilities("sqlite", "3", "db", "p", "local", thresholds=used)
        [found] = sweep.rules(Source("s", "sqlite://", thresholds=given), able)
        assert (found.name, found.threshold_s, found.origin) == ("stuck", used["stuck"], origin)

    def test_those_of_kinds_too(self) -> None:
        given = {"stuck": 60.0, "kind:mail": None, "stuck kind:render": 90.0}
        used = {"stuck": 60.0, "stuck kind:mail": None, "stuck kind:render": 90.0}
        able = Capabilities("sqlite", "3", "db", "p", "local", thresholds=used)
        found = sweep.rules(Source("s", "sqlite://", thresholds=given), able)
        assert {rule.name: rule.origin for rule in found} == {
            "stuck": sweep.FROM_SOURCE,
            "stuck kind:mail": f"{sweep.FROM_SOURCE}, for all rules",
            "stuck kind:render": sweep.FROM_SOURCE,
        }

    @pytest.mark.parametrize(
        ("limit", "origin"), [(-1, sweep.FROM_PROFILE), (None, sweep.FROM_SOURCE), (0, sweep.FROM_SOURCE)]
    )
    def test_so_does_the_retry_limit(self, limit: int | None, origin: str) -> None:
        assert sweep.limit_origin(Source("s", "sqlite://", max_retries=limit)) == origin
