"""The tab key and what was typed before: pure rules first, then in the filter prompt."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.tui.driver import console
from unstick.recovery.completing import Completion, common_start, complete_filter
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.paths import state_folder
from unstick.tui.completion import NOTHING, Tabs, listing
from unstick.tui.history import LONGEST, MOST, Histories, History

OFFERED: Mapping[str, tuple[str, ...]] = {
    "kind": ("mail", "send mail", "evil\x1b[2J", ""),
    "step": ("overlay", "upload"),
    "status": ("PENDING", "PROCESSING"),
    "id": ("jobs:12", "jobs:13"),
}

COMPLETES: list[tuple[str, int, tuple[str, ...]]] = [
    ("st", 0, ("state:", "stuck:", "status:", "step:")),
    ("!stat", 1, ("state:", "status:")),
    ("/sta", 1, ("state:", "status:")),
    ("mail ki", 5, ("kind:",)),
    ("KI", 0, ("kind:",)),
    ("ret", 0, ("retries>=",)),
    ("retries", 0, ("retries>=", "retries>", "retries<=", "retries<", "retries:", "retries!=")),
    ("idle", 0, ("idle>", "idle>=", "idle<", "idle<=")),
    ("stuck", 0, ("is:stuck", "stuck:no")),
    ("state:", 6, ("pending", "running", "done", "failed", "cancelled", "other")),
    ("state:F", 6, ("failed",)),
    ("!state:failed,c", 14, ("cancelled",)),
    ("is:s", 3, ("stuck",)),
    ("stuck:", 6, ("yes", "no")),
    ("kind:", 5, ("mail", '"send mail"')),
    ("kind:send", 5, ('"send mail"',)),
    ('kind:"send m', 5, ('"send mail"',)),
    ('kind:"a,b",ma', 11, ("mail",)),
    ("step=o", 5, ("overlay",)),
    ("status!=pro", 8, ("PROCESSING",)),
    ("id:jobs:1", 3, ("jobs:12", "jobs:13")),
    ("retries>=", 9, ("1", "2", "3")),
    ("age>", 4, ("10m", "30m", "1h", "6h", "1d")),
    ("age>15", 4, ("15s", "15m", "15h", "15d")),
    ("nothing", 7, ()),
    ('"ki', 3, ()),
    ("kidn:x", 0, ()),
    ("error:time", 6, ()),
]


@pytest.mark.parametrize(("text", "start", "candidates"), COMPLETES)
def test_completes_fields_operators_and_values(text: str, start: int, candidates: tuple[str, ...]) -> None:
    found = complete_filter(text, len(text), OFFERED)
    assert found.candidates == candidates
    if candidates:
        assert (found.start, found.end) == (start, len(text))


def test_completes_in_the_middle_and_leaves_the_rest() -> None:
    found = complete_filter("sta kind:mail", 3, OFFERED)
    assert (found.start, found.end) == (0, 3)
    assert found.candidates == ("state:", "status:")


def test_what_candidates_have_in_common_is_found_whatever_their_case() -> None:
    assert common_start(("Pending", "pro", "PROCESSING")) == "P"
    assert common_start(("overlay",)) == "overlay"


def words(*candidates: str) -> Completion:
    return Completion(0, 0, candidates)


def press(tabs: Tabs, text: str, *candidates: str, step: int = 1) -> str:
    return tabs.press(text, len(text), lambda _, caret: Completion(0, caret, candidates), step)[0]


def test_tab_goes_as_far_as_all_agree_then_through_the_candidates_and_around() -> None:
    tabs = Tabs()
    states = ("state:", "status:")
    assert press(tabs, "s", *states) == "stat"
    assert [press(tabs, text, *states) for text in ("stat", "state:", "status:")] == [
        "state:", "status:", "state:",
    ]  # fmt: skip


def test_shift_tab_goes_backwards() -> None:
    tabs = Tabs()
    states = ("state:", "status:", "step:")
    assert press(tabs, "st", *states, step=-1) == "step:"
    assert press(tabs, "step:", *states, step=-1) == "status:"


def test_on_an_empty_line_the_first_tab_only_shows_what_there_is() -> None:
    tabs = Tabs()
    assert press(tabs, "", "jobs", "sort") == ""
    assert tabs.told(80) == "jobs  sort"
    assert press(tabs, "", "jobs", "sort") == "jobs"
    assert tabs.told(80) == "[jobs]  sort"


def test_a_changed_line_starts_over() -> None:
    tabs = Tabs()
    press(tabs, "st", "state:", "step:")
    assert press(tabs, "state:f", "state:failed") == "state:failed"
    assert tabs.told(80) == ""


def test_nothing_to_complete_changes_nothing_and_says_so() -> None:
    tabs = Tabs()
    assert press(tabs, "xyz") == "xyz"
    assert tabs.told(80) == NOTHING


@pytest.mark.parametrize("width", [20, 40, 80])
def test_the_chosen_candidate_is_always_among_those_that_fit(width: int) -> None:
    many = [f"candidate-{number}" for number in range(50)]
    for chosen in (0, 25, 49):
        told = listing(many, chosen, width)
        assert f"[candidate-{chosen}]" in told
        assert len(told) <= max(width, 30)


class TestHistory:
    def test_lines_come_back_in_another_console_the_newest_first(self, tmp_path: Path) -> None:
        first = History(tmp_path / "deep" / "command")
        for line in ("jobs", "sort id", "jobs"):
            first.add(line)
        second = History(tmp_path / "deep" / "command")
        second.begin()
        assert [second.recall(-1, text) for text in ("", "jobs", "sort id")] == ["jobs", "sort id", None]

    def test_only_lines_that_begin_as_typed_come_back_and_then_what_was_typed(self, tmp_path: Path) -> None:
        history = History(tmp_path / "filter")
        for line in ("kind:mail", "state:failed", "kind:report"):
            history.add(line)
        history.begin()
        assert history.recall(-1, "kind") == "kind:report"
        assert history.recall(-1, "kind:report") == "kind:mail"
        assert history.recall(-1, "kind:mail") is None
        assert history.recall(1, "kind:mail") == "kind:report"
        assert history.recall(1, "kind:report") == "kind"
        assert history.recall(1, "kind") is None

    def test_two_consoles_lose_nothing_of_each_other(self, tmp_path: Path) -> None:
        one, other = History(tmp_path / "command"), History(tmp_path / "command")
        assert one.lines == other.lines == []
        one.add("jobs")
        other.add("sweep")
        one.add("retries")
        assert History(tmp_path / "command").lines == ["sweep", "jobs", "retries"]

    def test_the_file_is_its_owners_alone_and_bounded(self, tmp_path: Path) -> None:
        path = tmp_path / "command"
        path.write_text("".join(f"job {number}\n" for number in range(2 * MOST)))
        path.chmod(0o644)
        History(path).add("jobs")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        lines = path.read_text().splitlines()
        assert len(lines) == MOST
        assert lines[-1] == "jobs"

    @pytest.mark.parametrize(
        "line",
        [
            "source postgresql://me:secret@host/db",
            "source postgresql://host/db?password=secret",
            "source mysql://me@host/db",
            "\x1b[2J",
            "a\nb",
            "  ",
            "x" * (LONGEST + 1),
        ],
    )
    def test_what_may_hold_a_password_or_can_not_be_typed_is_not_kept(
        self, tmp_path: Path, line: str
    ) -> None:
        history = History(tmp_path / "command")
        history.add(line)
        assert history.lines == []
        assert not (tmp_path / "command").exists()

    def test_lines_of_a_file_that_somebody_spoiled_are_left_out(self, tmp_path: Path) -> None:
        path = tmp_path / "command"
        path.write_bytes(b"jobs\n\x1b]0;owned\x07\n\xff\xfe\x00\npostgresql://a:b@c/d\nsweep\n")
        assert [line for line in History(path).lines if line.isascii()] == ["jobs", "sweep"]

    def test_a_pipe_or_a_folder_in_its_place_holds_nobody_up(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        (tmp_path / "folder").mkdir()
        (tmp_path / "file").write_text("")
        for path in (tmp_path / "pipe", tmp_path / "folder", tmp_path / "file" / "below", None):
            history = History(path)
            history.add("jobs")
            assert history.lines == ["jobs"]

    def test_each_prompt_has_a_file_of_its_own_below_the_state_folder(self) -> None:
        histories = Histories()
        histories["command"].add("jobs")
        histories["filter"].add("kind:mail")
        assert (state_folder() / "history" / "command").read_text() == "jobs\n"
        assert (state_folder() / "history" / "filter").read_text() == "kind:mail\n"


async def test_tab_completes_a_filter_from_the_rows_and_shows_the_candidates() -> None:
    async with console(MemoryBackend.example(60, 5)) as c:
        await c.press("slash")
        await c.type("stat")
        await c.press("tab")
        assert c.jobs.prompt.text == "state:"
        await c.until_shows("[state:]  status:")
        await c.type("f")
        await c.until(lambda: "[state:]" not in c.text, "for the candidates to go")
        await c.press("tab")
        assert c.jobs.prompt.text == "state:failed"
        kinds = sorted({str(row.kind) for row in c.jobs.rows.window.rows.values()})
        await c.type(" kind:")
        await c.press("tab", "tab", "enter")
        await c.until(lambda: c.jobs.filter_text == f"state:failed kind:{kinds[0]}")


async def test_up_brings_back_the_filters_of_before_also_those_of_an_earlier_console() -> None:
    async with console() as c:
        for text in ("state:failed", "kind:report"):
            await c.press("slash", "ctrl+u")
            await c.type(text)
            await c.press("enter")
    async with console() as c:
        await c.press("slash", "up", "up")
        assert c.jobs.prompt.text == "state:failed"
        await c.press("down")
        assert c.jobs.prompt.text == "kind:report"
        await c.press("down")
        assert c.jobs.prompt.text == ""
        await c.type("state")
        await c.press("up", "enter")
        assert c.jobs.filter_text == "state:failed"


async def test_a_bad_filter_says_where_and_puts_the_caret_there() -> None:
    async with console() as c:
        await c.press("slash")
        await c.type("kind:mail state:faild")
        await c.press("enter")
        await c.until_shows("character 17: there is no state 'faild'; did you mean failed?")
        assert c.jobs.prompt.is_open
        assert c.jobs.prompt._input.cursor_position == 16
        await c.press("end", "backspace")
        await c.until(lambda: "character 17" not in c.text, "for the sentence to go")
        await c.press("escape")
        await c.until(lambda: not c.jobs.prompt.is_open, "for the prompt to close")
        assert c.jobs.filter_text == ""


async def test_a_value_with_control_characters_is_never_put_into_the_prompt() -> None:
    backend = MemoryBackend.example(5, 1)
    backend.worker.add("x", "running", started_ago=1.0, updated_ago=1.0, kind="\x1b[31mred")
    async with console(backend) as c:
        await c.press("slash")
        await c.type("kind:\\x1b")
        await c.press("tab")
        assert c.jobs.prompt.text == "kind:\\x1b"
        await c.until_shows(NOTHING)


async def test_tab_in_a_prompt_without_completion_does_nothing() -> None:
    async with console() as c:
        await c.press("question_mark")
        await c.until_shows("Help > jobs")
        await c.press("slash", "tab", "up")
        assert c.app.screen.prompt.is_open  # type: ignore[attr-defined]
