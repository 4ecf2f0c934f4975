"""`unstick operations [ID]`: the journal."""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING

from unstick.cli.changes import counts_words, detail_words, image_words
from unstick.cli.encode import plain, print_json
from unstick.cli.output import count, narrate, pairs, say, table
from unstick.cli.session import Session

if TYPE_CHECKING:
    from unstick.recovery.outcome import Operation, OperationRow


def configure(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the options."""
    parser.add_argument("operation", metavar="ID", nargs="?", help="show this one with its rows")
    parser.add_argument("--limit", metavar="N", type=int, default=100, help="at most N operations (100)")


def run(session: Session) -> int:
    """List the journal or show one operation."""
    return asyncio.run(_one(session) if session.args.operation else _list(session))


async def _list(session: Session) -> int:
    async with session.opened() as backend:
        found = await backend.operations(session.args.limit)
        profile = backend.capabilities.profile
    if session.json:
        operations = [_object(operation, rows=False) for operation in found]
        print_json({"source": session.source.name, "profile": profile, "operations": operations})
    elif found:
        head = ("ID", "STARTED", "ACTION", "STATUS", "OUTCOME", "WHO", "REASON")
        table(head, [_row(operation) for operation in found])
    else:
        narrate(f"{session.source.name}: nothing was changed with unstick yet")
    return 0


async def _one(session: Session) -> int:
    async with session.opened() as backend:
        operation = await backend.operation(session.args.operation)
        profile = backend.capabilities.profile
    if session.json:
        print_json({"source": session.source.name, "profile": profile, "operation": _object(operation)})
        return 0
    pairs(
        [
            ("operation", operation.id),
            ("action", operation.action),
            ("status", operation.status),
            ("outcome", counts_words(operation.counts)),
            ("who", operation.operator),
            ("reason", operation.reason),
            ("started", operation.started_at),
            ("finished", operation.finished_at),
            ("plan", operation.plan_id),
            ("undoes", operation.undoes),
        ]
    )
    say()
    head = ("JOB", "VARIANT", "OUTCOME", "UNDONE BY", "DETAIL", "CHANGE")
    table(head, [_operation_row(row) for row in operation.rows])
    return 0


def _row(operation: Operation) -> tuple[object, ...]:
    action = f"{operation.action} {operation.undoes}" if operation.undoes else operation.action
    outcome = counts_words(operation.counts)
    if operation.hooks_due:
        outcome += f"; {count(operation.hooks_due, 'hook')} missing"
    return (
        *(operation.id, operation.started_at, action, operation.status),
        *(outcome, operation.operator, operation.reason),
    )


def _operation_row(row: OperationRow) -> tuple[object, ...]:
    change = image_words(row.before or {}, row.after or {}) if row.before or row.after else None
    return (row.job, row.variant, row.outcome, row.undone_by, detail_words(row), change)


def _object(operation: Operation, *, rows: bool = True) -> dict[str, object]:
    found: dict[str, object] = plain(operation)
    found["status"] = operation.status
    if not rows:
        del found["rows"]
    return found
