"""Everything about one source as lines: how it is, what it can do, what its questions cost, what it lacks."""

from __future__ import annotations

from collections.abc import Iterator

from unstick.recovery.display import display_text
from unstick.recovery.health import Health
from unstick.recovery.model import Capabilities, Counts, State
from unstick.tui.costs import Costs, time_text
from unstick.tui.key_words import key
from unstick.tui.paint import Line, Span
from unstick.tui.pulse import pulse
from unstick.tui.screens.job_text import Painter
from unstick.tui.screens.plan_text import Lines
from unstick.tui.screens.sources_rows import tags
from unstick.tui.session import Session

LONG = 1_000
"""Characters of a sentence or a statement."""

_WORDS = {"variant_page": "page of variants", "page": "page of jobs", "plan_undo": "plan of an undo",
          "health": "indexes"}  # fmt: skip


def source_lines(session: Session, width: int, *, keep: str, looked: str | None = None) -> Lines:
    """Return the whole pane. `keep` says how an added source is kept, `looked` why the indexes of the source
    could not be looked at."""
    lines, painter = Lines(), Painter(max(width, 30), wrapped=True)
    able = session.capabilities
    lines.sections.append(0)
    lines.add(list(_standing(session, painter, keep)))
    if able is not None:
        lines.add(list(_abilities(session, able, painter)))
        if able.problems:
            lines.heading("Problems", "failed")
            for problem in able.problems:
                lines.add(painter.text(f"! {problem}", "warning"))
        if able.not_migrated:
            lines.heading("Not migrated")
            lines.add(painter.text(", ".join(able.not_migrated), "text"))
            lines.add(painter.text("unstick migrate shows what adds them; until then less is shown", "dim"))
    if session.counts is not None:
        lines.heading("Jobs")
        lines.add(list(_counts(session.counts, painter)))
    lines.heading("Query cost")
    lines.add(list(_of_refresh(session, painter)))
    lines.add(list(_costs(session.costs, painter)))
    lines.heading("Missing indexes")
    lines.add(list(_indexes(session.health, looked, painter, connected=session.connected)))
    return lines


def _standing(session: Session, painter: Painter, keep: str) -> Iterator[Line]:
    name = display_text(session.source.name, limit=60)
    yield (Span(f"  {name}  ", "title"), Span(tags(session), "title"))
    health = pulse(session)
    yield from painter.pair("health", health.text, health.style)
    if session.problem is not None:
        again = "not by itself: it is paused" if session.pace.paused else "by itself, ever less often"
        yield from painter.pair("reason", session.problem, "failed", limit=LONG)
        yield from painter.pair("tried again", again)
    if session.trip_s is not None:
        yield from painter.pair("round trip", f"{time_text(session.trip_s)} for the last refresh")
    if session.added:
        yield from painter.pair("kept", keep, "warning", limit=LONG)


def _abilities(session: Session, able: Capabilities, painter: Painter) -> Iterator[Line]:
    yield from painter.pair("server", f"{able.version} ({able.engine})")
    yield from painter.pair("database", able.database, limit=LONG)
    yield from painter.pair("profile", able.profile)
    found = session.health.connections if session.health is not None else None
    if found is not None:
        yield from painter.pair("connections", f"{found} open; at most 3: reading, writing, listening")
    refusals = {display_text(text, limit=LONG): name for name, text in able.refusal.items()}
    if session.read_only:
        why = next(iter(refusals), "read-only; open it with --write to change rows")
        yield from painter.pair("access", why, "warning", limit=LONG)
    else:
        yield from painter.pair("access", "rows can be changed")
        for text, name in refusals.items():
            yield from painter.pair("refused", f"{name}: {text}", "warning", limit=LONG)
    news = "announced by the database" if able.notify else f"none; asked every {session.pace.every_s:g} s"
    yield from painter.pair("live updates", news)
    yield from painter.pair("row locks", _locks(able))
    kept = "in the database" if able.journal == "database" else "in a local file on this machine"
    yield from painter.pair("journal", kept)
    names = ", ".join(info.name for info in able.actions)
    yield from painter.pair("actions", names or "none", limit=LONG)


def _locks(able: Capabilities) -> str:
    if able.engine == "sqlite":
        return "one writer at a time for the whole file"
    return "SKIP LOCKED" if able.skip_locked else "no SKIP LOCKED: rows that a worker holds are waited for"


def _counts(counts: Counts, painter: Painter) -> Iterator[Line]:
    variants = f", and {counts.stuck_variants:,} variants" if counts.stuck_variants else ""
    style = "stuck" if counts.stuck or counts.stuck_variants else "text"
    yield from painter.pair("stuck", f"{counts.stuck:,}{variants}", style)
    for state in State:
        number = counts.by_state.get(state, 0)
        if number:
            yield from painter.pair(state.value, f"{'~' if state in counts.about else ''}{number:,}")
    if counts.newest is not None:
        yield from painter.pair("counted", f"the newest {counts.newest:,} jobs only: see below", "warning")


def _of_refresh(session: Session, painter: Painter) -> Iterator[Line]:
    """What keeping the list fresh costs the database, and how often that is asked."""
    if session.trip_s is None:
        return
    asked = "" if session.statements is None else f"{session.statements:,} statements, "
    pace = session.pace
    slower = f", not {pace.every_s:g} s, since that is costly" if pace.interval_s > pace.every_s else ""
    every = "paused" if pace.paused else f"every {pace.interval_s:g} s{slower}"
    yield from painter.pair(
        "refresh", f"{asked}{time_text(session.trip_s)}, {every}", "warning" if slower else "text"
    )


def _costs(costs: Costs, painter: Painter) -> Iterator[Line]:
    told = costs.told()
    if not told:
        yield (Span("  nothing was asked yet", "dim"),)
    for name, cost in told:
        cut = f"; the time limit ended {cost.cut_off:,}" if cost.cut_off else ""
        times = (
            f"{time_text(cost.usual_s)}, at most {time_text(cost.worst_s)}" if cost.answered else "no answer"
        )
        label = _WORDS.get(name, name)
        yield from painter.pair(label, times + cut, "warning" if cut else "text")


def _indexes(
    health: Health | None, looked: str | None, painter: Painter, *, connected: bool
) -> Iterator[Line]:
    if looked is not None:
        yield from painter.text(f"can't be told: {looked}", "warning")
    elif health is None:
        yield (Span("  looking ..." if connected else "  known once it is connected", "dim"),)
    elif not health.missing:
        yield (Span("  none: what the questions look for is there", "dim"),)
    else:
        yield from painter.text(
            f"{key('source.copy')} copies the statements; a large table is slow without", "dim"
        )
        for one in health.missing:
            yield from painter.text(f"{one.place}: {one.why}", "text")
            yield from painter.text(f"{one.statement};", "accent", indent=4)
