"""Ends what a test run started, however the run ends.

A fixture cannot clean up after SIGKILL, so a small process of its own holds the list of servers and folders
and does it when the pipe from us closes, which the kernel guarantees.
"""

import atexit
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import IO

_SCRIPT = """
import os, shutil, signal, sys
kept = {"process": [], "folder": []}
for line in sys.stdin:
    verb, kind, value = line.rstrip("\\n").split(" ", 2)
    if verb == "watch":
        kept[kind].append(value)
    elif value in kept[kind]:
        kept[kind].remove(value)
for pid in kept["process"]:
    try:
        os.kill(int(pid), signal.SIGKILL)
    except ProcessLookupError:
        pass
for folder in kept["folder"]:
    shutil.rmtree(folder, ignore_errors=True)
"""


def watch_process(pid: int) -> None:
    """The process is killed when this test run is gone."""
    _tell("watch", "process", str(pid))


def forget_process(pid: int) -> None:
    """The process has ended, its number may soon belong to somebody else."""
    _tell("forget", "process", str(pid))


def watch_folder(folder: Path) -> None:
    """The folder is removed when this test run is gone."""
    _tell("watch", "folder", str(folder))


def _tell(verb: str, kind: str, value: str) -> None:
    pipe = _pipe()
    pipe.write(f"{verb} {kind} {value}\n")
    pipe.flush()


@cache
def _pipe() -> IO[str]:
    # A session of its own: Ctrl-C in the terminal must not end the one that cleans up after Ctrl-C.
    reaper = subprocess.Popen(
        [sys.executable, "-I", "-c", _SCRIPT], stdin=subprocess.PIPE, text=True, start_new_session=True
    )
    assert reaper.stdin is not None
    atexit.register(reaper.communicate)
    return reaper.stdin
