"""The written reference names everything that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from unstick.cli.verbs import VERBS
from unstick.recovery.config import schema
from unstick.recovery.config.environment import OTHERS, VARIABLES

DOCS = Path(__file__).parents[2] / "docs"
pytestmark = pytest.mark.checkout


@pytest.mark.parametrize("verb", VERBS)
def test_the_command_line_is_described(verb: str) -> None:
    assert f"| `{verb}" in page("cli.md") or f", `{verb} " in page("cli.md")


def keys() -> list[str]:
    tables = schema()["$defs"].values()
    return sorted({name for table in tables for name in table["properties"]} | set(schema()["properties"]))


@pytest.mark.parametrize("word", [*keys(), *VARIABLES, *OTHERS])
def test_every_key_and_variable_is_in_the_reference(word: str) -> None:
    assert f"| `{word}` |" in page("config-reference.md")


@pytest.mark.parametrize("word", keys())
def test_the_configuration_is_explained(word: str) -> None:
    assert word in page("config.md")


@pytest.mark.parametrize(
    "name", ["cli.md", "config.md", "filters.md", "json.md", "keys.md", "config-reference.md"]
)
def test_no_link_leads_nowhere(name: str) -> None:
    for file, place in re.findall(r"\]\(([\w.-]*\.md)?(?:#([\w-]+))?\)", page(name)):
        target = page(file or name)
        anchors = {
            re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-")
            for head in re.findall(r"^#+ (.*)$", target, re.MULTILINE)
        }
        assert not place or place in anchors, f"{name}: {file}#{place}"


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def test_the_example_is_valid() -> None:
    from unstick.recovery.config.load import parse_config

    text = (DOCS / "config.md").read_text("utf-8")
    example = text.partition("```toml\n")[2].partition("```")[0]
    assert list(parse_config(example, "config.md").sources) == ["prod-eu", "staging", "laptop"]
