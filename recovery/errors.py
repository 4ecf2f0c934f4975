"""The one tree of errors. Every message says what happened, where, and what to do next.

UnstickError
├── UsageError            a flag, filter or argument that makes no sense         exit 2
│   └── FilterError       a filter expression, with the position of the mistake
├── ConfigError           config file, profile or environment                    exit 2
├── PlanError             a plan that can't be made, loaded or applied           exit 2
├── BackendError          the database refused or is not there                   exit 3
│   ├── Unreachable       no connection, or it was lost
│   ├── Denied            credentials or privileges
│   ├── SchemaMismatch    the tables are not what the profile says
│   ├── ReadOnlySource    a write was asked of a read-only source
│   ├── CommitUnknown     the connection was lost while committing
│   └── JournalUnusable   the local journal's file can't be read or written
├── QueryTimeout          a statement ran into its time limit                    exit 4
└── NotFound              no such job, operation or plan                         exit 2
"""

from __future__ import annotations


class UnstickError(Exception):
    """Base of every error that unstick raises on purpose; its text is shown to the user as it is."""

    exit_code = 1


class UsageError(UnstickError):
    """An argument that makes no sense."""

    exit_code = 2


class FilterError(UsageError):
    """A filter expression that can't be read; `position` is the offset of the mistake in characters."""

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.position = position


class ConfigError(UnstickError):
    """A config file, profile or environment variable that can't be used.

    `file`, `line` (1-based) and `key` (dotted) are put in front of the message where they are known.
    """

    exit_code = 2

    def __init__(
        self, message: str, *, file: str | None = None, line: int | None = None, key: str | None = None
    ) -> None:
        place = file or ""
        if file and line:
            place = f"{file}:{line}"
        prefix = ": ".join(part for part in (place, key) if part)
        super().__init__(f"{prefix}: {message}" if prefix else message)
        self.file, self.line, self.key = file, line, key


class PlanError(UnstickError):
    """A plan that can't be made, loaded or applied."""

    exit_code = 2


class NotFound(UnstickError):
    """There is no such job, operation or plan."""

    exit_code = 2


class BackendError(UnstickError):
    """The database refused, or is not there."""

    exit_code = 3


class Unreachable(BackendError):
    """There is no connection to the database, or it was lost."""


class Denied(BackendError):
    """The database refused the credentials, or a privilege is missing."""


class SchemaMismatch(BackendError):
    """The tables of the database are not what the profile says."""


class ReadOnlySource(BackendError):
    """A write was asked of a source that is read-only."""


class CommitUnknown(BackendError):
    """The connection was lost while a chunk was being committed; the journal knows, once it can be asked."""


class JournalUnusable(BackendError):
    """The file of the local journal can't be read or written; the database is not to blame."""


class QueryTimeout(UnstickError):
    """A statement ran into its time limit and was cancelled."""

    exit_code = 4


def told(error: BaseException) -> str:
    """Return what went wrong; of what nobody raised on purpose also its kind."""
    return (
        str(error) if isinstance(error, UnstickError) else f"internal error: {type(error).__name__}: {error}"
    )
