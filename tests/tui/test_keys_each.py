"""Every key of every screen is pressed, and does what it is there for."""

from __future__ import annotations

import pytest

from tests.tui import keys_details, keys_everywhere, keys_lists, keys_places, keys_sweep, keys_tables
from tests.tui.keys_expected import EXPECTED
from tests.tui.keys_screens import REACH, reached
from unstick.tui.actions import SCREENS, of_screen

TOLD = (keys_details, keys_everywhere, keys_lists, keys_places, keys_sweep, keys_tables)
"""The modules that say what is expected; a screen of its own may have one of its own."""

KEYS = {action.id: action.keys for screen in SCREENS for action in of_screen(screen)}
PAIRS = [(screen, action.id) for screen in SCREENS for action in of_screen(screen)]


def groups() -> list[tuple[str, tuple[str, ...]]]:
    """Screens with what is pressed on one console: all that stays on the screen at once, the rest alone."""
    found: list[tuple[str, tuple[str, ...]]] = []
    for screen in REACH:
        here = [action for of, action in PAIRS if of == screen and (screen, action) in EXPECTED]
        stays = tuple(action for action in here if EXPECTED[screen, action].stays)
        found.extend((screen, (action,)) for action in here if action not in stays)
        found.extend((screen, stays[start : start + 6]) for start in range(0, len(stays), 6))
    return found


@pytest.mark.parametrize(
    ("screen", "actions"), groups(), ids=lambda value: value if isinstance(value, str) else value[0]
)
async def test_each_key_does_what_it_is_there_for(screen: str, actions: tuple[str, ...]) -> None:
    async with reached(screen) as c:
        for action in actions:
            await EXPECTED[screen, action].check(c, KEYS[action])
            await c.read_first()


def test_every_action_of_every_screen_has_an_expectation_and_none_is_left_over() -> None:
    missing = [f"{action} on {screen}" for screen, action in PAIRS if (screen, action) not in EXPECTED]
    assert not missing, "say in tests/tui/keys_*.py what these keys do"
    assert not set(EXPECTED) - set(PAIRS)
    assert set(REACH) == set(SCREENS)
