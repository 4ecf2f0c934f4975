"""The generated pages of the documentation are those that would be generated now, and they are whole."""

import json
import subprocess

import pytest

from tests.arch.pages import configuration, filters, keys
from tests.arch.pages.shapes import DOCUMENTS
from tests.arch.pages.shapes_objects import OBJECTS
from tests.arch.reference import DOCS, PAGES, config_schema
from tests.harness.shells import program
from unstick.cli.verbs import VERBS
from unstick.recovery.filters import FIELDS, parse_filter, sample
from unstick.tui.actions import ACTIONS

MANUAL = DOCS / "unstick.1"


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_current(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "run scripts/docs"


def test_the_page_of_keys_names_every_action() -> None:
    told = keys.page()
    assert [action.id for action in ACTIONS if f"`{action.id}`" not in told] == []


@pytest.mark.parametrize("name", configuration.keys())
def test_every_key_of_the_configuration_says_what_it_means(name: str) -> None:
    assert configuration.keys()[name].get("description"), f"give {name} a description in the model"
    assert f"| `{name.partition('.')[2]}` |" in configuration.page()


def test_the_schema_of_the_configuration_knows_every_table_by_its_title() -> None:
    told = json.loads(config_schema())
    assert told["additionalProperties"] is False
    assert {"version", "defaults", "sources", "keys", "views"} <= set(told["properties"])


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_of_a_filter_is_told_with_an_example_that_works(name: str) -> None:
    [term] = parse_filter(sample(name))
    assert term.field == ("stuck" if name == "is" else name)
    assert f"`{sample(name)}`" in filters.page()
    assert filters.understood(name)


def test_every_declared_object_of_json_is_used() -> None:
    documents = [document.keys for found in DOCUMENTS.values() for document in found]
    used = {key.partition(":")[2] for keys in (*documents, *OBJECTS.values()) for key in keys}
    actions = {name for name, keys in OBJECTS.items() if any(keys is found for found in documents)}
    assert set(OBJECTS) - used - actions == set()


def test_the_manual_has_every_command() -> None:
    text = MANUAL.read_text(encoding="utf-8")
    assert [verb for verb in VERBS if f"\n.SS unstick {verb}" not in text] == []


def test_nothing_is_wrong_with_the_manual() -> None:
    done = subprocess.run([program("mandoc"), "-Tlint", "-Wwarning", MANUAL], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_manual_can_be_read() -> None:
    done = subprocess.run([program("mandoc"), "-Tutf8", MANUAL], capture_output=True, text=True, check=True)
    assert "unstick recover --timeout 30m --yes" in done.stdout
    assert "--filter 'kind:mail state:failed age<1h'" in done.stdout
