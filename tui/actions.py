"""The one registry of what a person can do: it feeds the bindings, the help, the hint line and the reasons why not.

An action's id names its handler: `rows.mark` is `do_rows_mark` of the screen (or of the base screen).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from unstick.recovery.model import Capabilities

JOBS, JOB, PLAN, OPERATIONS, OPERATION, HELP = "jobs", "job", "plan", "operations", "operation", "help"
SCREENS = (JOBS, JOB, PLAN, OPERATIONS, OPERATION, HELP)
_LIVE = (JOBS, JOB)
_LISTS = (JOBS, OPERATIONS)


@dataclass(frozen=True, slots=True)
class Facts:
    """What an action's availability depends on."""

    capabilities: Capabilities | None = None
    row: str | None = None
    marked: int = 0
    plan_ready: bool = False
    plan_rows: int = 0
    dry_run: bool = False
    applying: bool = False
    applied: bool = False


Reason = str | None


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do. `when` gives the reason why it can't be done now, `hint` its place in the hint line.

    `initiates` marks keys that open a plan that can change rows, `confirms` the key that applies one.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    screens: tuple[str, ...] = SCREENS
    hint: int = 0
    when: Callable[[Facts], Reason] = lambda facts: None
    initiates: bool = False
    confirms: bool = False


def _needs_row(facts: Facts) -> Reason:
    return None if facts.row or facts.marked else "there is no row to act on"


def _connected(facts: Facts) -> Reason:
    return None if facts.capabilities else "not connected yet"


def _offers(name: str) -> Callable[[Facts], Reason]:
    def when(facts: Facts) -> Reason:
        able = facts.capabilities
        if able is None:
            return _connected(facts)
        if name not in {action.name for action in able.actions}:
            return f"{able.profile} has no action {name}"
        if able.read_only:
            return able.refusal.get(name, "the source is read-only; open it with --write to change rows")
        return able.refusal.get(name) or _needs_row(facts)

    return when


def _dry_run(facts: Facts) -> Reason:
    return _connected(facts) or _needs_row(facts)


def _writable(facts: Facts) -> Reason:
    able = facts.capabilities
    if able is not None and able.read_only:
        return "the source is read-only; open it with --write to change rows"
    return _connected(facts)


def _apply(facts: Facts) -> Reason:
    if facts.applied:
        return "this plan was applied already"
    if facts.applying:
        return "it is being applied"
    if not facts.plan_ready:
        return "the plan is not ready yet"
    if facts.dry_run:
        return "this is a dry run; go back with esc and choose the action itself"
    return _writable(facts) or (None if facts.plan_rows else "there is nothing to change")


def _re_plan(facts: Facts) -> Reason:
    return "it is too late to change the plan" if facts.applying or facts.applied else None


def _running(facts: Facts) -> Reason:
    return None if facts.applying else "nothing is being applied"


_MOVES = (
    Action("move.down", ("j", "down"), "down", "Next line"),
    Action("move.up", ("k", "up"), "up", "Previous line"),
    Action("move.page_down", ("ctrl+f", "pagedown"), "page", "Next page"),
    Action("move.page_up", ("ctrl+b", "pageup"), "page up", "Previous page"),
    Action("move.top", ("g", "home"), "top", "First line"),
    Action("move.end", ("G", "end"), "end", "Last line that is loaded"),
)

_ROWS = (
    Action("rows.open", ("enter",), "open", "Open the row", _LISTS, 1, _needs_row),
    Action("rows.mark", ("space",), "mark", "Mark or unmark the row", (JOBS,), 2, _needs_row),
    Action(
        "rows.range", ("v",), "range", "Mark from here to where v is pressed again", (JOBS,), 0, _needs_row
    ),
    Action("rows.all", ("*",), "mark all", "Mark all rows that are shown", (JOBS,), 9),
    Action("rows.none", ("U",), "unmark", "Remove every mark", (JOBS,)),
)

_ACTS = (
    Action("act.dry_run", ("x",), "dry-run", "Show what recover would do; changes nothing", _LIVE, 3, _dry_run),
    Action("act.recover", ("R",), "recover", "Plan a recovery of the marked rows, else of this one", _LIVE, 4,
           _offers("recover"), initiates=True),
    Action("act.retry", ("T",), "retry", "Plan a retry of the marked rows, else of this one", _LIVE, 5,
           _offers("retry"), initiates=True),
    Action("act.delete", ("ctrl+d",), "delete", "Plan a deletion of the marked rows, else of this one", _LIVE, 6,
           _offers("delete"), initiates=True),
    Action("act.undo", ("u",), "undo", "Plan the undo of an operation: this one, else the last", (
           JOBS, JOB, OPERATIONS, OPERATION), 10, _writable, initiates=True),
)  # fmt: skip

_VIEWS = (
    Action("view.filter", ("/",), "filter", "Filter: words, !not, state:failed age>1h retries>=3 kind:mail id:…",
           (JOBS, HELP), 7),
    Action("view.next", ("n",), "next", "Next row that matches the last filter", (JOBS,)),
    Action("view.previous", ("N",), "previous", "Previous row that matches the last filter", (JOBS,)),
    Action("view.sort_next", (">",), "sort", "Sort by the next column", (JOBS,)),
    Action("view.sort_previous", ("<",), "sort back", "Sort by the previous column", (JOBS,)),
    Action("view.reverse", ("o",), "reverse", "Reverse the order", (JOBS,)),
    Action("view.wide", ("w",), "wide", "More and wider columns", (JOBS,)),
    Action("view.wrap", ("z",), "wrap", "Wrap long lines, or cut them", (JOB, PLAN, OPERATION)),
    Action("view.header", ("ctrl+e",), "title", "Hide or show the title line", (JOBS,)),
    Action("view.section", ("tab",), "section", "Next section", (JOB, PLAN, OPERATION), 8),
    Action("view.all", ("1",), "all", "All jobs, stuck ones first", (JOBS,)),
    Action("view.stuck", ("2",), "stuck", "Only stuck jobs", (JOBS,)),
    Action("view.failed", ("3",), "failed", "Only failed jobs", (JOBS,)),
    Action("view.running", ("4",), "running", "Only running jobs", (JOBS,)),
    Action("view.pending", ("5",), "pending", "Only pending jobs", (JOBS,)),
    Action("view.operations", ("@",), "operations", "The journal: what was changed, by whom, and undo", _LIVE, 11),
)  # fmt: skip

_REFRESH = (
    Action("refresh.now", ("ctrl+r",), "refresh", "Refresh now", (JOBS, JOB, OPERATIONS)),
    Action("refresh.pause", ("p",), "pause", "Pause or resume refreshing", (JOBS, JOB)),
    Action("refresh.faster", ("+",), "faster", "Refresh more often", (JOBS, JOB)),
    Action("refresh.slower", ("_",), "slower", "Refresh less often", (JOBS, JOB)),
)

_PLAN = (
    Action("plan.cancel", ("enter",), "cancel", "Leave without changing anything (the focus is on Cancel)", (PLAN,)),
    Action("plan.apply", ("A",), "apply", "Apply the plan: change exactly the rows it lists", (PLAN,), 1, _apply,
           confirms=True),
    Action("plan.reason", ("r",), "reason", "Say why, for the journal (required in prod)", (PLAN,), 2, _re_plan),
    Action("plan.over_limit", ("i",), "limit", "Include rows at their retry limit, or leave them out", (PLAN,), 5,
           _re_plan),
    Action("plan.stop", ("s",), "stop", "Stop after the chunk that is being applied", (PLAN,), 3, _running),
)  # fmt: skip

_COPY = (
    Action("copy.id", ("y",), "copy", "Copy the id (Plan: the SQL) to the clipboard of your terminal",
           (JOBS, JOB, PLAN, OPERATIONS, OPERATION), 12),
    Action("copy.record", ("Y",), "copy JSON", "Copy the whole record as JSON", (JOBS, JOB, PLAN)),
)  # fmt: skip

_APP = (
    Action("app.help", ("?",), "help", "All keys of this screen, and why some are not available",
           (JOBS, JOB, PLAN, OPERATIONS, OPERATION), 20),
    Action("app.back", ("escape",), "back", "Back; first clears what is being typed, ranged or filtered", SCREENS, 19),
    Action("app.quit", ("q",), "quit", "Back, and at the first screen quit"),
    Action("app.interrupt", ("ctrl+c",), "quit", "Twice: quit from anywhere"),
    Action("app.redraw", ("ctrl+l",), "redraw", "Draw the screen again"),
)  # fmt: skip

ACTIONS: tuple[Action, ...] = (
    *_MOVES, *_ROWS, *_ACTS, *_VIEWS, *_REFRESH, *_PLAN, *_COPY, *_APP,
)  # fmt: skip
"""Every action, in the order of the help screen."""


def of_screen(screen: str) -> tuple[Action, ...]:
    """Return the actions of one screen."""
    return tuple(action for action in ACTIONS if screen in action.screens)
