"""A delete says when the database takes rows along that the profile doesn't know."""

import pytest
import sqlalchemy as sa

from tests.systems.databases import create_tables, in_database
from unstick.backends import create_backend
from unstick.backends.demo.seed import insert, rows
from unstick.recovery.plan import Options
from unstick.recovery.query import Query
from unstick.recovery.source import Source

TABLE = """CREATE TABLE receipts (id INTEGER PRIMARY KEY, job_id VARCHAR(50),
           FOREIGN KEY (job_id) REFERENCES collection_jobs (job_id) ON DELETE {rule})"""


def fill(connection: sa.Connection) -> None:
    insert(connection, "artitec", rows("artitec"))


@pytest.mark.parametrize(("rule", "word"), [("CASCADE", "deletes"), ("SET NULL", "unlinks")])
async def test_a_delete_names_a_table_that_undo_cannot_bring_back(
    database_url: str, rule: str, word: str
) -> None:
    await create_tables(database_url, "artitec")
    await in_database(database_url, lambda connection: connection.execute(sa.text(TABLE.format(rule=rule))))
    await in_database(database_url, fill)
    backend = create_backend(Source("here", database_url, profile="artitec"))
    try:
        plan = await backend.plan("delete", Query(), Options())
        recover = await backend.plan("recover", Query(stuck_only=True), Options())
    finally:
        await backend.close()
    [warning] = [text for text in plan.warnings if "receipts" in text and "undo" in text]
    assert f"{word} rows of receipts" in warning
    slow = [text for text in plan.warnings if "receipts has no index that begins with job_id" in text]
    # InnoDB makes one itself.
    assert len(slow) == (not database_url.startswith("mysql"))
    assert not any("entity_matches" in text for text in plan.warnings)
    assert not any("receipts" in text for text in recover.warnings)
