# ruff: noqa: E501 - one line per mistake reads best
"""Mistakes in a profile's `[migration]`, told with file, line and key; and its types in every database's words."""

import pytest
import sqlalchemy as sa

from unstick.backends.profile.load import parse_profile
from unstick.backends.profile.migration import TYPES, Column
from unstick.backends.sql.migration_ddl import add_column
from unstick.recovery.errors import ConfigError

GOOD = """\
name = "demo"

[[jobs]]
table = "tasks"
key = ["id"]
status = "status"

[jobs.actions.pause]
verb = "pause"
set = { paused = true }

[[migration.columns]]
table = "tasks"
column = "paused"
type = "boolean"
default = false

[[migration.indexes]]
name = "of_paused"
table = "tasks"
columns = ["paused"]

[[migration.steps]]
name = "pause"
title = "pause all"
action = "pause"
where = "TRUE"
"""


@pytest.mark.parametrize(
    ("good", "bad", "sentence"),
    [
        (
            '"boolean"',
            '"bool"',
            "migration.columns.0.type: there is no type 'bool'; it is one of integer, bigint",
        ),
        ('"boolean"', '"varchar(N)"', "say how long it is, for example varchar(255)"),
        ('"boolean"', '"varchar(0)"', "there is no type 'varchar(0)'"),
        ("default = false", "default = 0", "migration.columns.0.default: 0 is no value of type boolean"),
        ("default = false", 'default = "no"', "'no' is no value of type boolean"),
        (
            "default = false",
            "null = false",
            "migration.columns.0.null: rows that are there already need a value",
        ),
        (
            '"boolean"\ndefault = false',
            '"text"\ndefault = "x"',
            "a column of type text can't have a default on every database",
        ),
        ('"boolean"\ndefault = false', '"integer"\ndefault = true', "true is no value of type integer"),
        (
            'table = "tasks"\ncolumn',
            'table = "{prefix}tasks"\ncolumn',
            "migration.columns.0.table: there is no parameter 'prefix'",
        ),
        ('columns = ["paused"]', "columns = []", "migration.indexes.0.columns"),
        (
            'action = "pause"',
            'action = "paus"',
            "migration.steps.0.action: there is no action 'paus'; did you mean pause?",
        ),
        ('name = "pause"', 'name = "Pause all"', "migration.steps.0.name"),
        (
            "[[migration.indexes]]",
            '[[migration.columns]]\ntable = "tasks"\ncolumn = "paused"\ntype = "text"\n\n[[migration.indexes]]',
            "migration.columns.1: it is named twice",
        ),
        (
            "[[migration.steps]]",
            "[[migration.step]]",
            "migration.step: there is no such key; did you mean steps?",
        ),
    ],
)
def test_a_mistake_is_one_sentence_with_its_place(good: str, bad: str, sentence: str) -> None:
    parse_profile(GOOD, "demo.toml")
    assert good in GOOD
    with pytest.raises(ConfigError) as refused:
        parse_profile(GOOD.replace(good, bad, 1), "demo.toml")
    assert sentence in str(refused.value)
    assert str(refused.value).startswith("demo.toml:")


def adding(url: str, kind: str) -> str:
    dialect = sa.make_url(url).get_dialect()()
    column = Column.model_validate({"table": "t", "column": "c", "type": kind})
    return add_column(dialect, (None, "t"), column)


@pytest.mark.parametrize("kind", [*(kind for kind in TYPES if kind != "varchar(N)"), "varchar(255)"])
@pytest.mark.parametrize("url", ["postgresql+asyncpg://", "mysql+pymysql://", "sqlite://"])
def test_every_type_has_a_word_in_every_database(url: str, kind: str) -> None:
    assert adding(url, kind).startswith("ALTER TABLE t ADD COLUMN c ")


@pytest.mark.parametrize(
    ("url", "kind", "word"),
    [
        ("mysql+pymysql://", "text", "LONGTEXT"),
        ("mysql+pymysql://", "timestamp", "DATETIME(6)"),
        ("mysql+pymysql://", "timestamptz", "TIMESTAMP(6) NULL"),
        ("postgresql+asyncpg://", "timestamp", "TIMESTAMP WITHOUT TIME ZONE"),
        ("postgresql+asyncpg://", "timestamptz", "TIMESTAMP WITH TIME ZONE"),
        ("postgresql+asyncpg://", "json", "JSONB"),
        ("sqlite://", "timestamp", "TEXT"),
        ("sqlite://", "json", "TEXT"),
    ],
)
def test_long_text_is_not_cut_and_times_are_kept_as_they_are(url: str, kind: str, word: str) -> None:
    assert adding(url, kind) == f"ALTER TABLE t ADD COLUMN c {word}"
