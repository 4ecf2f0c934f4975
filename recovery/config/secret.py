"""Where a source's URL comes from: the file, an environment variable, or a command that prints it."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from unstick.recovery.config.load import Config
from unstick.recovery.config.url import check_url
from unstick.recovery.errors import ConfigError

COMMAND_SECONDS = 30.0
"""How long a `url_command` may take; long enough for a password manager that asks."""


def url_of(
    config: Config, name: str, table: Mapping[str, Any], environ: Mapping[str, str], *, reveal: bool = True
) -> tuple[str, str]:
    """Return a source's URL and where it comes from. Without `reveal` nothing is read or run."""

    def wrong(message: str) -> ConfigError:
        return config.error(message, "sources", name, key)

    key = next(key for key in ("url", "url_env", "url_command") if table.get(key) is not None)
    place, given = config.place("sources", name, key), table[key]
    if key == "url":
        return str(given), place
    if key == "url_env":
        place, found = f"{given} ({place})", environ.get(given, "") if reveal else ""
        if reveal and not found:
            raise config.error(f"the environment variable {given} is not set", "sources", name, key)
    else:
        found = printed(given, environ, wrong) if reveal else ""
    if not reveal:
        return "", place
    try:
        return check_url(found.strip()), place
    except ConfigError as error:
        raise config.error(str(error), "sources", name, key) from None


def printed(
    command: str | Sequence[str],
    environ: Mapping[str, str],
    wrong: Callable[[str], ConfigError],
    what: str = "the database URL",
) -> str:
    """Return the first line that a command prints. `wrong` makes the error that names the command's place."""
    try:
        words = shlex.split(command) if isinstance(command, str) else list(command)
    except ValueError:
        raise wrong("the command has a quote that is not closed") from None
    if not words:
        raise wrong("the command is empty")
    try:
        # Its complaints and questions (a passphrase) belong to the operator, so stderr stays the terminal's.
        done = subprocess.run(
            words,
            stdout=subprocess.PIPE,
            text=True,
            timeout=COMMAND_SECONDS,
            env=dict(environ),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise wrong(f"{words[0]} printed no URL within {COMMAND_SECONDS:g} s") from None
    except (OSError, UnicodeDecodeError) as error:
        raise wrong(f"{words[0]} can't be run: {error}") from None
    if done.returncode:
        raise wrong(f"{words[0]} ended with exit code {done.returncode}")
    lines = done.stdout.strip().splitlines()
    if not lines:
        raise wrong(f"{words[0]} printed nothing; it must print {what}")
    return lines[0]
