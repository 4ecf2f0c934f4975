"""Carries out a plan: show, save, confirm, apply, tell. Shared by every verb that writes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from typing import TYPE_CHECKING, Any

from unstick.cli import changes
from unstick.cli.confirm import confirmed
from unstick.cli.encode import print_json
from unstick.cli.failures import sentence
from unstick.cli.output import count, narrate, safe
from unstick.recovery.engine import Progress, Stop, apply
from unstick.recovery.errors import UsageError
from unstick.recovery.hooks_outcome import due
from unstick.recovery.outcome import Outcome, RowOutcome, tally
from unstick.recovery.plan import dump

if TYPE_CHECKING:
    from unstick.cli.session import Session
    from unstick.recovery.engine import Result
    from unstick.recovery.plan import Plan
    from unstick.recovery.port import Backend

INTERRUPTED = 130
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def carry_out(session: Session, backend: Backend, plan: Plan, *, named: bool = False) -> int:
    """Do what the options ask with a plan; return the exit code. `named`: jobs were asked for one by one."""
    _save(session, plan)
    if session.args.dry_run:
        return tell_plan(session, plan)
    if not plan.rows:
        _tell_nothing(session, plan)
        return 1 if named and plan.left_out else 0
    if not session.args.yes:
        with redirect_stdout(sys.stderr):
            changes.print_plan(session.source.name, plan, sql=False)
        if not confirmed(
            session.args, session.source, len(plan.rows), f"{plan.action} {count(len(plan.rows), 'row')}"
        ):
            raise UsageError("not confirmed; nothing was changed")
    stop = Stop()
    with stoppable(stop, "stopping after this chunk; once more to give up waiting"):
        result = await apply(
            backend,
            plan,
            stop=stop,
            on_progress=_progress(len(plan.rows)),
            max_rate=getattr(session.args, "max_rate", None),
            brake=not getattr(session.args, "no_brake", False),
        )
    return _tell_result(session, plan, result, interrupted=stop.requested, named=named)


def _save(session: Session, plan: Plan) -> None:
    path = getattr(session.args, "out", None)
    if not path:
        return
    try:
        # The plan holds rows of the database: nobody else's business.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(dump(plan))
    except OSError as error:
        raise UsageError(f"--out: {path} can't be written: {error.strerror}") from None
    narrate(f"plan {plan.id} saved; apply it with: {session.next_step('apply', str(path))}")


def tell_plan(session: Session, plan: Plan, standing: Sequence[RowOutcome] | None = None) -> int:
    """Tell of a dry run and return the exit code; `standing` is what would become of a saved plan's rows."""
    code = 0 if standing is None or tally(standing).clean else 1
    if session.json:
        print_json(changes.document(session.source.name, plan, None, standing))
        return code
    changes.print_plan(session.source.name, plan, sql=True)
    if standing is not None:
        changes.print_standing(standing)
    if plan.rows:
        narrate(f"dry run: nothing was changed; {count(_would_be(plan, standing), 'row')} would be")
    else:
        narrate(_nothing(session, plan))
    return code


def _would_be(plan: Plan, standing: Sequence[RowOutcome] | None) -> int:
    if standing is None:
        return len(plan.rows)
    return sum(row.outcome is Outcome.APPLIED and not row.already for row in standing)


def _tell_nothing(session: Session, plan: Plan) -> None:
    from unstick.recovery.engine import Result

    nothing = Result("", plan, ())
    if session.json:
        print_json(changes.document(session.source.name, plan, nothing))
        return
    changes.print_plan(session.source.name, plan, sql=False)
    changes.print_report(changes.report(plan, nothing))
    narrate(_nothing(session, plan))


def _nothing(session: Session, plan: Plan) -> str:
    name = session.source.name
    return (
        f"{name}: nothing to {plan.action}"
        if plan.left_out
        else f"{name}: all clear, nothing to {plan.action}"
    )


def _tell_result(session: Session, plan: Plan, result: Result, *, interrupted: bool, named: bool) -> int:
    code = _exit_code(plan, result, interrupted=interrupted, named=named)
    if session.json:
        document = changes.document(session.source.name, plan, result)
        if result.error is not None:
            document |= {"error": sentence(result.error), "exit_code": code}
        elif result.brake is not None:
            document |= {"error": f"stopped by the brake: {safe(result.brake)}", "exit_code": code}
        print_json(document)
        return code
    if session.args.yes:
        changes.print_plan(session.source.name, plan, sql=False)
    changes.print_result(plan, result, session.next_step("undo", result.operation))
    if any(due(row.hook) for row in result.rows):
        again = session.next_step("hooks", result.operation, "--retry")
        narrate(f"hooks that failed or were not called can be called again: {again}")
    changes.print_report(changes.report(plan, result))
    missed = len(plan.rows) - len(result.rows)
    if result.error is not None:
        narrate(f"unstick: {sentence(result.error)}")
    if result.brake is not None:
        narrate(f"stopped by the brake: {safe(result.brake)}; --no-brake goes on all the same")
    if missed:
        narrate(f"stopped early: {count(missed, 'row')} not reached; {_rest(session)}")
    return code


def _rest(session: Session) -> str:
    """Return how to come to the rows that were not reached."""
    file = getattr(session.args, "out", None) or getattr(session.args, "file", None)
    if file and file != "-":
        return f"for the rest: {session.next_step('apply', file)}"
    return "run the same command again for the rest"


def _exit_code(plan: Plan, result: Result, *, interrupted: bool, named: bool) -> int:
    if result.error is not None:
        return result.error.exit_code
    untold = any(due(row.hook) for row in result.rows)
    if interrupted and (result.stopped or untold):
        return INTERRUPTED
    refused = named and bool(plan.left_out)
    return 0 if changes.tally_of(plan, result).clean and not refused and not untold else 1


def _progress(planned: int) -> Callable[[Progress], None]:
    def tell(progress: Progress) -> None:
        if not sys.stderr.isatty():
            return
        if progress.hooks:
            narrate(f"{count(progress.hooks, 'hook')} called")
        elif progress.done < planned:
            narrate(f"{progress.done} of {planned} rows")

    return tell


@contextmanager
def stoppable(stop: Stop, words: str) -> Iterator[None]:
    """The first signal stops at the next good place, which `words` tell; a second one gives up waiting."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def on_signal(number: int, frame: object) -> None:
        if stop.requested and task is not None:
            loop.call_soon_threadsafe(task.cancel)
        stop.requested = True
        narrate(words)

    before: dict[signal.Signals, Any] = {}
    # Elsewhere than in the main thread an interrupt simply ends the run.
    with suppress(ValueError):
        for number in SIGNALS:
            before[number] = signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
