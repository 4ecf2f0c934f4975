"""The written reference names everything that there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from unstick.cli.verbs import VERBS
from unstick.recovery.config import schema
from unstick.recovery.config.environment import OTHERS, VARIABLES
from unstick.recovery.filters import FIELDS

DOCS = Path(__file__).parents[2] / "docs"
pytestmark = pytest.mark.checkout


@pytest.mark.parametrize("word", [*VERBS, *FIELDS])
def test_the_command_line_is_described(word: str) -> None:
    assert word in (DOCS / "cli.md").read_text("utf-8")


def keys() -> list[str]:
    tables = schema()["$defs"].values()
    return sorted({name for table in tables for name in table["properties"]} | set(schema()["properties"]))


@pytest.mark.parametrize("word", [*keys(), *VARIABLES, *OTHERS])
def test_the_configuration_is_described(word: str) -> None:
    assert word in (DOCS / "config.md").read_text("utf-8")


def test_the_example_is_valid() -> None:
    from unstick.recovery.config.load import parse_config

    text = (DOCS / "config.md").read_text("utf-8")
    example = text.partition("```toml\n")[2].partition("```")[0]
    assert list(parse_config(example, "config.md").sources) == ["prod-eu", "staging", "laptop"]
