"""Ctrl-c while hooks are called: those under way end, the others are left for later."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.harness.application import Application
from tests.harness.waiting import eventually
from unstick.recovery.hooks_calling import AT_ONCE

ROOT = Path(__file__).parents[2]
SOURCE = """
import sys
from unstick.backends.hooks import http
from unstick.cli import main
from unstick.recovery.hooks import Hook, Hooks
from unstick.recovery.memory import MemoryBackend

hooks = Hooks({"recover": Hook("recover", sys.argv[1] + "/{job}", timeout_s=60.0)}, http)
backend = MemoryBackend.example(60, 20, source="x.db", hooks=hooks)
sys.exit(main(["recover", "--yes", "--source", "sqlite:///x.db"], make_backend=lambda source: backend))
"""


def test_ctrl_c_lets_the_hooks_under_way_end_and_leaves_the_others(application: Application) -> None:
    application.hold()
    process = subprocess.Popen(
        [sys.executable, "-c", SOURCE, application.url],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    eventually(lambda: application.most == AT_ONCE, what="hooks are under way")
    os.kill(process.pid, signal.SIGINT)
    assert process.stderr is not None
    while "stopping after this chunk" not in process.stderr.readline():
        assert process.poll() is None
    application.release()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "20 applied of 20 rows" in out
    assert f"hooks: {AT_ONCE} called, {20 - AT_ONCE} not called" in out
    assert "unstick hooks op-0001 --retry" in err
    assert len(application.calls) == AT_ONCE
