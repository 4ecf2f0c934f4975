"""Thresholds by kind of job on every backend: in verdicts, counts, pages, plans, and under the lock."""

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.contract.world import HOUR, MINUTE, STUCK, World, outcomes, plan_recover, planned
from unstick.recovery.engine import apply
from unstick.recovery.model import JobId
from unstick.recovery.plan import dump, load
from unstick.recovery.port import Backend
from unstick.recovery.query import Query

AGES = {"render": 3 * HOUR, "video_hd": 3 * HOUR, "import": 50 * HOUR, "mail": 40 * MINUTE}
"""How long a job of each kind has been silent, and running."""

GIVEN: list[tuple[dict[str, float | None], set[str]]] = [
    ({"stuck": 30 * MINUTE}, {"render", "video_hd", "import", "mail"}),
    ({"stuck": 30 * MINUTE, "kind:render": 4 * HOUR}, {"video_hd", "import", "mail"}),
    ({"stuck": 30 * MINUTE, "kind:render": 2 * HOUR, "kind:import": None}, {"render", "video_hd", "mail"}),
    ({"stuck": None, "kind:mail": 30 * MINUTE}, {"mail"}),
    ({"*": 30 * MINUTE, "kind:VIDEO_*": None, "kind:*m*": None}, {"render"}),
    ({"stuck": HOUR, "kind:video_*": None, "kind:video_hd": 2 * HOUR}, {"render", "video_hd", "import"}),
    ({"stuck": HOUR, "kind:render": None, "stuck kind:render": 2 * HOUR}, {"render", "video_hd", "import"}),
    ({"stuck": HOUR, "kind:_ideo_hd": None, "kind:video%": None}, {"render", "video_hd", "import"}),
]


async def fill(world: World) -> dict[JobId, str]:
    """One running job of each kind, and one that is too young for anything."""
    found = {}
    for kind, ago in AGES.items():
        job = await world.add(
            f"a-{kind}", "running", created_ago=60 * HOUR, started_ago=ago, updated_ago=ago, kind=kind
        )
        found[job] = kind
    await world.add("a-young", "running", started_ago=MINUTE, updated_ago=10.0, kind="render")
    return found


async def page(backend: Backend, query: Query = STUCK) -> set[JobId]:
    return {job.id for job in (await backend.page(query)).rows}


@pytest.mark.parametrize(("thresholds", "stuck"), GIVEN)
async def test_the_threshold_of_its_kind_decides_about_a_job(
    world: World, thresholds: Mapping[str, float | None], stuck: set[str]
) -> None:
    kinds = await fill(world)
    backend = await world.console(thresholds=thresholds)
    wanted = {job for job, kind in kinds.items() if kind in stuck}
    assert await page(backend) == wanted
    assert (await backend.counts()).stuck == len(wanted)
    assert planned(await plan_recover(backend)) == wanted
    assert {job for job in kinds if (await backend.job(job)).verdict is not None} == wanted
    assert {job for job, _, _ in await backend.verdicts()} == wanted


async def test_what_is_asked_for_all_rules_goes_before_kinds(world: World) -> None:
    kinds = await fill(world)
    backend = await world.console(thresholds={"stuck": HOUR, "kind:import": None, "kind:render": 9 * HOUR})
    asked = {"*": 2 * HOUR}
    wanted = {job for job, kind in kinds.items() if kind != "mail"}
    assert await page(backend, replace(STUCK, thresholds=asked)) == wanted
    assert (await backend.counts(asked)).stuck == 3
    assert planned(await plan_recover(backend, thresholds=asked)) == wanted


async def test_the_verdict_names_the_threshold_and_the_kind(world: World) -> None:
    kinds = await fill(world)
    backend = await world.console(thresholds={"stuck": 30 * MINUTE, "kind:rend*": 2 * HOUR})
    jobs = {kinds[job.id]: job for job in (await backend.page(STUCK)).rows}
    render, mail = jobs["render"].verdict, jobs["mail"].verdict
    assert render is not None
    assert mail is not None
    assert (render.threshold_s, mail.threshold_s) == (2 * HOUR, 30 * MINUTE)
    assert dict(render.evidence)["threshold"].endswith("for kind:rend*")
    assert "2h" in render.why
    assert "kind" not in dict(mail.evidence)["threshold"]


async def test_a_plan_goes_by_its_own_thresholds_under_the_lock(world: World) -> None:
    kinds = await fill(world)
    given = {"stuck": 30 * MINUTE, "kind:render": 2 * HOUR, "kind:import": None}
    plan = load(dump(await plan_recover(await world.console(thresholds=given))))
    assert {kinds[row.job]: row.kinds for row in plan.rows} == {
        "render": ("render",),
        "video_hd": (),
        "mail": (),
    }
    result = await apply(await world.console(thresholds=given), plan)
    assert set(outcomes(result).values()) == {"applied"}
    assert len(result.rows) == 3


async def test_a_job_that_showed_life_is_judged_by_its_kind_when_the_plan_is_applied(world: World) -> None:
    kinds = await fill(world)
    backend = await world.console(thresholds={"stuck": 30 * MINUTE, "kind:render": 2 * HOUR})
    plan = await plan_recover(backend)
    render = next(job for job, kind in kinds.items() if kind == "render")
    await world.reclaim(render)
    found = outcomes(await apply(backend, plan))
    assert found.pop(render) == "drifted"
    assert set(found.values()) == {"applied"}


async def test_thresholds_in_use_are_told_with_their_kinds(world: World) -> None:
    backend = await world.console(thresholds={"stuck": HOUR, "kind:render": None})
    told = backend.capabilities.thresholds
    assert told["stuck"] == HOUR
    assert told["stuck kind:render"] is None
    assert json.loads(json.dumps(told)) == dict(told)
