"""The one registry of what a person can do: it feeds bindings, help, hint line and the reasons why not.

An action's id names its handler: `rows.mark` is `do_rows_mark` of the screen (or of the base screen).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from unstick.tui.availability import (
    Facts,
    Reason,
    can_apply,
    can_call_hooks,
    can_change_plan,
    can_give_reason,
    can_kill,
    can_plan,
    can_undo,
    connected,
    has_variants,
    is_applying,
    may_suspend,
    needs_row,
    offers,
    several_sources,
)

JOBS, JOB, PLAN, OPERATIONS, OPERATION, HELP = "jobs", "job", "plan", "operations", "operation", "help"
VARIANTS, VARIANT = "variants", "variant"
CHOICE, KILL = "actions", "kill"
SCREENS = (JOBS, JOB, VARIANTS, VARIANT, CHOICE, PLAN, OPERATIONS, OPERATION, KILL, HELP)
_TABLES = (JOBS, VARIANTS)
_LIVE = (JOBS, JOB, VARIANTS, VARIANT)
_LISTS = (JOBS, JOB, VARIANTS, OPERATIONS, CHOICE)


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do. `when` gives the reason why it can't be done now, `hint` its place in the hint line.

    `quiet` keeps it out of the hint line while it can't be done. `initiates` marks keys that open a plan that
    can change rows, `confirms` the key that applies one. `demo` actions are only told of in the demo.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    screens: tuple[str, ...] = SCREENS
    hint: int = 0
    when: Callable[[Facts], Reason] = lambda facts: None
    quiet: bool = False
    initiates: bool = False
    confirms: bool = False
    demo: bool = False


_MOVES = (
    Action("move.down", ("j", "down"), "down", "Next line"),
    Action("move.up", ("k", "up"), "up", "Previous line"),
    Action("move.page_down", ("ctrl+f", "pagedown"), "page", "Next page"),
    Action("move.page_up", ("ctrl+b", "pageup"), "page up", "Previous page"),
    Action("move.top", ("g", "home"), "top", "First line"),
    Action("move.end", ("G", "end"), "end", "Last line that is loaded"),
)

_ROWS = (
    Action("rows.open", ("enter",), "open", "Open the row", _LISTS, 9, needs_row),
    Action("rows.mark", ("space",), "mark", "Mark or unmark the row", _TABLES, 2, needs_row),
    Action(
        "rows.range", ("v",), "range", "Mark from here to where v is pressed again", _TABLES, 0, needs_row
    ),
    Action("rows.all", ("*",), "mark all", "Mark all rows that are loaded; again: the rest too", _TABLES, 15),
    Action("rows.none", ("U",), "unmark", "Remove every mark", _TABLES),
    Action("rows.job", ("J",), "its job", "Open the job of the variant", (VARIANTS, VARIANT), 10, needs_row),
)

_ACTS = (
    Action("act.dry_run", ("x",), "dry-run", "Show what recover would do; changes nothing", _LIVE, 3,
           can_plan),
    Action("act.recover", ("R",), "recover", "Plan to recover the marked rows, else this one", _LIVE, 4,
           offers("recover"), initiates=True),
    Action("act.retry", ("T",), "retry", "Plan to retry the marked rows, else this one", _LIVE, 5,
           offers("retry"), initiates=True),
    Action("act.delete", ("ctrl+d",), "delete", "Plan to delete the marked rows, else this one", _LIVE, 6,
           offers("delete"), initiates=True),
    Action("act.undo", ("u",), "undo", "Plan the undo of an operation: this one, else the last",
           (*_LIVE, PLAN, OPERATIONS, OPERATION), 11, can_undo, initiates=True),
    Action("act.hooks", ("H",), "hooks", "Call the hooks again that failed or were never called",
           (OPERATION,), 4, can_call_hooks, quiet=True, initiates=True),
    Action("act.choose", ("a",), "actions", "All actions of this job system, with what each really does",
           _LIVE, 12, connected),
)  # fmt: skip

_VIEWS = (
    Action("view.filter", ("/",), "filter", "Filter: words, !not, state:failed age>1h retries>=3 kind:mail",
           (*_TABLES, HELP), 8),
    Action("view.next", ("n",), "next", "Next row that matches the last filter", _TABLES),
    Action("view.previous", ("N",), "previous", "Previous row that matches the last filter", _TABLES),
    Action("view.sort_next", (">",), "sort", "Sort by the next column", _TABLES),
    Action("view.sort_previous", ("<",), "sort back", "Sort by the previous column", _TABLES),
    Action("view.reverse", ("o",), "reverse", "Reverse the order", _TABLES),
    Action("view.wide", ("w",), "wide", "More and wider columns", _TABLES),
    Action("view.wrap", ("z",), "wrap", "Wrap long lines, or cut them", (JOB, VARIANT, PLAN, OPERATION)),
    Action("view.header", ("ctrl+e",), "title", "Hide or show the title line", _TABLES),
    Action("view.section", ("tab",), "section", "Next section", (JOB, VARIANT, PLAN, OPERATION), 10),
    Action("view.all", ("1",), "all", "All rows, stuck ones first", _TABLES),
    Action("view.stuck", ("2",), "stuck", "Only stuck rows", _TABLES),
    Action("view.failed", ("3",), "failed", "Only failed rows", _TABLES),
    Action("view.running", ("4",), "running", "Only running rows", _TABLES),
    Action("view.pending", ("5",), "pending", "Only pending rows", _TABLES),
    Action("view.variants", ("V",), "variants", "Variants as a list of their own; on a job: to its variants",
           (JOBS, JOB), 10, has_variants, quiet=True),
    Action("view.operations", ("@",), "operations", "The journal: who changed what, and undo", _LIVE, 13),
)  # fmt: skip

_SOURCES = (
    Action("source.next", ("]",), "source", "Next source; each keeps its marks, filter and order", (JOBS,), 7,
           several_sources, quiet=True),
    Action("source.previous", ("[",), "source back", "Previous source", (JOBS,), 0, several_sources),
)  # fmt: skip

_REFRESH = (
    Action("refresh.now", ("ctrl+r",), "refresh", "Refresh now", (*_LIVE, OPERATIONS)),
    Action("refresh.pause", ("p",), "pause", "Pause or resume refreshing", _LIVE),
    Action("refresh.faster", ("+",), "faster", "Refresh more often", _LIVE),
    Action("refresh.slower", ("_",), "slower", "Refresh less often", _LIVE),
)

_PLAN = (
    Action("plan.cancel", ("enter",), "cancel", "Leave, nothing is changed (focus is on Cancel)", (PLAN,)),
    Action("plan.apply", ("A",), "apply", "Apply the plan: change exactly the rows it lists", (PLAN,), 1,
           can_apply, confirms=True),
    Action("plan.reason", ("r",), "reason", "Say why, for the journal (required in prod)", (PLAN,), 2,
           can_give_reason),
    Action("plan.over_limit", ("i",), "limit", "Include rows at the retry limit, or leave them out", (PLAN,),
           5, can_change_plan),
    Action("plan.stop", ("s",), "stop", "Stop after the chunk being applied", (PLAN,), 3, is_applying),
)  # fmt: skip

_DEMO = (
    Action("demo.kill", ("!",), "kill", "Kill this source's worker, to see its jobs get stuck (demo)",
           (JOBS,), 7, can_kill, quiet=True, initiates=True, demo=True),
    Action("demo.cancel", ("enter",), "cancel", "Leave the worker alive (focus is on Cancel)", (KILL,), 2,
           demo=True),
    Action("demo.confirm", ("K",), "kill", "Kill the worker", (KILL,), 1, can_kill, confirms=True, demo=True),
)  # fmt: skip

_COPY = (
    Action("copy.id", ("y",), "copy", "Copy the id (Plan: the SQL) to the clipboard of your terminal",
           (*_LIVE, PLAN, OPERATIONS, OPERATION), 14),
    Action("copy.record", ("Y",), "copy JSON", "Copy the whole record as JSON", (*_LIVE, PLAN)),
)  # fmt: skip

_APP = (
    Action("app.help", ("?",), "help", "All keys of this screen, and why some are not available",
           tuple(screen for screen in SCREENS if screen != HELP), 20),
    Action("app.back", ("escape",), "back", "Back; first lets go of range, result, filter", SCREENS, 19),
    Action("app.quit", ("q",), "quit", "Back, and at the first screen quit"),
    Action("app.interrupt", ("ctrl+c",), "quit", "Twice: quit from anywhere"),
    Action("app.suspend", ("ctrl+z",), "suspend", "Back to the shell for a while; fg returns",
           when=may_suspend),
    Action("app.redraw", ("ctrl+l",), "redraw", "Draw the screen again"),
)  # fmt: skip

ACTIONS: tuple[Action, ...] = (
    *_MOVES, *_ROWS, *_ACTS, *_VIEWS, *_SOURCES, *_REFRESH, *_PLAN, *_DEMO, *_COPY, *_APP,
)  # fmt: skip
"""Every action, in the order of the help screen."""


def of_screen(screen: str) -> tuple[Action, ...]:
    """Return the actions of one screen."""
    return tuple(action for action in ACTIONS if screen in action.screens)
