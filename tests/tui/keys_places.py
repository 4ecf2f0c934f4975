"""What the keys of the sources, of the list over all of them, and of the welcome screen do."""

from __future__ import annotations

import pytest

from tests.tui.driver import Console
from tests.tui.keys_expected import Keys, comes_back, expect, opens, scope_of, status, top
from unstick.tui.welcome import WelcomeApp


@expect("source.open", "sources")
async def switches_to_the_source(c: Console, keys: Keys) -> None:
    await c.press("end")
    for key in keys[:1]:
        await c.press(key)
    await c.until(lambda: scope_of(c) == "jobs" and c.app.session.source.name == "second")


@expect("source.stuck", "sources")
async def lists_what_is_stuck_everywhere(c: Console, keys: Keys) -> None:
    for key in keys:
        before = top(c)
        await opens(c, key, "everywhere")
        await comes_back(c, before)


@expect("source.add", "sources", stays=True)
async def adds_a_source_or_says_why_not(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press(key)
        assert "add: this console can't open other sources" in status(c)


@expect("source.details", "sources", stays=True)
async def goes_to_the_details_and_back(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press(key)
        assert top(c).reading
        await c.press(key)
        assert not top(c).reading


@expect("source.copy", "sources", stays=True)
async def says_that_no_index_is_missing(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press(key)
        assert "copy SQL: " in status(c)


@expect("refresh.now", "sources", "everywhere", stays=True)
async def asks_all_of_them_now(c: Console, keys: Keys) -> None:
    with pytest.MonkeyPatch.context() as patch:
        asked: list[bool] = []
        patch.setattr(type(top(c).feeds), "now", lambda feeds: asked.append(True))
        await c.press(*keys)
        assert len(asked) == len(keys)


@expect("rows.open", "everywhere")
async def opens_the_job_in_its_source(c: Console, keys: Keys) -> None:
    job = top(c).chosen.job.id
    for key in keys[:1]:
        screen = await opens(c, key, "job")
        assert screen.job_id == job  # type: ignore[attr-defined]


@expect("source.go", "everywhere")
async def goes_to_the_source_of_the_row(c: Console, keys: Keys) -> None:
    name = c.app.sessions[top(c).chosen.place].source.name
    for key in keys[:1]:
        await c.press(key)
    await c.until(lambda: scope_of(c) == "jobs" and c.app.session.source.name == name)


@expect("source.list", "everywhere")
async def goes_back_to_the_sources(c: Console, keys: Keys) -> None:
    for key in keys[:1]:
        await c.press(key)
        await c.until(lambda: scope_of(c) == "sources")


@expect("welcome.demo", "welcome")
@expect("app.quit", "welcome")
async def leaves_for_what_was_chosen(c: Console, keys: Keys) -> None:
    app = c.app
    assert isinstance(app, WelcomeApp)
    for key in keys:
        await c.press(key)
    await c.until(lambda: app._exit)
    assert app.way is not None
    assert app.way.what == ("demo" if keys == ("d",) else "quit")


@expect("welcome.url", "welcome", stays=True)
@expect("welcome.init", "welcome", stays=True)
async def asks_for_a_url(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press(key)
        assert top(c).prompt.is_open
        await c.press("escape")
        assert not top(c).prompt.is_open


@expect("app.back", "welcome", stays=True)
async def says_how_to_quit(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press(key)
        assert "q quits" in status(c)
        assert not c.app._exit
