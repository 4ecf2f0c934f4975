"""A console in a process of its own, which recovers all that is stuck each time it is told to.

    python -m tests.systems.sweeper URL PROFILE

It says `ready` when it is connected. For each line that comes in it plans and applies until nothing is found,
and says which rows it changed.
"""

import asyncio
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from unstick.backends import create_backend
from unstick.recovery.engine import apply
from unstick.recovery.outcome import Outcome
from unstick.recovery.plan import Options
from unstick.recovery.port import Backend
from unstick.recovery.query import Query
from unstick.recovery.source import Source

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Sweeper:
    """Such a process."""

    process: "subprocess.Popen[str]"

    @classmethod
    def start(cls, url: str, profile: str) -> "Sweeper":
        """Start it and wait until it is connected."""
        words = [sys.executable, "-m", "tests.systems.sweeper", url, profile]
        process = subprocess.Popen(
            words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return cls(process)

    def go(self) -> None:
        """Let it sweep."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")

    def changed(self) -> list[str]:
        """Wait for the end of the sweep; the variants, or jobs, that it changed."""
        assert self.process.stdout is not None
        found: list[str] = json.loads(self.process.stdout.readline())
        return found

    def end(self) -> None:
        """Let it go."""
        self.process.communicate(timeout=60)


async def sweep(backend: Backend) -> list[str]:
    """Recover until nothing is found; the variants, or jobs, that were changed."""
    changed: list[str] = []
    while True:
        plan = await backend.plan("recover", Query(stuck_only=True), Options())
        if not plan.rows:
            return changed
        result = await apply(backend, plan)
        assert result.counts.failed == 0, result.rows
        changed += [str(row.variant or row.job) for row in result.rows if row.outcome is Outcome.APPLIED]


async def main(url: str, profile: str) -> None:
    """Sweep for each line."""
    backend = create_backend(Source("sweeper", url, profile=profile))
    await backend.open()
    print("ready", flush=True)
    for _ in sys.stdin:
        print(json.dumps(await sweep(backend)), flush=True)
    await backend.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
