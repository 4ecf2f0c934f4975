"""`unstick operations [ID]`: the journal; with `--since`, `--until` or `--csv` as a timeline."""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING

from unstick.cli.changes import counts_words, detail_words, image_words
from unstick.cli.encode import plain, print_json
from unstick.cli.output import count, narrate, pairs, say, table
from unstick.cli.session import Session
from unstick.recovery.errors import UsageError

if TYPE_CHECKING:
    from unstick.recovery.outcome import Operation, OperationRow

MOST = 100
"""Operations that are listed when nobody says how many."""
HEAD = ("ID", "STARTED", "ACTION", "STATUS", "OUTCOME", "WHO", "REASON")


def configure(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the options."""
    parser.add_argument("operation", metavar="ID", nargs="?", help="show this one with its rows")
    parser.add_argument("--limit", metavar="N", type=int, help="at most N operations (100; as a file: all)")
    parser.add_argument(
        "--since",
        metavar="DUR|TIME",
        help="what began within this time (2h), or since then (2026-01-31T14:05): oldest first, of every\n"
        "configured source where none is named; with --json or --csv all rows with before and after",
    )
    parser.add_argument("--until", metavar="DUR|TIME", help="what began before then")
    parser.add_argument("--csv", action="store_true", help="one line per row, for a spreadsheet")


def run(session: Session) -> int:
    """List the journal, show one operation, or tell what happened within a time."""
    args = session.args
    if args.csv and args.json:
        raise UsageError("--csv and --json are two forms of the same; choose one")
    if args.limit is not None and args.limit < 1:
        raise UsageError("--limit is a number of operations, at least 1")
    if args.since is None and args.until is None and not args.csv:
        return asyncio.run(_one(session) if args.operation else _list(session))
    if args.operation:
        raise UsageError("name an operation, or choose by --since and --until (with --csv or not); not both")
    from unstick.cli.timeline import export

    return export(session)


async def _list(session: Session) -> int:
    async with session.opened() as backend:
        found = await backend.operations(session.args.limit or MOST)
        profile = backend.capabilities.profile
    if session.json:
        operations = [operation_object(operation, rows=False) for operation in found]
        print_json({"source": session.source.name, "profile": profile, "operations": operations})
    elif found:
        table(HEAD, [operation_cells(operation) for operation in found])
    else:
        narrate(f"{session.source.name}: nothing was changed with unstick yet")
    return 0


async def _one(session: Session) -> int:
    async with session.opened() as backend:
        operation = await backend.operation(session.args.operation)
        profile = backend.capabilities.profile
    if session.json:
        print_json(
            {"source": session.source.name, "profile": profile, "operation": operation_object(operation)}
        )
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


def operation_cells(operation: Operation) -> tuple[object, ...]:
    """Return a line of the table under `HEAD`."""
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


def operation_object(operation: Operation, *, rows: bool = True) -> dict[str, object]:
    """Return an operation as JSON; its rows only where they are wanted."""
    found: dict[str, object] = plain(operation)
    found["status"] = operation.status
    if not rows:
        del found["rows"]
    return found
