"""Rows for the demo databases and for tests, the same for the same seed, and their way into a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from random import Random

from unstick.backends.demo import (
    hostile,
    seed_algoitny,
    seed_artitec,
    seed_bg_jobs,
    seed_extraction,
    seed_feedlyai,
)
from unstick.backends.demo.insert import insert
from unstick.backends.demo.rows import SeedRow, columns_of

__all__ = ["ALL", "SYSTEMS", "SeedRow", "hostile_rows", "insert", "rows"]

_GENERATORS: Mapping[str, Callable[[Random, int], Iterator[SeedRow]]] = {
    "artitec": seed_artitec.rows,
    "extraction": seed_extraction.rows,
    "algoitny": seed_algoitny.rows,
    "feedlyai": seed_feedlyai.rows,
    "bg_jobs": seed_bg_jobs.rows,
}

ALL = tuple(_GENERATORS)
"""The systems that there are tables, rows and workers of."""

SYSTEMS = ("artitec", "extraction", "algoitny", "feedlyai", "bg_jobs")
"""Those of them that ``unstick demo`` shows, by the names of their profiles; the first is opened first."""


def rows(system: str, *, seed: int = 0, scale: int = 1) -> list[SeedRow]:
    """Believable rows of ``system`` in insert order, parents before children.

    ``scale`` multiplies the number of jobs: at 1 about 60 for artitec, 80 for extraction, 65 for algoitny,
    35 for feedlyai and 40 for bg_jobs.
    """
    columns_of(system)
    if scale < 1:
        raise ValueError(f"scale has to be at least 1, not {scale}")
    return list(_GENERATORS[system](Random(f"{system}:{seed}"), scale))


def hostile_rows(system: str, dialect: str = "sqlite") -> list[SeedRow]:
    """Rows that break careless consoles, as far as a database of ``dialect`` accepts them, in insert order.

    Terminal escapes, Rich markup, bidi and zero-width controls, CJK, a megabyte of error text (64 KB where a
    column holds no more), NULL in each nullable column, unknown statuses (where no CHECK lists them), NUL
    except on PostgreSQL, invalid UTF-8 and broken JSON on SQLite. In bg_jobs also odd documents as progress.
    """
    columns_of(system)
    return hostile.rows(system, dialect)
