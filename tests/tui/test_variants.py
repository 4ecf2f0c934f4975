"""Variants in the console: their list, those of one job, one alone, and what is done to which."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast

import pytest

from tests.tui.driver import Console, JobScreen, JobsScreen, PlanScreen, console
from unstick.recovery.memory import EXTRACTION, PIPELINE, MemoryBackend
from unstick.recovery.model import Capabilities, JobId, Target, VariantId
from unstick.tui.screens.base import SHORT
from unstick.tui.screens.choice import ChoiceScreen
from unstick.tui.screens.variant import VariantScreen
from unstick.tui.screens.variants import VariantsScreen


def pipeline() -> MemoryBackend:
    """Job `poster` paints: f1 was left behind, b1 broke at its limit, s1 is where it should be; `flyer` is
    over, and so are its pieces."""
    backend = MemoryBackend(PIPELINE, source="memory")
    worker = backend.worker
    job = worker.add("poster", "busy", updated_ago=5.0, step="paint", step_index=3, step_count=3)
    worker.add_variant(job, "front", "ok", id="f1", step="cut", retry_count=1)
    worker.add_variant(job, "back", "bad", id="b1", step="paint", retry_count=3, error="no paint")
    worker.add_variant(job, "side", "ok", id="s1", step="paint")
    over = worker.add("flyer", "done", updated_ago=500.0, step="paint", step_index=3, step_count=3)
    for name in ("u1", "u2"):
        worker.add_variant(over, name, "ok", id=name, step="paint")
    return backend


@asynccontextmanager
async def listed(backend: MemoryBackend | None = None, **options: Any) -> AsyncIterator[Console]:
    """The console with the list of variants open."""
    async with console(backend or pipeline(), **options) as c:
        await c.press("V")
        await c.until(lambda: isinstance(c.app.screen, VariantsScreen), "for the variants")
        await c.until(lambda: the_list(c).rows.window.loaded, "for the first variants")
        await c.pilot.pause()
        yield c


def the_list(c: Console) -> VariantsScreen:
    return cast("VariantsScreen", c.app.screen_stack[2])


@asynccontextmanager
async def opened(
    backend: MemoryBackend | None = None, **options: Any
) -> AsyncIterator[tuple[Console, JobScreen]]:
    """The console with the job `poster` open."""
    async with console(pipeline(), **options) as c:
        await c.press("enter")
        await c.until(lambda: isinstance(c.app.screen, JobScreen), "for the job")
        await c.until_shows("Pieces: 3, 2 stuck")
        yield c, c.on(JobScreen)


async def test_the_list_shows_stuck_variants_first_with_their_reasons() -> None:
    async with listed() as c:
        assert c.lines[1].startswith("Pieces > all")
        assert "2 stuck" in c.lines[1]
        assert "1 stuck job" in c.lines[1]
        assert the_list(c).rows.window.order[:2] == ["poster/b1", "poster/f1"]
        assert "needs a person: broken" in c.lines[3]
        assert "lagging" in c.lines[4]
        assert all(len(line) <= 80 for line in c.lines)


async def test_the_live_table_says_that_variants_are_stuck() -> None:
    async with console(pipeline()) as c:
        assert "pieces: 1 broken, 1 lagging" in c.text
        assert "(2 variants)" in c.lines[1]


async def test_variants_can_be_filtered_and_sorted() -> None:
    async with listed() as c:
        await c.press("slash")
        await c.type("job:flyer")
        await c.press("enter")
        await c.until(lambda: the_list(c).rows.window.order == ["flyer/u1", "flyer/u2"])
        await c.press("escape")
        await c.until(lambda: len(the_list(c).rows.window.order) == 5)
        await c.press("greater_than_sign")
        await c.until_shows("by job")
        await c.press("2")
        await c.until(lambda: len(the_list(c).rows.window.order) == 2)


async def test_a_wide_terminal_shows_the_variant_beside_the_list() -> None:
    async with listed(size=(200, 40)) as c:
        await c.until_shows("Variant b1")
        assert "3 of 3   needs a person" in c.text
        await c.press("j")
        await c.until_shows("Variant f1")


async def test_marked_variants_are_recovered_and_only_those() -> None:
    async with listed() as c:
        await c.press("j", "space")
        assert "marked 1" in c.text
        plan = await c.plan("R")
        assert plan.plan is not None
        assert [(row.job, row.variant) for row in plan.plan.rows] == [("poster", "f1")]
        assert "variant f1 of job poster" in c.lines[1]
        await c.apply()
        assert "recovered 1" in c.text
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, VariantsScreen))
        assert the_list(c).marks.ids == frozenset()
        row = await c.backend.variant(Target(JobId("poster"), VariantId("f1")))
        assert row.retries == 2


async def test_what_was_done_to_a_variant_can_be_undone_from_the_list() -> None:
    async with listed() as c:
        before = c.backend.worker.snapshot()
        await c.press("j")
        await c.plan("T")
        await c.apply()
        assert c.backend.worker.snapshot() != before
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, VariantsScreen))
        await c.plan("u")
        await c.apply()
        assert c.backend.worker.snapshot() == before


async def test_an_action_that_variants_do_not_have_says_why() -> None:
    async with listed() as c:
        await c.press("ctrl+d")
        await c.until_shows("delete: delete is for whole jobs; pieces have no such action")
        await c.press("a")
        await c.until(lambda: isinstance(c.app.screen, ChoiceScreen))
        assert "count one more and go on" in c.text
        assert "not now: delete is for whole jobs" in c.text


async def test_an_action_for_variants_alone_is_refused_on_a_job() -> None:
    async with console(pipeline()) as c:
        await c.press("T")
        await c.until_shows("retry: retry is for single pieces, not for whole jobs")
        c.on(JobsScreen)


async def test_a_system_without_variants_says_so() -> None:
    async with console(MemoryBackend.example(10, 1, system=EXTRACTION)) as c:
        await c.press("V")
        await c.until_shows("variants: the jobs of this system have no variants")
        c.on(JobsScreen)


async def test_the_list_goes_to_the_variant_to_its_job_and_back() -> None:
    async with listed() as c:
        await c.press("enter")
        await c.until(lambda: isinstance(c.app.screen, VariantScreen))
        await c.until_shows("Why it is stuck")
        assert c.lines[1].startswith("Variant b1 of job poster")
        assert "needs a person: the retry limit is reached" in c.text
        await c.press("J")
        await c.until_shows("Pieces: 3, 2 stuck")
        await c.press("escape", "escape")
        await c.until(lambda: isinstance(c.app.screen, VariantsScreen))
        await c.press("J")
        await c.until(lambda: isinstance(c.app.screen, JobScreen))


async def test_a_job_shows_its_variants_without_a_cursor_until_it_is_asked_for() -> None:
    async with opened() as (c, screen):
        assert screen.variants.cursor is None
        await c.press("j")
        assert screen.variants.cursor is None
        await c.press("V")
        await c.until_shows("> variant f1")
        assert c.lines[1].startswith("Job poster")
        await c.press("j")
        await c.until_shows("> variant b1")
        await c.press("escape")
        await c.until(lambda: "> variant" not in c.lines[1])
        assert screen.variants.cursor is None
        c.on(JobScreen)


async def test_keys_act_on_the_variant_under_the_cursor_and_the_plan_says_which() -> None:
    async with opened() as (c, _):
        await c.press("V")
        await c.until_shows("> variant f1")
        plan = await c.plan("R")
        assert "Plan  > recover variant f1 of job poster" in c.lines[1]
        assert plan.plan is not None
        assert [(row.job, row.variant) for row in plan.plan.rows] == [("poster", "f1")]
        await c.read_first()
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, JobScreen))
        await c.press("escape")
        await c.until(lambda: "> variant" not in c.lines[1])
        whole = await c.plan("R")
        assert "variant" not in c.lines[1]
        assert whole.plan is not None
        assert [row.variant for row in whole.plan.rows] == ["f1"]
        assert [left.variant for left in whole.plan.left_out] == ["b1"]


async def test_an_action_on_a_variant_that_is_only_for_jobs_says_why() -> None:
    async with opened() as (c, _):
        await c.press("V")
        await c.until_shows("> variant f1")
        await c.press("ctrl+d")
        await c.until_shows("delete is for whole jobs; pieces have no such action")
        await c.press("escape", "T")
        await c.until_shows("retry is for single pieces")


async def test_one_variant_shows_fields_evidence_and_its_attempts() -> None:
    async with opened(size=(80, 50)) as (c, _):
        await c.press("V", "T")
        await c.until(lambda: isinstance(c.app.screen, PlanScreen))
        await c.until(lambda: c.on(PlanScreen).plan is not None)
        await c.apply()
        await c.press("escape")
        await c.until_shows("retry variant f1 (manual)")
        await c.press("enter")
        await c.until(lambda: isinstance(c.app.screen, VariantScreen))
        await c.until_shows("Attempts: 1")
        assert "of job          poster" in c.text
        assert "retry_count" in c.text
        assert "retry (manual)" in c.text


async def test_a_variant_that_is_gone_keeps_its_last_picture_and_says_so() -> None:
    async with listed() as c:
        await c.press("enter")
        await c.until_shows("Why it is stuck")
        c.backend.worker.remove(JobId("poster"))
        await c.press("ctrl+r")
        await c.until_shows("gone: ")
        assert "Why it is stuck" in c.text


async def test_enter_on_a_job_goes_to_its_variants_and_then_into_one() -> None:
    async with opened() as (c, _):
        await c.press("enter")
        await c.until_shows("> variant f1")
        await c.press("enter")
        await c.until(lambda: isinstance(c.app.screen, VariantScreen))


async def test_a_job_without_variants_has_no_table() -> None:
    backend = pipeline()
    backend.worker.add("alone", "busy", updated_ago=99_999.0, step="cut")
    async with console(backend) as c:
        await c.press("j", "enter")
        await c.until_shows("Why it is stuck")
        assert "Job alone" in c.text
        assert "Pieces" not in c.text
        await c.press("V")
        await c.until_shows("this job has no variants")


async def test_a_changed_variant_repaints_only_its_own_line(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listed() as c:
        table = the_list(c).table
        painted: list[int] = []
        repaint = table.repaint

        def noting(y: int, *where: Any) -> None:
            painted.append(y)
            repaint(y, *where)

        monkeypatch.setattr(table, "repaint", noting)
        c.backend.worker.set_variant(VariantId("f1"), retry_count=2)
        feed = the_list(c).feed
        await c.press("ctrl+r")
        await c.until(lambda: painted and not feed.in_flight, "for the change")
        assert set(painted) == {2}
        painted.clear()
        generation = feed._generation
        await c.press("ctrl+r")
        await c.until(lambda: feed._generation > generation and not feed.in_flight, "for a refresh")
        await c.pilot.pause()
        assert painted == []


@pytest.mark.parametrize("size", [(80, 24), (80, 15), (40, 12), (200, 50)])
async def test_a_job_with_many_variants_leaves_room_for_its_text(size: tuple[int, int]) -> None:
    backend = pipeline()
    for number in range(50):
        backend.worker.add_variant(JobId("poster"), f"n{number}", "ok", id=f"n{number:03}", step="paint")
    async with console(backend, size=size) as c:
        await c.press("enter")
        await c.until_shows("Pieces: 53")
        screen = c.on(JobScreen)
        assert screen.pane.size.height >= 3
        assert screen.variants.size.height >= (3 if size[1] >= SHORT else 0)
        await c.press("V")
        await c.until(lambda: screen.variants.cursor == "poster/f1")
        await c.press("G")
        await c.until(lambda: screen.variants.cursor == "poster/n049")
        await c.until_shows("n049")
        assert screen.variants.size.height >= 3


async def test_problems_of_a_source_are_counted_in_the_header_and_told_in_the_help() -> None:
    class Wrong(MemoryBackend):
        @property
        def capabilities(self) -> Capabilities:
            told = ("the journal's table lacks a column; `unstick migrate` adds it", "a hook has no URL")
            return replace(super().capabilities, problems=told)

    backend = Wrong(PIPELINE, source="memory")
    async with console(backend) as c:
        assert "[!2]" in c.lines[0]
        assert "? tells about 2 problems of this source: the journal's table lacks" in c.text
        await c.press("question_mark")
        await c.until_shows("What is wrong with memory")
        assert "a hook has no URL" in c.text
        await c.press("escape", "escape")
        assert "tells about" not in c.text
        await c.refresh()
        assert "tells about" not in c.text
