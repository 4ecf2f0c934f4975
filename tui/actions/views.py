"""Views: filter, search, order, columns, sections."""

from __future__ import annotations

from unstick.tui.actions.model import (
    HELP,
    JOB,
    JOBS,
    LIVE,
    OPERATION,
    PLAN,
    RETRIES,
    SWEEP,
    TABLES,
    VARIANT,
    Action,
)
from unstick.tui.availability import has_variants

VIEWS_ACTIONS: tuple[Action, ...] = (
    Action("view.filter", ("/",), "filter", "Filter: words, !not, state:failed age>1h retries>=3 kind:mail",
           (*TABLES, HELP), 8),
    Action("view.next", ("n",), "next", "Next row that matches the last filter", TABLES),
    Action("view.previous", ("N",), "previous", "Previous row that matches the last filter", TABLES),
    Action("view.sort_next", (">",), "sort", "Sort by the next column", TABLES),
    Action("view.sort_previous", ("<",), "sort back", "Sort by the previous column", TABLES),
    Action("view.reverse", ("o",), "reverse", "Reverse the order", TABLES),
    Action("view.wide", ("w",), "wide", "More and wider columns", TABLES),
    Action("view.wrap", ("z",), "wrap", "Wrap long lines, or cut them", (JOB, VARIANT, PLAN, OPERATION)),
    Action("view.header", ("ctrl+e",), "title", "Hide or show the title line", TABLES),
    Action("view.section", ("tab",), "section", "Next section",
           (JOB, VARIANT, PLAN, OPERATION, RETRIES, SWEEP), 10),
    Action("view.all", ("1",), "all", "All rows, stuck ones first", TABLES),
    Action("view.stuck", ("2",), "stuck", "Only stuck rows", TABLES),
    Action("view.failed", ("3",), "failed", "Only failed rows", TABLES),
    Action("view.running", ("4",), "running", "Only running rows", TABLES),
    Action("view.pending", ("5",), "pending", "Only pending rows", TABLES),
    Action("view.variants", ("V",), "variants", "Variants as a list of their own; on a job: to its variants",
           (JOBS, JOB), 10, has_variants, quiet=True),
    Action("view.operations", ("@",), "operations", "The journal: who changed what, and undo", (*LIVE, SWEEP),
           13),
)  # fmt: skip
