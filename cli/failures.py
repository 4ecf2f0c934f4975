"""How a failure looks: one sentence on stderr, or one JSON object on stdout; no password, no escape."""

from __future__ import annotations

import os
import re

from unstick.cli.output import narrate
from unstick.recovery.display import display_text

_CREDENTIALS = re.compile(r"([A-Za-z0-9+.-]+(?::/{1,3}|//)[^:@/\s?#]*):[^\s'\"]*@")
"""Also where the URL lacks its colon or has too few or too many slashes."""
_ARGUMENT = re.compile(r"((?:password|passwd|pwd|sslpassword)=)[^&\s'\"]*", re.IGNORECASE)
LIMIT = 2000
"""Characters of a message that are shown."""


def mask(text: str) -> str:
    """Return the text without the password of any URL in it."""
    return _ARGUMENT.sub(r"\1***", _CREDENTIALS.sub(r"\1:***@", text))


def sentence(error: BaseException) -> str:
    """Return what an error says, safe to show."""
    return display_text(mask(str(error)), limit=LIMIT)


def explain(message: str, code: int, *, as_json: bool, bug: BaseException | None = None) -> int:
    """Say what went wrong and return the exit code. `bug` is an error that nobody raised on purpose."""
    if bug is not None:
        message = f"unexpected {type(bug).__name__}: {message or 'no details'}"
    if as_json:
        import json

        print(json.dumps({"error": message, "exit_code": code}))
    else:
        narrate(f"unstick: {message}")
    if bug is not None:
        _tell_about(bug)
    return code


def _tell_about(bug: BaseException) -> None:
    if os.environ.get("UNSTICK_DEBUG"):
        import traceback

        text = "".join(traceback.format_exception(bug))
        narrate(display_text(mask(text), limit=100_000, multiline=True))
    else:
        narrate("This is a mistake in unstick; UNSTICK_DEBUG=1 shows where.")
