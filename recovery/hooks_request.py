"""One call of a hook: for which row, and with everything filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .hooks_template import fill_json, fill_url
from .model import Image, JobId, VariantId

if TYPE_CHECKING:
    from .hooks import Hook

IDEMPOTENCY = "Idempotency-Key"


@dataclass(frozen=True, slots=True)
class Request:
    """One call with everything filled in; `hidden` must not be repeated to anybody."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: str | None = field(repr=False)
    timeout_s: float
    ok: tuple[int, ...] = ()
    hidden: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Subject:
    """A changed row that a hook is called for. `number` is its place in the plan, from 0."""

    number: int
    job: JobId
    variant: VariantId | None
    key: Image
    from_status: str | None
    to_status: str | None


def request(hook: Hook, subject: Subject, *, operation: str, source: str) -> Request:
    """Return the call for one row: values are escaped for where they stand."""
    values = {
        **subject.key,
        "job": subject.job,
        "variant": subject.variant,
        "action": hook.action,
        "operation": operation,
        "source": source,
        "from": subject.from_status,
        "to": subject.to_status,
    }
    headers = {IDEMPOTENCY: f"{operation}-{subject.number}"}
    if hook.body is not None:
        headers["Content-Type"] = "application/json"
    given = {name.lower() for name in hook.headers}
    headers = {name: value for name, value in headers.items() if name.lower() not in given}
    return Request(
        method=hook.method,
        url=fill_url(hook.url, values),
        headers={**headers, **hook.headers},
        body=None if hook.body is None else fill_json(hook.body, values),
        timeout_s=hook.timeout_s,
        ok=hook.ok,
        hidden=tuple(value for value in hook.headers.values() if len(value) > 3),
    )
