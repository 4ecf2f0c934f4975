"""One sweeper per database: who leads, who follows, and that the place falls free."""

from __future__ import annotations

from tests.contract.world import World
from unstick.recovery.port import Backend

HOLD_S = 300.0


async def test_the_first_who_asks_leads_and_the_second_is_told_that_somebody_does(
    world: World, backend: Backend
) -> None:
    other = await world.console()
    assert await backend.lead("ann@bastion", HOLD_S) is None
    assert await other.lead("bob@laptop", HOLD_S)
    assert await backend.lead("ann@bastion", HOLD_S) is None, "who leads goes on leading"


async def test_the_place_falls_free_when_it_is_given_up(world: World, backend: Backend) -> None:
    other = await world.console()
    assert await backend.lead("ann@bastion", HOLD_S) is None
    await backend.resign()
    assert await other.lead("bob@laptop", HOLD_S) is None
    assert await backend.lead("ann@bastion", HOLD_S)


async def test_a_source_that_is_closed_leads_no_more(world: World, backend: Backend) -> None:
    other = await world.console()
    assert await backend.lead("ann@bastion", HOLD_S) is None
    await backend.close()
    assert await other.lead("bob@laptop", HOLD_S) is None


async def test_to_give_up_what_one_does_not_have_disturbs_nobody(world: World, backend: Backend) -> None:
    other = await world.console()
    assert await backend.lead("ann@bastion", HOLD_S) is None
    assert await other.lead("bob@laptop", HOLD_S)
    await other.resign()
    assert await other.lead("bob@laptop", HOLD_S)
