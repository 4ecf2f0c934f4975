"""A whole source in memory: the port over Python dicts, for tests, demos and third parties. No I/O."""

from __future__ import annotations

from .backend import MemoryBackend
from .pipeline import PIPELINE
from .store import START, FixedClock
from .system import ARTITEC, EXTRACTION, MemoryAction, MemorySystem, VariantRule

__all__ = [
    "ARTITEC",
    "EXTRACTION",
    "PIPELINE",
    "START",
    "FixedClock",
    "MemoryAction",
    "MemoryBackend",
    "MemorySystem",
    "VariantRule",
]
