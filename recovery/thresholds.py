"""Thresholds by rule and by kind of job: which of several entries counts for a row.

An entry is named `RULE`, `*` (every rule that has a clock), `kind:PATTERN` (every such rule, for jobs of
that kind) or `RULE kind:PATTERN`. In a pattern `*` is any text; case never matters. Values are seconds, None
is never.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache

from unstick.recovery.matching import like

Thresholds = Mapping[str, float | None]

ALL = "*"
_KINDS = re.compile(r"(?:(?P<rule>.+?)\s+)?kind:(?P<pattern>.*)", re.DOTALL)


@lru_cache(maxsize=256)
def split(name: str) -> tuple[str, str | None]:
    """Return an entry's rule (`*`: all) and its pattern of kinds (None: for every kind)."""
    match = _KINDS.fullmatch(name)
    return (name, None) if match is None else (match["rule"] or ALL, match["pattern"])


def join(rule: str, pattern: str | None) -> str:
    """Return the name of a rule's own entry, for a kind where one is given."""
    return rule if pattern is None else f"{rule} kind:{pattern}"


def patterns(thresholds: Thresholds, rule: str | None = None) -> tuple[str, ...]:
    """Return the patterns of kinds in the entries, those of one rule where given, by how much they say.

    A whole name goes before one with `*`, a longer pattern before a shorter one: the first that fits counts.
    """
    return _patterns(tuple(thresholds), rule)


@lru_cache(maxsize=64)
def _patterns(names: tuple[str, ...], rule: str | None) -> tuple[str, ...]:
    # Asked for every row, about entries that stay the same.
    entries = map(split, names)
    found = {kind for own, kind in entries if kind is not None and rule in (None, own)}
    return tuple(sorted(found, key=lambda each: ("*" in each, -len(each), each)))


def of_kind(
    thresholds: Thresholds, rule: str, fitting: Collection[str], otherwise: float | None
) -> float | None:
    """Return a rule's threshold for a row whose kind fits those patterns."""
    return thresholds.get(entry(thresholds, rule, fitting), otherwise)


def entry(thresholds: Thresholds, rule: str, fitting: Collection[str]) -> str:
    """Return the name of the entry that counts for such a row."""
    pattern = (
        next((each for each in patterns(thresholds, rule) if each in fitting), None) if fitting else None
    )
    return join(rule, pattern)


def narrowed(thresholds: Thresholds, fitting: Collection[str]) -> dict[str, float | None]:
    """Return the thresholds as they are for rows whose kind fits those patterns."""
    rules = {split(name)[0] for name in thresholds} if fitting else set()
    chosen = {rule: entry(thresholds, rule, fitting) for rule in rules}
    own = {rule: thresholds[name] for rule, name in chosen.items() if name in thresholds}
    return {**thresholds, **own}


def fitting(thresholds: Thresholds, kind: str | None) -> tuple[str, ...]:
    """Return the patterns that fit what is shown as the kind, or a part of it."""
    if kind is None:
        return ()
    texts = [text.casefold() for text in (kind, *kind.split("/"))]
    return tuple(each for each in patterns(thresholds) if any(like(text, each.casefold()) for text in texts))


def layered(
    rule: str, layers: Sequence[Thresholds], *, enabled: bool = True, clock: bool = True
) -> dict[str | None, float | None]:
    """Return what the layers, the nearest first, say of a rule: pattern (None: every other kind) -> seconds.

    They are put together entry by entry; a `*` also covers what the layers behind it name. A rule that is not
    enabled, or has no clock, is only reached by its own name.
    """
    found: dict[str | None, float | None] = {}
    for layer in layers:
        entries = {split(name): seconds for name, seconds in layer.items()}
        for names in [rule, ALL] if enabled and clock else [rule]:
            for (own, pattern), seconds in entries.items():
                if own == names and pattern not in found:
                    found[pattern] = seconds
        if enabled and clock and (ALL, None) in entries:
            break
    return found


def unknown(thresholds: Thresholds, rules: Iterable[str]) -> str | None:
    """Return a name among the entries that is no rule, if any."""
    known = {*rules, ALL}
    return min((rule for rule, _ in map(split, thresholds) if rule not in known), default=None)
