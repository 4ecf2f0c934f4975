"""A real SSH server on loopback, and tmux, as the system's packages bring them, all in a private folder.

Nobody can log in but who has the key in the folder: there are no passwords, and nothing of the machine's own
SSH settings or keys is used.
"""

import os
import pwd
import shlex
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from tests.harness import reaper
from tests.harness.debian import ensure, find_program
from tests.harness.server import Server, private_folder

PROGRAMS = {
    "sshd": "openssh-server",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "tmux": "tmux",
}
"""What is needed, and the Debian package that has it."""

PACKAGES = tuple(dict.fromkeys(PROGRAMS.values()))

# sshd run by root wants it, and in a container nothing else makes it.
SEPARATION = Path("/run/sshd")

CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {data}/host
PidFile none
AuthorizedKeysFile {data}/user.pub
AuthenticationMethods publickey
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
# The keys lie below the temporary folder, which everybody may write to.
StrictModes no
UsePAM no
PrintMotd no
PrintLastLog no
LogLevel VERBOSE
"""

TMUX = """
set -s escape-time 0
set -g default-terminal "{term}"
set -g status off
set -g allow-passthrough {passthrough}
set -s set-clipboard {clipboard}
set -as terminal-features ",xterm*:clipboard"
"""


class SshServer(Server):
    """sshd on a port of its own; only the key in its folder opens it, for the user who runs the tests."""

    name = "sshd"
    stop_signals: ClassVar[Mapping[str, signal.Signals]] = {
        "fast": signal.SIGTERM,
        "immediate": signal.SIGKILL,
    }

    def prepare(self) -> None:
        ensure_installed()
        self.data.mkdir(mode=0o700)
        for key in ("host", "user"):
            file = str(self.data / key)
            generate = [program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", file]
            subprocess.run(generate, check=True, stdin=subprocess.DEVNULL)
        (self.data / "config").write_text(CONFIG.format(port=self.port, data=self.data))
        kind, key, *_ = (self.data / "host.pub").read_text().split()
        (self.data / "known").write_text(f"[127.0.0.1]:{self.port} {kind} {key}\n")
        if os.geteuid() == 0:
            SEPARATION.mkdir(mode=0o755, exist_ok=True)

    def command(self) -> list[str]:
        return [program("sshd"), "-D", "-e", "-f", f"{self.data}/config"]

    def ready(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            return connection.recv(8).startswith(b"SSH-2.0")
        return False

    def session(self, command: Sequence[str], environment: Mapping[str, str]) -> list[str]:
        """The command line that runs a command at the other end, in a terminal, with an environment there."""
        inside = [f"{name}={value}" for name, value in environment.items()]
        options = {
            "BatchMode": "yes",
            "IdentitiesOnly": "yes",
            "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": f"{self.data}/known",
            "LogLevel": "ERROR",
        }
        return [
            *(program("ssh"), "-F", "/dev/null", "-tt", "-p", str(self.port), "-i", f"{self.data}/user"),
            *(part for name, value in options.items() for part in ("-o", f"{name}={value}")),
            f"{pwd.getpwuid(os.geteuid()).pw_name}@127.0.0.1",
            shlex.join(["exec", "env", *inside, *command]),
        ]


class Tmux:
    """A tmux server of our own, started by the first `attach`; it lives on when its clients are gone."""

    def __init__(
        self, *, term: str = "tmux-256color", passthrough: str = "on", clipboard: str = "on"
    ) -> None:
        self._folder = private_folder("tmux")
        config = self._folder / "tmux.conf"
        config.write_text(TMUX.format(term=term, passthrough=passthrough, clipboard=clipboard))
        self._base = [program("tmux"), "-u", "-S", f"{self._folder}/socket", "-f", str(config)]

    def new(self, command: Sequence[str]) -> list[str]:
        """The command line that runs a command in a new session and shows it."""
        return [*self._base, "new-session", shlex.join(command)]

    def attach(self) -> list[str]:
        """The command line that shows the session again."""
        return [*self._base, "attach-session"]

    def ask(self, *command: str) -> str:
        """What a tmux command says; empty when the server is gone."""
        done = subprocess.run([*self._base, *command], capture_output=True, text=True)
        return done.stdout.strip()

    def watch(self) -> None:
        """Have the server ended also when this test run is killed: nobody is its parent."""
        reaper.watch_process(int(self.ask("display-message", "-p", "#{pid}")))

    def close(self) -> None:
        """End the server and all that runs in it."""
        pid = self.ask("display-message", "-p", "#{pid}")
        self.ask("kill-server")
        if pid:
            reaper.forget_process(int(pid))


def program(name: str) -> str:
    """The path of one of the programs. Raises ServerFailed, with the package, when it is missing."""
    return find_program((name,), what="What an SSH session takes", package=PROGRAMS[name])


def ensure_installed() -> None:
    """Installs what is missing where we may; otherwise says what to install."""
    ensure(lambda: [program(name) for name in PROGRAMS], PACKAGES, "SSH and tmux")
