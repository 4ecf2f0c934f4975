"""Sweepers side by side: each run told in a line, signals that end them in good order."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from unstick.cli.encode import plain, print_json
from unstick.cli.failures import mask
from unstick.cli.output import narrate, safe, say
from unstick.cli.sweep_watching import Watcher, Watching
from unstick.recovery.durations import long_duration
from unstick.recovery.source import Source
from unstick.recovery.sweep import Decision
from unstick.recovery.sweeping import Run, Sweeper, Timer, told

INTERRUPTED = 130
GRACE_S = 5.0
"""Seconds that alerts and metrics have at the end of a sweep."""
STOPPING = "stopping after the rows in hand; once more to stop at once"


@dataclass(frozen=True, slots=True)
class Seat:
    """A source and who sweeps it."""

    source: Source
    sweeper: Sweeper


async def once(seats: Sequence[Seat], watchers: Sequence[Watcher] = (), *, as_json: bool) -> int:
    """Make one run on every source at the same time; return the exit code."""
    watching = Watching(lambda run: None, watchers)

    async def one(seat: Seat) -> Run:
        run = await seat.sweeper.run()
        watching(run)
        return run

    with _ended(lambda: _stop(seats)) as ended:
        runs = await asyncio.gather(*map(one, seats))
        await watching.drain()
        await asyncio.gather(*(seat.sweeper.backend.close() for seat in seats), return_exceptions=True)
    if as_json:
        print_json({"runs": [run_object(run) for run in runs]})
    else:
        for run in runs:
            _tell(run)
    return INTERRUPTED if ended.interrupted else max(map(_code, runs))


async def repeat(
    seats: Sequence[Seat], every_s: float | None, watchers: Sequence[Watcher] = (), *, as_json: bool
) -> int:
    """Sweep every source until a signal comes; return the exit code."""
    watching = Watching(_tell_json if as_json else _tell, watchers)
    timers = [Timer(seat.sweeper, watching, every_s) for seat in seats]

    def stop() -> None:
        for timer in timers:
            timer.end()

    narrate(f"sweeping {', '.join(safe(seat.source.name) for seat in seats)}{_pace(every_s)}")
    with _ended(stop) as ended:
        await asyncio.gather(*(timer.run() for timer in timers))
        await watching.drain(GRACE_S)
        await asyncio.gather(*(seat.sweeper.backend.close() for seat in seats), return_exceptions=True)
    return INTERRUPTED if ended.interrupted else 0


def _pace(every_s: float | None) -> str:
    return f" every {long_duration(every_s)}" if every_s is not None else ""


def _stop(seats: Iterable[Seat]) -> None:
    for seat in seats:
        seat.sweeper.stop.requested = True


@dataclass(slots=True)
class _Ended:
    """How it was asked to end."""

    interrupted: bool = False
    times: int = 0


@contextmanager
def _ended(stop: Callable[[], None]) -> Iterator[_Ended]:
    """The first signal stops between two chunks, a second one at once. SIGTERM is how services are ended:
    that is no failure."""
    loop, task, ended = asyncio.get_running_loop(), asyncio.current_task(), _Ended()

    def on_signal(number: int) -> None:
        ended.interrupted = ended.interrupted or number == signal.SIGINT
        ended.times += 1
        if ended.times == 1:
            narrate(STOPPING)
            stop()
        elif task is not None:
            ended.interrupted = True
            task.cancel()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    with suppress(ValueError, RuntimeError):
        for number in numbers:
            loop.add_signal_handler(number, on_signal, number)
    try:
        yield ended
    except asyncio.CancelledError:
        if not ended.interrupted:
            raise
    finally:
        with suppress(ValueError, RuntimeError):
            for number in numbers:
                loop.remove_signal_handler(number)


def _code(run: Run) -> int:
    """Return what a single run means as an exit code."""
    if run.decision is Decision.FAILED:
        return run.code or 1
    outcomes = run.outcomes
    return int(run.decision is Decision.BRAKED or bool(outcomes.failed or outcomes.busy))


def _tell(run: Run) -> None:
    at = run.at or datetime.now().astimezone()
    say(f"{safe(at)} {safe(run.source)}: {mask(told(run))}", flush=True)


def _tell_json(run: Run) -> None:
    print_json(run_object(run), line=True)


def run_object(run: Run) -> dict[str, Any]:
    """Return a run as JSON values."""
    seen, counts = run.seen, run.counts
    return {
        "source": run.source,
        "mode": run.mode.value,
        "number": run.number,
        "at": plain(run.at),
        "took_s": round(run.took_s, 3),
        "decision": run.decision.value,
        "told": mask(told(run)),
        "stuck": counts.stuck if counts is not None else None,
        "found": seen.found if seen is not None else None,
        "planned": len(seen.rows) if seen is not None else None,
        "waiting": seen.waiting if seen is not None else None,
        "at_limit": seen.at_limit if seen is not None else None,
        "left_out": [{"rows": g.number, "reason": g.reason} for g in seen.left_out]
        if seen is not None
        else [],
        "brake": seen.brake if seen is not None else None,
        "outcomes": run.outcomes.as_dict(),
        "rows": plain(run.result.rows) if run.result is not None else [],
        "operation": (run.result.operation or None) if run.result is not None else None,
        "leader": run.leader,
        "problem": mask(run.problem) if run.problem else None,
        "down": run.down,
    }
