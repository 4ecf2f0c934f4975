"""Words of alerts: safe for a terminal, a mail and a chat, whatever a database put into them."""

from __future__ import annotations

import re
import shlex

from .alerts import SEVERITIES, Alert, Look, News, Severity, listed
from .display import display_text

TITLE, TEXT, LINE = 150, 1800, 240
"""Characters of a title, of a whole text and of one line that quotes a database."""

_CALLING = re.compile(
    r"[@\uff20](?=\s*(?:everyone|here|channel|all|room|group|online|team)\b)", re.IGNORECASE
)
"""What calls everybody in Discord, Slack, Matrix, Telegram and others."""
_POINTED = re.compile(r"<(?=[!@#:&/a-zA-Z])")
"""How Slack, Discord, Teams and HTML begin what is more than text: `<!channel>`, `<@&id>`, `<at>`."""
_LINK = re.compile(r"\]\(")


def clean(text: str, limit: int, *, multiline: bool = False) -> str:
    """Return text that shows what it says and does nothing else: no escapes, no mention of everybody, no link
    behind other words, at most `limit` characters."""
    shown = display_text(text, limit=limit, multiline=multiline)
    shown = _LINK.sub("] (", _POINTED.sub("< ", _CALLING.sub("(at)", shown)))
    return display_text(shown, limit=limit, multiline=multiline)


def quoted(word: str) -> str | None:
    """Return a word as a shell takes it; None for one that can't be shown as it is."""
    return shlex.quote(word) if word and clean(word, LINE) == word else None


def told(look: Look, news: News, source: str) -> Alert | None:
    """Return the alert for what is new or lasts; None when there is neither."""
    wrong = (*news.fresh, *news.again)
    if not wrong:
        return None
    lasting = "" if news.fresh else "still: "
    title = f"unstick {source}: {lasting}{look.headline}"
    lines = [*listed(condition.words for condition in wrong), *([look.more] if look.more else [])]
    if look.todo:
        lines += ["", "To look at it, and to do what it takes:", *look.todo]
    return _alert(look, source, SEVERITIES[look.kind], title, lines)


def over(look: Look, news: News, source: str) -> Alert | None:
    """Return the good news; None when there is none."""
    if not news.over:
        return None
    lines = listed(entry.words for entry in news.over)
    left = f"; {look.headline}" if look.conditions else ""
    number = len(news.over)
    what = _OVER[look.kind.value].format(number=f"{number:,}", jobs="job" if number == 1 else "jobs")
    return _alert(look, source, Severity.OVER, f"unstick {source}: over: {what}{left}", ["Was:", *lines])


_OVER = {
    "stuck": "{number} {jobs} no longer stuck",
    "limit": "{number} {jobs} no longer at the retry limit",
    "brake": "the brake is off",
    "down": "the database is there again",
    "retries": "{number} with many retries came to rest",
}


def _alert(look: Look, source: str, severity: Severity, title: str, lines: list[str]) -> Alert:
    body = "\n".join(clean(line, LINE) for line in lines)
    return Alert(look.kind, source, severity, clean(title, TITLE), clean(body, TEXT, multiline=True))
