"""What may stand in `[alerts]`, and in a source's own `alerts`."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from unstick.recovery.config.durations import Refresh
from unstick.recovery.toml_file import Mistake

MEANT = 'a URL such as "slack://...", { env = "VARIABLE" } or { command = "..." }'
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
Text = Annotated[str, Field(min_length=1)]
About = Literal["stuck", "limit", "brake", "down", "retries"]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class EnvironmentTarget(_Table):
    """A target whose URL is not written down."""

    env: Text = Field(description="the environment variable that holds the URL")


class CommandTarget(_Table):
    """A target whose URL a command prints."""

    command: Text | list[Text] = Field(description="a command that prints the URL; no shell")


class SourceAlertsTable(_Table):
    """What is told of one source, and to whom."""

    targets: list[str | EnvironmentTarget | CommandTarget] = Field(
        [], description="where alerts go: URLs of apprise"
    )
    on: list[About] = Field(["stuck", "limit", "brake", "down", "retries"], description="what is told")
    repeat: Refresh = Field(4 * 3600.0, description="after which it is told again while it lasts")
    resolved: Annotated[bool, Field(strict=True, description="tell also when it is over")] = True
    dry_run: Annotated[bool, Field(strict=True, description="only say what would be sent")] = False

    @model_validator(mode="before")
    @classmethod
    def _can_be_sent_to(cls, data: Any) -> Any:
        """Here and not at the key, since a complaint there would repeat the URL with its tokens."""
        given = data.get("targets", []) if isinstance(data, dict) else []
        if not isinstance(given, list):
            raise Mistake(f"must be a list; each entry is {MEANT}", "targets")
        for number, target in enumerate(given, 1):
            if problem := _problem(target):
                raise Mistake(f"entry {number} {problem}; it must be {MEANT}", "targets")
        return data


def _problem(target: Any) -> str:
    if isinstance(target, str):
        return "" if _URL.fullmatch(target) else "is not a URL"
    if not isinstance(target, dict):
        return "is neither a text nor a table"
    if list(target) not in (["env"], ["command"]):
        return "needs exactly one of env and command"
    value = next(iter(target.values()))
    words = value if isinstance(value, list) and "command" in target else [value]
    return "" if words and all(isinstance(word, str) and word for word in words) else "is empty or no text"


class AlertsTable(SourceAlertsTable):
    """What is told of every source that doesn't say otherwise, and to whom."""

    limit: Annotated[
        int, Field(strict=True, ge=1, description="messages that one target gets within an hour at most")
    ] = 10
    timeout: Refresh = Field(10.0, description="for one message")
