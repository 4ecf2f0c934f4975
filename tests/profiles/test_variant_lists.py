"""Lists of variants as profiles make them: in JSON documents, of several tables, counted by the history."""

import json
from typing import Any

import pytest

from tests.profiles.place import Place, act, plan
from unstick.recovery.errors import NotFound
from unstick.recovery.filters import parse_filter
from unstick.recovery.model import JobId, Target, Variant, VariantId
from unstick.recovery.port import Backend
from unstick.recovery.query import VARIANT_SORTS, Query

DOCUMENTS = """
    name = "intervals"
    clock = "utc"
    [[jobs]]
    table = "intervals"
    key = ["id"]
    status = "status"
    states = { running = ["running"], done = ["done"] }
    times = { created = "made" }
    [jobs.variants_json]
    column = "progress"
    path = ["tasks"]
    id = "id"
    status = "status"
    error = "trouble"
    times = { started = "began" }
    states = { done = ["ok"], failed = ["bad"], running = ["busy"] }
"""

TWO = """
    name = "twofold"
    clock = "utc"
"""
TABLE = """
    [[jobs]]
    name = "NAME"
    table = "NAME"
    key = ["id"]
    status = "status"
    states = { running = ["busy"], done = ["done"] }
    [jobs.variants]
    name = "steps"
    table = "steps"
    key = ["id"]
    match = { job_id = "id" }
    only = "j.job_type = 'NAME'"
    status = "status"
    states = { running = ["busy"], done = ["ok"], failed = ["bad"] }
    times = { created = "made" }
    [[jobs.variants.rules]]
    name = "broken"
    statuses = ["bad"]
    parent_statuses = ["busy"]
    when = "1 = 1"
    [jobs.variants.actions.recover]
    verb = "go on"
    only_stuck = true
    set = { status = "ok" }
"""


def task(name: str, status: str = "ok", trouble: str | None = None) -> dict[str, Any]:
    return {"id": name, "status": status, "trouble": trouble, "began": "2026-01-01T10:00:00Z"}


async def documents(place: Place) -> Backend:
    """Interval 1 has three tasks, 2 none yet, 3 text that is no JSON, 4 two tasks, 5 nothing at all."""
    time = place.pick("timestamp", "datetime(6)", "text")
    held = {
        1: json.dumps({"tasks": [task("a"), task("b", "bad", "disk full"), task("c", "busy")]}),
        2: json.dumps({"tasks": []}),
        3: "{oops",
        4: json.dumps({"tasks": [task("d"), task("e", "bad")]}),
    }
    await place.run(
        f"CREATE TABLE intervals (id integer PRIMARY KEY, status varchar(9), progress text, made {time})",
        *(
            f"INSERT INTO intervals VALUES ({n}, 'running', '{text}', {place.ago(100 * n)})"
            for n, text in held.items()
        ),
        f"INSERT INTO intervals VALUES (5, 'running', NULL, {place.ago(10)})",
    )
    return await place.console(DOCUMENTS)


def names(rows: tuple[Variant, ...]) -> list[str]:
    return [f"{row.job}/{row.id}" for row in rows]


async def every_page(backend: Backend, **options: Any) -> list[str]:
    """Every row of the list, page by page."""
    found: list[str] = []
    after = None
    while True:
        page = await backend.variant_page(Query(**options), after)
        found += names(page.rows)
        after = page.next
        if after is None:
            return found


async def test_tasks_in_documents_are_listed_job_by_job(place: Place) -> None:
    backend = await documents(place)
    page = await backend.variant_page(Query(sort="job"))
    assert names(page.rows) == ["1/a", "1/b", "1/c", "3/malformed", "4/d", "4/e"]
    assert [row.state.value for row in page.rows][:3] == ["done", "failed", "running"]
    assert backend.capabilities.variants_name == "tasks"
    assert await every_page(backend, sort="created") == [
        *("4/d", "4/e", "3/malformed"),
        *("1/a", "1/b", "1/c"),
    ]


@pytest.mark.parametrize("sort", VARIANT_SORTS)
@pytest.mark.parametrize("limit", [1, 2, 4])
async def test_pages_of_documents_neither_skip_nor_repeat(place: Place, sort: str, limit: int) -> None:
    backend = await documents(place)
    found = await every_page(backend, sort=sort, limit=limit)
    assert found == await every_page(backend, sort=sort)
    assert sorted(found) == ["1/a", "1/b", "1/c", "3/malformed", "4/d", "4/e"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("state:failed", ["1/b", "4/e"]),
        ("status:ok", ["1/a", "4/d"]),
        ("job:4", ["4/d", "4/e"]),
        ("!job:4 state:failed", ["1/b"]),
        ("id:d", ["4/d"]),
        ("id:4/d", ["4/d"]),
        ("disk", ["1/b"]),
        ("is:stuck", []),
    ],
)
async def test_a_filter_looks_into_the_documents(place: Place, text: str, found: list[str]) -> None:
    backend = await documents(place)
    assert await every_page(backend, terms=parse_filter(text), sort="job", limit=1) == found
    assert await every_page(backend, stuck_only=True) == []


async def test_a_task_comes_with_what_its_document_says(place: Place) -> None:
    backend = await documents(place)
    found = await backend.variant(Target(JobId("1"), VariantId("b")))
    assert (found.status, found.error) == ("bad", "disk full")
    assert found.fields["began"] == "2026-01-01T10:00:00Z"
    assert await every_page(backend, of=JobId("4")) == ["4/d", "4/e"]
    with pytest.raises(NotFound, match="no variant zz of job 1"):
        await backend.variant(Target(JobId("1"), VariantId("zz")))


async def twofold(place: Place) -> Backend:
    """Two job tables whose steps share a table: both have a job 1; step 3 belongs to nobody."""
    time = place.pick("timestamp", "datetime(6)", "text")
    rows = ((1, "left", 1, "ok"), (2, "right", 1, "bad"), (3, "left", 9, "bad"), (4, "left", 1, "bad"))
    await place.run(
        *(f"CREATE TABLE {name}s (id integer, status varchar(9))" for name in ("left", "right")),
        "CREATE TABLE steps (id integer, job_type varchar(9), job_id integer, status varchar(9), "
        f"made {time})",
        *(f"INSERT INTO {name}s VALUES (1, 'busy')" for name in ("left", "right")),
        *(
            f"INSERT INTO steps VALUES ({n}, '{kind}s', {of}, '{status}', {place.ago(n * 60)})"
            for n, kind, of, status in rows
        ),
    )
    return await place.console(TWO + "".join(TABLE.replace("NAME", name) for name in ("lefts", "rights")))


async def test_variants_of_two_job_tables_are_one_list(place: Place) -> None:
    backend = await twofold(place)
    assert await every_page(backend) == ["lefts:1/4", "rights:1/2", "lefts:1/1"]
    assert await every_page(backend, limit=1, sort="created") == ["lefts:1/4", "rights:1/2", "lefts:1/1"]
    assert sorted(await every_page(backend, stuck_only=True)) == ["lefts:1/4", "rights:1/2"]
    assert (await backend.counts()).stuck_variants == 2
    assert {(row.job, row.variant) for row in (await plan(backend, "recover")).rows} == {
        ("lefts:1", "4"),
        ("rights:1", "2"),
    }
    assert await every_page(backend, terms=parse_filter("table:rights")) == ["rights:1/2"]
    assert await every_page(backend, terms=parse_filter("job:lefts:1"), sort="id") == [
        "lefts:1/1",
        "lefts:1/4",
    ]
    assert await every_page(backend, of=JobId("rights:1")) == ["rights:1/2"]


async def test_attempts_on_variants_order_and_filter_them_where_no_column_counts(place: Place) -> None:
    backend = await twofold(place)
    assert (await act(backend, "recover", "rights:1")).counts.applied == 1
    assert await every_page(backend, terms=parse_filter("retries>=1")) == ["rights:1/2"]
    assert (await every_page(backend, sort="retries", descending=True))[0] == "rights:1/2"
    [row] = (await backend.variant_page(Query(of=JobId("rights:1")))).rows
    assert row.retries == 1
