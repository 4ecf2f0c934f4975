"""What became of an operation's hooks, as a table or one JSON object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from unstick.cli.encode import print_json
from unstick.cli.failures import sentence
from unstick.cli.output import narrate, say, table
from unstick.cli.session import Session
from unstick.recovery.hooks_outcome import counted, counted_words, due

if TYPE_CHECKING:
    from unstick.recovery.hooks_again import Called
    from unstick.recovery.outcome import Operation, OperationRow
    from unstick.recovery.port import Backend


def hooked(operation: Operation) -> tuple[OperationRow, ...]:
    """Return the rows that a hook was, or is to be, called for."""
    return tuple(row for row in operation.rows if row.hook is not None)


def tell(
    session: Session,
    backend: Backend,
    operation: Operation,
    rows: Sequence[OperationRow],
    called: Called | None,
) -> None:
    """Tell of these rows; `called` is set when hooks were called for them just now."""
    hook = backend.hooks.of(operation.action)
    if session.json:
        document: dict[str, object] = {
            "source": session.source.name,
            "profile": backend.capabilities.profile,
            "operation": operation.id,
            "action": operation.action,
            "hook": hook.shown if hook else None,
            "retried": called is not None,
            "outcomes": counted(row.hook for row in rows),
            "rows": [_object(row) for row in rows],
        }
        if called is not None and called.error is not None:
            document |= {"error": sentence(called.error), "exit_code": called.error.exit_code}
        print_json(document)
        return
    if rows:
        head = ("JOB", "VARIANT", "OUTCOME", "UNDONE BY", "HOOK")
        table(head, [(row.job, row.variant, row.outcome, row.undone_by, row.hook) for row in rows])
        say(f"hooks: {counted_words(row.hook for row in rows)}")
    elif called is None and not session.args.retry:
        narrate(f"{session.source.name}: {operation.id} called no hook")
    if called is not None and called.error is not None:
        narrate(f"unstick: {sentence(called.error)}; the journal doesn't know of some of these calls")


def _object(row: OperationRow) -> Mapping[str, object]:
    return {
        "job": row.job,
        "variant": row.variant,
        "hook": row.hook,
        "due": due(row.hook) and row.undone_by is None,
        "undone_by": row.undone_by,
    }
