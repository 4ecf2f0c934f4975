"""What is the same on every screen: moving, help, back, quit, and the keys of the console itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tui.driver import Console
from tests.tui.keys_expected import Keys, comes_back, expect, leaves, opens, scope_of, status, top
from unstick.tui.actions import SCREENS
from unstick.tui.actions.model import COMMANDED
from unstick.tui.widgets.table import Table

TYPED = ("palette",)
"""Where letters are text."""
UNTYPED = tuple(screen for screen in SCREENS if screen not in TYPED)


def at(c: Console) -> int:
    """Where the cursor, or the first line on the screen, is."""
    mover: Any = top(c).scroller()
    return int(mover.position if isinstance(mover, Table) else mover.top)


def last(c: Console) -> int:
    """Where it can be at most."""
    mover: Any = top(c).scroller()
    if isinstance(mover, Table):
        return len(mover._keys) - 1
    return max(int(len(mover.lines) - mover.size.height), 0)


def pressed(c: Console, keys: Keys) -> Keys:
    """Leave out letters where they are text."""
    return tuple(key for key in keys if scope_of(c) not in TYPED or len(key) > 1)


async def to_top(c: Console) -> None:
    if scope_of(c) in ("retries", "sweep") and not top(c).table.active:
        await c.press("tab")
    for _ in range(at(c) if scope_of(c) in TYPED else 0):
        await c.press("up")
    await c.press("home")
    assert at(c) == 0


@expect("move.down", *SCREENS, stays=True)
async def next_line(c: Console, keys: Keys) -> None:
    for key in pressed(c, keys):
        await to_top(c)
        await c.press(key)
        assert at(c) == min(1, last(c)), key


@expect("move.up", *SCREENS, stays=True)
async def previous_line(c: Console, keys: Keys) -> None:
    for key in pressed(c, keys):
        await to_top(c)
        await c.press("down", "down", "down")
        end = at(c)
        await c.press(key)
        assert at(c) == max(end - 1, 0), key
        await to_top(c)


@expect("move.page_down", *SCREENS, stays=True)
async def next_page(c: Console, keys: Keys) -> None:
    for key in pressed(c, keys):
        await to_top(c)
        await c.press(key)
        assert at(c) == last(c) or at(c) > 1, key
        await to_top(c)


@expect("move.page_up", *SCREENS, stays=True)
async def previous_page(c: Console, keys: Keys) -> None:
    for key in pressed(c, keys):
        await to_top(c)
        await c.press("pagedown", "pagedown")
        end = at(c)
        await c.press(key)
        assert at(c) == 0 or at(c) < end - 1, key
        await to_top(c)


@expect("move.top", *UNTYPED, stays=True)
async def first_line(c: Console, keys: Keys) -> None:
    for key in pressed(c, keys):
        await to_top(c)
        await c.press("end", key)
        assert at(c) == 0, key


@expect("move.end", *UNTYPED, stays=True)
async def last_line(c: Console, keys: Keys) -> None:
    for key in pressed(c, keys):
        await to_top(c)
        await c.press(key)
        assert at(c) == last(c), key
    await to_top(c)


@expect("move.top", *TYPED, stays=True)
@expect("move.end", *TYPED, stays=True)
async def belongs_to_the_text(c: Console, keys: Keys) -> None:
    screen, line = top(c), at(c)
    await c.press(*pressed(c, keys))
    assert (top(c), at(c)) == (screen, line)


@expect("app.help", *(screen for screen in SCREENS if screen not in ("help", *TYPED)), stays=True)
async def shows_help(c: Console, keys: Keys) -> None:
    for key in keys:
        screen, scope = top(c), scope_of(c)
        await opens(c, key, "help")
        assert f"Help > {scope}" in c.text
        await comes_back(c, screen)


@expect("app.command", *(screen for screen in COMMANDED), stays=True)
async def asks_for_a_command(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press(key)
        assert top(c).prompt.is_open
        await c.press("escape")
        assert not top(c).prompt.is_open


@expect("app.palette", *(screen for screen in COMMANDED), stays=True)
async def opens_the_palette(c: Console, keys: Keys) -> None:
    for key in keys:
        screen, scope = top(c), scope_of(c)
        await opens(c, key, "palette")
        assert f"Palette > {scope}" in c.text
        await comes_back(c, screen)


@expect("app.back", *(screen for screen in SCREENS if screen not in ("jobs", "welcome")))
async def goes_back(c: Console, keys: Keys) -> None:
    for key in keys:
        before = top(c)
        await leaves(c, key)
        assert before not in c.app.screen_stack


@expect("app.back", "jobs")
async def lets_go_of_the_view(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press("2", key)
        await c.until(lambda: c.jobs.view == "all")
        assert not c.app._exit


@expect("app.quit", *(screen for screen in SCREENS if screen not in ("jobs", "welcome", *TYPED)))
async def leaves_the_screen(c: Console, keys: Keys) -> None:
    for key in keys:
        await leaves(c, key)
        assert not c.app._exit


@expect("app.quit", "jobs")
async def leaves_the_console(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press(key)
    await c.until(lambda: c.app._exit)


@expect("app.quit", *TYPED)
async def is_a_letter_there(c: Console, keys: Keys) -> None:
    for key in keys:
        screen = top(c)
        await c.press(key)
        assert top(c) is screen
        assert screen.prompt.text.endswith(key)


@expect("app.interrupt", *SCREENS)
async def quits_when_pressed_twice(c: Console, keys: Keys) -> None:
    for key in keys[:1]:
        await c.press(key)
        assert "press ctrl-c again to quit" in status(c)
        assert not c.app._exit
        c.ticks.pass_by(60)
        await c.press(key)
        assert not c.app._exit
        await c.press(key)
    await c.until(lambda: c.app._exit)


@expect("app.suspend", *SCREENS, stays=True)
async def suspends(c: Console, keys: Keys) -> None:
    with pytest.MonkeyPatch.context() as patch:
        asked: list[bool] = []
        patch.setattr(type(c.app), "action_suspend_process", lambda app: asked.append(True))
        await c.press(*keys)
        # Letters are taken by a prompt, and so is this key where one is open all the time.
        assert len(asked) == (0 if scope_of(c) in TYPED else len(keys))


@expect("app.redraw", *SCREENS, stays=True)
async def draws_again(c: Console, keys: Keys) -> None:
    with pytest.MonkeyPatch.context() as patch:
        asked: list[bool] = []
        patch.setattr(type(c.app), "redraw", lambda app: asked.append(True))
        await c.press(*keys)
        assert len(asked) == len(keys)
