"""What real shells complete, and what that never does."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness.pty import Terminal
from tests.harness.shells import program
from unstick.cli.completion import SHELLS
from unstick.cli.verbs import VERBS
from unstick.recovery.model import State

BASH = """\
eval "$(unstick completion bash)"
COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9 COMPREPLY=()
_python_argcomplete unstick
printf '%s\\n' "${COMPREPLY[@]}"
"""
CONFIG = """\
[sources.prod-eu]
url_command = ["touch", "{trap}"]
profile = "bg_jobs"
environment = "prod"
refresh = "nonsense"

[sources.other]
url = "postgresql://127.0.0.1:1/nothing"
profile = "artitec"
"""
Ask = Callable[[str], list[str]]


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program under its own name."""
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))


@pytest.fixture
def trap(home: Path) -> Path:
    """A file that a `url_command` would make."""
    folder = home / ".config" / "unstick"
    folder.mkdir(parents=True)
    made = home / "made"
    (folder / "config.toml").write_text(CONFIG.format(trap=made))
    return made


def output(*command: str) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    assert not done.stderr
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]


@pytest.fixture
def bash(path: None, trap: Path) -> Ask:
    """What bash offers at the end of a line."""
    return lambda line: output(program("bash"), "-c", BASH, "bash", line)


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("unstick ", list(VERBS)),
        ("unstick re", ["recover", "retry"]),
        ("unstick jobs --stu", ["--stuck"]),
        ("unstick --source ", ["prod-eu", "other"]),
        ("unstick jobs --source p", ["prod-eu"]),
        ("unstick --source prod-eu jobs --state ", [state.value for state in State]),
        ("unstick jobs --state can", ["cancelled"]),
        ("unstick jobs --sort ret", ["retries"]),
        ("unstick --source other act re", []),
        ("unstick act --source prod-eu pa", ["pause"]),
        ("unstick profiles a", ["algoitny", "artitec"]),
        ("unstick demo ex", ["extraction"]),
        ("unstick --theme da", ["dark"]),
        ("unstick config s", ["show", "schema"]),
        ("unstick completion ", list(SHELLS)),
        ("unstick jobs --filter 'kind:mail state:f", ["kind:mail state:failed"]),
        ("unstick show ", []),
    ],
)
def test_bash_is_offered(bash: Ask, line: str, offered: list[str], trap: Path) -> None:
    assert sorted(bash(line)) == sorted(offered)
    assert not trap.exists()


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_offers_its_options(bash: Ask, verb: str) -> None:
    assert {"--json", "--source", "--config", "--write"} <= set(bash(f"unstick {verb} --"))


def test_files_are_offered_where_a_file_belongs(bash: Ask, tmp_path: Path) -> None:
    (tmp_path / "plan.json").touch()
    assert bash(f"unstick apply {tmp_path}/pl") == [f"{tmp_path}/plan.json"]


def test_a_broken_configuration_offers_nothing_and_says_nothing(bash: Ask, home: Path) -> None:
    (home / ".config" / "unstick" / "config.toml").write_text("[sources")
    assert bash("unstick --source ") == []
    assert bash("unstick jobs --st") != []


def test_fish_is_offered_the_same(path: None, trap: Path) -> None:
    def fish(line: str) -> list[str]:
        script = f"unstick completion fish | source; complete -C {shlex.quote(line)}"
        return [each.split("\t")[0] for each in output(program("fish"), "--no-config", "-c", script)]

    assert fish("unstick re") == ["recover", "retry"]
    assert fish("unstick jobs --source ") == ["other", "prod-eu"]
    assert not trap.exists()


@pytest.mark.pty
@pytest.mark.parametrize(("shell", "options"), [("bash", ("--norc", "-i")), ("zsh", ("-f", "-i"))])
def test_a_tab_completes_in_a_terminal(
    path: None, trap: Path, terminal: Callable[..., Terminal], shell: str, options: tuple[str, ...]
) -> None:
    with terminal([program(shell), *options], columns=100, rows=30) as shown:
        if shell == "zsh":
            shown.send("autoload -Uz compinit && compinit -D; ")
        shown.send(f'eval "$(unstick completion {shell})"; echo rea""dy\r')
        shown.wait_for("\nready")
        shown.send("unstick jobs --source pr\t")
        shown.wait_for("jobs --source prod-eu")
    assert not trap.exists()
