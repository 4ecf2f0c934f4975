"""`unstick demo --once`: the short tour, for people without a full-screen terminal and for scripts."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from unstick.cli.encode import print_json
from unstick.cli.output import count, safe, say

if TYPE_CHECKING:
    from unstick.backends.demo.tour import Facts
    from unstick.cli.session import Session

_WIDTH = 10


def take(session: Session, systems: Sequence[str]) -> int:
    """Take the tour through each system; 0 only if every job of every killed worker has finished."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="unstick-demo-") as folder:
        found = asyncio.run(_tours(session, systems, Path(folder)))
    ok = all(facts.ok for facts in found.values())
    if session.json:
        tours = {system: {"ok": facts.ok, **asdict(facts)} for system, facts in found.items()}
        print_json({"ok": ok, "seed": session.args.seed, "systems": tours})
        return 0 if ok else 1
    bad = [system for system, facts in found.items() if not facts.ok]
    jobs = sum(len(facts.finished) for facts in found.values())
    if ok:
        took = time.monotonic() - started
        say(f"{count(jobs, 'job')} of killed workers finished after all ({took:.1f} s)")
    else:
        say(f"not everything happened as it should: {', '.join(bad)}")
    return 0 if ok else 1


async def _tours(session: Session, systems: Sequence[str], folder: Path) -> dict[str, Facts]:
    """All of them at the same time, since each of them mostly waits; told one after the other."""
    from unstick.backends.demo.tour import tour

    lines: dict[str, asyncio.Queue[tuple[str, str] | None]] = {name: asyncio.Queue() for name in systems}

    async def one(system: str) -> Facts:
        def say(word: str, text: str) -> None:
            lines[system].put_nowait((word, text))

        try:
            return await tour(system, folder, seed=session.args.seed, say=say)
        finally:
            lines[system].put_nowait(None)

    async with asyncio.TaskGroup() as group:
        tasks = {system: group.create_task(one(system)) for system in systems}
        for system in systems:
            await _tell(session, system, lines[system])
    return {system: task.result() for system, task in tasks.items()}


async def _tell(session: Session, system: str, lines: asyncio.Queue[tuple[str, str] | None]) -> None:
    if not session.json:
        say(system, flush=True)
    while (line := await lines.get()) is not None:
        if not session.json:
            word, text = line
            say(f"  {word:<{_WIDTH}} {safe(text, 300) if text else ''}", flush=True)
