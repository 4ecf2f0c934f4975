"""`unstick doctor`: what is right and wrong with a source, or with all of them, and what to do about it."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from unstick.cli.config_migrating import tell_old_format
from unstick.cli.encode import print_json
from unstick.cli.output import count, narrate, safe, say
from unstick.cli.session import Session
from unstick.recovery.config.resolve import names
from unstick.recovery.errors import UnstickError
from unstick.recovery.source import mask_url, shown_name

if TYPE_CHECKING:
    from unstick.backends.sql.doctor import Check

LONG = 1000


def configure(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add no options: a source is enough, and without one it is every one that is configured."""


def run(session: Session) -> int:
    """Check sources one after the other; exit code 1 when something is wrong with any of them."""
    wanted = _wanted(session)
    if not session.json:
        tell_old_format(session)
    found = []
    for name in wanted:
        found.append(_examine(session, name, alone=len(wanted) == 1))
        if not session.json:
            # Where there are several, what goes into a file has to tell them apart.
            _tell(found[-1], say if len(wanted) > 1 else narrate)
    if session.json:
        documents = [one.document() for one in found]
        ok = all(one.ok for one in found)
        print_json(documents[0] if len(found) == 1 else {"ok": ok, "sources": documents})
    elif len(found) > 1:
        bad = [one.name for one in found if not one.ok]
        told = f"problems with {safe(', '.join(bad), LONG)}" if bad else "all is well"
        narrate(f"{count(len(found), 'source')}: {told}")
    return 0 if all(one.ok for one in found) else 1


def _wanted(session: Session) -> Sequence[str]:
    if session.args.source:
        return [session.args.source]
    chosen = os.environ.get("UNSTICK_SOURCE")
    return [chosen] if chosen else names(session.config, os.environ)


class _Found:
    """What was found out about one source."""

    def __init__(self, name: str, url: str, checks: Sequence[Check]) -> None:
        self.name, self.url, self.checks = name, url, checks
        self.wrong = [check for check in checks if not check.ok]
        self.ok = not self.wrong

    def document(self) -> dict[str, Any]:
        """The object for JSON."""
        checks = [
            {"name": c.name, "ok": c.ok, "note": c.note, "detail": c.detail, "advice": c.advice}
            for c in self.checks
        ]
        return {"source": self.name, "url": self.url, "ok": self.ok, "checks": checks}


def _examine(session: Session, name: str, *, alone: bool) -> _Found:
    from unstick import backends
    from unstick.backends.sql.doctor_check import Check

    try:
        source = session.resolve(name).source
    except UnstickError as error:
        if alone:
            raise
        return _Found(shown_name(name), "", [Check("configuration", False, str(error), "correct this first")])
    return _Found(source.name, mask_url(source.url), asyncio.run(backends.check(source)))


def _tell(found: _Found, head: Callable[[str], None]) -> None:
    head(f"{safe(found.name)}: {safe(found.url)}" if found.url else safe(found.name))
    for check in found.checks:
        word = "FAIL" if not check.ok else "note" if check.note else "ok  "
        say(f"{word}  {safe(check.name)}: {safe(check.detail, LONG)}", flush=True)
        if check.advice and (check.note or not check.ok):
            say(f"      {safe(check.advice, LONG)}")
    notes = sum(check.note and check.name == "indexes" for check in found.checks)
    advice = f"; {count(notes, 'index', 'indexes')} would help a large table" if notes else ""
    narrate(("all is well" if found.ok else count(len(found.wrong), "problem")) + advice)
