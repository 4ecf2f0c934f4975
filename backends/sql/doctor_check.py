"""One finding of the doctor's."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. `advice` says what to do when `ok` is False, or is worth knowing all the same.

    `note` marks what is no mistake, but whose advice is worth reading.
    """

    name: str
    ok: bool
    detail: str
    advice: str = ""
    note: bool = False
