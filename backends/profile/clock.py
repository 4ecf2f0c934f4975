"""What kind of clock a time column holds."""

from __future__ import annotations

from enum import StrEnum


class Clock(StrEnum):
    """What kind of clock a time column holds."""

    ZONED = "zoned"
    """An instant: timestamptz, MySQL TIMESTAMP, text with an offset. On a type without zone: UTC."""
    UTC = "utc"
    """A date and time without zone that means UTC, also in a MySQL TIMESTAMP column."""
    LOCAL = "local"
    """A date and time without zone in the session's time zone."""
    EPOCH_S = "epoch_s"
    EPOCH_MS = "epoch_ms"
    ISO = "iso"
    """ISO 8601 text in a text column; without an offset it means UTC."""
