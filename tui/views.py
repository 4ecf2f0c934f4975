"""Saved views: a name for filter, view, order and columns. Some stand in the config file, some were kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from unstick.recovery.errors import FilterError
from unstick.recovery.filters import parse_filter
from unstick.recovery.source import NAME
from unstick.recovery.suggest import closest
from unstick.tui.actions.model import JOBS, TABLES
from unstick.tui.column_choice import AUTOMATIC, WHY_ID, ColumnChoice, choice_from_json, only

BUILT_IN = ("all", "stuck", "failed", "running", "pending")
"""What 1 to 5 show; what each of them leaves out stands with the title line."""

WORDS = ("save", "delete")
"""What may stand before a view's name on the command line."""

FIRST_KEY, KEYED = 6, 4
"""Saved views have the keys 6 to 9."""

NAME_MOST = 20


@dataclass(frozen=True, slots=True)
class SavedView:
    """`table` is the list that it is for, `given` whether it stands in the config file."""

    name: str
    table: str = JOBS
    filter: str = ""
    view: str = "all"
    sort: str = "stuck"
    descending: bool = False
    columns: ColumnChoice = AUTOMATIC
    given: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return what is written down."""
        return {
            "table": self.table,
            "filter": self.filter,
            "view": self.view,
            "sort": self.sort,
            "reverse": self.descending,
            "columns": self.columns.as_json(),
        }


@dataclass(frozen=True, slots=True)
class Fitting:
    """What of a saved view can be shown on a table, and one sentence about what can't (empty: all can)."""

    filter: str
    view: str
    sort: str
    descending: bool
    columns: ColumnChoice
    told: str = ""


def given_view(name: str, table: Mapping[str, Any], known: Sequence[str]) -> SavedView:
    """Return a view of the config file, which was checked when it was read. `known` are a table's columns."""
    return SavedView(
        name,
        table=table.get("table") or JOBS,
        filter=table.get("filter") or "",
        view=table.get("view") or "all",
        sort=table.get("sort") or "stuck",
        descending=bool(table.get("reverse")),
        columns=only(table.get("columns") or (), known),
        given=True,
    )


def kept_view(name: str, value: Mapping[str, Any]) -> SavedView | None:
    """Return a view that was written down, or None where it makes no sense."""
    words = [value.get(key, "") for key in ("table", "filter", "view", "sort")]
    columns = choice_from_json(value.get("columns", {}))
    if columns is None or name_problem(name) or not all(isinstance(word, str) for word in words):
        return None
    table, filter_text, view, sort = words
    if table not in TABLES:
        return None
    reverse = value.get("reverse") is True
    return SavedView(name, table, filter_text, view or "all", sort or "stuck", reverse, columns)


def views_of(
    table: str,
    given: Mapping[str, Mapping[str, Any]],
    kept: Mapping[str, Any] | None,
    known: Sequence[str],
) -> tuple[SavedView, ...]:
    """Return a table's views: those of the config file first, then the others as they were saved."""
    return tuple(each for each in _all(given, kept or {}, known) if each.table == table)


def _all(
    given: Mapping[str, Mapping[str, Any]], kept: Mapping[str, Any], known: Sequence[str]
) -> Iterator[SavedView]:
    for name, value in given.items():
        yield given_view(name, value, known)
    for name, value in kept.items():
        found = kept_view(name, value) if name not in given else None
        if found is not None:
            yield found


def name_problem(name: str) -> str | None:
    """Return what is wrong with a name for a view, or None."""
    if not name:
        return "a view needs a name"
    if not re.fullmatch(NAME, name) or len(name) > NAME_MOST:
        return f"a view's name has up to {NAME_MOST} letters, digits and . _ - @"
    if name in (*BUILT_IN, *WORDS):
        what = "a built-in view" if name in BUILT_IN else "what :view calls doing something"
        return f"{name} is {what}; choose another name"
    return None


def fitting(saved: SavedView, *, sorts: Sequence[str], known: Sequence[str], system: str) -> Fitting:
    """Return what of a view fits a table that has these orders and columns."""
    problems = []
    text, view, sort, descending = saved.filter, saved.view, saved.sort, saved.descending
    try:
        parse_filter(text)
    except FilterError as error:
        problems.append(f"its filter is left out: {error}")
        text = ""
    if view not in BUILT_IN:
        problems.append(f"there is no view {view}")
        view = "all"
    if sort not in sorts:
        problems.append(f"{system} can't be ordered by {sort}")
        sort, descending = "stuck", False
    names = {*saved.columns.order, *saved.columns.shown, *saved.columns.hidden} - {WHY_ID}
    missing = sorted(names.difference(known))
    if missing:
        problems.append(f"{system} has no column {', '.join(missing)}")
    told = f"view {saved.name} does not fit any more: {'; '.join(problems)}" if problems else ""
    return Fitting(text, view, sort, descending, saved.columns, told)


def no_view(name: str, views: Sequence[SavedView]) -> str:
    """Say that there is no view of this name, and which there are."""
    names = [each.name for each in views]
    near = closest(name, names)
    if not names:
        return f"there is no view {name}: none was saved yet"
    return f"there is no view {name}{f'; did you mean {near}?' if near else ''} (saved: {', '.join(names)})"


def keyed(views: Sequence[SavedView], key: str) -> str:
    """Return the views that have a key, as one says them: `6 mail, 7 slow`. `key` saves another."""
    told = ", ".join(f"{FIRST_KEY + index} {each.name}" for index, each in enumerate(views[:KEYED]))
    return (
        f"{told}; {key} saves what is shown now" if told else f"no view was saved yet; {key} saves this one"
    )
