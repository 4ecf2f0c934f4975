"""A prompt for database URLs: who looks over the shoulder, or at a recorded session, sees no password."""

from __future__ import annotations

import re

from rich.text import Text

from unstick.tui.widgets.prompt import Prompt, PromptInput

_USER_AND_REST = re.compile(r"[A-Za-z0-9+.-]*:/{1,3}[^:@/?#]*:")
_PORT = re.compile(r"\d{1,5}(?:/[^@]*)?")
_ARGUMENT = re.compile(r"((?:password|passwd|pwd|sslpassword)=)([^&]*)", re.IGNORECASE)
STAND_IN = "*"


def masked(typed: str) -> str:
    """Return a URL that is being typed with a stand-in for each character of its password.

    What may still become a password is hidden too: only a port with a path behind it surely is none.
    """
    shown = _ARGUMENT.sub(lambda found: found[1] + STAND_IN * len(found[2]), typed)
    match = _USER_AND_REST.match(shown)
    if match is None or shown.startswith("sqlite:"):
        return shown
    rest = shown[match.end() :]
    secret, at, host = rest.rpartition("@")
    if at:
        return f"{shown[: match.end()]}{STAND_IN * len(secret)}@{host}"
    if _PORT.fullmatch(rest) and "/" in rest:
        return shown
    return f"{shown[: match.end()]}{STAND_IN * len(rest)}"


class UrlInput(PromptInput):
    """An input that hides the password within the URL."""

    @property
    def _value(self) -> Text:
        """What is shown; the same length as what is typed, or the caret would stand elsewhere."""
        return Text(masked(self.value), no_wrap=True, overflow="ignore", end="")


class UrlPrompt(Prompt):
    """Label and input on one line, for a URL."""

    def __init__(self) -> None:
        super().__init__()
        self._input = UrlInput(compact=True, select_on_focus=False)
        self._input.cursor_blink = False
