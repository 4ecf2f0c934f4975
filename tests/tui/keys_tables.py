"""What the keys of live tables do to how they look: order, columns, views, the row beside."""

from __future__ import annotations

from tests.tui.driver import Console
from tests.tui.keys_expected import Keys, comes_back, expect, opens, top
from unstick.tui.actions.model import TABLES


async def asks_for_another_order(c: Console, key: str) -> str:
    before = top(c).query_now.sort
    await c.press(key)
    assert top(c).query_now.sort != before
    return str(top(c).query_now.sort)


@expect("view.sort_next", *TABLES)
@expect("view.sort_previous", *TABLES)
async def sorts_by_another_column(c: Console, keys: Keys) -> None:
    for key in keys:
        sort = await asks_for_another_order(c, key)
        assert f"by {sort}" in c.text


@expect("view.reverse", *TABLES)
async def reverses_the_order(c: Console, keys: Keys) -> None:
    for key in keys:
        before = top(c).query_now.descending
        await c.press(key)
        assert top(c).query_now.descending is not before


@expect("view.wide", *TABLES, stays=True)
async def shows_more(c: Console, keys: Keys) -> None:
    for key in keys:
        before = top(c).rows.layout.wide
        await c.press(key)
        assert top(c).rows.layout.wide is not before
        await c.press(key)
        assert top(c).rows.layout.wide is before


@expect("view.header", *TABLES, stays=True)
async def hides_the_title(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press(key)
        assert not top(c).title_bar.display
        assert "memory" in c.lines[0]
        await c.press(key)
        assert top(c).title_bar.display


def narrows(view: str) -> None:
    @expect(f"view.{view}", *TABLES)
    async def shows_the_view(c: Console, keys: Keys) -> None:
        for key in keys:
            await c.press("2" if view == "all" else "1", key)
            await c.until(lambda: top(c).view == view and top(c).rows.window.loaded)
            assert f" > {view}" in c.text


for name in ("all", "stuck", "failed", "running", "pending"):
    narrows(name)


@expect("view.columns", *TABLES)
async def lists_the_columns(c: Console, keys: Keys) -> None:
    for key in keys:
        before = top(c)
        await opens(c, key, "columns")
        await comes_back(c, before)


@expect("view.save", *TABLES)
async def asks_for_a_name(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press(key)
        assert "save view as" in c.text
        await c.type("mine")
        await c.press("enter")
        await c.until(lambda: any(view.name == "mine" for view in top(c).saved_views))


def saved(number: int) -> None:
    @expect(f"view.saved_{number}", *TABLES)
    async def shows_the_saved_view(c: Console, keys: Keys) -> None:
        for letter in "wxyz"[:number]:
            await c.press("M", "ctrl+u")
            await c.type(letter)
            await c.press("enter")
        await c.until(lambda: {view.name for view in top(c).saved_views} == set("wxyz"[:number]))
        wanted = top(c).saved_views[number - 1].name
        for key in keys:
            await c.press("1", key)
            await c.until(lambda: top(c).saved is not None and top(c).saved.name == wanted)


for number in range(1, 5):
    saved(number)


@expect("view.pane", *TABLES)
async def hides_the_row_beside(c: Console, keys: Keys) -> None:
    await c.pilot.resize_terminal(200, 40)
    await c.pilot.pause()
    for key in keys:
        before = top(c).side.display
        await c.press(key)
        assert top(c).side.display is not before


@expect("view.beside", *TABLES)
async def next_section_beside(c: Console, keys: Keys) -> None:
    await c.pilot.resize_terminal(200, 12)
    await c.pilot.pause()
    await c.until(lambda: top(c).side.sections, "for the row beside")
    for key in keys:
        before = top(c).side.top
        await c.press(key)
        assert top(c).side.top != before or top(c).side._last_top() == 0
