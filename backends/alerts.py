"""Sends alerts through apprise, which knows mail, chats and pagers. Imported when one is sent, not before."""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import unquote

from unstick.recovery.alerts import Alert, Severity, Target
from unstick.recovery.display import display_text

SHORTEST = 3
"""Characters from which on a piece of a URL may be a secret; shorter ones would blacken whole sentences."""
SLACK_S = 1.0
_PIECES = re.compile(r"[/:@?&=,;#+ ]+")


async def deliver(target: Target, alert: Alert, timeout_s: float) -> str | None:
    """Send one alert; return why it could not, with nothing of the URL behind its scheme, or None.

    On a daemon thread of its own: what hangs there is left behind, and keeps nobody from ending.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[str | None] = loop.create_future()

    def settle(problem: str | None) -> None:
        if not answer.done():
            answer.set_result(problem)

    def work() -> None:
        try:
            problem = _send(target.url, alert, timeout_s)
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        try:
            loop.call_soon_threadsafe(settle, problem)
        except RuntimeError:
            return  # the loop was closed meanwhile: nobody waits for it any more

    threading.Thread(target=work, name=f"unstick-alert-{target.name}", daemon=True).start()
    try:
        async with asyncio.timeout(timeout_s):
            problem = await answer
    except TimeoutError:
        return f"timed out after {timeout_s:g}s"
    return None if problem is None else display_text(hidden(problem, target.url), limit=300)


def hidden(text: str, url: str) -> str:
    """Return a message without what the URL says behind its scheme: host, user and path may all be tokens."""
    _, _, rest = url.partition("://")
    pieces = {piece for each in (rest, unquote(rest)) for piece in _PIECES.split(each)}
    for piece in sorted(pieces, key=len, reverse=True):
        if len(piece) >= SHORTEST:
            # A host comes back in small letters.
            text = re.sub(re.escape(piece), "***", text, flags=re.IGNORECASE)
    return text


def _send(url: str, alert: Alert, timeout_s: float) -> str | None:
    from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType

    kinds = {
        Severity.CRITICAL: NotifyType.FAILURE,
        Severity.WARNING: NotifyType.WARNING,
        Severity.OVER: NotifyType.SUCCESS,
    }
    asset = AppriseAsset(
        app_id="unstick",
        app_desc="unstick",
        async_mode=False,
        # What a database says is text: neither a template nor an escape.
        allow_templates=False,
        interpret_escapes=False,
    )
    with _heard() as said:
        plugin = Apprise.instantiate(url, asset=asset)
        if plugin is None:
            return "this is not a URL that apprise knows, or something in it is missing"
        # A little more, so that it is the deadline that ends it: that says so in plain words.
        plugin.socket_connect_timeout = plugin.socket_read_timeout = timeout_s + SLACK_S
        done = plugin.notify(
            body=alert.text,
            title=alert.title,
            notify_type=kinds[alert.severity],
            body_format=NotifyFormat.TEXT,
        )
    return None if done else "; ".join(dict.fromkeys(said)) or "it was refused without a reason"


@contextmanager
def _heard() -> Iterator[list[str]]:
    """Collect what apprise logs in this thread, which is where it says why something failed."""
    thread = threading.get_ident()
    said: list[str] = []
    log = logging.getLogger("apprise")
    # Else Python prints warnings to stderr when nobody has asked for a log; they may repeat a URL.
    log.propagate = False
    handler = _Ear(said.append, thread)
    log.addHandler(handler)
    try:
        yield said
    finally:
        log.removeHandler(handler)


class _Ear(logging.Handler):
    """Hears the warnings of one thread."""

    def __init__(self, hear: Callable[[str], None], thread: int) -> None:
        super().__init__(logging.WARNING)
        self._hear, self._thread = hear, thread

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record in."""
        if record.thread == self._thread:
            self._hear(record.getMessage())
