"""What can go wrong while tables are changed, in one sentence each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from unstick.recovery.errors import BackendError, Denied
from unstick.recovery.source import Source, mask_text

from .errors import code_of, is_busy, is_lost, said
from .migration_record import Added

_FORBIDDEN = ("42501", 1044, 1142, 1143, 1227)
_TWICE = ("42701", "42P07", "23505", 1050, 1060, 1061, 1062)
"""The column, table, index or its record is there by now."""
_TWICE_SQLITE = ("duplicate column name", "already exists", "UNIQUE constraint failed")
STAYS = "what was done before stays, and running it again does the rest"


class InUse(Exception):
    """A value was written to a column between the look at it and its end."""

    def __init__(self, added: Added) -> None:
        super().__init__(str(added))
        self.added = added


@contextmanager
def explained(
    connection: sa.Connection, source: Source, what: str, table: str | None = None
) -> Iterator[None]:
    """Turn a refusal of the database into a sentence about what was being done to which table."""
    try:
        yield
    except InUse as used:
        raise BackendError(
            f"{source.name}: {used.added} has got a value meanwhile and was not dropped; {STAYS}"
        ) from None
    except sa.exc.DBAPIError as error:
        if is_lost(error) or connection.invalidated:
            raise
        raise _sentence(error, source, what, table or what) from error


def is_twice(error: sa.exc.DBAPIError) -> bool:
    """Whether somebody else was faster: what was to be added, or its record, is there by now."""
    return code_of(error) in _TWICE or any(words in said(error) for words in _TWICE_SQLITE)


def _sentence(error: sa.exc.DBAPIError, source: Source, what: str, table: str) -> BackendError:
    told = mask_text(said(error), source.url)
    code = code_of(error)
    if is_busy(error):
        return BackendError(
            f"{source.name}: {table} is in use by a transaction that lasts; {what} waited only a short time "
            f"for it, since the application would wait behind it; try again at a quieter time: {STAYS}"
        )
    if code in _FORBIDDEN:
        return Denied(
            f"{source.name}: this account may not change {table} for {what} ({told}); run it as the table's "
            "owner, or give the statements that `unstick migrate` shows to a person who may"
        )
    if is_twice(error):
        return BackendError(f"{source.name}: somebody else has just added {what}; {STAYS}")
    return BackendError(f"{source.name}: the database refused {what}: {told}; {STAYS}")
