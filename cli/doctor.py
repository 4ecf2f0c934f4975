"""`unstick doctor`: what is right and wrong with a source, and what to do about it."""

from __future__ import annotations

import argparse
import asyncio

from unstick.cli.encode import print_json
from unstick.cli.output import count, narrate, safe, say
from unstick.cli.session import Session
from unstick.recovery.source import mask_url


def configure(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add no options: a source is enough."""


def run(session: Session) -> int:
    """Check a source; exit code 1 when something is wrong."""
    from unstick import backends

    source = session.source
    checks = asyncio.run(backends.check(source))
    wrong = [check for check in checks if not check.ok]
    if session.json:
        found = [
            {"name": check.name, "ok": check.ok, "detail": check.detail, "advice": check.advice}
            for check in checks
        ]
        print_json({"source": source.name, "url": mask_url(source.url), "ok": not wrong, "checks": found})
        return 1 if wrong else 0
    narrate(f"{source.name}: {safe(mask_url(source.url))}")
    for check in checks:
        word = "FAIL" if not check.ok else "note" if check.note else "ok  "
        say(f"{word}  {safe(check.name)}: {safe(check.detail, 1000)}")
        if check.advice and (check.note or not check.ok):
            say(f"      {safe(check.advice, 1000)}")
    notes = sum(check.note for check in checks)
    advice = f"; {count(notes, 'index', 'indexes')} would help a large table" if notes else ""
    narrate(("all is well" if not wrong else count(len(wrong), "problem")) + advice)
    return 1 if wrong else 0
