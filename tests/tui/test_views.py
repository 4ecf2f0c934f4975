"""Saved views: kept, given by the configuration, opened by key or name, deleted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.tui.driver import Console, console
from unstick.recovery.config.load import parse_config
from unstick.recovery.config.values import VIEWS
from unstick.recovery.config.views import ORDERS
from unstick.recovery.errors import ConfigError
from unstick.tui.remember import console_file
from unstick.tui.screens import jobs_text
from unstick.tui.screens.variants import VariantsScreen
from unstick.tui.views import BUILT_IN, kept_view, keyed, name_problem

GIVEN: Mapping[str, Mapping[str, Any]] = {
    "slow": {"filter": "state:running", "sort": "idle", "reverse": True, "columns": ["id", "state", "idle"]}
}


async def save(c: Console, name: str) -> None:
    await c.press("M")
    for _ in range(20):
        await c.press("backspace")
    await c.type(name)
    await c.press("enter")
    await c.pilot.pause()


async def loaded(c: Console) -> None:
    await c.until(lambda: c.jobs.rows.window.loaded, "for the rows")
    await c.pilot.pause()


async def filtered(c: Console, text: str) -> None:
    await c.press("slash")
    await c.type(text)
    await c.press("enter")
    await loaded(c)


async def test_a_view_keeps_filter_order_and_columns_over_a_restart() -> None:
    async with console() as c:
        await filtered(c, "kind:update")
        await c.press("4", "greater_than_sign")
        sort = c.jobs.query_now.sort
        await save(c, "mail")
        assert "view mail is saved: 6 mail" in c.text
        assert "Jobs > mail" in c.text
    async with console() as c:
        assert "Jobs > running" in c.text
        assert c.jobs.filter_text == ""
        await c.press("1", "6")
        await loaded(c)
        assert "Jobs > mail" in c.text
        assert "/kind:update" in c.text
        assert (c.jobs.view, c.jobs.query_now.sort) == ("running", sort)
        assert {row.kind for row in c.jobs.rows.window.rows.values()} == {"update"}


async def test_leaving_a_view_brings_back_what_the_table_had() -> None:
    async with console(views=GIVEN) as c:
        await c.press("o")
        await c.press("6")
        await loaded(c)
        assert "Jobs > slow" in c.text
        assert [column.id for column, _ in c.jobs.rows.layout.columns] == ["id", "state", "idle"]
        await c.press("escape")
        await loaded(c)
        query = c.jobs.query_now
        assert (c.jobs.view, c.jobs.filter_text, query.sort, query.descending) == ("all", "", "stuck", True)
        assert c.jobs.rows.layout.choice.automatic
    kept = json.loads(console_file().read_text())["sources"]["memory"]["jobs"]
    assert kept == {"reverse": True}


async def test_a_built_in_view_takes_the_saved_filter_away_but_not_one_that_was_typed() -> None:
    async with console(views=GIVEN) as c:
        await c.press("6", "2")
        assert (c.jobs.view, c.jobs.filter_text) == ("stuck", "")
        await filtered(c, "kind:update")
        await c.press("3")
        assert (c.jobs.view, c.jobs.filter_text) == ("failed", "kind:update")


async def test_opening_a_view_clears_the_marks_as_a_filter_does() -> None:
    async with console(views=GIVEN) as c:
        await c.press("space", "space", "6")
        assert c.jobs.marks.ids == frozenset()
        assert "2 marks removed" in c.text


async def test_views_of_the_configuration_come_first_and_cannot_be_changed_here() -> None:
    async with console(views=GIVEN) as c:
        await save(c, "mine")
        await c.press("7")
        assert "Jobs > mine" in c.text
        assert c.jobs.save_view("slow") == (
            "slow stands in the config file; change it there, or choose another name"
        )
        assert c.jobs.delete_view("slow") == "slow stands in the config file; take it out there"


async def test_a_key_without_a_view_says_which_views_there_are() -> None:
    async with console() as c:
        await c.press("6")
        assert "no view was saved yet; M saves this one" in c.text
        await save(c, "one")
        await c.press("8")
        assert "6 one; M saves what is shown now" in c.text


async def test_a_name_that_is_taken_is_replaced_only_on_purpose() -> None:
    async with console() as c:
        await save(c, "one")
        await c.press("escape")
        await filtered(c, "kind:update")
        await save(c, "one")
        assert "there is a view one already; one! replaces it" in c.text
        await c.press("exclamation_mark", "enter")
        await c.pilot.pause()
        assert "view one is saved" in c.text
        assert c.app.memory.value("views", "one", "filter") == "kind:update"


async def test_a_view_that_is_shown_is_saved_again_under_its_name_without_asking() -> None:
    async with console() as c:
        await save(c, "one")
        await c.press("greater_than_sign", "M", "enter")
        await c.pilot.pause()
        assert c.app.memory.value("views", "one", "sort") == c.jobs.query_now.sort != "stuck"


@pytest.mark.parametrize("name", ["", "two words", "stuck", "save", "x" * 21, "a/b"])
async def test_a_name_that_can_not_be_a_views_is_refused_with_a_reason(name: str) -> None:
    async with console() as c:
        told = c.jobs.save_view(name)
        assert told == name_problem(name)
        assert told
        assert c.jobs.saved_views == ()


async def test_a_deleted_view_is_gone_and_what_is_shown_stays() -> None:
    async with console() as c:
        await filtered(c, "kind:update")
        await save(c, "one")
        await save(c, "-one")
        assert "view one is deleted" in c.text
        assert c.jobs.filter_text == "kind:update"
        assert "Jobs > all" in c.text
    async with console() as c:
        assert c.jobs.saved_views == ()


async def test_the_command_line_shows_saves_and_deletes_views() -> None:
    async with console() as c:
        assert c.jobs.view_line("save one") is None
        assert c.jobs.view_line("stuck") is None
        assert c.jobs.view == "stuck"
        await loaded(c)
        assert c.jobs.view_line("one") is None
        assert c.jobs.saved is not None
        assert c.jobs.view_names == (*BUILT_IN, "one")
        assert c.jobs.view_line("oen") == (
            "there is no view 'oen'; did you mean one? allowed: all, stuck, failed, running, pending, one"
        )
        assert c.jobs.view_line("delete one") is None
        assert c.jobs.show_view("one") == "there is no view one: none was saved yet"


async def test_views_belong_to_their_table() -> None:
    async with console() as c:
        await save(c, "one")
        await c.press("V")
        await c.until_shows("Changes > all")
        screen = c.on(VariantsScreen)
        assert screen.view_names == BUILT_IN
        assert screen.save_view("two") is None
        assert screen.view_names[-1] == "two"


@pytest.mark.parametrize(
    ("view", "told"),
    [
        ({"sort": "priority2"}, "artitec can't be ordered by priority2"),
        ({"filter": "knid:mail"}, "its filter is left out: there is no filter field 'knid'"),
        ({"view": "urgent"}, "there is no view urgent"),
        ({"columns": {"shown": ["colour"]}}, "artitec has no column colour"),
    ],
)
async def test_a_view_that_fits_no_more_says_so_and_shows_what_fits(view: dict[str, Any], told: str) -> None:
    console_file().parent.mkdir(parents=True)
    whole = {"table": "jobs", "filter": "state:running", **view}
    console_file().write_text(json.dumps({"format": 1, "views": {"old": whole}}))
    async with console(size=(160, 24)) as c:
        await c.press("6")
        assert f"view old does not fit any more: {told}" in c.text
        await loaded(c)
        assert "Jobs > old" in c.text
        assert len(c.jobs.rows.window.order) > 0


@pytest.mark.parametrize(
    "value", [{}, {"table": "queues"}, {"table": "jobs", "filter": 3}, {"table": "jobs", "columns": 3}]
)
def test_what_is_no_view_is_left_out(value: dict[str, Any]) -> None:
    assert kept_view("one", value) is None


def test_only_four_views_have_keys() -> None:
    kept = [kept_view(f"v{number}", {"table": "jobs"}) for number in range(6)]
    views = [each for each in kept if each is not None]
    assert keyed(views, "M") == "6 v0, 7 v1, 8 v2, 9 v3; M saves what is shown now"


@pytest.mark.parametrize(
    ("line", "place", "told"),
    [
        ('filter = "knid:mail"', "c.toml:2: views.mail.filter", "did you mean kind?"),
        ('sort = "idel"', "c.toml:2: views.mail.sort", "did you mean idle?"),
        ('columns = ["idel"]', "c.toml:2: views.mail.columns", "did you mean idle?"),
        ('colums = ["idle"]', "c.toml:2: views.mail.colums", "did you mean columns?"),
        ('table = "job"', "c.toml:2: views.mail.table", "did you mean jobs?"),
        ("reverse = 1", "c.toml:2: views.mail.reverse", "must be true or false"),
    ],
)
def test_a_view_that_the_configuration_gets_wrong_is_an_error_at_start(
    line: str, place: str, told: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(f"[views.mail]\n{line}\n", "c.toml")
    assert str(caught.value).startswith(place)
    assert told in str(caught.value)


@pytest.mark.parametrize("name", ["stuck", "save", "'two words'"])
def test_a_view_in_the_configuration_needs_a_name_of_its_own(name: str) -> None:
    with pytest.raises(ConfigError, match=r"c\.toml:1: views\."):
        parse_config(f"[views.{name}]\n", "c.toml")


def test_views_are_kept_in_the_order_of_the_file() -> None:
    config = parse_config('[views.b]\nsort = "id"\n[views.a]\nview = "stuck"\n', "c.toml")
    assert list(config.views) == ["b", "a"]


def test_configuration_and_console_mean_the_same_by_views_and_orders() -> None:
    assert VIEWS == BUILT_IN == tuple(jobs_text.VIEWS)
    assert ORDERS["variants"] == VariantsScreen.ORDERS
