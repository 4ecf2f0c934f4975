"""Sweepers as processes of their own; their runs are read as they tell them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from tests.proof.driver import ROOT
from tests.proof.proof import Proof


class Sweeping:
    """One such process."""

    def __init__(self, words: list[str], proof: Proof) -> None:
        given = {**os.environ, "UNSTICK_PROFILE": proof.system, "UNSTICK_LOCK_TIMEOUT": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=given,
            cwd=ROOT,
        )

    @classmethod
    def program(cls, proof: Proof, *options: str) -> Self:
        """Start `unstick sweep`, which goes on until it is ended."""
        return cls(["unstick.cli", "sweep", "--json", "--no-brake", "--source", proof.url, *options], proof)

    @classmethod
    def on_demand(cls, proof: Proof, who: str) -> Self:
        """Start one that runs when it is told to."""
        return cls(["tests.proof.sweeper", proof.url, proof.system, who], proof)

    def go(self) -> None:
        """Let it make a run."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def run(self) -> dict[str, Any]:
        """Wait for the next run and return it."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        told: dict[str, Any] = json.loads(line)
        return told

    def until(self, *decisions: str) -> dict[str, Any]:
        """Wait for a run that ended so."""
        while (told := self.run())["decision"] not in decisions:
            continue
        return told

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """End it with a signal; its exit code and what it said on stderr."""
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=60)
        assert "Traceback" not in err, err
        return self.process.returncode, err

    def kill(self) -> None:
        """End it as a crash does."""
        self.process.kill()
        self.process.communicate(timeout=60)


def lock_files(proof: Proof) -> list[Path]:
    """The files that leaders of a SQLite database hold."""
    database = Path(proof.url.removeprefix("sqlite:///"))
    return list(database.parent.glob(f"{database.name}-sweep-*")) if proof.engine == "sqlite" else []
