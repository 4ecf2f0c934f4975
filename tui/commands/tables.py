"""What changes a live table: `:filter EXPR`, `:view NAME`, `:sort COLUMN [reverse]`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from unstick.recovery.completing import Completion, words_with
from unstick.recovery.suggest import hint
from unstick.tui.actions import of_screen
from unstick.tui.actions.model import TABLES
from unstick.tui.commands.filtering import bad_filter, complete_in
from unstick.tui.commands.model import Command, one_of
from unstick.tui.keys import shown
from unstick.tui.screens.jobs_text import VIEWS
from unstick.tui.screens.list_keys import ListScreen

if TYPE_CHECKING:
    from unstick.tui.commands.filtering import Lists
    from unstick.tui.screens.base import ConsoleScreen

REVERSE = "reverse"
ONLY = f"only a table has it, on the screens {' and '.join(TABLES)}"


def table_commands(screen: ConsoleScreen) -> Iterator[Command]:
    """Return them; where there is no table they say so."""
    if not isinstance(screen, ListScreen):
        here = {action.id for action in of_screen(screen.SCOPE)}
        for name, argument, told in (
            ("filter", "EXPR", "Show only rows that match"),
            ("view", "NAME", "Show a view"),
            ("sort", "COLUMN [reverse]", "Order the rows"),
            ("save", "NAME", "Save what is shown as a view"),
        ):
            if f"view.{name}" not in here:
                yield Command(name, told, lambda argument: None, argument=argument, reason=ONLY)
        return
    yield Command(
        "filter", "Show only rows that match; nothing after it asks for it", partial(_filter, screen),
        partial(complete_in, screen), ("view.filter",), "[EXPR]",
        key=shown(screen.console.keys["view.filter"][0]),
    )  # fmt: skip
    saved = tuple(view.name for view in screen.saved_views)
    names = (*VIEWS, *saved)
    yield Command(
        "view", "Show a view; save NAME keeps what is shown, delete NAME forgets one", partial(_view, screen),
        one_of((*names, "save", *(f"delete {name}" for name in saved))), argument="NAME", choices=names,
    )  # fmt: skip
    yield Command(
        "save", "Save what is shown as a view; nothing after it asks for the name", partial(_save, screen),
        one_of(saved), ("save-view", "view.save"), "[NAME]", key=shown(screen.console.keys["view.save"][0]),
    )  # fmt: skip
    yield Command(
        "sort", "Order the rows by a column", partial(_sort, screen), partial(_complete_sort, screen.ORDERS),
        argument="COLUMN [reverse]", choices=screen.ORDERS,
    )  # fmt: skip


def _filter(screen: Lists, argument: str) -> str | None:
    if not argument:
        screen.do_view_filter()
        return None
    problem = bad_filter(argument)
    if problem is not None:
        return problem.told
    screen.console.histories["filter"].add(argument)
    return screen.narrow(screen.view, argument)


def _view(screen: Lists, argument: str) -> str | None:
    return screen.view_line(argument)


def _save(screen: Lists, argument: str) -> str | None:
    if argument:
        return screen.save_view(argument)
    screen.do_view_save()
    return None


def _sort(screen: Lists, argument: str) -> str | None:
    column, _, rest = argument.partition(" ")
    if column not in screen.ORDERS:
        wrong = f"there is no column {column!r} to sort by" if column else "name a column to sort by"
        return f"{wrong}{hint(column, screen.ORDERS)}"
    if rest.strip() not in ("", REVERSE):
        return f"after the column only {REVERSE} can follow, not {rest.strip()!r}"
    screen.ask(sort=column, descending=bool(rest))
    return None


def _complete_sort(columns: tuple[str, ...], text: str, caret: int) -> Completion:
    column, space, rest = text[:caret].partition(" ")
    if space:
        return Completion(len(column) + 1, caret, words_with(rest, (REVERSE,)))
    return Completion(0, caret, words_with(column, columns))
