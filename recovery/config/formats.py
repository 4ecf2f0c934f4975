"""The formats of the configuration file: which there are, and which one a file is written for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OLDEST = 1
"""The format of a file that doesn't say."""
FORMAT = 2
"""The newest one. 2: every duration has its unit."""
WITH_UNITS = 2
"""The first in which a duration has to have its unit."""
KEY = "version"


def format_of(data: Mapping[str, Any]) -> int:
    """Return the format that a file's data says; the newest where that makes no sense and is refused."""
    said = data.get(KEY, OLDEST)
    known = isinstance(said, int) and not isinstance(said, bool) and OLDEST <= said <= FORMAT
    return said if known else FORMAT
