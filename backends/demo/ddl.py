"""The packaged CREATE statements of a demo system, one file per system and dialect under ``schema/``."""

from __future__ import annotations

import re
import sqlite3
from importlib import resources
from typing import Literal

Dialect = Literal["postgresql", "mysql", "sqlite"]

# What a statement consists of, longest first. A semicolon counts only outside all of these.
_TOKEN = re.compile(
    r"""
      (?P<comment>--[^\n]*|/\*.*?\*/)
    | (?P<dollar>\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
    | (?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`)
    | (?P<end>;)
    """,
    re.DOTALL | re.VERBOSE,
)


def dialect_of(name: str) -> Dialect:
    """The dialect whose files serve a SQLAlchemy dialect name (``mariadb`` reads those of ``mysql``)."""
    if name in ("mysql", "mariadb"):
        return "mysql"
    if name == "postgresql":
        return "postgresql"
    if name == "sqlite":
        return "sqlite"
    raise ValueError(
        f"no demo schema for the database {name!r}: it has to be postgresql, mysql, mariadb or sqlite"
    )


def statements(system: str, dialect: str) -> list[str]:
    """The CREATE statements of ``system`` for ``dialect``, in order, each without its closing semicolon.

    Any driver can run them one by one, on an empty database: none says IF NOT EXISTS except for schemas.
    """
    file = resources.files("unstick.backends.demo") / "schema" / f"{system}.{dialect_of(dialect)}.sql"
    try:
        script = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ValueError(f"no demo schema for the system {system!r}") from None
    return split(script)


def split(script: str) -> list[str]:
    """Cut an SQL script at its semicolons, leaving out comments and empty statements.

    Semicolons in quotes, in dollar quotes and in the body of an SQLite trigger don't cut. Backslash escapes
    in MySQL strings are not understood: write a quote in a string twice.
    """
    found: list[str] = []
    pending = ""
    position = 0
    for token in _TOKEN.finditer(script):
        pending += script[position : token.start()]
        position = token.end()
        if token.lastgroup == "comment":
            continue
        if token.lastgroup != "end":
            pending += token.group()
        elif _inside_trigger(pending):
            pending += ";"
        else:
            found.append(pending.strip())
            pending = ""
    found.append((pending + script[position:]).strip())
    return [statement for statement in found if statement]


def _inside_trigger(pending: str) -> bool:
    """Whether a semicolon here belongs to a trigger's body: SQLite itself knows where that ends."""
    is_trigger = re.match(
        r"\s*CREATE\s+(TEMP\w*\s+)?TRIGGER\b.*\bBEGIN\b", pending, re.IGNORECASE | re.DOTALL
    )
    return is_trigger is not None and not sqlite3.complete_statement(pending + ";")
