"""The generated pages of the documentation are those that would be generated now."""

from tests.arch.reference import PAGE, page
from unstick.tui.actions import ACTIONS


def test_the_page_of_keys_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run scripts/docs"


def test_the_page_of_keys_names_every_action() -> None:
    told = page()
    assert [action.id for action in ACTIONS if f"`{action.id}`" not in told] == []
