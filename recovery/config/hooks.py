"""A source's hooks: what is filled in from the environment, and what is missing there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from unstick.recovery.config.load import Config
from unstick.recovery.hooks import Hook

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def hooks_of(
    config: Config, name: str, table: Mapping[str, Any], environ: Mapping[str, str]
) -> dict[str, Hook]:
    """Return a source's hooks by action. What is wrong with one is kept in it: looking at jobs needs none."""
    return {
        action: _hook(config, ("sources", name, "hooks", action), given, environ)
        for action, given in table.get("hooks", {}).items()
    }


def _hook(
    config: Config, path: tuple[str, ...], given: Mapping[str, Any], environ: Mapping[str, str]
) -> Hook:
    headers, problem = {}, ""
    for header, value in given.get("headers", {}).items():
        text, wrong = _value(header, value, environ)
        if wrong:
            problem = problem or str(config.error(wrong, *path, "headers", header))
        headers[header] = text
    more = {key: given[key] for key in ("method", "body") if given.get(key) is not None}
    if "timeout" in given:
        more["timeout_s"] = given["timeout"]
    return Hook(
        action=path[-1],
        url=given["url"],
        headers=headers,
        ok=tuple(given.get("ok", ())),
        places={key: _place(config, *path, key) for key in ("url", "body")},
        problem=problem,
        **more,
    )


def _place(config: Config, *path: str) -> str:
    return f"{config.place(*path)}: {'.'.join(path)}"


def _value(header: str, value: str | Mapping[str, str], environ: Mapping[str, str]) -> tuple[str, str | None]:
    """Return a header's value, and what is wrong with it; the value itself is nobody's business."""
    if isinstance(value, str):
        text = value
    else:
        variable = value["env"]
        found = environ.get(variable, "").strip()
        if not found:
            return "", f"the environment variable {variable} is not set"
        text = f"{value.get('prefix', '')}{found}"
    if not _HEADER.fullmatch(header):
        return "", "this is no name of a header"
    if _CONTROL.search(text) or not text.isascii():
        return "", "a header's value is one line of plain ASCII"
    return text, None
