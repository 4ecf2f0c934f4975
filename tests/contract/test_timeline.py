"""The journal in pages, oldest first: what an incident's timeline is made of."""

from datetime import timedelta

from tests.contract.world import World, add_stuck, recover_all
from unstick.recovery.outcome import Operation
from unstick.recovery.port import Backend


async def three(world: World, backend: Backend) -> list[Operation]:
    """Three operations, oldest first, the second of several rows."""
    for names in ("a", "bcd", "e"):
        await add_stuck(world, *names)
        await recover_all(backend)
    return list(reversed(await backend.operations()))


async def test_it_is_told_oldest_first_and_in_pages_without_a_gap(world: World, backend: Backend) -> None:
    wanted = [operation.id for operation in await three(world, backend)]
    assert [each.id for each in await backend.timeline()] == wanted
    told, after = [], None
    while page := await backend.timeline(after=after, limit=1):
        told.append(page[0].id)
        after = page[0]
    assert told == wanted


async def test_a_window_begins_with_its_first_moment_and_ends_before_its_last(
    world: World, backend: Backend
) -> None:
    operations = await three(world, backend)
    _, second, third = operations
    since, until = second.started_at, third.started_at
    # Where the clock stands still all three began at once, and such a window is empty.
    inside = [each.id for each in operations if since <= each.started_at < until]
    assert [each.id for each in await backend.timeline(since, until)] == inside
    before = [each.id for each in operations if each.started_at < since]
    assert [each.id for each in await backend.timeline(until=since)] == before
    assert third.id in [each.id for each in await backend.timeline(until)]
    assert await backend.timeline(until + timedelta(seconds=1)) == ()


async def test_rows_come_in_pages_in_the_order_of_the_plan(world: World, backend: Backend) -> None:
    _, second, _ = await three(world, backend)
    whole = (await backend.operation(second.id)).rows
    assert await backend.operation_rows(second.id) == whole
    first = await backend.operation_rows(second.id, limit=2)
    rest = await backend.operation_rows(second.id, first[-1].number, limit=2)
    assert first + rest == whole
    assert await backend.operation_rows(second.id, rest[-1].number) == ()


async def test_an_operation_that_is_not_there_has_no_rows(world: World, backend: Backend) -> None:
    assert await backend.operation_rows("0" * 12) == ()
