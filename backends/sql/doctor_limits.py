"""Which limits of time are in force: the server's, and what unstick asks for."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from unstick.recovery.source import Source

from .doctor_check import Check

SHORT_S = 60.0
"""A server that hangs up on connections which were idle for less than this interrupts people who read."""
_POSTGRESQL = (
    *("statement_timeout", "lock_timeout", "transaction_timeout"),
    *("idle_in_transaction_session_timeout", "idle_session_timeout"),
)
_MYSQL = (
    *("max_statement_time", "max_execution_time", "lock_wait_timeout", "innodb_lock_wait_timeout"),
    *("wait_timeout", "idle_transaction_timeout", "idle_readonly_transaction_timeout"),
)


def limits(connection: sa.Connection, source: Source) -> list[Check]:
    """What ends a statement, a wait for a lock, or an idle connection."""
    if connection.dialect.name == "sqlite":
        ours = (
            f"statements {source.statement_timeout_s:g} s, waiting for a writer {source.lock_timeout_s:g} s"
        )
        return [Check("timeouts", True, ours)]
    postgresql = connection.dialect.name == "postgresql"
    found = _of_postgresql(connection) if postgresql else _of_mysql(connection)
    shown = ", ".join(f"{name} {f'{value:g} s' if value else 'off'}" for name, value in found.items())
    writing = f"; a change waits {source.lock_timeout_s:g} s for a row"
    return [Check("timeouts", True, shown + writing), *_statement(found, source), *_idle(found)]


def _statement(found: Mapping[str, float], source: Source) -> list[Check]:
    names = ("statement_timeout", "max_statement_time", "max_execution_time")
    name, value = next(((name, found[name]) for name in names if name in found), ("", 0.0))
    if abs(value - source.statement_timeout_s) < 0.01:
        return []
    there, asked = f"{value:g} s" if value else "off", f"{source.statement_timeout_s:g} s"
    told = f"{name} is {there} although {asked} was asked for"
    return [
        Check("timeouts", True, told, "something between here and the server sets it otherwise", note=True)
    ]


def _idle(found: Mapping[str, float]) -> list[Check]:
    names = ("idle_session_timeout", "wait_timeout")
    return [
        Check(
            "timeouts",
            True,
            f"the server hangs up after {found[name]:g} s without a question ({name})",
            "unstick connects anew each time, which costs a moment",
            note=True,
        )
        for name in names
        if 0 < found.get(name, 0) < SHORT_S
    ]


def _of_postgresql(connection: sa.Connection) -> dict[str, float]:
    # All of these are in milliseconds; which of them there are depends on the version.
    asked = sa.text("SELECT name, setting FROM pg_settings WHERE name IN :names")
    rows = connection.execute(asked.bindparams(sa.bindparam("names", list(_POSTGRESQL), expanding=True)))
    found = {str(name): float(value) / 1000 for name, value in rows}
    return {name: found[name] for name in _POSTGRESQL if name in found}


def _of_mysql(connection: sa.Connection) -> dict[str, float]:
    asked = sa.text("SHOW SESSION VARIABLES WHERE Variable_name IN :names")
    rows = connection.execute(asked.bindparams(sa.bindparam("names", list(_MYSQL), expanding=True)))
    found = {str(name): float(value) for name, value in rows}
    if "max_execution_time" in found:
        found["max_execution_time"] /= 1000
    return {name: found[name] for name in _MYSQL if name in found}
