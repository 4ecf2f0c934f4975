"""Where words may stand on the command line."""

import pytest

from unstick.cli.parser import parse
from unstick.recovery.errors import UsageError


@pytest.mark.parametrize(
    "line",
    [
        "act pause a b --source here --dry-run",
        "act pause --source here a --dry-run b",
        "act --source here pause --dry-run a b",
        "--source here act pause a b --dry-run",
        "act --source here --dry-run -- pause a b",
    ],
)
def test_names_may_stand_before_between_and_after_options(line: str) -> None:
    found = parse(line.split())
    assert (found.verb, found.action, found.jobs) == ("act", "pause", ["a", "b"])
    assert (found.source, found.dry_run) == ("here", True)


def test_behind_two_dashes_everything_is_a_name() -> None:
    assert parse(["recover", "--dry-run", "--", "-odd", "--id"]).jobs == ["-odd", "--id"]


@pytest.mark.parametrize("line", ["show a b", "recover --bogus a", "undo", "config elsewhere"])
def test_a_word_too_many_or_too_few_is_refused(line: str) -> None:
    with pytest.raises(UsageError):
        parse(line.split())
