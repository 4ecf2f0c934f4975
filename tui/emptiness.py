"""Why there is nothing to see: no empty table or section leaves a person to guess what that means.

Nothing here ticks: a moment is told as a time of day, so that the same answer is the same words and an idle
console writes nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from unstick.recovery.display import display_text
from unstick.recovery.errors import Denied, QueryTimeout, SchemaMismatch
from unstick.recovery.model import Counts
from unstick.recovery.plan import LeftOut, Plan

READING = "reading ..."
JOURNAL = (
    "nothing was changed from here yet; every recovery, retry and deletion will be listed here: "
    "who, when, why, what became of each row - and can be undone from here"
)
"""What an empty journal says."""

_KINDS = ("not stuck", "needs a person")
"""Reasons that go on with what they say of the one row."""

_NAMED = 3
"""Columns that a database that is not migrated is said to lack, and reasons that a plan names."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an empty table was asked, and what is known of the answer.

    `clear_since` is the database's time of the first of all answers in a row that found nothing stuck;
    `refresh`, `everything` and `back` are keys as people write them; only the `newest` rows were looked
    through where that is a number; `looks_in` says where plain words were looked for.
    """

    called: str
    view: str = "all"
    filter_text: str = ""
    counts: Counts | None = None
    variants: bool = False
    clear_since: datetime | None = None
    error: Exception | None = None
    not_migrated: tuple[str, ...] = ()
    refresh: str = "^r"
    everything: str = "1"
    back: str = "esc"
    newest: int | None = None
    looks_in: str = ""

    @property
    def sought(self) -> str:
        """The filter, and where its plain words were looked for."""
        where = f" (looked for in {self.looks_in})" if self.looks_in else ""
        return f"{display_text(self.filter_text, limit=60)}{where}"


def why_empty(asked: Asked) -> str:
    """Return why a live table has no rows, and what to do about it."""
    if asked.error is not None:
        return _unanswered(asked, asked.error)
    if asked.counts is None:
        return READING
    rows = asked.called if asked.view == "all" else f"{asked.view} {asked.called}"
    if asked.newest is not None:
        return _not_among(asked, rows)
    if asked.filter_text:
        return f"no {rows} match {asked.sought}; {asked.back} clears the filter"
    if not asked.counts.total:
        return f"no {asked.called} here yet; they appear by themselves when the first one is queued"
    if asked.view == "stuck":
        return _all_clear(asked)
    if asked.view == "all":
        return f"no {asked.called} here: no job has any"
    return f"no {rows} right now; {asked.everything} shows {asked.called} of every state"


def _not_among(asked: Asked, rows: str) -> str:
    """Say what was looked through, and what looks further."""
    among = f"among the newest {asked.newest:,}"
    if asked.filter_text:
        return (
            f"no {rows} match {asked.sought} {among}, which is as far as was "
            "searched; id:ID finds any job, state:running or state:pending beside it searches all of these; "
            f"{asked.back} clears the filter"
        )
    return f"no {rows} {among}; an index would let all be looked through: see the Sources screen"


def is_clear(counts: Counts, *, variants: bool) -> bool:
    """Whether nothing of what the table shows is stuck."""
    return not counts.stuck_variants and (variants or not counts.stuck)


def clock_text(moment: datetime) -> str:
    """Return `14:03:05 UTC`."""
    return f"{moment:%H:%M:%S} UTC"


def _all_clear(asked: Asked) -> str:
    if asked.not_migrated:
        # Rules that need what is missing are left out, so "all clear" would promise too much.
        return (
            f"no stuck {asked.called} found, but this database is not migrated and lacks "
            f"{_names(asked.not_migrated)}: rules that need that are left out; see unstick migrate"
        )
    if asked.clear_since is None:
        return f"no stuck {asked.called} right now"
    return f"no stuck {asked.called} - all clear at every check since {clock_text(asked.clear_since)}"


def _unanswered(asked: Asked, error: Exception) -> str:
    if isinstance(error, Denied):
        why = f"the account may not read them, see above; once it may, {asked.refresh} reads again"
    elif isinstance(error, SchemaMismatch):
        why = "the tables are not what the profile says, see above; unstick doctor tells more"
    elif isinstance(error, QueryTimeout):
        why = f"the database did not answer in time; it is asked again by itself, {asked.refresh} asks now"
    else:
        why = f"the source is down, see above; it is tried again by itself, {asked.refresh} tries now"
    if asked.counts is None:
        return f"no {asked.called} could be read: {why}"
    return f"not known since {clock_text(asked.counts.now)}: {why}"


def _names(columns: tuple[str, ...]) -> str:
    more = len(columns) - _NAMED
    told = ", ".join(display_text(name, limit=60) for name in columns[:_NAMED])
    return told + (f" and {more} more" if more > 0 else "")


def no_attempts(retries: int) -> str:
    """Return why a job or variant has no attempts; `retries` is what its own counter says."""
    later = "what is recovered or retried from here is listed here"
    if retries:
        made = "attempt" if retries == 1 else "attempts"
        return f"its counter says {retries:,} {made}, but nobody recorded them; {later}"
    return f"none was recorded; {later}"


def nothing_to_do(plan: Plan, *, limit_key: str = "i") -> tuple[str, ...]:
    """Return why a plan changes no row, and what to do instead: one sentence each."""
    if not plan.left_out:
        if plan.action == "undo":
            return ("there is nothing left to put back",)
        return (
            f"no row was there to {display_text(plan.action)} when this was planned; "
            "go back, and choose again from what is shown now",
        )
    found = Counter(_kind(left) for left in plan.left_out)
    told = [f"{count:,} x {reason}" for reason, count in found.most_common(_NAMED)]
    if len(found) > _NAMED:
        told.append(f"and {len(found) - _NAMED:,} other reasons")
    every = "The one row" if len(plan.left_out) == 1 else f"All {len(plan.left_out):,} rows"
    advice = _advice(plan, limit_key)
    return (f"{every} left out: {', '.join(told)}", *([advice] if advice else []))


def _kind(left: LeftOut) -> str:
    """A reason without what only concerns its row: `not stuck` for all that are not."""
    short = left.reason.partition(" (")[0]
    named = next((kind for kind in _KINDS if short.startswith(f"{kind}:")), short)
    return display_text(named, limit=80)


def _advice(plan: Plan, limit_key: str) -> str | None:
    reasons = [left.reason for left in plan.left_out]
    if any(reason.startswith("needs a person") for reason in reasons):
        return f"Look at them first: they were tried often enough. {limit_key} includes them all the same"
    if any(reason.startswith("not stuck") for reason in reasons):
        return "What is not stuck is left alone: wait until it is, or choose another action with a"
    return None
