"""The parts without a screen: window, columns, keys, pace, confirmation, clipboard, bars."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from unstick.recovery.errors import ConfigError
from unstick.recovery.model import Job, JobId, Page, State, Verdict
from unstick.tui.actions import ACTIONS, SCREENS, of_screen
from unstick.tui.columns import fit_id, job_layout
from unstick.tui.confirm import Confirmation
from unstick.tui.console import ConsoleApp
from unstick.tui.keys import resolve
from unstick.tui.marking import Marks
from unstick.tui.pace import Pace
from unstick.tui.paint import plain_text
from unstick.tui.screens.arm import ArmScreen
from unstick.tui.screens.base import ConsoleScreen
from unstick.tui.screens.choice import ChoiceScreen
from unstick.tui.screens.columns import ColumnsScreen
from unstick.tui.screens.everywhere import EverywhereScreen
from unstick.tui.screens.help import HelpScreen
from unstick.tui.screens.job import JobScreen
from unstick.tui.screens.job_rows import job_window
from unstick.tui.screens.jobs import JobsScreen
from unstick.tui.screens.kill import KillScreen
from unstick.tui.screens.operation import OperationScreen
from unstick.tui.screens.operations import OperationsScreen
from unstick.tui.screens.palette import PaletteScreen
from unstick.tui.screens.plan import PlanScreen
from unstick.tui.screens.retries import RetriesScreen
from unstick.tui.screens.sources import SourcesScreen
from unstick.tui.screens.sweep import SweepScreen
from unstick.tui.screens.text import TextScreen
from unstick.tui.screens.variant import VariantScreen
from unstick.tui.screens.variants import VariantsScreen
from unstick.tui.screens.welcome import WelcomeScreen
from unstick.tui.widgets.bar import Part, arrange

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def job(name: str, **values: object) -> Job:
    return replace(Job(JobId(name), "jobs", State.RUNNING, "running"), **values)  # type: ignore[arg-type]


def page(*names: str, after: str | None = None) -> Page:
    return Page(tuple(job(name) for name in names), NOW, after)


def ids(*names: str) -> list[JobId]:
    return [JobId(name) for name in names]


class TestWindow:
    def test_a_page_read_again_replaces_its_rows(self) -> None:
        window = job_window()
        window.merge(0, [page("a", "b")])
        merged = window.merge(0, [page("b", "a", "c")])
        assert window.order == ["b", "a", "c"]
        assert merged.reordered
        assert merged.changed == {"c"}

    def test_nothing_new_changes_nothing(self) -> None:
        window = job_window()
        window.merge(0, [page("a", "b")])
        merged = window.merge(0, [page("a", "b")])
        assert not merged.changed
        assert not merged.reordered

    def test_frozen_rows_change_in_place_and_new_ones_are_counted(self) -> None:
        window = job_window()
        window.merge(0, [page("a", "b")])
        changed = Page((job("new"), job("b", retries=2)), NOW)
        merged = window.merge(0, [changed], frozen=True)
        assert window.order == ["a", "b"]
        assert merged.changed >= {"b"}
        assert window.rows[JobId("b")].retries == 2
        assert window.ghosts == {"a"}
        assert window.unseen == {"new"}

    def test_a_ghost_that_comes_back_is_a_row_again(self) -> None:
        window = job_window()
        window.merge(0, [page("a", "b")])
        window.merge(0, [page("b")], frozen=True)
        merged = window.merge(0, [page("a", "b")], frozen=True)
        assert window.ghosts == set()
        assert "a" in merged.changed

    def test_the_held_row_stays_at_its_place(self) -> None:
        window = job_window()
        window.merge(0, [page("a", "b", "c")])
        window.merge(0, [page("a", "c")], hold=JobId("b"))
        assert window.order == ["a", "b", "c"]
        assert window.ghosts == {"b"}
        assert window.drop_ghosts()
        assert window.order == ["a", "c"]
        assert "b" not in window.rows

    def test_no_row_is_held_where_no_other_is_left(self) -> None:
        window = job_window()
        window.merge(0, [page("a", "b")])
        window.merge(0, [page()], hold=JobId("b"))
        assert window.order == []
        assert window.ghosts == set()

    def test_later_pages_are_read_again_when_the_page_before_ends_elsewhere(self) -> None:
        window = job_window()
        window.merge(0, [page("a", "b", after="b")])
        window.append(page("c", "d"))
        window.merge(0, [page("a", "b", after="b")])
        assert window.order == ["a", "b", "c", "d"]
        window.merge(0, [page("a", "x", after="x")])
        assert window.order == ["a", "x"]
        assert window.more

    def test_a_row_that_moved_to_another_page_is_there_once(self) -> None:
        window = job_window()
        window.merge(0, [page("a", "b", after="b")])
        window.append(page("c", "d"))
        window.merge(0, [page("a", "d", after="b")])
        assert window.order == ["a", "d", "c"]

    def test_only_pages_in_view_are_read_again(self) -> None:
        window = job_window()
        window.merge(0, [page("a", after="a")])
        window.append(page("b", after="b"))
        window.append(page("c"))
        assert window.stale(ids("b", "c")) == range(1, 3)
        assert window.stale([]) == range(1)


class TestColumns:
    @pytest.mark.parametrize("width", range(20, 200, 7))
    def test_state_and_id_never_leave_and_every_line_fits(self, width: int) -> None:
        layout = job_layout()
        layout.resize(width, wide=width % 2 == 0)
        row = job(
            "88213", kind="send_receipt", step="overlay", step_index=3, step_count=8,
            retries=1, max_retries=3, variants_done=2, variants_total=8, idle_s=840.0, running_s=1860.0,
            verdict=Verdict("stuck", "stuck", "idle 14m > 5m"),
        )  # fmt: skip
        layout.measure([row])
        shown = [column.id for column, _ in layout.columns]
        assert shown[:2] == ["state", "id"]
        text = "".join(span.text for span in layout.row(row))
        assert "! stuck" in text
        assert "88213" in text
        if width >= 100:
            assert "3/8 overlay" in text
            assert "1/3" in text

    def test_columns_leave_in_a_fixed_order(self) -> None:
        row = job("1", kind="k" * 12, step="s" * 12, variants_total=4, idle_s=1.0, running_s=1.0)
        left: list[set[str]] = []
        for width in range(120, 20, -1):
            layout = job_layout()
            layout.resize(width, wide=False)
            layout.measure([row])
            left.append({column.id for column, _ in layout.columns})
        assert all(later <= earlier for earlier, later in pairwise(left))

    def test_long_ids_keep_the_ends_that_tell_them_apart(self) -> None:
        assert fit_id("JOB-1763991360-73DE18", 14) == "JOB-176~73DE18"
        assert fit_id("88213", 8) == "88213   "
        assert fit_id("失敗" * 10, 8) == "失敗失~ "

    def test_kind_shrinks_before_it_leaves_and_ids_take_what_is_spare(self) -> None:
        row = job("JOB-1763991360-73DE18", kind="builder/update", idle_s=1.0, running_s=1.0)
        widths = {}
        for width in (76, 140):
            layout = job_layout()
            layout.resize(width, wide=False)
            layout.measure([row])
            widths[width] = {column.id: taken for column, taken in layout.columns}
        assert 8 <= widths[76]["kind"] < 14
        assert widths[140]["id"] == 21


class TestKeys:
    def test_every_action_has_a_handler_on_each_of_its_screens(self) -> None:
        screens: dict[str, type[ConsoleScreen]] = {
            kind.SCOPE: kind
            for kind in (
                *(JobsScreen, JobScreen, VariantsScreen, VariantScreen, ChoiceScreen, PlanScreen),
                *(OperationsScreen, OperationScreen, KillScreen, TextScreen, HelpScreen),
                *(WelcomeScreen, ColumnsScreen),
                *(RetriesScreen, SweepScreen, ArmScreen, PaletteScreen, SourcesScreen, EverywhereScreen),
            )
        }
        assert set(screens) == set(SCREENS)
        for name, kind in screens.items():
            for action in of_screen(name):
                assert hasattr(kind, "do_" + action.id.replace(".", "_")), (name, action.id)

    def test_the_defaults_clash_nowhere(self) -> None:
        assert set(resolve()) == {action.id for action in ACTIONS}

    @pytest.mark.parametrize(
        ("keymap", "sentence"),
        [
            ({"act.recovr": "F5"}, "did you mean act.recover"),
            ({"act.recover": "T"}, "is already the key of"),
            ({"plan.apply": "R"}, "starts a change"),
            ({"plan.apply": "enter"}, "is already the key of"),
            ({"plan.apply": "a"}, "too easily pressed"),
            ({"plan.apply": "ctrl+h"}, "too easily pressed"),
            ({"act.delete": "D,d"}, "too easily pressed"),
            ({"act.delete": "backspace"}, "too easily pressed"),
            ({"rows.mark": ""}, "gives no key"),
        ],
    )
    def test_a_keymap_that_can_not_be_used_is_an_error_at_start(
        self, keymap: dict[str, str], sentence: str
    ) -> None:
        with pytest.raises(ConfigError, match=sentence):
            resolve(keymap)

    def test_keys_can_be_given_away(self) -> None:
        keys = resolve({"act.recover": "f5", "rows.none": "R"})
        assert keys["act.recover"] == ("f5",)
        assert keys["rows.none"] == ("R",)


class TestPace:
    def test_failures_back_off_with_jitter_up_to_a_ceiling(self) -> None:
        pace = Pace(5.0, chance=lambda: 0.5)
        waits = []
        for failures in range(1, 10):
            pace.failures = failures
            waits.append(pace.next_delay())
        assert waits == [1, 2, 4, 8, 16, 20, 20, 20, 20]
        pace.chance = lambda: 1.0
        assert pace.next_delay() == 25

    def test_the_floor_pause_and_a_terminal_nobody_looks_at(self) -> None:
        assert Pace(0.1).next_delay() == 1.0
        assert Pace(paused=True).next_delay() is None
        assert Pace(5.0, blurred=True).next_delay() == 15.0

    def test_faster_and_slower_go_in_steps(self) -> None:
        pace = Pace(5.0)
        assert [pace.faster(), pace.faster(), pace.faster()] == [2, 1, 1]
        assert [pace.slower(), pace.slower(), pace.slower()] == [2, 5, 10]


class TestConfirmation:
    def test_small_plans_outside_prod_need_nothing_typed(self) -> None:
        assert Confirmation(lambda: 0.0, "s", prod=False, rows=20).missing() is None
        assert Confirmation(lambda: 0.0, "s", prod=False, rows=21).missing() == "typed"
        assert Confirmation(lambda: 0.0, "s", prod=True, rows=1).missing() == "reason"

    def test_what_was_typed_for_another_plan_does_not_count(self) -> None:
        confirm = Confirmation(lambda: 0.0, "s", prod=False, rows=30)
        assert confirm.check_typed(" 30 ") is None
        assert confirm.missing() is None
        confirm.changed(30)
        assert confirm.missing() == "typed"

    def test_only_the_number_or_the_name_count(self) -> None:
        confirm = Confirmation(lambda: 0.0, "prod-eu", prod=True, rows=30)
        for wrong in ("", "3", "y", "yes", "PROD-EU", "030"):
            assert confirm.check_typed(wrong)


def test_marks_know_what_is_hidden_and_keep_the_shown_order() -> None:
    marks = Marks()
    marks.add(["c", "a", "gone"])
    assert marks.hidden(["a", "b", "c"], []) == 1
    assert marks.hidden(["a", "b", "c"], ["a"]) == 2
    assert marks.in_order(["a", "b", "c"]) == ["a", "c", "gone"]


@pytest.mark.parametrize("width", range(10, 120, 3))
def test_a_bar_keeps_its_tags_at_every_width(width: int) -> None:
    parts = (
        Part("a-very-long-source-name"),
        Part("[PROD]", "prod"),
        Part("engine", drop=3),
        Part("x", right=True),
    )
    text = "".join(span.text for span in arrange(parts, width))
    assert len(text) >= width
    if width >= 16:
        assert "[PROD]" in text[:width]


def test_the_app_stays_small() -> None:
    from inspect import getsource

    assert len(getsource(ConsoleApp).splitlines()) <= 300


def test_plain_text_is_ascii_of_the_same_width() -> None:
    assert plain_text("Zoë façade 失敗 →") == "Zoe facade ???? ?"
