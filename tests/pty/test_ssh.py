"""Over a real SSH connection, in tmux and without: what arrives, and what is left behind when it breaks."""

from __future__ import annotations

import base64
import re
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil
import pytest

from tests.harness.pty import Terminal
from tests.harness.server import alive
from tests.harness.sshd import SshServer, Tmux
from tests.harness.waiting import eventually
from tests.pty.consoles import RESTORED, SLOW_CHUNKS, program

pytestmark = pytest.mark.pty

COPIED = re.compile(rb"\x1b\]52;c?;([A-Za-z0-9+/=]+)(?:\x07|\x1b\\)")
MODES = re.compile(rb"\x1b\[[?>=<][0-9;]*[A-Za-z]|\x1b\[c|\x1b[=>]")
"""What tmux switches at the terminal and asks it, at moments of its own."""
MANY = 'backend = Backend.example(200, 45, source="jobs-eu")'

Open = Callable[..., Terminal]


@pytest.fixture
def there(home: Path) -> Mapping[str, str]:
    """The environment at the other end; sshd brings next to nothing."""
    return {"HOME": str(home), "LANG": "C.UTF-8"}


def told_pid(file: Path) -> str:
    """Return what makes the console tell its process by a file."""
    return f"open({str(file)!r}, 'w').write(str(os.getpid()))\n"


def pid_in(file: Path) -> int:
    """Return the process that told itself there."""
    eventually(lambda: file.exists() and file.read_text(), what="the console tells its process")
    return int(file.read_text())


def test_in_tmux_at_the_other_end_it_copies_resizes_and_outlives_the_connection(
    terminal: Open, ssh_server: SshServer, tmux: Tmux, there: Mapping[str, str], tmp_path: Path
) -> None:
    command = tmux.new(program(told_pid(tmp_path / "pid"), refresh=1.0))
    shown = terminal(ssh_server.session(command, there), env={"TERM": "xterm-256color"})
    shown.wait_for("! stuck")
    tmux.watch()
    console = pid_in(tmp_path / "pid")
    # tmux asks the terminal what it is, and goes on without an answer after a while.
    shown.wait_quiet(4.0)
    mark = shown.mark()
    written = tmp_path / "written"
    tmux.ask("pipe-pane", f"cat > {written}")
    eventually(written.exists, what="tmux copies what the console writes")
    shown.wait_quiet(3.0)
    assert written.read_bytes() == b"", "nothing changed in two refreshes"
    assert MODES.sub(b"", shown.since(mark)) == b"", "nor does tmux draw anything"

    at_cursor = re.search(r"^>  ! stuck +(\S+)", shown.text, re.MULTILINE)
    assert at_cursor, shown.text
    shown.press("y")
    shown.wait_until(lambda: COPIED.search(shown.since(mark)), "the id is copied")
    copied = {base64.b64decode(found) for found in COPIED.findall(shown.since(mark))}
    assert copied == {at_cursor[1].encode()}
    eventually(lambda: COPIED.search(written.read_bytes()), what="the copy of what the console writes has it")

    shown.resize(120, 40)
    shown.wait_for(f"Job {at_cursor[1]}")
    shown.wait_until(lambda: "? help" in shown.lines[39], "the hints are on the last line")
    shown.resize(80, 24)
    shown.wait_gone(f"Job {at_cursor[1]}")

    shown.hang_up()
    eventually(lambda: tmux.ask("list-clients") == "", what="nobody looks any more")
    assert alive(console)
    again = terminal(ssh_server.session(tmux.attach(), there), env={"TERM": "xterm-256color"})
    again.wait_for("! stuck")
    again.press("q")
    again.wait_exit()
    assert not alive(console)
    assert RESTORED[0] in again.raw


def test_when_tmux_is_ended_the_console_ends_with_it(
    terminal: Open, ssh_server: SshServer, tmux: Tmux, there: Mapping[str, str], tmp_path: Path
) -> None:
    command = tmux.new(program(told_pid(tmp_path / "pid")))
    shown = terminal(ssh_server.session(command, there), env={"TERM": "xterm-256color"})
    shown.wait_for("! stuck")
    console = pid_in(tmp_path / "pid")
    tmux.close()
    eventually(lambda: not alive(console), what="the console ends", timeout=10)


@pytest.mark.parametrize("end", ["our", "their"])
def test_a_connection_that_breaks_while_a_plan_is_applied_stops_it_between_chunks(
    terminal: Open, ssh_server: SshServer, there: Mapping[str, str], tmp_path: Path, end: str
) -> None:
    chunks = tmp_path / "chunks"
    setup = told_pid(tmp_path / "pid") + MANY + SLOW_CHUNKS.replace("{file!r}", repr(str(chunks)))
    shown = terminal(ssh_server.session(program(setup), there))
    shown.wait_for("! stuck")
    console = pid_in(tmp_path / "pid")
    shown.press("2", "*")
    shown.wait_for("marked 45")
    shown.press("R")
    shown.wait_for("wants 45 or jobs-eu typed")
    shown.wait_quiet(0.5)
    shown.press("A")
    shown.wait_for("type 45 or jobs-eu:")
    shown.send("45")
    shown.press("enter")
    shown.wait_for("A applies it")
    shown.wait_quiet(0.5)
    shown.press("A")
    eventually(lambda: chunks.exists(), what="the first chunk has begun")
    if end == "our":
        shown.signal(signal.SIGKILL)
    else:
        psutil.Process(console).parent().kill()  # type: ignore[union-attr]
    eventually(lambda: not alive(console), what="the console ends", timeout=10)
    lines = chunks.read_text().splitlines()
    assert lines.count("begun") == lines.count("ended 10") <= 2, (
        "what was begun ended, the rest was not begun"
    )


def test_a_console_that_is_ended_at_the_other_end_gives_the_terminal_back(
    terminal: Open, ssh_server: SshServer, there: Mapping[str, str], tmp_path: Path
) -> None:
    shown = terminal(ssh_server.session(program(told_pid(tmp_path / "pid")), there))
    shown.wait_for("! stuck")
    mark = shown.mark()
    psutil.Process(pid_in(tmp_path / "pid")).terminate()
    assert shown.wait_exit() == 128 + signal.SIGTERM
    for sequence in RESTORED:
        assert sequence in shown.since(mark)
    assert 1049 not in shown.screen.modes
