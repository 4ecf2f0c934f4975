"""What the native statuses mean, as far as their words tell, and which of them plays which part."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from unstick.recovery.model import State

from .seen import Sample, Seen
from .words import LOCKS, STATES, plain, state_of

MOST = 30
"""Different values beyond which a column is no status."""
_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Statuses:
    """`known` are the native statuses by state, `unknown` those whose words tell nothing; `seen` counts them
    in the sample. `sql` derives them from times where there is no status column, of `columns`."""

    known: Mapping[State, tuple[str, ...]]
    unknown: tuple[str, ...] = ()
    seen: Mapping[str, int] | None = None
    start: str | None = None
    sql: str | None = None
    columns: tuple[str, ...] = ()

    def of(self, *states: State) -> tuple[str, ...]:
        """Return the native statuses of these states."""
        return tuple(status for state in states for status in self.known.get(state, ()))


def by_word(column: str, seen: Seen, sample: Sample) -> Statuses | None:
    """Return what a status column says; None where it has too many different values to be one."""
    counted = Counter(str(value) for value in sample.values(column))
    found = list(dict.fromkeys((*seen.allowed.get(column, ()), *sorted(counted))))
    if len(found) > MOST:
        return None
    default = _default(seen.defaults.get(column))
    if default is not None and default not in found:
        found.append(default)
    known: dict[State, tuple[str, ...]] = {}
    for status in found:
        state = state_of(status)
        if state is not None:
            known[state] = (*known.get(state, ()), status)
    unknown = tuple(status for status in found if state_of(status) is None)
    return Statuses(known, unknown, counted, _start(known.get(State.PENDING, ()), default))


def by_times(parts: Mapping[str, str]) -> Statuses | None:
    """Derive statuses from which times are set, as queues without a status column do; None where that can't
    be told or the columns' names would have to be quoted."""
    taken, ended, failed = (parts.get(role) for role in ("started", "finished", "failed_at"))
    used = [name for name in (failed, ended, taken) if name is not None]
    # A lock alone tells, too: queues that delete what is done have nothing else.
    tells = taken is not None and (ended or failed or plain(taken) in LOCKS)
    if not tells or not all(_IDENTIFIER.fullmatch(name) for name in used):
        return None
    cases = [
        f"WHEN j.{name} IS NOT NULL THEN '{word}'"
        for name, word in ((failed, "failed"), (ended, "done"), (taken, "locked"))
        if name is not None
    ]
    known = {State.PENDING: ("ready",), State.RUNNING: ("locked",)}
    known |= {State.DONE: ("done",)} if ended else {}
    known |= {State.FAILED: ("failed",)} if failed else {}
    return Statuses(known, sql=f"CASE {' '.join(cases)} ELSE 'ready' END", columns=tuple(used))


def _default(text: str | None) -> str | None:
    """Return the value of a column's default as the catalogue writes it: `'queued'::text`, `'queued'`."""
    if text is None:
        return None
    match = re.match(r"\(*(?:N|_utf8mb4)?'((?:[^']|'')*)'", text)
    if match:
        return match[1].replace("''", "'")
    return text if re.fullmatch(r"-?\d+", text) else None


def _start(pending: Sequence[str], default: str | None) -> str | None:
    """The status of a new job: the column's default, else the only or most telling word for waiting."""
    if default is not None and default in pending:
        return default
    words = STATES[State.PENDING]
    ranked = [status for word in words[:7] for status in pending if plain(status) == word]
    return ranked[0] if ranked else (pending[0] if len(pending) == 1 else None)
