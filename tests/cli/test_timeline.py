"""`unstick operations --since …`: an incident's timeline, as a table, as CSV and as JSON."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from unstick.cli import main
from unstick.recovery.errors import Unreachable
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.port import Backend
from unstick.recovery.source import Source

HEAD = (
    "operation,started,finished,action,source,profile,operator,reason,plan,undoes,"
    "job,variant,outcome,detail,hook,undone_by,before,after"
)


def lines(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def recovered(cli: Cli, reason: str = "worker 3 died") -> str:
    found: str = cli("recover", "--yes", "--reason", reason, "--json").json["operation"]
    return found


def test_every_changed_row_is_a_line_with_who_why_before_and_after(cli: Cli) -> None:
    operation = recovered(cli)
    undo = cli("undo", operation, "--yes", "--json").json
    ran = cli("operations", "--csv")
    assert (ran.code, ran.out.partition("\r\n")[0]) == (0, HEAD)
    found = lines(ran.out)
    assert [line["operation"] for line in found] == [operation] * 5 + [undo["operation"]] * 5
    first = found[0]
    assert (first["action"], first["reason"], first["outcome"]) == ("recover", "worker 3 died", "applied")
    assert first["operator"]
    assert first["undone_by"] == undo["operation"]
    assert json.loads(first["before"])["status"] != json.loads(first["after"])["status"]
    assert found[-1]["undoes"] == operation
    assert {line["job"] for line in found} == {change["job"] for change in undo["changes"]}


def test_lines_end_and_are_quoted_as_the_standard_says(cli: Cli) -> None:
    recovered(cli, 'he said "no",\nthen left')
    out = cli("operations", "--csv").out
    assert out.count("\r\n") == 6
    assert '"he said ""no"",\nthen left"' in out
    assert lines(out)[0]["reason"] == 'he said "no",\nthen left'


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\uff1d1"])
def test_no_spreadsheet_computes_what_an_application_wrote(cli: Cli, text: str) -> None:
    job = cli.backend.worker.add(text, "failed")
    assert cli("retry", job, "--yes", "--reason", "1-1").code == 0
    [line] = lines(cli("operations", "--csv").out)
    assert line["job"].startswith("'")
    assert line["reason"] == "1-1"


def test_controls_in_a_cell_do_nothing_to_a_terminal_and_images_stay_exact(cli: Cli) -> None:
    job = cli.backend.worker.add("j\x1b]0;x\x07", "failed", error="\x1b[2J\u202e")
    assert cli("retry", job, "--yes").code == 0
    out = cli("operations", "--csv").out
    assert not {"\x1b", "\x07", "\u202e"} & set(out)
    assert "\x1b[2J\u202e" in json.loads(lines(out)[0]["before"]).values()


def test_the_json_has_the_rows_and_is_one_object(cli: Cli) -> None:
    operation = recovered(cli)
    found = cli("operations", "--since", "1h", "--json").json
    assert (found["source"], found["since"], found["problems"], found["more"]) == (
        *("memory.db", "1h", [], False),
    )
    [told] = found["operations"]
    whole = cli("operations", operation, "--json").json["operation"]
    assert {**told, "source": whole["source"]} == whole
    assert len(told["rows"]) == 5


def test_without_since_the_list_stays_as_it_was(cli: Cli) -> None:
    recovered(cli)
    found = cli("operations", "--json").json
    assert list(found) == ["source", "profile", "operations"]
    assert "rows" not in found["operations"][0]


def test_the_window_is_by_the_sources_clock_and_times_are_local(cli: Cli) -> None:
    first = recovered(cli)
    between = asyncio.run(cli.backend.clock())
    cli.backend.advance(3600)
    cli.backend.worker.add("late", "failed")
    second = cli("retry", "late", "--yes", "--json").json["operation"]

    def told(*options: str) -> list[str]:
        found = cli("operations", *options, "--json").json["operations"]
        return [operation["id"] for operation in found]

    assert told("--since", "30m") == [second]
    assert told("--since", "2h") == [first, second]
    assert told("--until", "30m") == [first]
    middle = (between + timedelta(minutes=30)).astimezone(UTC)
    assert told("--since", f"{middle:%Y-%m-%dT%H:%M:%SZ}") == [second]
    assert told("--since", f"{middle.astimezone():%Y-%m-%dT%H:%M:%S}") == [second]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--since", "yesterday"), "--since: 'yesterday' is neither a time span"),
        (("--until", "never"), "--until: 'never' is neither"),
        (("--since", "1m", "--until", "2m"), "--until has to be later than --since"),
        (("--csv", "--json"), "choose one"),
        (("--since", "1h", "abc"), "not both"),
        (("--limit", "0"), "at least 1"),
    ],
)
def test_a_mistake_is_one_sentence(cli: Cli, options: tuple[str, ...], said: str) -> None:
    ran = cli("operations", *options)
    assert ran.code == 2
    assert said in ran.out + ran.err


def test_what_came_to_nothing_is_a_line_too(cli: Cli) -> None:
    recovered(cli)
    [entry] = cli.backend._store.journal.values()
    entry.rows.clear()
    [line] = lines(cli("operations", "--csv").out)
    assert (line["action"], line["job"], line["outcome"]) == ("recover", "", "")


def test_limit_takes_the_oldest_and_says_that_there_are_more(cli: Cli) -> None:
    first = recovered(cli)
    cli("undo", first, "--yes")
    ran = cli("operations", "--csv", "--limit", "1")
    assert {line["operation"] for line in lines(ran.out)} == {first}
    assert "there are more" in ran.err
    assert cli("operations", "--since", "1h", "--limit", "1", "--json").json["more"] is True


class Several:
    """Configured sources in memory, of which one can't be opened."""

    def __init__(self, home: Path) -> None:
        self.sources = {name: MemoryBackend.example(20, 2, seed=2, source=name) for name in ("a", "b")}
        folder = home / ".config" / "unstick"
        folder.mkdir(parents=True)
        names = (*self.sources, "down")
        text = "".join(f'[sources.{name}]\nurl = "sqlite:///{name}.db"\n' for name in names)
        (folder / "config.toml").write_text(text)

    def connect(self, source: Source) -> Backend:
        if source.name == "down":
            raise Unreachable("down (postgresql://ann:s3cret@db/x) does not answer")
        return self.sources[source.name].second(source=source.name)


def test_all_configured_sources_are_told_as_one_story_without_the_one_that_is_down(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    several = Several(home)

    def unstick(*argv: str, code: int = 0) -> tuple[str, str]:
        assert main(list(argv), make_backend=several.connect) == code
        return capsys.readouterr()

    order = ["b", "a", "b"]
    for number, name in enumerate(order):
        for each in several.sources.values():
            each.advance(60)
        job = several.sources[name].worker.add(f"job{number}", "failed")
        unstick("retry", job, "--source", name, "--yes")
    out, err = unstick("operations", "--csv", code=3)
    found = lines(out)
    assert [line["source"] for line in found] == order
    assert [line["started"] for line in found] == sorted(line["started"] for line in found)
    assert "does not answer" in err
    assert "s3cret" not in err
    told = json.loads(unstick("operations", "--since", "1d", "--json", code=3)[0])
    assert [problem["source"] for problem in told["problems"]] == ["down"]
    assert (told["source"], told["profile"]) == (None, None)
    assert "SOURCE" in unstick("operations", "--since", "1d", code=3)[0]
    only, _ = unstick("operations", "--since", "1d", "--json", "--source", "a")
    assert {operation["source"] for operation in json.loads(only)["operations"]} == {"a"}
