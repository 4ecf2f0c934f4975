"""Whoever has other keys is told those, and those alone: in hints, help, messages and dialogs."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.tui.driver import Console
from tests.tui.keys_screens import reached
from unstick.tui.actions import ACTIONS, SCREENS, of_screen
from unstick.tui.keys import resolve, shown

# None of these is a default, all take a decision, and no text of ours has them.
OTHER_KEYS = [chr(code) for code in (*range(0x402, 0x40D), *range(0x410, 0x430), *range(0x391, 0x3A2))]
OTHER_KEYS += [*(chr(code) for code in range(0x10A0, 0x10C0)), *(f"f{number}" for number in range(1, 25))]

LEFT = {
    # What a prompt does with these is not an action: they are keys of text everywhere.
    "palette": ("esc closes",),
    "help": ("`/text`",),
}


def elsewhere() -> dict[str, str]:
    """Return a keymap that gives every action another key."""
    return {action.id: key for action, key in zip(ACTIONS, OTHER_KEYS, strict=False)}


WORDS = re.compile(r"(?<![\w-])(esc|enter|tab|space|pgup|pgdn|\^[a-z]|ctrl-[a-z])(?![\w-])")
"""Names of keys that stand in no other sentence."""

TELLING = re.compile(
    r"(?<![\w-])(\S) (?:adds|again|applies|asks|copies|goes|kills|marks|quits|removes|shows|tells|to undo)\b"
)
"""A key of one character, where a sentence says what it does."""


def told(c: Console, screen: str) -> str:
    text = " ".join(c.lines[1:])
    for words in LEFT.get(screen, ()):
        text = text.replace(words, "")
    return text


@pytest.mark.parametrize(
    "screen", ["jobs", "job", "plan", "operations", "columns", "retries", "text", "actions"]
)
async def test_with_the_default_keys_the_screens_do_name_them(screen: str) -> None:
    async with reached(screen, size=(150, 45)) as c:
        text = told(c, screen)
        assert WORDS.search(text) or TELLING.search(text)


def test_there_is_another_key_for_every_action() -> None:
    assert len(OTHER_KEYS) >= len(ACTIONS)
    assert not {key for action in ACTIONS for key in action.keys} & set(OTHER_KEYS)
    assert resolve(elsewhere())


@pytest.fixture
def fingers(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Another key for every action; whoever presses a default key presses the other one instead."""
    keymap, press = elsewhere(), Console.press

    async def translated(c: Console, *keys: str) -> None:
        for key in keys:
            screen: Any = c.app.screen
            known = () if screen.prompt.is_open and screen.SCOPE != "palette" else of_screen(screen.SCOPE)
            action = next((action for action in known if key in action.keys), None)
            await press(c, keymap[action.id] if action else key)

    monkeypatch.setattr(Console, "press", translated)
    return keymap


@pytest.mark.parametrize("screen", [screen for screen in SCREENS if screen != "welcome"])
async def test_no_screen_names_a_key_that_was_given_away(screen: str, fingers: dict[str, str]) -> None:
    async with reached(screen, size=(150, 45), keymap=fingers) as c:
        text = told(c, screen)
        assert not WORDS.findall(text), c.text
        assert not [key for key in TELLING.findall(text) if key not in OTHER_KEYS], c.text
        for action in of_screen(screen):
            assert f"{shown(action.keys[0])} {action.label}" not in c.lines[-1]
        assert fingers["app.back"] in c.text or fingers["app.help"] in c.text or screen == "palette"


@pytest.mark.parametrize("action", ["rows.range", "rows.all", "app.back", "app.interrupt", "view.next"])
async def test_messages_name_the_keys_that_a_person_has(action: str) -> None:
    keymap = elsewhere()
    async with reached("jobs", keymap=keymap) as c:
        await c.press(keymap[action])
        said = c.app._said
        assert said
        assert not WORDS.findall(said)
        assert not [key for key in TELLING.findall(said) if key not in OTHER_KEYS]


async def test_the_plan_names_the_keys_that_a_person_has_before_and_after() -> None:
    keymap = elsewhere()
    async with reached("jobs", keymap=keymap) as c:
        screen = await c.plan(keymap["act.recover"])
        assert f"{keymap['plan.apply']} applies it to 1 row" in c.text
        assert f"{keymap['plan.reason']} adds a reason" in c.text
        assert f"({keymap['copy.id']} copies it)" in c.text
        await c.read_first()
        await c.press(keymap["plan.apply"])
        await c.until(lambda: screen.result is not None)
        assert f"{keymap['act.undo']} to undo" in c.text
        assert f"[ Back: {keymap['app.back']} ]" in c.text


async def test_the_old_keys_do_nothing_any_more() -> None:
    async with reached("jobs", keymap=elsewhere()) as c:
        screen, before = c.app.screen, c.backend.worker.snapshot()
        for action in of_screen("jobs"):
            for key in action.keys:
                await c.press(key)
                assert c.app.screen is screen, key
        assert not c.jobs.marks.ids
        assert c.backend.worker.snapshot() == before
        assert not c.app._exit
