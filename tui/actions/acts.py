"""Acts: every one of them opens a plan, or acts on one."""

from __future__ import annotations

from unstick.tui.actions.model import LIVE, OPERATION, OPERATIONS, PLAN, Action
from unstick.tui.availability import (
    can_apply,
    can_call_hooks,
    can_change_plan,
    can_give_reason,
    can_plan,
    can_undo,
    connected,
    is_applying,
    offers,
)

ACTS_ACTIONS: tuple[Action, ...] = (
    Action("act.dry_run", ("x",), "dry-run", "Show what recover would do; changes nothing", LIVE, 3,
           can_plan),
    Action("act.recover", ("R",), "recover", "Plan to recover the marked rows, else this one", LIVE, 4,
           offers("recover"), initiates=True),
    Action("act.retry", ("T",), "retry", "Plan to retry the marked rows, else this one", LIVE, 5,
           offers("retry"), initiates=True),
    Action("act.delete", ("ctrl+d",), "delete", "Plan to delete the marked rows, else this one", LIVE, 6,
           offers("delete"), initiates=True),
    Action("act.undo", ("u",), "undo", "Plan the undo of an operation: this one, else the last",
           (*LIVE, PLAN, OPERATIONS, OPERATION), 11, can_undo, initiates=True),
    Action("act.hooks", ("H",), "hooks", "Call the hooks again that failed or were never called",
           (OPERATION,), 4, can_call_hooks, quiet=True, initiates=True),
    Action("act.choose", ("a",), "actions", "All actions of this job system, with what each really does",
           LIVE, 12, connected),
)  # fmt: skip

PLAN_ACTIONS: tuple[Action, ...] = (
    Action("plan.cancel", ("enter",), "cancel", "Leave, nothing is changed (focus is on Cancel)", (PLAN,)),
    Action("plan.apply", ("A",), "apply", "Apply the plan: change exactly the rows it lists", (PLAN,), 1,
           can_apply, confirms=True),
    Action("plan.reason", ("r",), "reason", "Say why, for the journal (required in prod)", (PLAN,), 2,
           can_give_reason),
    Action("plan.over_limit", ("i",), "limit", "Include rows at the retry limit, or leave them out", (PLAN,),
           5, can_change_plan),
    Action("plan.stop", ("s",), "stop", "Stop after the chunk being applied", (PLAN,), 3, is_applying),
)  # fmt: skip
