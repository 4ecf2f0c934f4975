"""What a run of a sweep has seen that somebody may have to hear of."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .alerts import Condition, Kind, Look
from .alerts_text import quoted
from .durations import long_duration
from .model import Job
from .plan import LeftOut
from .stats import ALERT_S, HIGH, Retried, Statistics
from .sweep import AT_LIMIT, FAILED_RUNS, IN_A_ROW, Decision
from .sweeping import SHOWN, Run, told

Mask = Callable[[str], str]
PER_HOUR = f"{HIGH} retries or more, updated within the last {long_duration(ALERT_S)}"


@dataclass(frozen=True, slots=True)
class Words:
    """How commands name the source (`called` is its name, or `URL` where it has none in the configuration),
    and what takes passwords out of a message."""

    called: str
    mask: Mask = str

    def command(self, *words: str) -> str:
        """Return an `unstick` command on the source."""
        return f"  unstick {' '.join(words)} --source {shlex.quote(self.called)}"

    def about(self, verb: str, key: str, *more: str) -> tuple[str, ...]:
        """Return a command about one job, where its id can be typed."""
        word = quoted(key)
        return (self.command(verb, word, *more),) if word else ()


def looks(run: Run, failed_runs: int, words: Words) -> list[Look]:
    """Return what the run saw, kind by kind; a kind that it did not look at is not in it. `failed_runs` is
    how many runs in a row failed, with this one."""
    if run.decision in (Decision.REST, Decision.FOLLOW):
        return [_up()] if run.decision is Decision.FOLLOW else []
    if run.down:
        return [_down(run, words)]
    found = [_brake(run, failed_runs, words)] if run.seen is not None or failed_runs >= FAILED_RUNS else []
    if run.seen is not None:
        found += [_up(), _stuck(run, words), _limit(run, words)]
    return found


def _up() -> Look:
    return Look(Kind.DOWN, (), "the database is there")


def _down(run: Run, words: Words) -> Look:
    problem = words.mask(run.problem or "no details")
    return Look(
        Kind.DOWN,
        (Condition("", problem),),
        "the database is not there",
        "Nothing is looked at or recovered until it is; the sweep goes on trying.",
        (words.command("doctor"),),
    )


def _brake(run: Run, failed_runs: int, words: Words) -> Look:
    if run.decision is Decision.BRAKED and run.seen is not None:
        why = run.seen.brake or ""
    elif failed_runs >= FAILED_RUNS:
        why = f"{FAILED_RUNS} {IN_A_ROW}, at last: {words.mask(run.problem or told(run))}"
    else:
        return Look(Kind.BRAKE, (), "the sweep goes on")
    more = f"{len(run.seen.rows):,} rows stay as they are." if run.seen is not None else ""
    held = IN_A_ROW in why
    return Look(
        Kind.BRAKE,
        (Condition("", why),),
        "the sweep has stopped itself",
        f"{more} {'Once it is put right, start the sweep again.' if held else ''}".strip(),
        (words.command("sweep", "--once", "--shadow"), words.command("doctor" if held else "jobs --stuck")),
    )


def _stuck(run: Run, words: Words) -> Look:
    number = run.counts.stuck if run.counts is not None else len(run.stuck)
    conditions = tuple(Condition(job.id, _job(job)) for job in run.stuck)
    if number and not conditions:
        # A large table whose stuck jobs could be counted but not listed in time.
        conditions = (Condition("", f"{_jobs(number)}, which could not be listed in time"),)
    return Look(
        Kind.STUCK,
        conditions,
        f"{_jobs(number)} {_are(number)} stuck",
        f"The sweep: {words.mask(told(run))}.",
        _next(run, words),
        whole=len(run.stuck) >= number,
    )


def _next(run: Run, words: Words) -> tuple[str, ...]:
    """Where the sweep has done all of it there is nothing to do but to look."""
    if run.result is not None and run.outcomes.clean and run.seen is not None and not run.seen.waiting:
        return words.about("operations", run.result.operation)
    return (words.command("jobs", "--stuck"), words.command("recover", "--dry-run"))


def _limit(run: Run, words: Words) -> Look:
    left = run.plan.left_out if run.plan is not None else ()
    found = [each for each in left if each.reason.startswith(AT_LIMIT)]
    kinds = {job.id: job.kind for job in run.stuck}
    first = found[0].job if found else ""
    return Look(
        Kind.LIMIT,
        tuple(
            Condition(_ref(each), _named(_ref(each), kinds.get(each.job), each.reason))
            for each in found[:SHOWN]
        ),
        f"{_rows(len(found))} at the retry limit {'needs' if len(found) == 1 else 'need'} a person",
        "No sweep touches them again by itself.",
        (*words.about("show", first), *words.about("recover", first, "--over-limit", "--dry-run")),
        whole=len(found) <= SHOWN,
    )


def retries(found: Statistics, words: Words) -> Look:
    """Return what has been retried again and again within the hour."""
    alerts = [*found.jobs.alerts, *(found.variants.alerts if found.variants is not None else ())]
    first = alerts[0].job if alerts else ""
    return Look(
        Kind.RETRIES,
        tuple(Condition(_key(each), _retried(each)) for each in alerts),
        f"{_rows(len(alerts))} with {PER_HOUR}",
        "",
        (
            *words.about("show", first),
            *words.about("history", first),
            words.command("stats", "--since", "1h"),
        ),
    )


def _ref(left: LeftOut) -> str:
    return f"{left.job}/{left.variant}" if left.variant is not None else left.job


def _key(each: Retried) -> str:
    return f"{each.job}/{each.variant}" if each.variant is not None else each.job


def _retried(each: Retried) -> str:
    parts: Iterable[str | None] = (each.kind or each.name, each.status, each.step)
    return _named(_key(each), " ".join(part for part in parts if part), f"{each.retries} retries")


def _job(job: Job) -> str:
    why = job.verdict.why if job.verdict is not None else ""
    tries = f"{job.retries}/{job.max_retries} retries" if job.max_retries is not None else ""
    return _named(job.id, job.kind, ", ".join(part for part in (why, tries) if part))


def _named(key: str, kind: str | None, what: str) -> str:
    return f"{key}{f' ({kind})' if kind else ''}: {what or 'no details'}"


def _jobs(number: int) -> str:
    return f"{number:,} {'job' if number == 1 else 'jobs'}"


def _rows(number: int) -> str:
    return f"{number:,} {'row' if number == 1 else 'rows'}"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
