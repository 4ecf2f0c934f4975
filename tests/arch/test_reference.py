"""The generated pages of the documentation are those that would be generated now."""

import json

from tests.arch.reference import PAGE, SCHEMA, config_schema, page
from unstick.tui.actions import ACTIONS


def test_the_page_of_keys_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run scripts/docs"


def test_the_page_of_keys_names_every_action() -> None:
    told = page()
    assert [action.id for action in ACTIONS if f"`{action.id}`" not in told] == []


def test_the_schema_of_the_configuration_is_current() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == config_schema(), "run scripts/docs"


def test_the_schema_of_the_configuration_knows_every_table_by_its_title() -> None:
    told = json.loads(config_schema())
    assert told["additionalProperties"] is False
    assert {"version", "defaults", "sources", "keys", "views"} <= set(told["properties"])
