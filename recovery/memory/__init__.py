"""A whole source in memory: the port over Python dicts, for tests, demos and third parties. No I/O."""

from __future__ import annotations

from .backend import MemoryBackend
from .store import START, FixedClock
from .system import ARTITEC, EXTRACTION, MemoryAction, MemorySystem

__all__ = ["ARTITEC", "EXTRACTION", "START", "FixedClock", "MemoryAction", "MemoryBackend", "MemorySystem"]
