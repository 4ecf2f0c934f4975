"""Words when something is missing: every empty place says why it is empty, and what to do about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.tui.driver import Console, console
from unstick.recovery.errors import Denied, QueryTimeout, SchemaMismatch, Unreachable
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.model import Capabilities, Counts, JobId, State
from unstick.recovery.plan import LeftOut, Options, Plan
from unstick.recovery.query import Query
from unstick.tui.actions import SCREENS
from unstick.tui.actions.model import HELP
from unstick.tui.emptiness import Asked, no_attempts, nothing_to_do, why_empty
from unstick.tui.screens.help import HelpScreen
from unstick.tui.screens.help_text import ABOUT, about_lines
from unstick.tui.screens.operations import OperationsScreen

AT = datetime(2026, 1, 1, 14, 3, 5, tzinfo=UTC)
SOME = Counts({State.DONE: 3}, {"done": 3}, 0, AT)
NONE = Counts({}, {}, 0, AT)


class Ill(MemoryBackend):
    """A source whose answers can be made to fail, or to lack what a migration would add."""

    error: Exception | None = None
    lacks: tuple[str, ...] = ()

    @property
    def capabilities(self) -> Capabilities:
        return replace(super().capabilities, not_migrated=self.lacks)

    async def counts(self, thresholds: object = None, newest: int | None = None) -> Counts:
        if self.error is not None:
            raise self.error
        return await super().counts()


def empty() -> Ill:
    return Ill.example(0, 0)


def calm() -> Ill:
    """A source with jobs of which none is stuck."""
    backend = empty()
    backend.worker.add("a", "done", started_ago=60, updated_ago=30)
    return backend


async def test_an_empty_source_says_that_jobs_will_come_by_themselves() -> None:
    async with console(empty()) as c:
        await c.until_shows("no jobs here yet; they appear by themselves")


async def test_nothing_stuck_is_good_news_with_the_time_since_when() -> None:
    async with console(calm()) as c:
        await c.press("2")
        await c.until_shows("no stuck jobs - all clear at every check since")
        first = next(line for line in c.lines if "all clear" in line)
        assert "UTC" in first
        await c.refresh()
        assert next(line for line in c.lines if "all clear" in line) == first


async def test_the_last_stuck_job_that_is_recovered_leaves_no_row_in_the_way_of_the_good_news() -> None:
    async with console(MemoryBackend.example(60, 1)) as c:
        await c.press("2")
        await c.until(lambda: len(c.jobs.rows.window.order) == 1)
        await c.plan("R")
        await c.apply()
        await c.press("escape")
        await c.until_shows("no stuck jobs - all clear")
        await c.press("R")
        assert c.app.screen is c.jobs


async def test_an_empty_table_that_says_the_same_paints_nothing() -> None:
    async with console(calm()) as c:
        await c.press("2")
        await c.until_shows("all clear")
        painted: list[object] = []
        table = c.jobs.table
        render = table.render_line
        table.render_line = lambda y: (painted.append(y), render(y))[1]  # type: ignore[method-assign,func-returns-value]
        await c.refresh()
        assert painted == []


async def test_a_filter_that_matches_nothing_says_how_to_get_rid_of_it() -> None:
    async with console(calm()) as c:
        await c.press("/")
        await c.type("nowhere")
        await c.press("enter")
        await c.until_shows("no jobs match nowhere (looked for in id, kind, step and error); esc clears")
        await c.press("escape")
        await c.until_shows("done")


async def test_a_view_without_rows_says_where_the_others_are() -> None:
    async with console(calm()) as c:
        await c.press("3")
        await c.until_shows("no failed jobs right now; 1 shows jobs of every state")


async def test_all_clear_is_not_promised_where_rules_are_left_out() -> None:
    backend = calm()
    backend.lacks = ("jobs.heartbeat_at",)
    async with console(backend) as c:
        await c.press("2")
        await c.until_shows("this database is not migrated and lacks")
        assert "all clear" not in c.text


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Unreachable("gone"), "the source is down, see above"),
        (Denied("no"), "the account may not read them, see above"),
        (SchemaMismatch("no such table"), "the tables are not what the profile says"),
        (QueryTimeout("slow"), "the database did not answer in time"),
    ],
)
async def test_what_was_all_clear_is_unknown_as_soon_as_the_source_fails(error: Exception, told: str) -> None:
    backend = calm()
    async with console(backend) as c:
        await c.press("2")
        await c.until_shows("all clear")
        backend.error = error
        await c.press("ctrl+r")
        await c.until_shows("not known since")
        assert told in " ".join(line.strip() for line in c.lines)
        assert "all clear" not in c.text
        backend.error = None
        await c.press("ctrl+r")
        await c.until_shows("all clear")


async def test_a_long_reason_is_wrapped_on_a_narrow_terminal_not_cut() -> None:
    async with console(empty(), size=(40, 12)) as c:
        await c.until_shows("themselves when the first one is")
        assert "queued" in c.lines[7]


async def test_an_empty_journal_says_what_will_be_listed_there() -> None:
    async with console(calm()) as c:
        await c.press("@")
        await c.until(lambda: isinstance(c.app.screen, OperationsScreen))
        await c.until_shows("nothing was changed from here yet; every recovery, retry and deletion")


async def test_a_plan_with_nothing_to_do_says_why_and_what_else_to_do() -> None:
    async with console(calm()) as c:
        await c.until_shows("done")
        await c.plan("R")
        await c.until_shows("Nothing to change")
        assert "The one row left out:" in c.text


async def test_a_job_without_attempts_says_so() -> None:
    async with console(calm()) as c:
        await c.until_shows("done")
        await c.press("enter")
        await c.until_shows("none was recorded; what is recovered or retried from here is listed here")


async def test_help_begins_with_what_the_screen_is_for_and_what_to_do_first() -> None:
    async with console() as c:
        await c.press("?")
        await c.until(lambda: isinstance(c.app.screen, HelpScreen))
        assert "The jobs of this source as they are now" in c.lines[2]
        assert "nothing changes before A" in c.text
        await c.press("/")
        await c.type("sort")
        await c.press("enter")
        await c.until(lambda: "The jobs of this source" not in c.text)


async def test_help_names_the_keys_that_a_person_chose() -> None:
    async with console(keymap={"act.recover": "ctrl+g"}) as c:
        await c.press("?")
        await c.until_shows("^g plans a")


def test_every_screen_has_words_of_its_own_and_they_name_keys_that_exist() -> None:
    from unstick.tui.keys import resolve

    keys = resolve()
    for screen in SCREENS:
        if screen == HELP:
            continue
        text = "".join(span.text for line in about_lines(screen, keys, 200) for span in line)
        assert text, screen
        assert "{" not in text
        assert all(action in keys for action in _named(ABOUT[screen])), screen


def _named(texts: tuple[str, str]) -> list[str]:
    return [part.partition("}")[0] for text in texts for part in text.split("{")[1:]]


async def _reads(c: Console) -> int:
    return len((await c.backend.page(Query())).rows)


async def test_every_action_that_is_not_possible_says_why_in_words() -> None:
    async with console(empty(), read_only=True) as c:
        assert await _reads(c) == 0
        facts = c.jobs.facts()
        from unstick.tui.actions import of_screen

        for action in of_screen("jobs"):
            reason = action.when(facts)
            if reason is not None:
                assert len(reason.split()) >= 3, action.id
                assert reason[0].islower(), action.id
                assert not reason.endswith("."), action.id


class TestWhyEmpty:
    def test_before_the_first_answer(self) -> None:
        assert why_empty(Asked("jobs")) == "reading ..."

    def test_a_filter_within_a_view_names_both(self) -> None:
        asked = Asked("jobs", "stuck", "kind:mail", SOME)
        assert why_empty(asked) == "no stuck jobs match kind:mail; esc clears the filter"

    def test_variants_that_no_job_has(self) -> None:
        assert why_empty(Asked("steps", counts=SOME, variants=True)) == "no steps here: no job has any"

    def test_the_keys_are_those_of_the_person(self) -> None:
        asked = Asked("jobs", "failed", counts=SOME, everything="f9")
        assert "f9 shows jobs of every state" in why_empty(asked)
        assert "^l tries now" in why_empty(Asked("jobs", error=Unreachable("x"), refresh="^l"))

    def test_text_of_a_filter_passes_the_gate(self) -> None:
        assert "\x1b" not in why_empty(Asked("jobs", filter_text="\x1b[31m", counts=SOME))


class TestNothingToDo:
    def plan(self, *reasons: str, action: str = "recover") -> Plan:
        left = tuple(LeftOut(JobId(str(number)), reason) for number, reason in enumerate(reasons))
        return Plan("s", "d", "p", action, "verb", AT, Options(), (), left)

    def test_reasons_are_counted_by_their_kind(self) -> None:
        told = nothing_to_do(self.plan("not stuck: running, idle 3s", "not stuck: done", "busy"))
        assert told[0] == "All 3 rows left out: 2 x not stuck, 1 x busy"
        assert "What is not stuck is left alone" in told[1]

    def test_rows_at_the_retry_limit_can_be_included(self) -> None:
        told = nothing_to_do(self.plan("needs a person: 3 of 3 retries are used (--over-limit includes it)"))
        assert told == (
            "The one row left out: 1 x needs a person",
            "Look at them first: they were tried often enough. i includes them all the same",
        )

    def test_nothing_was_there(self) -> None:
        assert "choose again" in nothing_to_do(self.plan())[0]
        assert nothing_to_do(self.plan(action="undo")) == ("there is nothing left to put back",)


def test_a_counter_without_records_is_told() -> None:
    assert "its counter says 2 attempts, but nobody recorded them" in no_attempts(2)
    assert "1 attempt," in no_attempts(1)
