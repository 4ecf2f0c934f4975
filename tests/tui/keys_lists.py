"""What the keys of lists do: live tables, the journal, and the acts that open a plan."""

from __future__ import annotations

import pytest

from tests.tui.driver import Console, PlanScreen
from tests.tui.keys_expected import Keys, comes_back, copies_of, expect, opens, scope_of, status, top
from unstick.tui.actions.model import LIVE, TABLES

ACTING = LIVE


@expect("rows.open", "jobs")
async def opens_the_job(c: Console, keys: Keys) -> None:
    for key in keys:
        job = c.jobs.table.cursor
        screen = await opens(c, key, "job")
        assert screen.job_id == job  # type: ignore[attr-defined]
        await comes_back(c, c.jobs)


@expect("rows.open", "variants")
@expect("rows.open", "job")
async def opens_the_variant(c: Console, keys: Keys) -> None:
    for key in keys:
        if scope_of(c) == "job":
            await c.press(key)
            assert top(c).variants.active, "from the text first to the variants"
        before = top(c)
        await opens(c, key, "variant")
        await comes_back(c, before)


@expect("rows.open", "actions")
async def opens_the_plan_of_the_action(c: Console, keys: Keys) -> None:
    for key in keys[:1]:
        await opens(c, key, "plan")


@expect("rows.open", "operations")
async def opens_the_operation(c: Console, keys: Keys) -> None:
    for key in keys:
        before = top(c)
        await opens(c, key, "operation")
        await comes_back(c, before)


@expect("rows.open", "retries")
async def opens_what_is_retried(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press(key)
        assert top(c).table.active, "from the text first to the rows"
        before = top(c)
        await opens(c, key, "job")
        await comes_back(c, before)


@expect("rows.open", "sweep")
async def opens_a_decision(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press(key)
        assert top(c).table.active, "from the text first to the rows"
        before = top(c)
        await opens(c, key, "operation")
        await comes_back(c, before)


@expect("rows.mark", *TABLES, stays=True)
async def marks_and_goes_on(c: Console, keys: Keys) -> None:
    for key in keys:
        row = top(c).table.cursor
        await c.press(key)
        assert top(c).marks.ids == {row}
        assert top(c).table.cursor != row
        await c.press("up", key)
        assert not top(c).marks.ids


@expect("rows.range", *TABLES)
async def marks_from_here_to_there(c: Console, keys: Keys) -> None:
    for key in keys:
        order, start = list(top(c).rows.window.order), top(c).table.position
        await c.press(key, "down", "down", key)
        assert top(c).marks.ids == frozenset(order[start : start + 3])


@expect("rows.all", *TABLES)
async def marks_all(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press(key)
        assert top(c).marks.ids == frozenset(top(c).rows.window.order)


@expect("rows.none", *TABLES, stays=True)
async def marks_nothing(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press("*", key)
        assert not top(c).marks.ids


@expect("rows.job", "variants", "variant")
async def opens_its_job(c: Console, keys: Keys) -> None:
    for key in keys:
        before = top(c)
        screen = await opens(c, key, "job")
        assert screen.job_id == "poster"  # type: ignore[attr-defined]
        await comes_back(c, before)


async def opens_a_plan_of(c: Console, key: str, action: str) -> PlanScreen:
    screen = await opens(c, key, "plan")
    assert isinstance(screen, PlanScreen)
    await c.until(lambda: screen.plan is not None and not screen.unread)
    assert screen.plan is not None
    assert screen.plan.action == action
    return screen


@expect("act.dry_run", *ACTING)
async def shows_what_recover_would_do(c: Console, keys: Keys) -> None:
    for key in keys:
        before = top(c)
        assert (await opens_a_plan_of(c, key, "recover"))._dry_run
        await comes_back(c, before)


@expect("act.recover", *ACTING)
async def plans_a_recovery(c: Console, keys: Keys) -> None:
    for key in keys:
        before = top(c)
        assert not (await opens_a_plan_of(c, key, "recover"))._dry_run
        await comes_back(c, before)


@expect("act.retry", "jobs", "variants", "variant")
async def plans_a_retry(c: Console, keys: Keys) -> None:
    for key in keys:
        before = top(c)
        await opens_a_plan_of(c, key, "retry")
        await comes_back(c, before)


@expect("act.retry", "job")
async def says_that_retries_are_for_variants_here(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press(key)
        assert "retry: retry is for single pieces, not for whole jobs" in status(c)
    await c.press("V")
    before = top(c)
    for key in keys:
        await opens_a_plan_of(c, key, "retry")
        await comes_back(c, before)


@expect("act.delete", "jobs", "job")
async def plans_a_deletion(c: Console, keys: Keys) -> None:
    for key in keys:
        before = top(c)
        await opens_a_plan_of(c, key, "delete")
        await comes_back(c, before)


@expect("act.delete", "variants", "variant", stays=True)
async def says_that_variants_are_not_deleted(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press(key)
        assert "delete: delete is for whole jobs" in status(c)


@expect("act.undo", *ACTING)
async def plans_the_undo_of_the_last_operation(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press(key)
        await c.until(lambda: "there is no operation to undo" in status(c))
    before = top(c)
    plan = await opens_a_plan_of(c, "R", "recover")
    await c.apply()
    await comes_back(c, before)
    assert plan.result is not None
    for key in keys:
        undo = await opens_a_plan_of(c, key, "undo")
        assert undo.plan is not None
        assert undo.plan.undoes == plan.result.operation
        await comes_back(c, before)


@expect("act.undo", "operations", "operation")
async def plans_the_undo_of_this_operation(c: Console, keys: Keys) -> None:
    for key in keys:
        before = top(c)
        await opens_a_plan_of(c, key, "undo")
        await comes_back(c, before)


@expect("act.choose", *ACTING)
async def lists_all_actions(c: Console, keys: Keys) -> None:
    for key in keys:
        before = top(c)
        await opens(c, key, "actions")
        await comes_back(c, before)


@expect("view.filter", *TABLES)
async def narrows_the_rows(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press(key)
        await c.type("state:running")
        await c.press("enter")
        await c.until(lambda: top(c).filter_text == "state:running" and top(c).rows.window.loaded)
        await c.press("escape")
        await c.until(lambda: not top(c).filter_text)


async def looks_for(c: Console, word: str) -> None:
    """Have a last filter without hiding anything."""
    top(c).last_filter = word
    await c.press("home")


@expect("view.next", *TABLES)
@expect("view.previous", *TABLES)
async def goes_to_a_match(c: Console, keys: Keys) -> None:
    screen = top(c)
    for key in keys:
        await c.press(key)
        assert "nothing to look for yet" in status(c)
    wanted = screen.rows.window.order[2]
    await looks_for(c, wanted.split("/")[-1])
    for key in keys:
        await c.press(key)
        assert screen.table.cursor == wanted


@expect("view.variants", "jobs")
async def lists_all_variants(c: Console, keys: Keys) -> None:
    for key in keys:
        await opens(c, key, "variants")
        await comes_back(c, c.jobs)


def goes_to(action: str, scope: str, *screens: str) -> None:
    @expect(action, *screens)
    async def opens_the_screen(c: Console, keys: Keys) -> None:
        for key in keys:
            before = top(c)
            await opens(c, key, scope)
            await comes_back(c, before)


goes_to("view.operations", "operations", *LIVE, "sweep")
goes_to("view.retries", "retries", *TABLES)
goes_to("view.sweep", "sweep", *TABLES)
goes_to("source.list", "sources", *LIVE)


@expect("source.next", "jobs")
@expect("source.previous", "jobs")
async def switches_the_source(c: Console, keys: Keys) -> None:
    for key in keys:
        before = c.app.shown
        await c.press(key)
        assert c.app.shown != before


@expect("refresh.pause", *LIVE, stays=True)
async def pauses(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press(key)
        assert "[PAUSED]" in c.lines[0]
        await c.press(key)
        assert "[PAUSED]" not in c.lines[0]


@expect("refresh.faster", *LIVE, stays=True)
@expect("refresh.slower", *LIVE, stays=True)
async def changes_the_pace(c: Console, keys: Keys) -> None:
    for key in keys:
        c.app.session.pace.every_s = 5.0
        await c.press(key)
        assert c.app.session.pace.every_s != 5.0
        assert "refresh every" in status(c)
        c.app.session.pace.every_s = 3600.0


@expect("refresh.now", *LIVE, "operations", "sweep", "retries", stays=True)
async def asks_again_now(c: Console, keys: Keys) -> None:
    with pytest.MonkeyPatch.context() as patch:
        asked: list[bool] = []
        patch.setattr(type(top(c).feed), "now", lambda feed: asked.append(True))
        await c.press(*keys)
        assert len(asked) == len(keys)


@expect("copy.id", *LIVE, "operations", "operation", "text", stays=True)
@expect("copy.record", *LIVE, stays=True)
async def copies(c: Console, keys: Keys) -> None:
    with copies_of(c) as copied:
        for key in keys:
            await c.press("?")
            await c.until(lambda: scope_of(c) == "help")
            await c.press("escape")
            await c.until(lambda: scope_of(c) != "help")
            await c.press(key)
        assert len(copied) == len(keys)
        assert all(copied)
        assert "copied " in status(c)
        await c.press("home")
