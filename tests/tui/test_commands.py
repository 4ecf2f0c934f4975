"""The `:` line: every action by its name, what takes an argument, and what it never does."""

from __future__ import annotations

from typing import cast

import pytest

from tests.tui.driver import Console, JobScreen, JobsScreen, OperationsScreen, PlanScreen, console
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.paths import state_folder
from unstick.recovery.source import Source
from unstick.tui.actions import of_screen
from unstick.tui.actions.model import COMMANDED, HELP, JOB, JOBS, OPERATIONS, QUESTIONS, SCREENS, VARIANTS
from unstick.tui.commands import commands
from unstick.tui.commands.line import complete_line, find, run_line
from unstick.tui.commands.registry import short_words
from unstick.tui.screens.base import ConsoleScreen
from unstick.tui.screens.help import HelpScreen
from unstick.tui.screens.variants import VariantsScreen
from unstick.tui.widgets.prompt import Prompt


class Workers:
    """The demo's worker."""

    def pid(self, source: str) -> int | None:
        return 4711

    def kill(self, source: str) -> str:
        raise AssertionError("nobody confirmed that")


OPENING: dict[str, tuple[str, ...]] = {JOBS: (), JOB: ("enter",), VARIANTS: ("V",), OPERATIONS: ("@",)}
"""Screens with the keys that open them."""


async def open_screen(c: Console, scope: str) -> ConsoleScreen:
    await c.press(*OPENING[scope])
    await c.until(lambda: getattr(c.app.screen, "SCOPE", "") == scope, f"for the screen {scope}")
    return cast("ConsoleScreen", c.app.screen)


async def command(c: Console, line: str) -> None:
    """Type a whole line."""
    await c.press(":")
    await c.until(lambda: prompt(c).is_open, "for the line")
    await c.type(line)
    await c.press("enter")
    await c.pilot.pause()


def prompt(c: Console) -> Prompt:
    return cast("ConsoleScreen", c.app.screen).prompt


@pytest.mark.parametrize("demo", [False, True], ids=["real", "demo"])
@pytest.mark.parametrize("scope", OPENING)
async def test_every_action_of_a_screen_is_a_command_there_and_does_what_its_key_does(
    scope: str, demo: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with console(workers=Workers() if demo else None) as c:
        screen = await open_screen(c, scope)
        done: list[str] = []
        monkeypatch.setattr(screen, "action_do", done.append)
        reasons = {}
        for action in of_screen(scope):
            if action.id in ("app.command", "app.palette") or (action.demo and not demo):
                assert find(commands(screen), action.id) is None
                continue
            found = find(commands(screen), action.id)
            assert found is not None, action.id
            reasons[action.id] = found.reason
            assert found.reason == action.when(screen.facts())
            if action.id not in ("view.filter", "view.save"):
                assert found.run("") is None
                assert done.pop() == action.id
        assert not done
        assert ("demo.kill" in reasons) == (demo and scope == JOBS)


@pytest.mark.parametrize("scope", SCREENS)
def test_short_words_mean_one_action_of_a_screen(scope: str) -> None:
    words = [word for each in short_words(scope).values() for word in each]
    assert len(words) == len(set(words))


def test_whatever_waits_for_an_answer_has_no_line_and_no_palette() -> None:
    for scope in SCREENS:
        keys = {key for action in of_screen(scope) for key in action.keys if action.id.startswith("app.")}
        assert (":" in keys) == ("ctrl+p" in keys) == (scope in COMMANDED)
    confirming = {
        scope for scope in SCREENS for action in of_screen(scope) if action.confirms or "cancel" in action.id
    }
    assert confirming <= set(QUESTIONS)


@pytest.mark.parametrize("word", ["recover", "act.recover", "RECOVER", ":recover", "reco"])
async def test_a_destructive_word_opens_the_plan_and_no_more(word: str) -> None:
    async with console() as c:
        await command(c, word)
        await c.until(lambda: isinstance(c.app.screen, PlanScreen), "for the plan")
        screen = c.on(PlanScreen)
        await c.until(lambda: screen.plan is not None, "for the plan")
        await c.press("A")
        assert screen.result is None
        assert "only just appeared" in c.text
        await c.read_first()
        await c.press("enter")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen), "for enter to cancel")
        assert await c.backend.operations() == ()


@pytest.mark.parametrize("word", ["plan.apply", "demo.confirm"])
async def test_what_confirms_is_no_command(word: str) -> None:
    async with console(workers=Workers()) as c:
        await command(c, word)
        await c.until_shows("confirms a change: only its own key does that")
        assert isinstance(c.app.screen, JobsScreen)


async def test_what_is_not_possible_says_what_its_key_says() -> None:
    async with console(read_only=True) as c:
        await c.press("R")
        by_key = c.lines[-2]
        assert "read-only" in by_key
        await c.press("j")
        await command(c, "recover")
        assert c.lines[-2] == by_key
        assert not c.jobs.prompt.is_open


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("recovr", "no command 'recovr'; did you mean recover?"),
        ("xyzzy", "no command 'xyzzy'; tab lists them"),
        ("re", "re may mean re"),
        ("hooks", "hooks is not here but on: operation"),
        ("demo.kill", "no command 'demo.kill'"),
        ("sort retires", "did you mean retries?"),
        ("sort id upwards", "only reverse can follow"),
        ("sort", "name a column to sort by"),
        ("view stuk", "did you mean stuck?"),
        ("view", "name a view"),
        ("theme drak", "did you mean dark?"),
        ("rate", "write seconds after it"),
        ("rate soon", "write seconds after it"),
        ("rate never", "write seconds after it"),
        ("source nowhere", "there is no source 'nowhere'"),
        ("source", "name a source: memory"),
        ("job", "write the id of a job"),
        ("filter state:faild", "character 7: there is no state 'faild'"),
        ("recover 12", "takes nothing after it"),
        ("quit now", "takes nothing after it"),
    ],
)
async def test_a_mistake_is_one_sentence_and_the_line_stays_open(line: str, says: str) -> None:
    async with console(size=(140, 24)) as c:
        await command(c, line)
        await c.until_shows(says)
        assert c.jobs.prompt.is_open
        assert c.jobs.prompt.text == line
        await c.press("escape")
        await c.until(lambda: says not in c.text, "for the sentence to go")
        assert not c.jobs.prompt.is_open


async def test_an_empty_line_and_escape_do_nothing() -> None:
    async with console() as c:
        before = c.text
        await command(c, "")
        await c.press(":", "q", "escape")
        await c.pilot.pause()
        assert c.text == before


async def test_filter_sort_view_and_rate_do_what_they_say() -> None:
    async with console() as c:
        await command(c, "filter state:failed")
        assert c.jobs.filter_text == "state:failed"
        await command(c, "sort retries reverse")
        assert (c.jobs.query_now.sort, c.jobs.query_now.descending) == ("retries", True)
        await command(c, "sort retries")
        assert not c.jobs.query_now.descending
        await command(c, "view stuck")
        assert c.jobs.view == "stuck"
        for line, every in (("rate 10", 10.0), ("rate 2m", 120.0), ("rate 0.2", 1.0)):
            await command(c, line)
            assert c.app.session.pace.every_s == every
            await c.until_shows(f"refresh every {every:g} s")
        await command(c, "pause")
        assert c.app.session.pace.paused
        wide = c.jobs.rows.layout.wide
        await command(c, "wide")
        assert c.jobs.rows.layout.wide is not wide
        await command(c, "filter")
        assert c.jobs.prompt.is_open
        assert c.jobs.prompt.text == "state:failed"


async def test_a_theme_is_changed_at_once() -> None:
    async with console() as c:
        await command(c, "theme light")
        assert c.app.theme_name == "light"
        assert isinstance(c.app.screen, JobsScreen)


async def test_a_view_is_saved_and_shown_by_name() -> None:
    async with console() as c:
        await command(c, "filter state:failed")
        await command(c, "save broken")
        await command(c, "view all")
        await command(c, "filter kind:none")
        await command(c, "view broken")
        assert c.jobs.filter_text == "state:failed"
        await command(c, "save")
        assert c.jobs.prompt.is_open


async def test_a_job_is_opened_by_its_id_from_anywhere_and_jobs_leads_back() -> None:
    async with console() as c:
        ids = [str(key) for key in c.jobs.rows.window.order[:2]]
        await command(c, f"job {ids[0]}")
        await c.until(lambda: isinstance(c.app.screen, JobScreen))
        await command(c, f"job {ids[1]}")
        await c.until(lambda: ids[1] in c.text and isinstance(c.app.screen, JobScreen))
        assert c.on(JobScreen).job_id == ids[1]
        await command(c, "jobs")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        assert c.app.screen is c.jobs


async def test_a_job_that_is_not_there_says_so() -> None:
    async with console() as c:
        await command(c, "job nothing-of-this-id")
        await c.until_shows("nothing-of-this-id")
        await c.until_shows("gone")


@pytest.mark.parametrize(
    ("place", "scope"),
    [("variants", "variants"), ("operations", "operations"), ("retries", "retries"), ("sweep", "sweep")],
)
async def test_places_are_reached_from_the_table_and_from_elsewhere(place: str, scope: str) -> None:
    async with console() as c:
        await command(c, place)
        await c.until(lambda: getattr(c.app.screen, "SCOPE", "") == scope)
        await command(c, "jobs")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        await c.press(*OPENING[VARIANTS if scope == OPERATIONS else OPERATIONS])
        await c.until(lambda: isinstance(c.app.screen, OperationsScreen | VariantsScreen))
        await command(c, place)
        await c.until(lambda: getattr(c.app.screen, "SCOPE", "") == scope)
        # The variants have a key for the operations, which then lie on them; elsewhere it goes by the table.
        assert len(c.app.screen_stack) == (4 if scope == OPERATIONS else 3)


async def test_a_source_is_shown_by_its_name_or_the_beginning_of_it() -> None:
    other = MemoryBackend.example(5, 1, source="beta")
    third = MemoryBackend.example(5, 1, source="gamma")
    others = [
        (lambda: other, Source("beta", "memory://", refresh_s=3600.0)),
        (lambda: third, Source("gamma", "memory://", refresh_s=3600.0)),
    ]
    async with console(others=others) as c:
        await c.press("@")
        await c.until(lambda: isinstance(c.app.screen, OperationsScreen))
        await command(c, "source gamma")
        await c.until(lambda: isinstance(c.app.screen, JobsScreen))
        assert c.app.session.source.name == "gamma"
        await command(c, "ctx be")
        await c.until(lambda: c.app.session.source.name == "beta")
        await command(c, "source delta")
        await c.until_shows("there is no source 'delta'")
        assert c.app.session.source.name == "beta"


@pytest.mark.parametrize("word", ["q", "quit", "q!", "exit"])
async def test_q_leaves_the_console_from_any_screen(word: str) -> None:
    async with console() as c:
        await c.press("enter")
        await c.until(lambda: isinstance(c.app.screen, JobScreen))
        await command(c, word)
        await c.until(lambda: c.app.return_code == 0)


async def test_help_above_a_plan_leads_nowhere_else() -> None:
    async with console() as c:
        await c.plan("R")
        await c.read_first()
        await c.press("?")
        await c.until(lambda: isinstance(c.app.screen, HelpScreen))
        for line in ("jobs", "operations", "job 1"):
            await command(c, line)
            await c.until_shows("the screen plan is open below")
            assert isinstance(c.app.screen, HelpScreen)
        await c.press("escape")
        await c.until(lambda: isinstance(c.app.screen, PlanScreen))
        await c.press(":")
        assert not c.on(PlanScreen).prompt.is_open


async def test_on_help_filter_means_its_own() -> None:
    async with console() as c:
        await c.press("?")
        await c.until(lambda: isinstance(c.app.screen, HelpScreen))
        await command(c, "filter")
        assert c.on(HelpScreen).prompt.is_open
        assert find(commands(c.on(HelpScreen)), "view.filter") is not None
        assert HELP in COMMANDED


async def test_tab_completes_names_and_what_follows_them() -> None:
    async with console() as c:
        screen = c.jobs
        first = str(screen.rows.window.order[0])

        def completed(line: str) -> tuple[str, ...]:
            return complete_line(commands(screen), line, len(line)).candidates

        assert completed("rec") == ("recover",)
        assert completed("fil") == ("filter ",)
        assert completed("act.rec") == ("act.recover",)
        assert completed("view st") == ("stuck",)
        assert completed("sort ret") == ("retries",)
        assert completed("sort retries r") == ("reverse",)
        assert completed("theme da") == ("dark",)
        assert completed("filter kind:x state:fa") == ("failed",)
        assert completed("xyz abc") == ()
        assert first in completed("job ")
        assert completed("source ") == (c.app.session.source.name,)
        await c.press(":")
        await c.type("sort ret")
        await c.press("tab", "enter")
        assert screen.query_now.sort == "retries"


async def test_up_brings_back_commands_that_were_understood_and_they_outlive_the_console() -> None:
    async with console() as c:
        await command(c, "sort id")
        await command(c, "recovr")
        await c.press("escape")
    assert (state_folder() / "history" / "command").read_text() == "sort id\n"
    async with console() as c:
        await c.press(":", "up", "enter")
        assert c.jobs.query_now.sort == "id"


async def test_keys_typed_into_the_line_never_act() -> None:
    async with console() as c:
        await c.press(":")
        for key in ("space", "R", "T", "asterisk", "ctrl+d", "question_mark", "q"):
            await c.press(key)
        assert isinstance(c.app.screen, JobsScreen)
        assert not c.jobs.marks.ids
        assert c.jobs.prompt.text == " RT*?q"


async def test_marks_are_what_a_command_acts_on() -> None:
    async with console() as c:
        await c.press("space", "space")
        await command(c, "retry")
        await c.until_shows("2 marked")


async def test_a_command_that_is_run_without_the_line_says_what_is_wrong() -> None:
    async with console() as c:
        assert run_line(c.jobs, "") is None
        assert "no command" in str(run_line(c.jobs, "recovr"))
