"""The forms of a timeline: CSV for spreadsheets, one JSON object, or a table for people."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from unstick.cli.encode import plain
from unstick.cli.operations import HEAD, MOST, operation_cells, operation_object
from unstick.cli.output import narrate, say, table
from unstick.cli.spool import print_spool

if TYPE_CHECKING:
    from unstick.recovery.model import Image
    from unstick.recovery.outcome import Operation, OperationRow

COLUMNS = (
    *(
        "operation",
        "started",
        "finished",
        "action",
        "source",
        "profile",
        "operator",
        "reason",
        "plan",
        "undoes",
    ),
    *("job", "variant", "outcome", "detail", "hook", "undone_by", "before", "after"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a cell begins that a spreadsheet would compute instead of show; the last four are full-width."""


class Form:
    """Takes what is told, in order: `begin`, then operations with their rows, then `end`."""

    wants_rows = True
    most: int | None = None
    """Operations that are told when nobody says how many; None: all."""

    def begin(self, profiles: Sequence[str]) -> None:
        """Sources are open; these are their profiles."""

    def operation(self, operation: Operation) -> None:
        """An operation begins."""

    def row(self, operation: Operation, row: OperationRow) -> None:
        """One of its rows."""

    def operation_over(self, operation: Operation) -> None:
        """There are no more rows of it."""

    def problem(self, source: str, sentence: str, exit_code: int) -> None:
        """A source can't be told of, or not any further; it was said already."""

    def more(self) -> None:
        """There would be more operations than were asked for."""
        narrate("there are more: --limit N")

    def end(self, alone: str | None) -> None:
        """Everything is told; `alone` is the source where only one was asked."""

    def close(self) -> None:
        """Let go of files, however it went."""


class Lines(Form):
    """CSV after RFC 4180: one line per row, one without a job for an operation that has no rows."""

    def __init__(self) -> None:
        self._rows = 0

    def begin(self, profiles: Sequence[str]) -> None:
        """Write the names of the columns."""
        _line(COLUMNS)

    def operation(self, operation: Operation) -> None:
        """Count anew."""
        self._rows = 0

    def row(self, operation: Operation, row: OperationRow) -> None:
        """Write a line."""
        self._rows += 1
        own = (row.job, row.variant, row.outcome, row.detail, row.hook, row.undone_by)
        _line([*_shared(operation), *map(_cell, own), _image(row.before), _image(row.after)])

    def operation_over(self, operation: Operation) -> None:
        """Write what came to nothing too: it belongs to what happened."""
        if not self._rows:
            _line([*_shared(operation), *[""] * (len(COLUMNS) - 10)])


def _shared(operation: Operation) -> list[str]:
    times = (operation.started_at, operation.finished_at)
    return [
        _cell(value)
        for value in (
            *(operation.id, *map(plain, times), operation.action, operation.source, operation.profile),
            *(operation.operator, operation.reason, operation.plan_id, operation.undoes),
        )
    ]


def _cell(value: object) -> str:
    """Return a value as text that a spreadsheet shows and never computes."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def _image(image: Image | None) -> str:
    return "" if image is None else json.dumps(plain(image), ensure_ascii=True)


def _line(cells: Sequence[str]) -> None:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    say(line.getvalue(), end="\r\n")


class Objects(Form):
    """One JSON object. It is put together in a file and printed when it is complete."""

    def __init__(self, since: str | None, until: str | None) -> None:
        self._asked = {"since": since, "until": until}
        self._profiles: Sequence[str] = ()
        self._problems: list[Mapping[str, Any]] = []
        # Rows of a database: the file is nobody else's, and gone when it is closed.
        self._file = tempfile.TemporaryFile("w+", encoding="ascii")  # noqa: SIM115 - see `close`
        self._operations = self._rows = 0
        self._more = False

    def begin(self, profiles: Sequence[str]) -> None:
        """Note the profiles."""
        self._profiles = profiles

    def operation(self, operation: Operation) -> None:
        """Write it up to its rows."""
        head = json.dumps(plain(operation_object(operation, rows=False)))
        self._file.write(f'{"," if self._operations else ""}\n  {head[:-1]}, "rows": [')
        self._operations, self._rows = self._operations + 1, 0

    def row(self, operation: Operation, row: OperationRow) -> None:
        """Write a row."""
        self._file.write(f"{',' if self._rows else ''}\n    {json.dumps(plain(row))}")
        self._rows += 1

    def operation_over(self, operation: Operation) -> None:
        """Close it."""
        self._file.write("]}")

    def problem(self, source: str, sentence: str, exit_code: int) -> None:
        """Note it for the end."""
        self._problems.append({"source": source, "error": sentence, "exit_code": exit_code})

    def more(self) -> None:
        """Note it for the end."""
        self._more = True

    def end(self, alone: str | None) -> None:
        """Print the whole object."""
        profile = self._profiles[0] if alone else None
        head = json.dumps({"source": alone, "profile": profile, **self._asked})
        tail = json.dumps({"more": self._more, "problems": self._problems})
        print_spool(f'{head[:-1]}, "operations": [', self._file, f"], {tail[1:]}")

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


class Words(Form):
    """A table, with the source in front where there are several."""

    wants_rows = False
    most = MOST

    def __init__(self, *, many: bool) -> None:
        self._many, self._any = many, False
        self._lines: list[tuple[object, ...]] = []

    def begin(self, profiles: Sequence[str]) -> None:
        """Note whether there is anybody to tell of."""
        self._any = bool(profiles)

    def operation(self, operation: Operation) -> None:
        """Note a line."""
        source = (operation.source,) if self._many else ()
        self._lines.append((*source, *operation_cells(operation)))

    def end(self, alone: str | None) -> None:
        """Print them: columns are as wide as the widest line."""
        if self._lines:
            table(("SOURCE", *HEAD) if self._many else HEAD, self._lines)
        elif self._any:
            narrate("nothing was changed with unstick within that time")
