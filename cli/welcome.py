"""Bare `unstick` where nothing is configured: asks what to look at, and does that."""

from __future__ import annotations

import asyncio

from unstick.cli import console
from unstick.cli.session import Session


def run(session: Session) -> int:
    """Show the welcome screen, then what was chosen there; return the exit code."""

    async def attempt(url: str) -> None:
        source = session.resolve(url).source
        # Making it imports what the database needs, which would hold up the screen.
        backend = await asyncio.to_thread(session.backend, source)
        try:
            await backend.open()
        finally:
            await backend.close()

    what, url, code = console.open_welcome(session, attempt)
    if what == "demo":
        from unstick.cli import demo

        return demo.run(session.other("demo", *_looks(session)))
    if what == "init":
        from unstick.cli.init import run as configure

        return configure(session.other("init", url))
    if what == "url":
        return console.open_console(session, [console.resolved(session, url)])
    return code


def _looks(session: Session) -> list[str]:
    theme = ["--theme", session.args.theme] if session.args.theme else []
    return [*theme, *(["--ascii"] if session.args.ascii else [])]
