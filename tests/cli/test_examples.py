"""Every verb has examples, in its help, and each of them is a command line that we understand."""

from __future__ import annotations

import shlex

import pytest

from tests.cli.conftest import Cli
from unstick.cli.examples import EXAMPLES, Example
from unstick.cli.parser import parse
from unstick.cli.verbs import CONSOLE, VERBS

SHELL = {"|", "||", ">", ">>", "&&", ")"}


def words(example: Example) -> list[str]:
    """What the program itself is given: neither a redirection nor the command behind a pipe."""
    text = example.command.replace('eval "$(', "").replace(')"', " )")
    parts = shlex.split(text)
    end = next((at for at, word in enumerate(parts) if word in SHELL), len(parts))
    assert parts[0] == "unstick"
    return parts[1:end]


@pytest.mark.parametrize("verb", [CONSOLE, *VERBS])
def test_every_verb_has_an_example(verb: str) -> None:
    assert EXAMPLES.get(verb), f"cli/examples.py has none of {verb}"


def test_nothing_is_explained_that_is_no_verb() -> None:
    assert set(EXAMPLES) == {CONSOLE, *VERBS}


@pytest.mark.parametrize(
    ("verb", "example"), [(verb, each) for verb, found in EXAMPLES.items() for each in found]
)
def test_each_example_is_understood_and_is_about_its_verb(verb: str, example: Example) -> None:
    assert parse(words(example)).verb == verb
    assert example.does


@pytest.mark.parametrize("verb", [CONSOLE, *VERBS])
def test_help_shows_them(cli: Cli, verb: str) -> None:
    ran = cli(*([] if verb == CONSOLE else [verb]), "--help")
    assert ran.code == 0
    assert all(example.command in ran.out and example.does in ran.out for example in EXAMPLES[verb])
    assert max(map(len, ran.out.splitlines())) <= 110
