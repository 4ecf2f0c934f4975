"""feedlyai on its own server: what the application hears of a recovery, and when."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from tests.harness.waiting import eventually_async
from tests.systems.feedlyai import (
    MINUTE,
    Here,
    act,
    empty,
    job_row,
    name_of,
    plan,
    seeded,
    variant_row,
)
from unstick.backends.demo.seed_feedlyai import job_id, variant_id
from unstick.recovery.engine import apply

CHANNEL = "job_variant_state_changed"
KEYS = ["job_variants_id", "job_id", "current_step", "status", "img_asset_id", "tenant_id", "updated_at"]
# As it was at the document's date: a new updated_at alone is not told.
FIRST_VERSION = """
CREATE OR REPLACE FUNCTION notify_job_variant_state_change() RETURNS trigger AS $$
BEGIN
    IF OLD.current_step IS DISTINCT FROM NEW.current_step OR OLD.status IS DISTINCT FROM NEW.status THEN
        PERFORM pg_notify('job_variant_state_changed', json_build_object(
            'job_variants_id', NEW.job_variants_id, 'job_id', NEW.job_id, 'current_step', NEW.current_step,
            'status', NEW.status, 'img_asset_id', NEW.img_asset_id,
            'tenant_id', (SELECT tenant_id FROM jobs WHERE job_id = NEW.job_id), 'updated_at', NEW.updated_at
        )::text);
    END IF;
    RETURN NEW;
END;
$$ LANGUAGE plpgsql
"""
REFUSE_AT_COMMIT = """
CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'not today'; END; $$ LANGUAGE plpgsql
"""
AT_COMMIT = """
CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON jobs_variants DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION refuse()
"""
TRIGGERS = ["latest", "first", "none"]


class Ear:
    """A listener on the variants' channel."""

    def __init__(self, connection: asyncpg.Connection, speaker: asyncpg.Connection) -> None:
        self._connection, self._speaker = connection, speaker
        self._heard: list[str] = []
        self._end = asyncio.Event()

    async def listen(self) -> None:
        await self._connection.add_listener(CHANNEL, self._hear)

    def _hear(self, _: object, __: int, ___: str, payload: object) -> None:
        if payload == "end":
            self._end.set()
        else:
            self._heard.append(str(payload))

    async def texts(self) -> list[str]:
        """All that was told until now, word by word: what is told last is heard last."""
        await self._speaker.execute("SELECT pg_notify($1, 'end')", CHANNEL)
        await asyncio.wait_for(self._end.wait(), 30)
        self._end.clear()
        found, self._heard = self._heard, []
        return found

    async def heard(self) -> list[dict[str, Any]]:
        """All that was told until now."""
        return [json.loads(text) for text in await self.texts()]


@pytest.fixture
async def here(postgres_url: str) -> AsyncIterator[Here]:
    made = await seeded(postgres_url)
    yield made
    await made.close()


@pytest.fixture
async def ear(postgres_url: str) -> AsyncIterator[Ear]:
    connections = [await asyncpg.connect(postgres_url) for _ in range(2)]
    made = Ear(*connections)
    await made.listen()
    yield made
    for connection in connections:
        await connection.close()


async def choose(here: Here, trigger: str) -> None:
    if trigger == "first":
        await here.run(FIRST_VERSION)
    elif trigger == "none":
        await here.run("DROP TRIGGER job_variant_state_change_trigger ON jobs_variants")


@pytest.mark.parametrize("trigger", TRIGGERS)
async def test_each_recovered_variant_is_told_of_once_whichever_trigger_is_there(
    here: Here, ear: Ear, trigger: str
) -> None:
    await choose(here, trigger)
    backend = await here.console()
    made = await plan(backend, "recover")
    assert await ear.heard() == []
    result = await apply(backend, made)
    expected = {str(row.variant) for row in made.rows if row.variant}
    assert result.counts.applied == len(made.rows)
    told = await ear.heard()
    assert sorted(each["job_variants_id"] for each in told) == sorted(expected)
    for each in told:
        assert list(each) == KEYS
        row, job = await here.variant(each["job_variants_id"]), await here.job(each["job_id"])
        assert (each["status"], each["current_step"]) == (row["status"], row["current_step"])
        assert (each["img_asset_id"], each["tenant_id"]) == (str(row["img_asset_id"]), job["tenant_id"])
        [same] = await here.rows(f"SELECT CAST('{each['updated_at']}' AS timestamptz) AS at")
        assert same["at"] == row["updated_at"]


async def test_the_triggers_own_words_and_ours_are_the_same_to_the_letter(here: Here, ear: Ear) -> None:
    backend = await here.console()
    await act(backend, "recover", job_id("lagging"))
    [both] = await ear.texts()
    where = f"job_variants_id = '{variant_id('lagging')}'"
    await here.run(f"UPDATE jobs_variants SET updated_at = updated_at + interval '1 second' WHERE {where}")
    [trigger] = await ear.texts()
    assert both.partition('"updated_at"')[0] == trigger.partition('"updated_at"')[0]


@pytest.mark.parametrize("trigger", TRIGGERS)
async def test_what_is_rolled_back_is_not_told(here: Here, ear: Ear, trigger: str) -> None:
    await choose(here, trigger)
    backend = await here.console()
    for statement in (REFUSE_AT_COMMIT, AT_COMMIT):
        await here.run(statement)
    result = await act(backend, "recover", job_id("lagging"), job_id("failed_variant"))
    assert [(row.outcome.value, row.detail) for row in result.rows] == [
        ("failed", "the database refused: not today")
    ] * 2
    assert await ear.heard() == []
    await here.run("DROP TRIGGER refuse ON jobs_variants")
    assert (await act(backend, "recover", job_id("lagging"))).counts.applied == 1
    assert [each["job_variants_id"] for each in await ear.heard()] == [variant_id("lagging")]


async def test_nobody_is_told_of_what_drifted(here: Here, ear: Ear) -> None:
    await choose(here, "first")
    backend = await here.console()
    made = await plan(backend, "recover", job_id("lagging"))
    where = f"job_variants_id = '{variant_id('lagging')}'"
    await here.run(f"UPDATE jobs_variants SET updated_at = now() WHERE {where}")
    assert (await apply(backend, made)).counts.drifted == 1
    assert await ear.heard() == []


async def test_the_plan_shows_what_will_be_told(here: Here) -> None:
    made = await plan(await here.console(), "recover", job_id("lagging"))
    assert any("pg_notify('job_variant_state_changed'" in text for text in made.sql)


async def test_nothing_is_told_where_nobody_could_hear(sqlite_url: str) -> None:
    here = await empty(sqlite_url)
    job = name_of("job")
    await here.add(
        job_row(job, "running", "ocr_eval"),
        variant_row(job, 0, "done", "planner", MINUTE),
    )
    made = await plan(backend := await here.console(), "recover")
    assert not any("notify" in text for text in made.sql)
    assert (await apply(backend, made)).counts.applied == 1
    await here.close()


async def test_a_console_hears_of_what_another_one_did(here: Here) -> None:
    watching, recovering = await here.console(), await here.console()
    ticks = asyncio.Queue[None]()

    async def watch() -> None:
        async for tick in watching.watch():
            ticks.put_nowait(tick)

    async def listens() -> object:
        return watching.capabilities.notify

    task = asyncio.create_task(watch())
    try:
        await eventually_async(listens, what="it listens")
        while not ticks.empty():
            ticks.get_nowait()
        assert (await act(recovering, "recover", job_id("lagging"))).counts.applied == 1
        await asyncio.wait_for(ticks.get(), 30)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
