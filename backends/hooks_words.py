"""What became of a call over HTTP, in the few words that a journal keeps."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from http import HTTPStatus

from unstick.recovery.hooks_outcome import FAILED
from unstick.recovery.hooks_request import Request

LIMIT = 200
"""Characters of an error that are kept."""


def outcome(status: int, ok: tuple[int, ...]) -> str:
    """Return the outcome of a call that was answered with this status; `ok` are fine beside 2xx."""
    if 200 <= status < 300 or status in ok:
        return str(status)
    try:
        name = f" {HTTPStatus(status).phrase}"
    except ValueError:
        name = ""
    redirected = " (redirects are not followed)" if 300 <= status < 400 else ""
    return f"{FAILED}{status}{name}{redirected}"


def why(error: BaseException) -> str:
    """Return what went wrong in a few words: the cause says more than the library's own."""
    causes = list(_causes(error))
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return "connection refused"
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return "there is no such host"
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return f"TLS: {getattr(cause, 'verify_message', '') or cause.reason or cause}"
    text = str(error).strip().rstrip(".")
    return text[:1].lower() + text[1:] if text else type(error).__name__


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for each in error.exceptions:
                yield from _causes(each)
        error = error.__cause__ or error.__context__


def hidden(text: str, request: Request) -> str:
    """Return the text without headers' values, and without what a database would not store."""
    for secret in request.hidden:
        text = text.replace(secret, "***")
    return "".join(letter if letter.isprintable() else "?" for letter in text[:LIMIT])
