"""A sweeper in a process of its own, which makes one run each time it is told to.

python -m tests.proof.sweeper URL PROFILE WHO
"""

from __future__ import annotations

import asyncio
import json
import sys

from unstick.backends import create_backend
from unstick.cli.sweep_running import run_object
from unstick.recovery.source import Source, SweepSettings
from unstick.recovery.sweep import Mode
from unstick.recovery.sweeping import Sweeper


async def main(url: str, profile: str, who: str) -> None:
    """Make a run for each line that comes in, and tell it in a line."""
    source = Source("proof", url, profile=profile, sweep=SweepSettings(brake=False))
    sweeper = Sweeper(create_backend(source), source, Mode.ARMED, who)
    for _ in sys.stdin:
        print(json.dumps(run_object(await sweeper.run())), flush=True)
    await sweeper.backend.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
