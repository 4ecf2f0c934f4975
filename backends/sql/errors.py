"""Driver errors become errors of ours: one sentence, no password, what to do next."""

from __future__ import annotations

import re
import socket
import sqlite3
from typing import Any

import sqlalchemy as sa

from unstick.recovery.errors import (
    BackendError,
    Denied,
    QueryTimeout,
    SchemaMismatch,
    Unreachable,
    UnstickError,
)
from unstick.recovery.source import Source, mask_text, mask_url

from . import advice, client_files

_DENIED_PG = {"28P01", "28000", "42501", "3D000"}
_LOST_PG = ("08", "57P01", "57P02", "57P03")
_SCHEMA_PG = {"42P01", "42703", "3F000"}
_RETRY_PG = {"40001", "40P01"}
_BUSY_PG = {"55P03"}
_REFUSED_BY_POOLER = "SASL authentication failed"
"""PgBouncer's words for a wrong password, under the code of a broken protocol."""
_UNSURE_PG = {"40003"}
"""The server itself doesn't know whether the statement was completed."""
_DENIED_MY = {1044, 1045, 1049, 1142, 1143, 1227, 1698}
_LOST_MY = {1053, 1927, 2002, 2003, 2006, 2013, 2055, 0}
_SCHEMA_MY = {1146, 1054}
_READ_ONLY = ("25006", 1290, 1792, 1836)
_TIMEOUT_MY = {1317, 1969, 3024}
_RETRY_MY = {1020, 1213}
_NO_SAVEPOINT = 1305
_BUSY_MY = {1205, 3572}


def code_of(error: BaseException) -> str | int | None:
    """Return the SQLSTATE (PostgreSQL), the error number (MySQL) or the error name (SQLite), if there is
    one."""
    original = getattr(error, "orig", None) or error
    arguments = getattr(original, "args", ())
    if arguments and isinstance(arguments[0], int) and not isinstance(original, OSError):
        # Before the SQLSTATE, which newer PyMySQL has too: most of MySQL's errors share a few of those.
        return arguments[0]
    for candidate in (original, original.__cause__):
        state = getattr(candidate, "sqlstate", None)
        if isinstance(state, str):
            return state
        name = getattr(candidate, "sqlite_errorname", None)
        if isinstance(name, str):
            return name
    return None


def is_lost(error: BaseException) -> bool:
    """Whether the connection is gone."""
    code = code_of(error)
    if isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated:
        return True
    if isinstance(code, str):
        return code.startswith(_LOST_PG)
    if isinstance(code, int):
        return code in _LOST_MY and not isinstance(error, sa.exc.ProgrammingError)
    original = getattr(error, "orig", None) or error
    text = str(original).lower()
    # The asyncpg adapter reports a connection that went away in words only.
    return isinstance(original, OSError) or "connection is closed" in text or "connection was closed" in text


def is_deadlock(error: BaseException) -> bool:
    """Whether the database undid the transaction and asks to try it again."""
    code = code_of(error)
    if code == _NO_SAVEPOINT and "SAVEPOINT" in str(error):
        # InnoDB undoes the whole transaction in a deadlock; going back to a savepoint then fails, and that
        # failure hides the deadlock. All locks are gone: nothing more may be written on the strength of them.
        return True
    return code in _RETRY_PG or code in _RETRY_MY


def is_refusal(error: BaseException) -> bool:
    """Whether the server itself answered that the statement came to nothing, and the connection is fine."""
    return (
        isinstance(error, sa.exc.DBAPIError)
        and not is_lost(error)
        and code_of(error) not in (*_TIMEOUT_MY, *_UNSURE_PG)
    )


def is_busy(error: BaseException) -> bool:
    """Whether somebody else holds the lock."""
    code = code_of(error)
    return code in _BUSY_PG or code in _BUSY_MY or (isinstance(code, str) and code.startswith("SQLITE_BUSY"))


def said(error: BaseException) -> str:
    """Return the first line of what the database said, without what the driver puts around it."""
    original = getattr(error, "orig", None) or error
    arguments: tuple[Any, ...] = getattr(original, "args", ())
    text = str(arguments[1]) if len(arguments) > 1 and isinstance(arguments[0], int) else str(original)
    text = re.sub(r"^<class '[^']*'>: ", "", text)
    return next((line.strip() for line in text.splitlines() if line.strip()), type(original).__name__)[:300]


def _from_database(error: BaseException) -> bool:
    """Whether a driver or the network raised this; anything else is a mistake of ours and must look like
    one."""
    kinds = (sa.exc.DBAPIError, sa.exc.InvalidRequestError, OSError, TimeoutError, sqlite3.Error)
    return isinstance(error, kinds) or type(error).__module__.split(".")[0] in ("asyncpg", "pymysql")


def translate(error: BaseException, source: Source) -> BaseException:
    """Return our error for a driver's error, and any other error as it is."""
    if isinstance(error, UnstickError) or not _from_database(error):
        return error
    where = f"{source.name} ({mask_url(source.url)})" if source.name != source.url else mask_url(source.url)
    told = _told(error, source)
    code = "28P01" if told == _REFUSED_BY_POOLER else code_of(error)
    if code in ("57014", "SQLITE_INTERRUPT") or code in _TIMEOUT_MY or _timed_out(error):
        return QueryTimeout(
            f"{source.name}: a statement took longer than {source.statement_timeout_s:g} s "
            "and was cancelled; raise statement_timeout, or ask for less with a filter"
        )
    if code in _DENIED_PG or code in _DENIED_MY:
        ignored = client_files.ignored(source.url) if code in advice.LOGIN else ""
        return Denied(f"{where} refused: {told}; {ignored or advice.denied(code)}")
    if code in _SCHEMA_PG or code in _SCHEMA_MY or "no such table" in told or "no such column" in told:
        return SchemaMismatch(
            f"{source.name}: {told}; the tables are not what the profile says, see `unstick doctor`"
        )
    if code in _READ_ONLY or "readonly database" in told:
        return Denied(f"{where} can't be written: {told}; use the primary, or an account that may write")
    what_to_do = advice.other(code, told)
    if what_to_do:
        return BackendError(f"{where} refused: {told}; {what_to_do}")
    if is_lost(error) or isinstance(error, OSError | sqlite3.OperationalError):
        return Unreachable(f"can't reach {where}: {told}; {advice.unreachable(told)}")
    return BackendError(f"{source.name}: the database refused: {told}")


def _timed_out(error: BaseException) -> bool:
    original = getattr(error, "orig", None) or error
    return isinstance(original.__cause__, TimeoutError) and not isinstance(
        original.__cause__, socket.gaierror
    )


def _told(error: BaseException, source: Source) -> str:
    return advice.in_words(mask_text(said(error), source.url))
