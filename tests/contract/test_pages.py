"""The live table: order, pages, filters."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.contract.world import HOUR, MINUTE, STUCK, World, add_alive, add_stuck, kind_of, recover_all
from unstick.recovery.errors import UsageError
from unstick.recovery.filters import parse_filter
from unstick.recovery.model import Job, JobId
from unstick.recovery.port import Backend
from unstick.recovery.query import SORTS, Query


async def ids(backend: Backend, query: Query) -> list[JobId]:
    return [job.id for job in (await backend.page(query)).rows]


async def every_page(backend: Backend, query: Query) -> list[list[JobId]]:
    pages, after = [], None
    while True:
        page = await backend.page(query, after)
        pages.append([job.id for job in page.rows])
        after = page.next
        if after is None:
            return pages


async def test_stuck_jobs_come_first_then_the_newest(world: World, backend: Backend) -> None:
    old = await world.add("old", created_ago=3 * HOUR)
    stuck = await add_stuck(world, "s1", "s2")
    new = await world.add("new", created_ago=MINUTE)
    middle = await world.add("middle", created_ago=2 * HOUR)
    assert await ids(backend, Query()) == [*stuck, new, middle, old]


async def test_the_stuck_order_can_be_turned_around(world: World, backend: Backend) -> None:
    await add_stuck(world, "s1", "s2")
    await world.add("a", created_ago=MINUTE)
    await world.add("b", created_ago=HOUR)
    forwards = await ids(backend, Query())
    assert await ids(backend, Query(descending=True)) == forwards[::-1]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("descending", [False, True])
async def test_pages_neither_skip_nor_repeat_in_any_order(
    world: World, backend: Backend, sort: str, descending: bool
) -> None:
    await add_stuck(world, "s1", "s2", "s3")
    for name in ("a", "b", "c", "d"):
        await world.add(name, kind="same")
    await world.add("e", "failed", created_ago=MINUTE, updated_ago=MINUTE, kind="other")
    query = Query(sort=sort, descending=descending, limit=3)
    pages = await every_page(backend, query)
    assert [len(page) for page in pages] == [3, 3, 2]
    whole = await ids(backend, Query(sort=sort, descending=descending))
    assert [job for page in pages for job in page] == whole
    assert len(set(whole)) == 8
    from_the_end = await every_page(backend, replace(query, backwards=True))
    assert [job for page in from_the_end for job in page] == whole[::-1]


async def test_pages_keep_their_place_while_jobs_are_added(world: World, backend: Backend) -> None:
    await add_stuck(world, "s1", "s2")
    for number in range(7):
        await world.add(f"j{number}", created_ago=HOUR + number * MINUTE)
    before = await ids(backend, Query())
    seen: list[JobId] = []
    after = None
    for number in range(10):
        page = await backend.page(Query(limit=2), after)
        seen += [job.id for job in page.rows]
        await world.add(f"new{number}", created_ago=number)
        after = page.next
        if after is None:
            break
    assert [job for job in seen if job in before] == before
    assert len(set(seen)) == len(seen)


async def test_a_page_after_a_deleted_row_goes_on_behind_it(world: World, backend: Backend) -> None:
    jobs = [await world.add(name, created_ago=HOUR + at) for at, name in enumerate(("a", "b", "c", "d"))]
    first = await backend.page(Query(limit=2))
    await world.delete(jobs[1])
    rest = await backend.page(Query(limit=2), first.next)
    assert [job.id for job in rest.rows] == jobs[2:]


SORT_VALUES: dict[str, Callable[[Job], Any]] = {
    "id": lambda job: job.id,
    "kind": lambda job: kind_of(job),
    "state": lambda job: job.state.value,
    "created": lambda job: job.created,
    "started": lambda job: job.started,
    "updated": lambda job: job.updated,
    "retries": lambda job: job.retries,
    "priority": lambda job: job.priority or 0,
}


@pytest.mark.parametrize("sort", SORT_VALUES)
@pytest.mark.parametrize("descending", [False, True])
async def test_rows_are_ordered_by_the_column_that_was_asked_for(
    world: World, backend: Backend, sort: str, descending: bool
) -> None:
    await add_stuck(world, "s1")
    await recover_all(backend)
    for number, status in enumerate(("failed", "running", "running", "cancelled")):
        await world.add(
            f"j{number}",
            status,
            created_ago=HOUR * (number + 1),
            started_ago=MINUTE * (7 - number),
            updated_ago=MINUTE * ((number * 3) % 5 + 1),
            kind=("update", "discovery", "inventory", "update")[number],
        )
    page = await backend.page(Query(sort=sort, descending=descending))
    values = [SORT_VALUES[sort](job) for job in page.rows]
    assert values == sorted(values, reverse=descending)


async def add_disagreeing(world: World) -> None:
    """Jobs whose update and start, or start and finish, would put them into different orders."""
    ages = ((50, 5, "failed"), (10, 35, "running"), (30, 45, "cancelled"), (20, 2, "running"))
    for number, (updated, started, status) in enumerate(ages):
        await world.add(
            f"d{number}",
            status,
            created_ago=HOUR + number,
            started_ago=started * MINUTE,
            updated_ago=updated * MINUTE,
        )
    for name, started in (("quick", 3), ("long", 40), ("middling", 20)):
        await world.finish(await world.add(name, "running", started_ago=started * MINUTE))
    await world.add("waiting", created_ago=70 * MINUTE, updated_ago=70 * MINUTE)


AGES: dict[str, Callable[[Job], float | None]] = {
    "idle": lambda job: job.idle_s,
    "running": lambda job: job.running_s,
}


@pytest.mark.parametrize("sort", AGES)
@pytest.mark.parametrize("descending", [False, True])
async def test_the_order_by_an_age_is_the_order_of_what_is_shown(
    world: World, backend: Backend, sort: str, descending: bool
) -> None:
    await add_disagreeing(world)
    page = await backend.page(Query(sort=sort, descending=descending))
    shown = [AGES[sort](job) for job in page.rows]
    known = [round(age) for age in shown if age is not None]
    assert len(set(known)) >= 4
    assert known == sorted(known, reverse=descending)
    assert shown[len(known) :] == [None] * (len(shown) - len(known)), "what has no age comes last"


@pytest.mark.parametrize("sort", AGES)
@pytest.mark.parametrize("descending", [False, True])
async def test_pages_by_an_age_are_the_list_in_pieces(
    world: World, backend: Backend, sort: str, descending: bool
) -> None:
    await add_disagreeing(world)
    whole = await ids(backend, Query(sort=sort, descending=descending))
    for limit in (1, 3):
        pages = await every_page(backend, Query(sort=sort, descending=descending, limit=limit))
        assert [job for page in pages for job in page] == whole


@pytest.mark.parametrize("descending", [False, True])
async def test_jobs_that_have_not_started_come_last_by_start(
    world: World, backend: Backend, descending: bool
) -> None:
    waiting = await world.add("a")
    first = await world.add("b", "completed", started_ago=HOUR)
    second = await world.add("c", "completed", started_ago=MINUTE)
    found = await ids(backend, Query(sort="started", descending=descending))
    assert found == [*([second, first] if descending else [first, second]), waiting]


async def test_an_unknown_sort_order_is_a_usage_error(backend: Backend) -> None:
    with pytest.raises(UsageError):
        await backend.page(Query(sort="colour"))


async def test_only_the_stuck_ones_can_be_asked_for(world: World, backend: Backend) -> None:
    stuck = await add_stuck(world, "s1", "s2")
    await add_alive(world, "r")
    await world.add("p")
    assert await ids(backend, STUCK) == stuck


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("is:stuck", "stuck"),
        ("!is:stuck", "alive failed done waiting"),
        ("stuck:no", "alive failed done waiting"),
        ("state:failed", "failed"),
        ("state:failed,done", "failed done"),
        ("!state:failed,done", "stuck alive waiting"),
        ("status:completed", "done"),
        ("status:comp*", "done"),
        ("kind:*discovery", "failed"),
        ("kind:*DISC*", "failed"),
        ("!kind:*discovery", "stuck alive done waiting"),
        ("error:timeout", "failed"),
        ("!error:timeout", "stuck alive done waiting"),
        ("timeout", "failed"),
        ('"LISTING timeout"', "failed"),
        ("100%", "done"),
        ("_o_", ""),
        ("retries>0", ""),
        ("retries<=0", "stuck alive failed done waiting"),
        ("age>2h", "stuck done"),
        ("age<=2h", "alive failed waiting"),
        ("idle>30m", "stuck done waiting"),
        ("idle<30m", "alive failed"),
        ("running>1h state:running", "stuck"),
        ("state:running idle<30m", "alive"),
        ("state:running kind:*discovery", ""),
    ],
)
async def test_filter_terms_choose_rows(
    world: World, backend: Backend, expression: str, expected: str
) -> None:
    [stuck] = await add_stuck(world, "stuck")
    named = {
        "stuck": stuck,
        "alive": await add_alive(world, "alive"),
        "failed": await world.add(
            "failed", "failed", updated_ago=MINUTE, error="listing timeout", kind="discovery"
        ),
        "done": await world.add(
            "done", "completed", created_ago=5 * HOUR, started_ago=4 * HOUR, error="100% done"
        ),
        "waiting": await world.add("waiting"),
    }
    found = await ids(backend, Query(parse_filter(expression)))
    names = {job: name for name, job in named.items()}
    assert sorted(names[job] for job in found) == sorted(expected.split())


async def test_a_job_is_found_by_its_id(world: World, backend: Backend) -> None:
    job = await world.add("alpha")
    await world.add("beta")
    assert await ids(backend, Query(parse_filter(f"id:{job}"))) == [job]
    assert await ids(backend, Query(parse_filter(f"id:{job[:-1]}*"))) == [job]
    assert await ids(backend, Query(text=job[1:].upper())) == [job]


async def test_words_typed_into_the_search_box_are_a_text_not_an_expression(
    world: World, backend: Backend
) -> None:
    job = await world.add("a", error="state:failed says the log")
    await world.add("b", "failed")
    assert await ids(backend, Query(text="state:failed")) == [job]


async def test_filters_hold_across_pages(world: World, backend: Backend) -> None:
    wanted = [
        await world.add(f"w{number}", created_ago=HOUR + number, kind="discovery") for number in range(5)
    ]
    for number in range(5):
        await world.add(f"x{number}", created_ago=HOUR + number)
    pages = await every_page(backend, Query(parse_filter("kind:*discovery"), limit=2))
    assert pages == [wanted[:2], wanted[2:4], wanted[4:]]
