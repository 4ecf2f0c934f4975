"""Adding what a profile's migration names, and taking it away again."""

import pytest

from tests.migrations.acme import COLUMNS, INDEXES, RECORD, Acme, reasons, remarks, statements
from unstick.backends import migrate
from unstick.recovery.errors import ReadOnlySource, UsageError

QUOTED = "order items.select"


async def test_the_plan_shows_the_sql_and_changes_nothing(acme: Acme) -> None:
    shown = await acme.shows()
    assert len(statements(shown, "ADD COLUMN")) == 4
    assert len([sql for sql in statements(shown, "CREATE INDEX") if "idx_orders" in sql]) == 2
    assert any("'it''s 100%'" in sql for sql in shown.sql)
    assert await acme.is_bare()
    assert set(await acme.tables()) == {"orders", "order items"}
    assert await acme.shows() == shown


async def test_what_is_shown_is_what_is_run_and_twice_changes_nothing(acme: Acme) -> None:
    shown, before = await acme.shows(), await acme.dump()
    assert await acme.applies() == shown
    tables = await acme.tables()
    assert tables["orders"] >= {*COLUMNS}
    assert tables["order items"] == {"id", "select"}
    assert {name: columns for name, columns in (await acme.indexes()).items() if name in INDEXES} == {
        "idx_orders_tries": ["tries"],
        "idx_orders_state_why": ["state", "why"],
    }
    assert await acme.dump() == before
    for again in (await acme.shows(), await acme.applies()):
        assert (again.sql, again.left_out) == ((), ())
    assert await acme.tables() == tables


async def test_rows_that_are_there_begin_with_the_default(acme: Acme) -> None:
    await acme.applies()
    found = await acme.place.rows("SELECT tries, why, paused FROM orders")
    assert [(tries, why, bool(paused)) for tries, why, paused in found] == [(0, None, False)] * 3
    items = acme.quote("order items")
    assert await acme.place.value(f"SELECT {acme.quote('select')} FROM {items}") == "it's 100%"


async def test_a_partial_index_is_one_where_the_database_has_them(acme: Acme) -> None:
    [sql] = [sql for sql in statements(await acme.shows(), "CREATE INDEX") if "state_why" in sql]
    assert ("a:b%" in sql) == (acme.engine != "mysql")
    assert ("is a whole one" in remarks(await acme.shows())) == (acme.engine == "mysql")
    assert ("CONCURRENTLY" in sql) == (acme.engine == "postgresql")


async def test_the_roll_back_takes_everything_away_and_keeps_the_rows(acme: Acme) -> None:
    before = await acme.dump()
    await acme.applies()
    shown = await acme.shows(rollback=True)
    assert not await acme.is_bare()
    assert await acme.applies(rollback=True) == shown
    assert await acme.is_bare()
    assert set(await acme.tables()) == {"orders", "order items"}
    assert await acme.dump() == before
    assert await acme.applies(rollback=True) == await acme.shows(rollback=True)
    assert statements(await acme.shows(rollback=True)) == []
    await acme.applies()
    assert {*COLUMNS} <= (await acme.tables())["orders"]


async def test_the_roll_back_keeps_what_was_there_before(acme: Acme) -> None:
    await acme.place.run(
        "ALTER TABLE orders ADD COLUMN tries INT DEFAULT 0",
        "CREATE INDEX idx_orders_tries ON orders (tries)",
        "UPDATE orders SET tries = 7 WHERE id = 1",
    )
    applied = await acme.applies()
    assert not [sql for sql in applied.sql if "idx_orders_tries" in sql or "COLUMN tries" in sql]
    shown = await acme.applies(rollback=True)
    assert (shown.left_out, "orders.tries was there before" in remarks(shown)) == ((), True)
    assert (await acme.tables())["orders"] == {"id", "state", "queue", "beat_at", "tries"}
    assert [*await acme.indexes()] == ["idx_orders_tries"]
    assert await acme.place.value("SELECT tries FROM orders WHERE id = 1") == 7
    assert RECORD not in await acme.tables()


async def test_a_name_of_its_own_takes_away_what_was_there_before(acme: Acme) -> None:
    await acme.place.run("ALTER TABLE orders ADD COLUMN tries INT DEFAULT 0")
    await acme.applies()
    left = reasons(await acme.applies(rollback=True, drop=["orders.tries", "idx_orders_tries"]))
    assert left == {}
    assert await acme.is_bare()


async def test_all_names_everything_that_the_migration_has_and_nothing_else(acme: Acme) -> None:
    await acme.place.run(
        "ALTER TABLE orders ADD COLUMN tries INT DEFAULT 0",
        "ALTER TABLE orders ADD COLUMN of_the_team INT",
        "UPDATE orders SET tries = 7",
    )
    await acme.applies()
    assert (await acme.applies(rollback=True, drop=["all"])).left_out == ()
    assert (await acme.tables())["orders"] == {"id", "state", "queue", "beat_at", "of_the_team"}
    assert await acme.indexes() == {}


async def test_values_are_lost_only_by_name(acme: Acme) -> None:
    await acme.applies()
    await acme.place.run(
        "UPDATE orders SET tries = 3 WHERE id < 3", "UPDATE orders SET why = 'x' WHERE id = 1"
    )
    kept = await acme.applies(rollback=True)
    lost = "which would be lost; --drop {0} drops it all the same"
    assert reasons(kept) == {
        "orders.tries": f"2 of 3 rows hold a value other than 0, {lost.format('orders.tries')}",
        "orders.why": f"1 of 3 rows hold a value, {lost.format('orders.why')}",
    }
    assert (await acme.tables())["orders"] == {"id", "state", "queue", "beat_at", "tries", "why"}
    assert await acme.place.rows("SELECT tries, why FROM orders ORDER BY id") == [
        (3, "x"),
        (3, None),
        (0, None),
    ]
    await acme.applies(rollback=True, drop=["orders.tries"])
    assert "why" in (await acme.tables())["orders"]
    await acme.applies(rollback=True, drop=["orders.why"])
    assert await acme.is_bare()


async def test_a_name_that_the_migration_does_not_have_is_refused(acme: Acme) -> None:
    await acme.applies()
    with pytest.raises(UsageError, match=r"has no 'orders.try'; did you mean orders.tries\?"):
        await acme.applies(rollback=True, drop=["orders.try"])
    with pytest.raises(UsageError, match=r"has no 'orders.state'"):
        await acme.applies(rollback=True, drop=["orders.state"])
    with pytest.raises(UsageError, match="belongs to --rollback"):
        await acme.applies(drop=["orders.tries"])
    assert {*COLUMNS} <= (await acme.tables())["orders"]


async def test_a_column_of_another_type_is_left_alone_with_a_sentence(acme: Acme) -> None:
    kind = acme.place.pick("text", "text", "TEXT")
    await acme.place.run(f"ALTER TABLE orders ADD COLUMN tries {kind}", "UPDATE orders SET tries = 'many'")
    applied = await acme.applies()
    assert (
        reasons(applied)
        == {
            "orders.tries": f"it is there as {kind}, not as integer: nothing is done to it",
        }
        or acme.engine == "mysql"
    )
    assert set(await acme.place.rows("SELECT tries FROM orders")) == {("many",)}
    assert "why" in (await acme.tables())["orders"]


async def test_near_relatives_of_a_type_are_taken_as_they_are(acme: Acme) -> None:
    await acme.place.run(
        "ALTER TABLE orders ADD COLUMN tries BIGINT", f"ALTER TABLE orders ADD COLUMN why {acme.text}"
    )
    applied = await acme.applies()
    assert applied.left_out == ()
    assert statements(applied, "COLUMN tries") == statements(applied, "COLUMN why") == []


async def test_an_index_of_that_name_over_something_else_is_left_alone(acme: Acme) -> None:
    await acme.place.run("CREATE INDEX idx_orders_tries ON orders (id)")
    assert reasons(await acme.applies()) == {
        "idx_orders_tries": "an index of this name is there over id: nothing is done to it"
    }
    assert (await acme.indexes())["idx_orders_tries"] == ["id"]


async def test_a_column_that_another_index_is_made_of_stays(acme: Acme) -> None:
    await acme.applies()
    await acme.place.run("CREATE INDEX of_the_team ON orders (tries, id)")
    assert reasons(await acme.applies(rollback=True)) == {
        "orders.tries": "index of_the_team is made of it and stays: drop that one first"
    }
    assert (await acme.indexes())["of_the_team"] == ["tries", "id"]


async def test_a_table_that_is_not_there_is_left_out(acme: Acme) -> None:
    await acme.place.run(f"DROP TABLE {acme.quote('order items')}")
    assert reasons(await acme.applies()) == {QUOTED: "there is no table order items"}
    assert {*COLUMNS} <= (await acme.tables())["orders"]


async def test_a_read_only_source_is_not_migrated(acme: Acme) -> None:
    with pytest.raises(ReadOnlySource, match="open it with --write"):
        await migrate(acme.source(read_only=True), apply=True)
    assert (await migrate(acme.source(read_only=True))).sql == (await acme.shows()).sql
    assert await acme.is_bare()


async def test_where_no_system_is_recognised_there_is_still_the_journal(acme: Acme) -> None:
    found = await migrate(acme.source(profile=None), apply=True)
    assert found.profile is None
    assert "no job system is recognised" in remarks(found)
    assert "unstick_operations" in await acme.tables()
    assert await acme.is_bare()
