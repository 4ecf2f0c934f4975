"""An apply in a process of its own, which can be killed at a place that a test names.

    python -m tests.proof.driver URL PROFILE PLAN CHUNK [PLACE CALL]

It says `ready` when it is connected, and begins when a line comes in.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.proof.seams import SEAMS
from unstick.backends import create_backend
from unstick.recovery.engine import apply
from unstick.recovery.plan import Plan, dump, load
from unstick.recovery.source import Source

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Applying:
    """A process that applies a plan."""

    process: "subprocess.Popen[str]"

    @classmethod
    def start(
        cls, source: Source, plan: Plan, folder: Path, *, chunk: int = 2, die: tuple[str, int] | None = None
    ) -> "Applying":
        """Start it; it connects and waits. `die` is where it kills itself, and at which call of that."""
        file = folder / f"{plan.id}.json"
        file.write_text(dump(plan))
        words = [source.url, source.profile or "", str(file), str(chunk), *map(str, die or ())]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.proof.driver", *words],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return cls(process)

    def go(self) -> None:
        """Let it begin, as soon as it is connected."""
        assert self.process.stdout is not None
        assert self.process.stdin is not None
        assert self.process.stdout.readline() == "ready\n"
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def end(self) -> list[tuple[str, str, bool]]:
        """Wait for its end; job, outcome and whether it was done already, of each row it told of."""
        out, _ = self.process.communicate(timeout=60)
        return [(job, outcome, already) for job, outcome, already in json.loads(out)] if out else []

    def die(self) -> None:
        """Let it begin, and wait until it has killed itself."""
        self.go()
        assert self.end() == []
        assert self.process.returncode == -signal.SIGKILL


async def main(url: str, profile: str, plan: str, chunk: str, *die: Any) -> None:
    """Apply the plan."""
    backend = create_backend(Source("proof", url, profile=profile))
    await backend.open()
    print("ready", flush=True)
    sys.stdin.readline()
    if die:
        patch = pytest.MonkeyPatch()
        SEAMS[die[0]](patch, lambda: os.kill(os.getpid(), signal.SIGKILL), int(die[1]))
    result = await apply(backend, load(Path(plan).read_text()), chunk=int(chunk))
    assert result.error is None, result.error
    print(json.dumps([(row.job, row.outcome, row.already) for row in result.rows]))
    await backend.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
