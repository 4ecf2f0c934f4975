"""`unstick completion bash | zsh | fish`: prints the script that makes a shell complete command lines."""

from __future__ import annotations

import argparse

from unstick.cli.encode import print_json
from unstick.cli.output import say
from unstick.cli.session import Session

SHELLS = ("bash", "zsh", "fish")
PROGRAM = "unstick"


def configure(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the options."""
    parser.add_argument("shell", choices=SHELLS, help="the shell that is to complete")


def run(session: Session) -> int:
    """Print the script. It asks this program what fits; see `completing`."""
    from argcomplete.shell_integration import shellcode

    shell = session.args.shell
    # Without readline's own guesses: where nothing fits, a name of a file doesn't either.
    script = shellcode([PROGRAM], shell=shell, complete_arguments=["-o", "nospace"])
    if session.json:
        print_json({"shell": shell, "script": script})
    else:
        say(script.strip("\n").expandtabs())
    return 0
