"""Which job system the doctor finds, how surely, and what of it is missing."""

from __future__ import annotations

import sqlalchemy as sa

from unstick.backends.profile import load
from unstick.recovery.errors import SchemaMismatch
from unstick.recovery.source import Source

from .doctor_check import Check
from .engines import engine_of
from .layout import build_layout
from .migration_pending import leave_out
from .recognise import Match, matches, recognise
from .verify import mistakes

SHOWN = 5
"""Missing columns that are named; of the rest the number is told."""
LIKELY = 0.5
"""The share of a fingerprint from which on a profile that doesn't fit is worth a word."""


def fingerprint(connection: sa.Connection, source: Source) -> list[Check]:
    """Which profile reads this source, what speaks for it, and what else there is."""
    ranked, _ = matches(connection, engine_of(connection), source)
    if source.profile:
        name = load.find(source.profile).name
        mine = next((match for match in ranked if match.profile.name == name), None)
        how = "named in the configuration"
    else:
        mine = next((match for match in ranked if match.fits), None)
        how = "recognised"
    if mine is None:
        near = [match for match in ranked if match.found >= LIKELY * match.wanted > 0]
        return [
            Check("fingerprint", True, f"{match.profile.name}: {_share(match)}{_lacking(match)}", note=True)
            for match in sorted(near, key=lambda match: match.found / match.wanted, reverse=True)[:SHOWN]
        ]
    unsure = mine.wanted > 0 and not mine.fits
    advice = "is this the right profile?" if unsure else ""
    detail = f"{mine.profile.name} is {how}: {_share(mine)}{_lacking(mine)}{_rest(mine, ranked)}"
    return [Check("fingerprint", True, detail, advice, note=unsure)]


def _share(match: Match) -> str:
    if not match.wanted:
        return "it has no fingerprint"
    where = f" (in {', '.join(match.tables)})" if match.tables else ""
    return f"{match.found} of the {match.wanted} columns of its fingerprint are here{where}"


def _lacking(match: Match) -> str:
    if not match.missing:
        return ""
    more = len(match.missing) - SHOWN
    return f", missing {', '.join(match.missing[:SHOWN])}{f' and {more} more' if more > 0 else ''}"


def _rest(mine: Match, ranked: list[Match]) -> str:
    others = [match for match in ranked if match.profile.name != mine.profile.name and match.wanted]
    fitting = [match.profile.name for match in others if match.fits]
    if fitting:
        return f"; {', '.join(fitting)} would fit as well"
    near = max(others, key=lambda match: match.found / match.wanted, default=None)
    if near is None or not near.found:
        return "; no other profile has anything in common with these tables"
    return f"; next best is {near.profile.name} with {near.found} of {near.wanted}"


def columns(connection: sa.Connection, source: Source) -> list[Check]:
    """Everything that the profile names and the tables lack, not only the first of it."""
    engine = engine_of(connection)
    try:
        profile = (
            load.find(source.profile) if source.profile else recognise(connection, engine, source).profile
        )
        layout = build_layout(connection, profile, engine, source)
        leave_out(layout)
    except SchemaMismatch:
        # Without a profile, or one of its tables, the source can't be opened, which tells it.
        return []
    wrong = mistakes(layout)
    if not wrong:
        there = f"everything that {profile.name} names is there, in {len(layout.tables)} tables"
        return [Check("columns", True, there)]
    advice = f"`unstick profiles {profile.name}` shows what is named; correct a copy of it, or the tables"
    return [Check("columns", False, one, advice) for one in wrong]
