"""Looking into JSON columns: what is no JSON gives NULL on every server, and never an error."""

import json

import pytest
import sqlalchemy as sa

from tests.systems.databases import dialect_of, in_database
from unstick.backends.sql import json_text
from unstick.backends.sql.engines import engine_named

GOOD = ['{"s": "running"}', ' {"s":"running","n":[1,-0,2.5e3,null,true,{"k":"\\u00e9\\"\\\\"}]} ']
BAD = [
    "", "{", '{"s":"running"', "nothing", '{"s":01,"s":"running"}', "{'s':1}", '{"s":"a\tb"}', "NaN",
    "[" * 100_000, '{"s":"running"}}', '{"s" "running"}', '{"s":+1}', '{"s":"running",}',
]  # fmt: skip


@pytest.mark.parametrize("version", [(15,), (18,)])
async def test_only_json_has_a_text_at_a_path(database_url: str, version: tuple[int, ...]) -> None:
    def work(connection: sa.Connection) -> list[str | None]:
        dialect = connection.dialect
        engine = engine_named(dialect.name)
        if dialect_of(database_url) == "postgresql":
            dialect.server_version_info = version
        connection.exec_driver_sql("CREATE TABLE t (id INTEGER, x TEXT)")
        table = sa.table("t", sa.column("id", sa.Integer), sa.column("x", sa.Text))
        rows = [{"id": number, "x": text[:60_000]} for number, text in enumerate(GOOD + BAD)]
        connection.execute(sa.insert(table), rows)
        found = json_text.text_at(engine, dialect, sa.literal_column("t.x", sa.Text), ["s"])
        return list(connection.execute(sa.select(found).select_from(table).order_by(table.c.id)).scalars())

    assert await in_database(database_url, work) == ["running"] * len(GOOD) + [None] * len(BAD)
    assert all(json.loads(text)["s"] == "running" for text in GOOD)
