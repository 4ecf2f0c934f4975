"""The filter prompt: completion from the rows that are loaded, history, and the place of a mistake."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from unstick.recovery.completing import Completion, complete_filter
from unstick.recovery.errors import FilterError
from unstick.recovery.filters import parse_filter, place
from unstick.recovery.model import Job, Variant
from unstick.tui.session import sentence
from unstick.tui.widgets.prompt import Help

if TYPE_CHECKING:
    from unstick.tui.screens.list_keys import ListScreen

    Lists = ListScreen[Any, Any]


class Mistake(NamedTuple):
    """What is wrong with a filter, in one sentence, and where, in characters from 0."""

    told: str
    position: int


def bad_filter(text: str) -> Mistake | None:
    """Return what is wrong with a filter expression, or None."""
    try:
        parse_filter(text)
    except FilterError as error:
        return Mistake(sentence(FilterError(place(error))), error.position)
    return None


def ask_filter(screen: Lists) -> None:
    """Ask for a filter; a bad one keeps the prompt open with the caret at the mistake."""
    history = screen.console.histories["filter"]

    def accept(text: str) -> str | None:
        mistake = bad_filter(text)
        if mistake is not None:
            screen.prompt.caret_to(mistake.position)
            return mistake.told
        history.add(text)
        return screen.narrow(screen.view, text)

    help_ = Help(lambda text, caret: complete_in(screen, text, caret), history)
    screen.prompt.ask("filter /", screen.filter_text, accept, screen.say, help=help_)


def complete_in(screen: Lists, text: str, caret: int) -> Completion:
    """Complete a filter expression with what is known of this table."""
    return complete_filter(text, caret, offered(screen))


def offered(screen: Lists) -> Mapping[str, Iterable[str]]:
    """Return values by field: those of the loaded rows, and those that the source says it has."""
    able = screen.session.capabilities
    found: dict[str, dict[str, None]] = {
        "status": dict.fromkeys(able.statuses if able else ()),
        "step": dict.fromkeys(able.steps if able else ()),
    }
    window = screen.rows.window
    for key in window.order:
        for field, value in _values(window.rows[key]):
            if value:
                found.setdefault(field, {})[str(value)] = None
    return {field: _in_order(field, values) for field, values in found.items()}


def _in_order(field: str, values: Iterable[str]) -> Iterable[str]:
    """Steps and statuses have an order of their own, ids that of the table; the rest goes by the alphabet."""
    return values if field in ("status", "step", "id", "job") else sorted(values, key=str.lower)


def _values(row: Job | Variant) -> Iterable[tuple[str, str | None]]:
    yield "id", row.id
    yield "status", row.status
    yield "step", row.step
    if isinstance(row, Variant):
        yield "job", row.job
        yield "kind", row.name
        yield "table", row.job.partition(":")[0] if ":" in row.job else None
    else:
        yield "job", row.id
        yield "kind", row.kind
        yield "table", row.table
