"""What the keys of details and dialogs do: jobs, plans, operations, columns, help, the palette."""

from __future__ import annotations

from tests.tui.driver import Console
from tests.tui.keys_expected import Keys, copies_of, expect, leaves, opens, scope_of, status, top
from tests.tui.keys_lists import opens_a_plan_of

WRAPPING = ("job", "variant", "plan", "operation")


@expect("view.wrap", *WRAPPING, stays=True)
async def wraps_or_cuts(c: Console, keys: Keys) -> None:
    for key in keys:
        before = top(c)._wrapped
        await c.press(key)
        assert top(c)._wrapped is not before
        await c.press(key)
        assert top(c)._wrapped is before


@expect("view.section", *WRAPPING)
async def goes_to_the_next_section(c: Console, keys: Keys) -> None:
    await c.pilot.resize_terminal(60, 12)
    await c.pilot.pause()
    screen = top(c)
    assert len(screen.pane.sections) >= 1
    for key in keys:
        if screen.pane._last_top() == 0:
            continue
        await c.press("home", key)
        assert screen.pane.top > 0 or getattr(screen, "variants", None)


@expect("view.section", "retries", "sweep")
async def goes_to_the_rows(c: Console, keys: Keys) -> None:
    for key in keys[:1]:
        await c.press(key)
        assert top(c).table.active


@expect("view.variants", "job", stays=True)
async def goes_to_the_variants_and_back(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press(key)
        assert top(c).variants.active
        await c.press(key)
        assert not top(c).variants.active


@expect("plan.cancel", "plan")
@expect("demo.cancel", "kill")
async def leaves_everything_as_it_is(c: Console, keys: Keys) -> None:
    before = c.backend.worker.snapshot()
    for key in keys[:1]:
        await c.press(key)
        await c.until(lambda: scope_of(c) == "jobs")
    assert c.backend.worker.snapshot() == before
    assert not c.app.demo_workers.killed  # type: ignore[union-attr]


@expect("plan.apply", "plan")
async def applies(c: Console, keys: Keys) -> None:
    screen = top(c)
    for key in keys[:1]:
        await c.press(key)
    await c.until(lambda: screen.result is not None)
    assert screen.result.counts.applied == 1


@expect("plan.reason", "plan")
async def asks_for_a_reason(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press(key)
        assert top(c).prompt.is_open
        await c.type("INC-7")
        await c.press("enter")
        assert "INC-7" in c.text
        await c.read_first()


@expect("plan.over_limit", "plan", stays=True)
async def takes_in_rows_at_the_limit(c: Console, keys: Keys) -> None:
    screen = top(c)
    for key in keys:
        before = screen._options.over_limit
        for expected in (not before, before):
            await c.press(key)
            assert screen._options.over_limit is expected
            await c.until(lambda: screen.plan is not None and not screen.unread)
            await c.read_first()


@expect("plan.stop", "plan")
async def stops_what_is_applied(c: Console, keys: Keys) -> None:
    await c.press(*keys)
    assert "nothing is being applied" in status(c)
    c.backend.hold()
    await c.press("A")
    await c.until(lambda: top(c).facts().applying)
    await c.press(*keys)
    assert c.app.stopping
    c.backend.release()
    await c.until(lambda: top(c).result is not None)


@expect("act.undo", "plan")
async def undoes_what_was_applied(c: Console, keys: Keys) -> None:
    await c.press(*keys)
    assert "this plan was not applied" in status(c)
    await c.apply()
    for key in keys[:1]:
        await leaves(c, key)
        await c.until(lambda: top(c).plan is not None)
        assert top(c).plan.action == "undo"


@expect("copy.id", "plan", stays=True)
@expect("copy.record", "plan", stays=True)
async def copies_the_plan(c: Console, keys: Keys) -> None:
    with copies_of(c) as copied:
        # Any other key first: the same one a second time shows the text.
        await c.press("home", *keys, "home")
        assert len(copied) == len(keys)


@expect("copy.id", "retries", "sweep")
async def copies_the_row(c: Console, keys: Keys) -> None:
    with copies_of(c) as copied:
        await c.press("tab", *keys)
        assert len(copied) == len(keys)


@expect("act.hooks", "operation", stays=True)
async def says_that_no_hook_is_due(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press(key)
        assert "no hook of this operation failed or is missing" in status(c)


@expect("demo.kill", "jobs")
async def asks_whether_to_kill(c: Console, keys: Keys) -> None:
    for key in keys[:1]:
        await opens(c, key, "kill")


@expect("demo.confirm", "kill")
async def kills_the_worker(c: Console, keys: Keys) -> None:
    for key in keys[:1]:
        await c.press(key)
    await c.until(lambda: scope_of(c) == "jobs")
    assert c.app.demo_workers.killed == ["memory"]  # type: ignore[union-attr]


@expect("view.filter", "help")
async def narrows_the_help(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press(key)
        await c.type("undo")
        await c.press("enter")
        assert "undo" in c.text
        assert "Next line" not in c.text


@expect("columns.toggle", "columns", stays=True)
async def shows_or_hides_the_column(c: Console, keys: Keys) -> None:
    screen = top(c)
    for key in keys:
        await c.press("home", "down", "down")
        name = screen.table.cursor
        before = screen.rows.column(name) and screen._layout.is_wanted(screen.rows.column(name))
        await c.press(key)
        assert screen._layout.is_wanted(screen.rows.column(name)) is not before
        await c.press(key)
        assert screen._layout.is_wanted(screen.rows.column(name)) is before


@expect("columns.right", "columns")
@expect("columns.left", "columns")
async def moves_the_column(c: Console, keys: Keys) -> None:
    screen = top(c)
    for key in keys:
        await c.press("home", "down", "down", "down")
        name, before = screen.table.cursor, screen.rows.names()
        await c.press(key)
        assert screen.rows.names() != before, key
        assert screen.table.cursor == name
        await c.press("r")


@expect("columns.reset", "columns", stays=True)
async def is_automatic_again(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press("home", "down", "down", "down", "J")
        assert not top(c)._layout.choice.automatic
        await c.press(key)
        assert top(c)._layout.choice.automatic


@expect("columns.done", "columns")
async def goes_back_to_the_table(c: Console, keys: Keys) -> None:
    for key in keys[:1]:
        await c.press(key)
        await c.until(lambda: scope_of(c) == "jobs")


@expect("palette.next", "palette", stays=True)
@expect("palette.previous", "palette", stays=True)
async def goes_to_another_entry(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press("down", "down")
        before = top(c).table.position
        await c.press(key)
        assert abs(top(c).table.position - before) == 1
        for _ in range(top(c).table.position):
            await c.press("up")


@expect("palette.run", "palette")
async def does_what_is_chosen(c: Console, keys: Keys) -> None:
    await c.type("help")
    for key in keys[:1]:
        await c.press(key)
    await c.until(lambda: scope_of(c) == "help")


@expect("retries.shorter", "retries")
@expect("retries.longer", "retries")
async def counts_another_time(c: Console, keys: Keys) -> None:
    for key in keys:
        before = top(c).window_s
        await c.press(key)
        assert top(c).window_s != before


@expect("retries.variants", "retries", stays=True)
async def counts_variants_or_jobs(c: Console, keys: Keys) -> None:
    for key in keys:
        before = top(c).variants
        await c.press(key)
        assert top(c).variants is not before
        await c.press(key)
        assert top(c).variants is before


@expect("sweep.dry_run", "sweep")
@expect("sweep.recover", "sweep")
async def plans_what_a_sweep_would_take(c: Console, keys: Keys) -> None:
    for key in keys[:1]:
        plan = await opens_a_plan_of(c, key, "recover")
        assert plan.plan is not None
        assert len(plan.plan.rows) == 4
