"""Looking into JSON columns. Text that is no JSON gives NULL and never an error."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from .engines.base import ColumnInfo, Engine, Expr, RawType

DEPTH = 12
"""Levels of nesting that a PostgreSQL before 16 is asked to understand; deeper text counts as malformed."""

MANY = 1000
"""Brackets that PostgreSQL itself may be given without a look at how deep they are."""

TEXT = ColumnInfo("", "text", "text")
"""What a text out of JSON is like."""

# Exactly what jsonb takes: numbers and escapes that it refuses are not matched, so that no cast ever fails.
_STRING = (
    r'"([^"\\\u0001-\u001f]|\\["\\/bfnrt]|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}'
    r'|\\u(?!0000|[dD][89a-fA-F])[0-9a-fA-F]{4})*"'
)
_SCALAR = r"-?(0|[1-9][0-9]{0,200})([.][0-9]{1,200})?([eE][+-]?[0-9]{1,4})?|true|false|null"
_VALUE = '(0|"")'
_MEMBER = f'""[:]{_VALUE}'
_CONTAINER = rf"\[({_VALUE}(,{_VALUE})*)?\]|\{{({_MEMBER}(,{_MEMBER})*)?\}}"


def document(engine: Engine, dialect: sa.Dialect, column: Expr, info: ColumnInfo = TEXT) -> Expr:
    """The column's JSON document in the database's own JSON type; NULL where its text is none."""
    if engine.name == "postgresql":
        if info.type == "jsonb":
            return column
        text = sa.cast(column, sa.Text)
        return sa.case((_is_jsonb(dialect, text), sa.cast(text, RawType("jsonb"))))
    plain = sa.type_coerce(column, sa.Text())
    return sa.case((sa.func.json_valid(plain) == 1, plain))


def _is_jsonb(dialect: sa.Dialect, text: Expr) -> Expr:
    version = getattr(dialect, "server_version_info", None)
    if version is None or version >= (16,):
        brackets = sa.func.length(text) - sa.func.length(
            sa.func.translate(text, sa.literal("[{", sa.Text), sa.literal("", sa.Text))
        )
        # Endless nesting is an error even there, so text that may be nested that deep is looked at first.
        valid = sa.func.pg_input_is_valid(text, sa.literal("jsonb", sa.Text))
        return sa.case((brackets < MANY, valid), else_=_looks_like_json(text))
    return _looks_like_json(text)


def _looks_like_json(text: Expr) -> Expr:
    # Strings, then numbers and words, then the innermost containers become one short value each: what is JSON
    # ends as a single one. What stands for a value is JSON itself, so nothing else can end like that.
    for pattern, value in (
        (_STRING, '""'),
        (_SCALAR, "0"),
        (r"[ \t\n\r]+", ""),
        *((_CONTAINER, "0"),) * DEPTH,
    ):
        texts = (sa.literal(part, sa.Text) for part in (pattern, value, "g"))
        text = sa.func.regexp_replace(text, *texts)
    return text.op("~")(sa.literal(f"^{_VALUE}$", sa.Text))


def part(engine: Engine, dialect: sa.Dialect, column: Expr, path: Sequence[str], info: ColumnInfo) -> Expr:
    """The value at a path as JSON; NULL where there is none."""
    found = document(engine, dialect, column, info)
    if not path:
        return found
    if engine.name == "postgresql":
        return sa.func.jsonb_extract_path(found, *(sa.literal(key, sa.Text) for key in path))
    return sa.func.json_extract(found, sa.literal(json_path(path), sa.Text))


def text_at(
    engine: Engine, dialect: sa.Dialect, column: Expr, path: Sequence[str], info: ColumnInfo = TEXT
) -> Expr:
    """The value at a path as text; NULL for JSON's null, and where there is none."""
    if engine.name == "postgresql":
        found = document(engine, dialect, column, info)
        return sa.func.jsonb_extract_path_text(
            found, *(sa.literal(key, sa.Text) for key in path), type_=sa.Text()
        )
    value = part(engine, dialect, column, path, info)
    if engine.name == "sqlite":
        return sa.cast(value, sa.Text)
    known = sa.func.json_type(value) != sa.literal("NULL", sa.Text)
    return sa.type_coerce(sa.case((known, sa.func.json_unquote(value))), sa.Text())


def number_at(
    engine: Engine, dialect: sa.Dialect, column: Expr, path: Sequence[str], info: ColumnInfo = TEXT
) -> Expr:
    """The number at a path; NULL for anything else."""
    text = text_at(engine, dialect, column, path, info)
    pattern = "^-?[0-9]{1,15}([.][0-9]{1,15})?$"
    if engine.name == "sqlite":
        kind = sa.func.json_type(document(engine, dialect, column, info), json_path(path))
        return sa.case((kind.in_(("integer", "real")), sa.cast(text, sa.Float)))
    match = "~" if engine.name == "postgresql" else "REGEXP"
    is_number = text.op(match)(sa.literal(pattern, sa.Text))
    return sa.case((is_number, sa.cast(text, sa.Double)))


def only_days(engine: Engine, text: Expr) -> Expr:
    """The text where it begins like a day; SQLite takes bare numbers and `now` for times as well."""
    if engine.name != "sqlite":
        return text
    day = text.op("GLOB")(sa.literal("[0-9][0-9][0-9][0-9]-*", sa.Text))
    return sa.case((day, text))


def json_path(path: Sequence[str]) -> str:
    """Return the path as MySQL and SQLite write it."""
    return "$" + "".join(f".{json.dumps(key, ensure_ascii=False)}" for key in path)


def entries(
    engine: Engine,
    dialect: sa.Dialect,
    column: Expr,
    path: Sequence[str],
    key: str,
    info: ColumnInfo = TEXT,
) -> tuple[sa.TextClause, Expr]:
    """Return what to select from to get the entries of the object or list at a path, and the text that an
    entry has under `key`. The column may be of a row outside."""
    if engine.name == "postgresql":
        whole = as_text(part(engine, dialect, column, path, info), dialect)
        source = (
            f"(SELECT {whole} AS x OFFSET 0) AS d CROSS JOIN LATERAL jsonb_path_query(d.x, CAST("
            "CASE WHEN jsonb_typeof(d.x) = 'array' THEN '$[*]' ELSE '$.*' END AS jsonpath)) AS e(value)"
        )
        value: Expr = sa.literal_column("e.value", RawType("jsonb"))
        text = sa.func.jsonb_extract_path_text(value, sa.literal(key, sa.Text), type_=sa.Text())
        return _source(source), text
    if engine.name == "sqlite":
        at = sa.literal(json_path(path), sa.Text)
        whole_text = document(engine, dialect, column, info)
        held = sa.case((sa.func.json_type(whole_text, at).in_(("object", "array")), whole_text))
        source = f"json_each({as_text(held, dialect)}, {as_text(at, dialect)}) AS e"
        value = sa.literal_column("e.value", sa.Text())
        found = sa.cast(sa.func.json_extract(value, json_path([key])), sa.Text)
        return _source(source), sa.case((sa.literal_column("e.type") == "object", found))
    there = part(engine, dialect, column, path, info)
    every = sa.func.json_extract(
        document(engine, dialect, column, info), sa.literal(json_path(path) + ".*", sa.Text)
    )
    listed = sa.case(
        (sa.func.json_type(there) == "OBJECT", every), (sa.func.json_type(there) == "ARRAY", there)
    )
    inner = as_text(sa.literal(json_path([key]), sa.Text), dialect)
    source = (
        f"JSON_TABLE({as_text(listed, dialect)}, '$[*]' "
        f"COLUMNS (value VARCHAR(255) CHARACTER SET utf8mb4 PATH {inner})) AS e"
    )
    return _source(source), sa.literal_column("e.value", sa.Text())


def _source(text: str) -> sa.TextClause:
    return sa.text(text.replace(":", "\\:"))


def as_text(expression: Expr, dialect: sa.Dialect) -> str:
    """Return an expression as SQL with its values written in."""
    text = str(expression.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    return text.replace("%%", "%") if dialect.paramstyle in ("format", "pyformat") else text


_MACRO = re.compile(r"\{json ([^{}]+)\}")


def expand(text: str, engine: Engine, dialect: sa.Dialect) -> str:
    """Fill in `{json j.column}` (the document, NULL if it is none) and `{json j.column.key.key}` (the text
    there)."""

    def filled(match: re.Match[str]) -> str:
        alias, name, *path = match[1].strip().split(".")
        quoted: Any = sa.literal_column(f"{alias}.{dialect.identifier_preparer.quote(name)}")
        found = text_at(engine, dialect, quoted, path) if path else document(engine, dialect, quoted)
        return as_text(found, dialect)

    return _MACRO.sub(filled, text)
