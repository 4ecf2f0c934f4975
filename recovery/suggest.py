"""Suggestions for mistyped words, in the form that every message uses."""

from __future__ import annotations

from collections.abc import Iterable


def closest(word: str, allowed: Iterable[str]) -> str | None:
    """Return the allowed word that looks most like `word`, or None when nothing is near."""
    import difflib

    names = {name.lower(): name for name in allowed}
    near = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    return names[near[0]] if near else None


def hint(word: str, allowed: Iterable[str]) -> str:
    """Return `; did you mean X? Allowed: a, b, c`, without the question when nothing is near."""
    names = list(allowed)
    near = closest(word, names)
    question = f"; did you mean {near}?" if near else ";"
    return f"{question} allowed: {', '.join(names)}"
