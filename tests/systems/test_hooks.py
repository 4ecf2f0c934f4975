"""What systems need hooks for: algoitny's application enqueues the task, artitec's is asked to go on."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import unquote

import pytest
import sqlalchemy as sa

from tests.contract.sql_world import SqlWorld
from tests.contract.world import HOUR, row_of
from tests.harness.application import Application, Call, nobody
from tests.systems import feedlyai
from tests.systems.algoitny import ROWS, TABLES, Here, act, name_of, number_of, plan
from tests.systems.consoles import Command, commands
from tests.systems.databases import create_tables, in_database
from unstick.recovery.engine import apply
from unstick.recovery.hooks import Hook
from unstick.recovery.hooks_again import call_again
from unstick.recovery.plan import Options
from unstick.recovery.query import Query

FAILED = name_of("extraction", "failed")
HINT = "the application must enqueue the Celery task"
TOKEN = "t0ken"


@pytest.fixture(params=["mariadb_url", "sqlite_url"])
def url(request: pytest.FixtureRequest) -> str:
    """The systems' own server, and the embedded default."""
    found: str = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def here(url: str) -> AsyncIterator[Here]:
    await create_tables(url, "algoitny")
    made = Here(url)
    await made.add(*ROWS)
    yield made
    await made.close()


@pytest.fixture
def unstick(url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return commands(url, capsys, monkeypatch)


def written(url: str, text: str) -> int:
    """How many rows a statement of the application changed; it runs in a thread of the application."""

    def work(connection: sa.Connection) -> int:
        return connection.execute(sa.text(text)).rowcount

    return asyncio.run(in_database(url, work))


def celery(url: str) -> Callable[[Call], int]:
    """The application's side: a job that it is told of, and that waits, is enqueued, and a worker does it."""

    def enqueue(call: Call) -> int:
        table, _, number = unquote(call.path.split("/")[3]).partition(":")
        if call.headers["authorization"] != f"Bearer {TOKEN}":
            return 401
        done = "status = 'COMPLETED' WHERE status = 'PENDING'"
        return 202 if written(url, f"UPDATE {TABLES[table]} SET {done} AND id = {int(number)}") else 409

    return enqueue


async def status(here: Here, name: str) -> object:
    job = await here.job(name)
    return job and job["status"]


async def test_without_a_hook_a_retry_says_that_the_application_must_enqueue(here: Here) -> None:
    backend = await here.console()
    made = await plan(backend, "retry", FAILED)
    assert made.hook is None
    assert any(HINT in warning for warning in made.warnings)
    await act(backend, "retry", FAILED)
    assert await status(here, FAILED) == "PENDING"


async def test_with_a_hook_a_retried_job_is_enqueued_and_done(here: Here, application: Application) -> None:
    application.answer = celery(here.url)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    hook = Hook("retry", f"{application.url}/api/jobs/{{job}}/enqueue?id={{id}}", headers=headers)
    backend = await here.console(hooks={"retry": hook})
    made = await plan(backend, "retry", FAILED)
    assert made.hook == f"POST {application.url}/api/jobs/{{job}}/enqueue?id={{id}}"
    assert not any(HINT in warning for warning in made.warnings)
    result = await apply(backend, made)
    [call] = application.calls
    assert call.path == f"/api/jobs/{FAILED.replace(':', '%3A')}/enqueue?id={number_of(FAILED)}"
    assert result.rows[0].hook == "202"
    assert await status(here, FAILED) == "COMPLETED"


async def test_a_retry_whose_hook_failed_is_enqueued_later_on_the_command_line(
    here: Here,
    application: Application,
    unstick: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    application.answer = celery(here.url)
    monkeypatch.setenv("APP_TOKEN", TOKEN)

    def configure(address: str) -> tuple[str, ...]:
        file = tmp_path / "config.toml"
        file.write_text(
            f'[sources.app]\nurl = "{here.url}"\n[sources.app.hooks.retry]\n'
            f'url = "{address}/api/jobs/{{job}}/enqueue"\n'
            'headers = { Authorization = { env = "APP_TOKEN", prefix = "Bearer " } }\n'
        )
        return ("--source", "app", "--config", str(file))

    source = configure(nobody())
    ran = await unstick("retry", FAILED, "--yes", "--json", *source)
    assert ran.code == 1
    assert ran.json["outcomes"]["applied"] == 1
    assert [row["hook"] for row in ran.json["rows"]] == ["failed: connection refused"]
    assert await status(here, FAILED) == "PENDING"

    source = configure(application.url)
    listed = await unstick("hooks", "last", "--json", *source)
    assert [row["due"] for row in listed.json["rows"]] == [True]
    again = await unstick("hooks", "last", "--retry", "--yes", "--json", *source)
    assert (again.code, [row["hook"] for row in again.json["rows"]]) == (0, ["202"])
    assert await status(here, FAILED) == "COMPLETED"
    assert application.calls[0].key == f"{ran.json['operation']}-0"

    nothing = await unstick("hooks", "last", "--retry", "--yes", "--json", *source)
    assert (nothing.code, nothing.json["rows"], len(application.calls)) == (0, [], 1)
    monkeypatch.delenv("APP_TOKEN")
    refused = await unstick("retry", FAILED, "--yes", "--json", *source)
    assert refused.code == 2
    assert "the environment variable APP_TOKEN is not set" in refused.json["error"]
    assert (await unstick("jobs", "--json", *source)).code == 0


async def test_what_is_wrong_with_a_hook_is_said_when_the_source_is_opened(here: Here) -> None:
    wrong = {
        "retyr": Hook("retyr", "http://app/"),
        "retry": Hook("retry", "http://app/{jobb}"),
        "delete": Hook("delete", "http://app/{id}"),
    }
    backend = await here.console(hooks=wrong)
    first, second = [each for each in backend.capabilities.problems if "hook" in each]
    assert "a hook is configured for retyr, which is no action; did you mean retry?" in first
    assert "retry is not possible until its hook is put right: nothing fills {jobb}" in second


async def test_artitec_s_queue_goes_on_once_when_two_jobs_that_held_it_were_recovered(
    url: str, application: Application
) -> None:
    world = await SqlWorld.create("artitec", "sqlite" if url.startswith("sqlite") else "mysql", url)

    one_at_a_time = threading.Lock()

    def execute_pending(call: Call) -> int:
        assert call.path == "/jobs/execute-pending?limit=1"
        running = "SELECT 1 FROM (SELECT status FROM collection_jobs) AS other WHERE status = 'running'"
        free = f"status = 'pending' AND NOT EXISTS ({running})"
        # The application starts one job at a time.
        with one_at_a_time:
            changed = written(url, f"UPDATE collection_jobs SET status = 'running' WHERE {free}")
        return 200 if changed else 409

    application.answer = execute_pending
    held = [await world.add(name, "running", started_ago=2 * HOUR) for name in ("first", "second")]
    waiting = await world.add("waiting", "pending")
    hook = Hook("recover", f"{application.url}/jobs/execute-pending?limit=1", ok=(409,))
    backend = await world.console(hooks={"recover": hook})
    result = await apply(backend, await backend.plan("recover", Query(stuck_only=True), Options()))
    assert sorted(str(row.hook) for row in result.rows) == ["200", "409"]
    assert {(await row_of(world, job)).status for job in held} == {"failed"}
    assert (await row_of(world, waiting)).status == "running"
    await world.close()


@pytest.mark.parametrize("place", ["postgres_url", "sqlite_url"])
async def test_a_variant_that_was_recovered_is_told_about_as_itself(
    place: str, request: pytest.FixtureRequest, application: Application
) -> None:
    feed = await feedlyai.seeded(request.getfixturevalue(place))
    hook = Hook("recover", f"{application.url}/{{job}}/{{variant}}?{{from}}-{{to}}")
    backend = await feed.console(hooks={"recover": hook})
    made = await backend.plan("recover", Query(stuck_only=True), Options())
    application.status = 500
    result = await apply(backend, made)
    expected = {f"/{row.job}/{row.variant or ''}" for row in made.rows}
    assert {call.path.partition("?")[0] for call in application.calls} == expected
    assert any(row.variant for row in made.rows)
    assert len(application.calls) == len(made.rows) == result.counts.applied
    told = {call.key: call.path for call in application.calls}

    application.calls.clear()
    application.status = 200
    called = await call_again(backend, await backend.operation(result.operation))
    assert {row.hook for row in called.rows} == {"200"}
    assert {call.key: call.path for call in application.calls} == told
    assert any(path.endswith("?failed-done") for path in told.values())
    await feed.close()
