"""A sweep's figures: bounded labels, nothing old, and whether the sweep is well."""

from __future__ import annotations

from dataclasses import replace

from prometheus_client import generate_latest

from tests.unit.alerting import NOW, away, broken, job, run
from unstick.cli.sweep_figures import KINDS, NONE, OTHER, Board, Figures
from unstick.cli.sweep_health import health
from unstick.cli.sweep_metrics import registry
from unstick.recovery.alerting import Count
from unstick.recovery.model import Counts, State
from unstick.recovery.sweep import Decision, Mode
from unstick.recovery.sweeping import Run


class Clock:
    """A board of one source, swept every minute, whose time goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0
        figures = Figures(lambda: 60.0, self.now)
        self.board = Board({"prod": figures}, lambda: self.now, lambda: 1e9 + self.now)

    @property
    def figures(self) -> Figures:
        return self.board.sources["prod"]

    def why(self) -> str | None:
        well, told = health(self.board)
        why: str | None = told["sources"]["prod"]["why"]
        assert well == (why is None)
        return why

    @property
    def text(self) -> str:
        return generate_latest(registry(self.board, {"json-1": Count(3, 1)})).decode()


class TestFigures:
    def test_kinds_are_bounded_and_what_is_over_is_other(self) -> None:
        clock = Clock()
        clock.board.saw(run(*(job(f"j{n}", f"kind-{n}") for n in range(300))))
        stuck = clock.figures.stuck
        assert len(stuck) == KINDS + 1
        assert stuck[OTHER] == 300 - KINDS
        assert sum(stuck.values()) == 300

    def test_jobs_that_were_only_counted_are_in_the_sum_too(self) -> None:
        clock = Clock()
        clock.board.saw(run("a", number=9_000))
        assert sum(clock.figures.stuck.values()) == 9_000

    def test_a_job_without_a_kind_has_a_label_too(self) -> None:
        clock = Clock()
        clock.board.saw(run(replace(job("a"), kind=None)))
        assert clock.figures.stuck == {NONE: 1}

    def test_a_kind_cannot_break_the_format(self) -> None:
        clock = Clock()
        clock.board.saw(run(job("a", 'x"} 1\nevil 2\x1b[31m' + "y" * 5000)))
        assert not [line for line in clock.text.splitlines() if line.startswith("evil") or len(line) > 300]
        assert "\x1b" not in clock.text

    def test_ages_are_those_of_the_oldest(self) -> None:
        clock = Clock()
        waiting = replace(job("p"), state=State.PENDING, created=NOW.replace(hour=11), verdict=None)
        clock.board.saw(replace(run("a"), pending=(waiting, replace(waiting, created=NOW))))
        assert clock.figures.stuck_age == {"mail": 840.0}
        assert clock.figures.pending_age == {"mail": 3600.0}

    def test_who_needs_a_person_is_told_by_kind(self) -> None:
        clock = Clock()
        clock.board.saw(run("a", at_limit=["a"]))
        assert clock.figures.at_limit == {"mail": 1}

    def test_after_a_run_that_could_not_look_nothing_old_is_told(self) -> None:
        clock = Clock()
        clock.board.saw(run("a"))
        assert 'unstick_stuck_jobs{kind="mail",source="prod"} 1.0' in clock.text
        clock.board.saw(away())
        assert "unstick_stuck_jobs{" not in clock.text
        assert 'unstick_source_up{source="prod"} 0.0' in clock.text
        assert 'unstick_sweep_runs_total{decision="report",source="prod"} 1.0' in clock.text

    def test_who_follows_does_not_lead(self) -> None:
        clock = Clock()
        clear = run(decision=Decision.CLEAR)
        follows = Run("prod", Mode.ARMED, 2, Decision.FOLLOW, leader="ann")
        found = []
        for each in (replace(clear, mode=Mode.ARMED), follows, clear):
            clock.board.saw(each)
            found.append((clock.figures.leads, clock.figures.armed))
        assert found == [(True, True), (False, True), (False, False)]

    def test_a_source_that_is_gone_is_in_nothing_any_more(self) -> None:
        clock = Clock()
        clock.board.saw(run("a"))
        clock.board.remove("prod")
        assert 'source="prod"' not in clock.text
        assert health(clock.board) == (True, {"status": "ok", "sources": {}})

    def test_alerts_are_counted_by_target(self) -> None:
        text = Clock().text
        assert 'unstick_alerts_sent_total{target="json-1"} 3.0' in text
        assert 'unstick_alerts_failed_total{target="json-1"} 1.0' in text


class TestHealth:
    def test_a_sweep_that_has_just_begun_is_well_and_one_that_never_comes_to_a_run_is_not(self) -> None:
        clock = Clock()
        assert clock.why() is None
        clock.now += 180
        assert clock.why() == "no run has ended for 3m"

    def test_a_run_older_than_three_intervals_is_too_old(self) -> None:
        clock = Clock()
        clock.board.saw(run())
        clock.now += 179
        assert clock.why() is None
        clock.now += 1
        assert clock.why() == "the last run ended 3m ago"
        clock.board.saw(run())
        assert clock.why() is None

    def test_a_failed_run_and_a_brake_are_not_well_and_a_follower_is(self) -> None:
        clock = Clock()
        clock.board.saw(broken("no access for postgresql://ann:s3cret@db/jobs"))
        assert clock.why() == "the run failed: no access for postgresql://ann:***@db/jobs"
        clock.board.saw(run("a", decision=Decision.BRAKED, brake="21 of 40 running jobs look stuck at once"))
        assert (clock.why() or "").startswith("brake: 21 of 40")
        clock.board.saw(Run("prod", Mode.ARMED, 2, Decision.FOLLOW, leader="ann"))
        assert clock.why() is None

    def test_a_braked_run_is_no_success(self) -> None:
        clock = Clock()
        clock.board.saw(run())
        clock.now += 60
        clock.board.saw(run("a", decision=Decision.BRAKED, brake="x"))
        assert clock.figures.last_success == 1e9 + 1000


def test_counts_of_a_run_are_those_of_its_states() -> None:
    clock = Clock()
    counts = Counts({State.RUNNING: 4, State.DONE: 9}, {}, 0, NOW)
    clock.board.saw(replace(run(), counts=counts))
    assert clock.figures.states["running"] == 4
    assert clock.figures.states["failed"] == 0
