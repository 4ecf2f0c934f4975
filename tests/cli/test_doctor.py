"""`unstick doctor` on several sources: one after the other, whatever is wrong with one of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from unstick.backends.demo.database import create


@pytest.fixture
def several(cli: Cli, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Writes a configuration with a source for each URL and returns the path of its file."""
    monkeypatch.delenv("UNSTICK_SOURCE")

    def write(**lines: str) -> str:
        file = tmp_path / "several.toml"
        file.write_text("".join(f"[sources.{name}]\n{line}\n" for name, line in lines.items()))
        return str(file)

    return write


@pytest.fixture
def good(tmp_path: Path) -> str:
    return f'url = "sqlite:///{create(tmp_path)["extraction"]}"'


GONE = 'url = "postgresql://ann:s3cret@127.0.0.1:1/jobs"'
UNSET = 'url_env = "NOWHERE_TO_BE_FOUND"'


def test_every_source_is_checked_whatever_is_wrong_with_another(
    cli: Cli, several: Callable[..., str], good: str
) -> None:
    file = several(unset=UNSET, gone=GONE, one=good, two=good)
    ran = cli("doctor", "--config", file)
    assert ran.code == 1
    assert "s3cret" not in ran.out + ran.err
    heads = [
        line for line in ran.out.splitlines() if line.partition(":")[0] in ("unset", "gone", "one", "two")
    ]
    assert [head.partition(":")[0] for head in heads] == ["unset", "gone", "one", "two"]
    assert "NOWHERE_TO_BE_FOUND is not set" in ran.out
    assert "nothing listens there" in ran.out
    assert ran.out.count("writing: a write transaction can lock") == 2
    assert "4 sources: problems with unset, gone" in ran.err

    told = cli("doctor", "--config", file, "--json").json
    assert told["ok"] is False
    assert [(one["source"], one["ok"]) for one in told["sources"]] == [
        ("unset", False),
        ("gone", False),
        ("one", True),
        ("two", True),
    ]
    assert {*told["sources"][0]} == {"source", "url", "ok", "checks"}


def test_all_is_well_with_every_source(cli: Cli, several: Callable[..., str], good: str) -> None:
    ran = cli("doctor", "--config", several(one=good, two=good))
    assert (ran.code, "2 sources: all is well" in ran.err) == (0, True)


def test_one_source_is_told_of_as_ever(
    cli: Cli, several: Callable[..., str], good: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = several(gone=GONE, one=good, unset=UNSET)
    named = cli("doctor", "--config", file, "--source", "one", "--json")
    assert (named.code, named.json["source"], named.json["ok"]) == (0, "one", True)
    monkeypatch.setenv("UNSTICK_SOURCE", "one")
    assert cli("doctor", "--config", file, "--json").json == {**named.json, "checks": AnyChecks()}
    unset = cli("doctor", "--config", file, "--source", "unset")
    assert (unset.code, "NOWHERE_TO_BE_FOUND is not set" in unset.err) == (2, True)


class AnyChecks:
    """Equal to whatever was measured this time."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, list) and len(other) > 5

    __hash__ = None  # type: ignore[assignment]
