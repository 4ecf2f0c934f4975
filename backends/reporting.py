"""The document's own report of an action, under the names that its users know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from unstick.recovery.engine import Result
from unstick.recovery.outcome import Outcome, RowOutcome
from unstick.recovery.plan import Plan
from unstick.recovery.thresholds import narrowed

from .profile.load import last_loaded
from .profile.model import Profile, ReportItem
from .sql.thresholds import timeout_words


def report(plan: Plan, result: Result | None, profile_name: str | None = None) -> dict[str, object]:
    """Return the report of a plan (a dry run: nothing applied) or of its result; empty where the profile
    has none."""
    profile = last_loaded(profile_name or plan.profile)
    items: dict[str, ReportItem] = {}
    for job in profile.jobs:
        action = job.actions.get(plan.action)
        if action is not None:
            items.update(action.report)
    counts = _counts(plan, result.rows if result else ())
    words = {**{name: str(number) for name, number in counts.items()}, **_words(plan, profile)}
    ids = {"applied": [row.job for row in (result.rows if result else ()) if row.outcome is Outcome.APPLIED]}
    words["ids"] = ", ".join(ids["applied"])
    if result is None:
        planned = f"dry run: {len(plan.rows)} row(s) would be changed"
        return {
            name: planned if item.text else _item(item, counts, ids, words) for name, item in items.items()
        }
    return {name: _item(item, counts, ids, words) for name, item in items.items()}


def _counts(plan: Plan, rows: tuple[RowOutcome, ...]) -> dict[str, int]:
    """Return what can be counted: outcomes, `found`, and `applied.<table>` and notes of related rows."""
    counts = {"found": plan.found, "planned": len(plan.rows), "left_out": len(plan.left_out)}
    counts |= {outcome.value: 0 for outcome in Outcome}
    tables = {row.ref: row.table for row in plan.rows}
    for table in dict.fromkeys(tables.values()):
        counts[f"applied.{table}"] = 0
    for row in rows:
        counts[row.outcome.value] += 1
        if row.outcome is Outcome.APPLIED:
            table = f"applied.{tables.get((row.job, row.variant), '')}"
            counts[table] = counts.get(table, 0) + 1
        for note in row.related:
            counts[note] = counts.get(note, 0) + 1
    return counts


def _words(plan: Plan, profile: Profile) -> dict[str, str]:
    """Return the timeout as the texts that were written into the rows say it; one after the other where it
    depends on their kinds."""
    job = next((job for job in profile.jobs if plan.action in job.actions), None)
    if job is None:
        return {}
    kinds = dict.fromkeys(row.kinds for row in plan.rows) or {(): None}
    given = [narrowed(plan.options.thresholds, some) for some in kinds]
    told = [timeout_words(job, job.actions[plan.action], thresholds) for thresholds in given]
    return {name: " or ".join(dict.fromkeys(words[name] for words in told)) for name in told[0]}


def _text(item: ReportItem, text: str, counts: Mapping[str, int], words: Mapping[str, str]) -> str:
    """Fill the document's sentence; it never says that all is well while rows were found and not changed."""
    if item.none is not None and not counts["found"]:
        text = item.none
    for name, value in words.items():
        text = text.replace("{" + name + "}", value)
    names = [outcome.value for outcome in Outcome if outcome is not Outcome.APPLIED]
    rest = [f"{counts[name]} {name}" for name in names if counts[name]]
    rest += [f"{counts['left_out']} left out"] if counts["left_out"] else []
    missed = counts["planned"] - sum(counts[outcome.value] for outcome in Outcome)
    rest += [f"{missed} not reached"] if missed else []
    return f"{text} ({', '.join(rest)})" if rest else text


def _item(
    item: ReportItem, counts: Mapping[str, int], ids: Mapping[str, Sequence[str]], words: Mapping[str, str]
) -> object:
    if item.count is not None:
        return counts.get(item.count, 0)
    if item.ids is not None:
        return list(ids.get(item.ids, []))
    if item.text is not None:
        return _text(item, item.text, counts, words)
    if item.complete is not None:
        return (counts["applied"] == counts["planned"]) is item.complete
    return item.value
