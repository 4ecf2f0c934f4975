"""`unstick migrate` on a system whose profile adds something: what it prints, asks and answers."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.migrations.acme import PROFILE

TABLES = """
CREATE TABLE orders (id INTEGER PRIMARY KEY, state TEXT, queue TEXT, beat_at TEXT);
CREATE TABLE "order items" (id INTEGER PRIMARY KEY);
INSERT INTO orders VALUES (1, 'working', 'mail', '2020-01-01 00:00:00'), (2, 'queued', 'sms', NULL);
"""


class Shop:
    """A configured source `shop` on a SQLite file."""

    def __init__(self, cli: Cli, file: Path) -> None:
        self.cli, self.file = cli, file

    def run(self, sql: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.file)) as database, database:
            return database.execute(sql).fetchall()

    @property
    def columns(self) -> set[object]:
        return {row[1] for row in self.run("PRAGMA table_info(orders)")}


@pytest.fixture(params=["dev"])
def shop(request: pytest.FixtureRequest, cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The parameter is the source's environment."""
    file, profile, config = home / "shop.db", home / "acme.toml", home / "config.toml"
    with closing(sqlite3.connect(file)) as database:
        database.executescript(TABLES)
    profile.write_text(PROFILE)
    config.write_text(
        f'[sources.shop]\nurl = "sqlite:///{file}"\nprofile = "{profile}"\nenvironment = "{request.param}"\n'
    )
    monkeypatch.setenv("UNSTICK_CONFIG", str(config))
    monkeypatch.setenv("UNSTICK_SOURCE", "shop")
    return Shop(cli, file)


prod = pytest.mark.parametrize("shop", ["prod"], indirect=True)


def test_the_plan_is_a_script_that_the_database_takes(shop: Shop) -> None:
    shown = shop.cli("migrate")
    assert (shown.code, shown.err.splitlines()[0]) == (0, "nothing was changed; run these with --apply")
    with closing(sqlite3.connect(shop.file)) as database:
        database.executescript(shown.out)
    assert {"tries", "why", "paused"} <= shop.columns
    again = shop.cli("migrate")
    assert (again.out, again.err.splitlines()[0]) == ("", "nothing to do: everything is there")


def test_the_steps_are_told_of_and_not_taken(shop: Shop) -> None:
    shown = shop.cli("migrate", "--apply", "--yes")
    assert shown.err.splitlines()[-1] == "not part of this: pause all mail: unstick migrate --step pause_mail"
    assert shop.cli("migrate", "--json").json["steps"] == [{"name": "pause_mail", "title": "pause all mail"}]
    assert shop.run("SELECT paused FROM orders") == [(0,), (0,)]


def test_what_the_script_added_can_be_rolled_back(shop: Shop) -> None:
    before = shop.columns
    with closing(sqlite3.connect(shop.file)) as database:
        database.executescript(shop.cli("migrate").out)
    assert shop.cli("migrate", "--rollback", "--apply", "--yes").code == 0
    assert shop.columns == before


def test_the_json_object_names_what_is_left_out(shop: Shop) -> None:
    shop.run("ALTER TABLE orders ADD COLUMN tries BLOB")
    shown = shop.cli("migrate", "--json")
    assert (shown.code, shown.json["applied"], shown.json["rollback"]) == (0, False, False)
    assert set(shown.json) == {"source", "profile", "rollback", "applied", "sql", "left_out", "steps"}
    assert shown.json["profile"] == "acme"
    [left] = shown.json["left_out"]
    assert left == {
        "name": "orders.tries",
        "reason": "it is there as BLOB, not as integer: nothing is done to it",
    }
    applied = shop.cli("migrate", "--apply", "--yes")
    assert applied.code == 1
    assert "left out: orders.tries: it is there as BLOB" in applied.err
    assert {"why", "paused"} <= shop.columns


def test_the_question_shows_the_statements_and_no_means_no(shop: Shop) -> None:
    before = shop.columns
    refused = shop.cli("migrate", "--apply", answers="n\n")
    assert refused.code == 2
    assert "ALTER TABLE orders ADD COLUMN tries" in refused.err
    assert refused.err.endswith("not confirmed; nothing was changed\n")
    assert shop.columns == before
    assert shop.cli("migrate", "--apply", answers="y\n").code == 0
    assert "tries" in shop.columns


def test_without_a_terminal_it_needs_yes_and_the_roll_back_as_well(shop: Shop) -> None:
    before = shop.columns
    assert shop.cli("migrate", "--apply").code == 2
    assert shop.cli("migrate", "--apply", "--yes", "--dry-run").code == 0
    assert shop.columns == before
    shop.cli("migrate", "--apply", "--yes")
    assert shop.cli("migrate", "--rollback", "--apply").code == 2
    assert shop.cli("migrate", "--rollback", "--yes").code == 0
    assert "tries" in shop.columns


def test_a_roll_back_that_would_lose_values_says_so_and_exits_with_1(shop: Shop) -> None:
    shop.cli("migrate", "--apply", "--yes")
    shop.run("UPDATE orders SET tries = 4 WHERE id = 1")
    kept = shop.cli("migrate", "--rollback", "--apply", "--yes")
    assert kept.code == 1
    assert "left out: orders.tries: 1 of 2 rows hold a value other than 0, which would be lost" in kept.err
    assert "tries" in shop.columns
    assert shop.cli("migrate", "--rollback", "--apply", "--yes", "--drop", "orders.tries").code == 0
    assert "tries" not in shop.columns


@pytest.mark.parametrize("words", [("--drop", "x"), ("--rollback", "--step", "pause_mail", "--drop", "x")])
def test_drop_belongs_to_the_roll_back_of_columns(shop: Shop, words: tuple[str, ...]) -> None:
    refused = shop.cli("migrate", *words)
    assert (refused.code, "--drop belongs to --rollback" in refused.err) == (2, True)


@prod
def test_a_source_that_is_read_only_says_what_to_do(shop: Shop) -> None:
    assert shop.cli("migrate").code == 0
    refused = shop.cli("migrate", "--apply", "--yes")
    assert (refused.code, "add --write" in refused.err) == (3, True)
    asked = shop.cli("migrate", "--apply", "--write", answers="shop\n")
    assert (asked.code, "[PROD]" in asked.err) == (0, True)
    assert "tries" in shop.columns


@prod
def test_a_step_in_prod_wants_a_reason(shop: Shop) -> None:
    shop.cli("migrate", "--apply", "--write", "--yes")
    words = ("migrate", "--step", "pause_mail", "--apply", "--yes", "--write")
    assert "--reason" in shop.cli(*words).err
    assert shop.run("SELECT paused FROM orders") == [(0,), (0,)]


@pytest.mark.parametrize("profile", ["algoitny", "artitec", "extraction"])
def test_systems_whose_documents_add_nothing_get_the_journal_only(
    cli: Cli, tmp_path: Path, profile: str
) -> None:
    import asyncio

    from tests.systems.databases import create_tables

    file = tmp_path / "system.db"
    file.touch()
    asyncio.run(create_tables(f"sqlite:///{file}", profile))
    shown = cli("migrate", "--source", f"sqlite:///{file}", "--json").json
    assert (shown["profile"], shown["left_out"]) == (profile, [])
    tables = [sql.split()[5] for sql in shown["sql"] if sql.startswith("CREATE TABLE")]
    assert tables == ["unstick_operations", "unstick_operation_rows", "unstick_history"]
    assert not [sql for sql in shown["sql"] if "ALTER" in sql]
