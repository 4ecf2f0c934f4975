"""Variants as rows of their own: the list over all jobs, one alone, and what they say about their jobs."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contract.conftest import URLS
from tests.contract.pipeline import MemoryPipeline, Pipeline, SqlPipeline
from tests.contract.world import HOUR, MINUTE, STUCK
from unstick.recovery.engine import apply
from unstick.recovery.errors import NotFound, UsageError
from unstick.recovery.filters import parse_filter
from unstick.recovery.model import JobId, Target, Variant, VariantId
from unstick.recovery.plan import Options
from unstick.recovery.port import Backend
from unstick.recovery.query import VARIANT_SORTS, Query


@pytest.fixture(params=["memory", *URLS])
async def pipeline(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Pipeline]:
    """An empty pipeline on each backend."""
    if request.param == "memory":
        yield MemoryPipeline()
        return
    made = SqlPipeline(request.getfixturevalue(URLS[request.param][1]), tmp_path)
    await made.create()
    yield made
    await made.place.close()


async def fill(pipeline: Pipeline) -> Backend:
    """Order 1 paints: 11 lags, 12 broke, 13 is where it should be; 2 is over; 3 hangs itself and has a piece
    at its limit; 4 failed with a piece that lags."""
    one, two = await pipeline.order(1), await pipeline.order(2, "done")
    three, four = await pipeline.order(3, silent=2 * HOUR), await pipeline.order(4, "failed", "cut")
    await pipeline.piece(11, one, "ok", "draw", silent=20 * MINUTE, made=50 * MINUTE)
    await pipeline.piece(12, one, "bad", "cut", tries=1, silent=30 * MINUTE, made=40 * MINUTE, trouble="dry")
    await pipeline.piece(13, one, "ok", "paint", tries=2, silent=5.0, made=30 * MINUTE)
    await pipeline.piece(21, two, "bad", "draw", silent=HOUR, made=2 * HOUR)
    await pipeline.piece(31, three, "ok", "cut", tries=3, silent=40 * MINUTE, made=3 * HOUR)
    await pipeline.piece(41, four, "ok", "draw", silent=10 * MINUTE, made=20 * MINUTE)
    return await pipeline.console()


def ids(rows: tuple[Variant, ...]) -> list[str]:
    return [row.id for row in rows]


async def listed(backend: Backend, text: str = "", **options: Any) -> list[str]:
    query = Query(terms=parse_filter(text), **options)
    return ids((await backend.variant_page(query)).rows)


async def test_stuck_variants_come_first_the_longest_silent_in_front(pipeline: Pipeline) -> None:
    backend = await fill(pipeline)
    page = await backend.variant_page(Query())
    assert ids(page.rows) == ["31", "12", "11", "41", "13", "21"]
    assert page.next is None
    first = page.rows[1]
    assert (first.job, first.status, first.name, first.step, first.step_index, first.step_count) == (
        "1",
        "bad",
        "part-12",
        "cut",
        2,
        3,
    )
    assert first.verdict is not None
    assert (first.verdict.rule, first.error, first.retries, first.max_retries) == ("broken", "dry", 1, 3)
    assert [row.id for row in page.rows if row.needs_person] == ["31"]


async def test_what_the_list_calls_stuck_is_what_recovering_everything_plans(pipeline: Pipeline) -> None:
    backend = await fill(pipeline)
    stuck = (await backend.variant_page(STUCK)).rows
    assert ids(stuck) == ["31", "12", "11", "41"]
    assert (await backend.counts()).stuck_variants == 4
    jobs = {job.id for job in (await backend.page(STUCK)).rows}
    assert jobs == {"1", "3", "4"}
    plan = await backend.plan("recover", STUCK, Options(over_limit=True))
    assert {(row.job, row.variant) for row in plan.rows} == {
        ("3", None),
        *((row.job, row.id) for row in stuck),
    }
    assert {row.job for row in plan.rows} == jobs
    named = {(job, variant) for job, variant, _ in await backend.verdicts()}
    assert named == {("1", None), ("3", None), ("4", None), *((row.job, row.id) for row in stuck)}


async def test_the_count_follows_the_job(pipeline: Pipeline) -> None:
    backend = await fill(pipeline)
    await pipeline.set_order(JobId("1"), "done")
    assert (await backend.counts()).stuck_variants == 2
    assert await listed(backend, stuck_only=True) == ["31", "41"]


async def test_a_rule_that_is_off_finds_nothing(pipeline: Pipeline) -> None:
    await fill(pipeline)
    backend = await pipeline.console(thresholds={"lagging": None})
    assert await listed(backend, stuck_only=True) == ["12"]
    assert (await backend.counts()).stuck_variants == 1
    assert await listed(backend, stuck_only=True, thresholds={"broken": None}) == []


SORTED: dict[str, Callable[[Variant], Any]] = {
    "job": lambda each: each.job,
    "id": lambda each: each.id,
    "step": lambda each: each.step_index,
    "created": lambda each: each.created,
    "updated": lambda each: each.updated,
    "retries": lambda each: each.retries,
    "idle": lambda each: each.idle_s,
}


@pytest.mark.parametrize("sort", SORTED)
@pytest.mark.parametrize("descending", [False, True])
async def test_variants_are_ordered_by_what_was_asked_for(
    pipeline: Pipeline, sort: str, descending: bool
) -> None:
    backend = await fill(pipeline)
    rows = (await backend.variant_page(Query(sort=sort, descending=descending))).rows
    values = [SORTED[sort](row) for row in rows]
    assert len(values) == 6
    assert values == sorted(values, reverse=descending)


@pytest.mark.parametrize("sort", VARIANT_SORTS)
@pytest.mark.parametrize("descending", [False, True])
async def test_pages_of_variants_neither_skip_nor_repeat(
    pipeline: Pipeline, sort: str, descending: bool
) -> None:
    backend = await fill(pipeline)
    seen: list[str] = []
    after = None
    while True:
        page = await backend.variant_page(Query(sort=sort, descending=descending, limit=2), after)
        seen += ids(page.rows)
        after = page.next
        if after is None:
            break
    assert seen == await listed(backend, sort=sort, descending=descending)
    assert sorted(seen) == ["11", "12", "13", "21", "31", "41"]


async def test_an_order_that_only_jobs_have_is_refused_in_words(pipeline: Pipeline) -> None:
    backend = await fill(pipeline)
    with pytest.raises(UsageError, match="'priority' is not a sort order"):
        await backend.variant_page(Query(sort="priority"))
    with pytest.raises(UsageError, match="not a cursor"):
        await backend.variant_page(Query(), "nonsense")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("state:failed", {"12", "21"}),
        ("status:ok", {"11", "13", "31", "41"}),
        ("step:draw", {"11", "21", "41"}),
        ("is:stuck", {"11", "12", "31", "41"}),
        ("stuck:no", {"13", "21"}),
        ("retries>=2", {"13", "31"}),
        ("idle>25m", {"12", "21", "31"}),
        ("age>90m", {"21", "31"}),
        ("dry", {"12"}),
        ("part-1", {"11", "12", "13"}),
        ("error:dr", {"12"}),
        ("kind:part-3*", {"31"}),
        ("id:12,41", {"12", "41"}),
        ("id:1/12", {"12"}),
        ("id:2/12", set()),
        ("job:1", {"11", "12", "13"}),
        ("!job:1,3", {"21", "41"}),
        ("job:nonsense", set()),
        ("priority>0", set()),
    ],
)
async def test_a_filter_is_about_the_variants(pipeline: Pipeline, text: str, found: set[str]) -> None:
    backend = await fill(pipeline)
    assert set(await listed(backend, text)) == found


async def test_the_list_can_be_of_one_job(pipeline: Pipeline) -> None:
    backend = await fill(pipeline)
    assert await listed(backend, of=JobId("1"), sort="id") == ["11", "12", "13"]
    assert await listed(backend, "state:failed", of=JobId("1")) == ["12"]


async def test_one_variant_comes_with_its_fields_verdict_and_attempts(pipeline: Pipeline) -> None:
    backend = await fill(pipeline)
    target = Target(JobId("1"), VariantId("12"))
    found = await backend.variant(target)
    assert found.target == target
    assert {"status", "step"} <= set(found.fields)
    assert found.verdict is not None
    assert dict(found.verdict.evidence)["rule"] == "broken"
    assert await backend.attempts(target) == ()
    result = await apply(backend, await backend.plan("recover", [JobId("1")], Options()))
    assert result.counts.applied == 2
    [attempt] = await backend.attempts(target)
    assert (attempt.job, attempt.variant, attempt.reason) == ("1", "12", "failed")
    assert {each.variant for each in await backend.attempts(JobId("1"))} == {"11", "12"}
    assert (await backend.variant(target)).retries == 2


@pytest.mark.parametrize(("job", "variant"), [("1", "99"), ("2", "12"), ("99", "12"), ("1", "what")])
async def test_a_variant_that_is_not_there_is_said_in_one_sentence(
    pipeline: Pipeline, job: str, variant: str
) -> None:
    backend = await fill(pipeline)
    with pytest.raises(NotFound):
        await backend.variant(Target(JobId(job), VariantId(variant)))


async def test_a_job_says_which_of_its_variants_make_it_stuck(pipeline: Pipeline) -> None:
    backend = await fill(pipeline)
    verdict = (await backend.job(JobId("1"))).verdict
    assert verdict is not None
    assert verdict.why == "pieces: 1 broken, 1 lagging"
    assert ("lagging", "1 pieces") in verdict.evidence
    own = (await backend.job(JobId("3"))).verdict
    assert own is not None
    assert own.rule == "stuck"


async def test_capabilities_name_the_variants_and_what_can_be_done_to_them(pipeline: Pipeline) -> None:
    able = (await fill(pipeline)).capabilities
    assert able.variants_name == "pieces"
    assert {info.name: (info.for_jobs, info.for_variants) for info in able.actions} == {
        "recover": (True, True),
        "delete": (True, False),
        "retry": (False, True),
    }


async def test_a_plan_says_what_happens_to_its_own_rows(pipeline: Pipeline) -> None:
    backend = await fill(pipeline)
    own = await backend.plan("recover", [JobId("1")], Options())
    both = await backend.plan("recover", STUCK, Options())
    assert own.verb == "count one more and go on"
    assert both.verb == "1 × set failed; 3 × count one more and go on"
    [recover] = [info for info in backend.capabilities.actions if info.name == "recover"]
    assert recover.on(variants=False).verb == "set failed"
    assert recover.on(variants=True).verb == "count one more and go on"


async def test_undo_takes_back_the_attempt_on_a_variant(pipeline: Pipeline) -> None:
    backend = await fill(pipeline)
    target = Target(JobId("1"), VariantId("12"))
    before = await backend.variant(target)
    result = await apply(backend, await backend.plan("retry", [target], Options()))
    assert (await backend.variant(target)).status == "busy"
    back = await apply(backend, await backend.plan_undo(result.operation, Options()))
    assert [(row.job, row.variant, row.outcome) for row in back.rows] == [("1", "12", "applied")]
    assert (await backend.variant(target)).fields == before.fields
