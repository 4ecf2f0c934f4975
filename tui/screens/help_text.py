"""What each screen is for, and what one does there first: the beginning of its help."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from unstick.recovery.display import wrap
from unstick.tui.keys import shown
from unstick.tui.paint import Line, Span

ABOUT: Mapping[str, tuple[str, str]] = {
    "jobs": (
        "The jobs of this source as they are now, what hangs first, and why.",
        "{view.stuck} shows only the stuck ones, {rows.open} tells all about a job, {act.recover} plans a "
        "recovery; nothing changes before {plan.apply}.",
    ),
    "job": (
        "Everything about one job: how it is, why it is stuck, what recover would do, what was tried.",
        "Read on with {move.page_down}; {act.recover} plans a recovery, nothing changes before {plan.apply}.",
    ),
    "variants": (
        "The variants of all jobs, what hangs first.",
        "{rows.open} tells all about one, {rows.job} goes to its job, {act.recover} plans a recovery; "
        "nothing changes before {plan.apply}.",
    ),
    "variant": (
        "Everything about one variant of a job.",
        "{rows.job} goes to its job; {act.recover} plans a recovery, nothing changes before {plan.apply}.",
    ),
    "actions": (
        "All that can be done to the rows that were chosen, in words of what really happens.",
        "{rows.open} on a line opens its plan; nothing changes before {plan.apply}.",
    ),
    "plan": (
        "Exactly what would change, row by row, and what is left out and why. Nothing has changed yet.",
        "Read it, then {plan.apply} applies it, or {app.back} leaves everything as it is.",
    ),
    "operations": (
        "The journal: who changed what from here, when and why, and what became of it.",
        "{rows.open} shows one row by row; {act.undo} plans to put it back.",
    ),
    "operation": (
        "One operation, row by row: before, after, and what became of each.",
        "{act.undo} plans to put it back, as far as the rows are still as it left them.",
    ),
    "arm": (
        "Whether the sweep of this source may recover by itself, and what that would mean now.",
        "{arm.confirm} arms it, {app.back} leaves it as it is.",
    ),
    "kill": (
        "Whether a worker of the demo is to be killed, to see how its jobs get stuck.",
        "{demo.confirm} kills it, {app.back} leaves it alive.",
    ),
    "text": ("A text to be read or selected.", "{app.back} goes back."),
    "welcome": (
        "Nothing is configured yet. Choose what to look at.",
        "{welcome.demo} shows everything on invented jobs; {welcome.url} opens a database of yours, which "
        "changes nothing in it.",
    ),
    "columns": (
        "Which columns the table shows, and in which order. What is changed here holds at once.",
        "{columns.toggle} shows or hides one, {columns.reset} lets the width decide again.",
    ),
    "retries": (
        "How often jobs are tried again, which steps and kinds need it most, and how that changes.",
        "{retries.longer} and {retries.shorter} change how far back is counted; {rows.open} opens a job.",
    ),
    "sweep": (
        "What a sweep would recover now, by which rules, and what came of the last runs.",
        "{sweep.shadow} lets it tell what it would do every few minutes, {sweep.arm} asks whether it may do "
        "it, {sweep.off} switches it off. {sweep.dry_run} shows it as a plan.",
    ),
    "sources": (
        "Every source: connected or not, how fast it answers, what can be done there, what is missing.",
        "{source.open} switches to one, {source.stuck} lists what is stuck in all of them.",
    ),
    "everywhere": (
        "What is stuck in any of the sources, in one list.",
        "{rows.open} opens a job in its source, and {app.back} comes back here.",
    ),
    "palette": (
        "Everything that can be done here, by its name; what can't be done now says why.",
        "Type a word of it; {app.back} goes back.",
    ),
}  # fmt: skip
"""By screen: what it is for, and what to do first. `{action.id}` stands for the key of that action."""

_KEY = re.compile(r"\{([a-z_.]+)\}")


def about_lines(scope: str, keys: Mapping[str, Sequence[str]], width: int) -> list[Line]:
    """Return what a screen is for and what to do first there; nothing for one without words of its own."""
    lines: list[Line] = []
    for text, style in zip(ABOUT.get(scope, ()), ("title", "text"), strict=False):
        told = _KEY.sub(lambda match: _key(match[1], keys), text)
        lines.extend((Span(f"  {piece}", style),) for piece in wrap(told, max(width - 3, 20)))
    return lines


def _key(action: str, keys: Mapping[str, Sequence[str]]) -> str:
    found = keys.get(action)
    return shown(found[0]) if found else action.rpartition(".")[2]
