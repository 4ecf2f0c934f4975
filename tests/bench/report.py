"""The report: a table for people, JSON for programs, Markdown for the documentation."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tests.bench.figures import Figure, told

HEADINGS = ("LINE", "WHAT", "TARGET", "FIGURE", "REFERENCE", "VERDICT")


def cells(figure: Figure) -> tuple[str, ...]:
    """Return one figure as the cells of a table."""
    beside = f"{figure.beside}: {told(figure.reference, figure.unit)}" if figure.reference is not None else ""
    return (
        *(figure.name, figure.what, figure.target, told(figure.value, figure.unit)),
        *(beside or figure.note or "-", figure.verdict),
    )


def as_table(figures: Sequence[Figure]) -> str:
    """Return a table for a terminal."""
    rows = [HEADINGS, *map(cells, figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def as_markdown(figures: Sequence[Figure]) -> str:
    """Return a table for docs/performance.md."""
    rows = [HEADINGS, ("---",) * len(HEADINGS), *map(cells, figures)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)


def as_json(figures: Sequence[Figure], about: dict[str, object]) -> str:
    """Return everything, for a program."""
    lines = [
        {
            "line": each.name,
            "what": each.what,
            "unit": each.unit,
            "figure": each.value,
            "reference": each.reference,
            "beside": each.beside,
            "bound": each.bound,
            "verdict": each.verdict,
            "note": each.note,
        }
        for each in figures
    ]
    return json.dumps({**about, "lines": lines}, indent=1)


def summary(figures: Sequence[Figure]) -> str:
    """Return how many budgets were met."""
    counted = {word: sum(each.verdict == word for each in figures) for word in ("met", "MISSED", "left out")}
    return ", ".join(f"{number} {word.lower()}" for word, number in counted.items())
