"""The plan: the frozen result of a dry run. What it lists is what an apply changes, or reports as moved
on."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from .errors import PlanError
from .model import Image, JobId, Scalar, VariantId

FORMAT = 1
_HASHED = 200
"""Rows that are made into text at once for the hash; each one alone would take twice as long."""
_MAKE_ONE = "make one with `unstick recover --dry-run --out FILE`"
Op = Literal["update", "insert", "delete"]


@dataclass(frozen=True, slots=True)
class Change:
    """One row change in the journal or in an undo plan: `before` None for an insert, `after` None for a
    delete."""

    table: str
    op: Op
    key: Image
    before: Image | None
    after: Image | None


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One job (or variant) to be changed.

    `token` is what was seen when planned, at full database precision; the row is changed only while it still
    matches. `before` and `after` are for people: what changes (`after` holds `{now}` where the database's
    clock will be written). `changes` is set in undo plans only: the exact row changes to make. `kinds` are
    those patterns of kinds in the thresholds that fit the row.
    """

    job: JobId
    table: str
    key: Image
    token: Image
    before: Image
    after: Image
    variant: VariantId | None = None
    rule: str | None = None
    reason: str = "manual"
    why: str = ""
    evidence: tuple[tuple[str, str], ...] = ()
    related: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    kinds: tuple[str, ...] = ()

    @property
    def ref(self) -> tuple[JobId, VariantId | None]:
        """What the row is about."""
        return (self.job, self.variant)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that was asked for or found, but is not in the plan, and why in one sentence."""

    job: JobId
    reason: str
    variant: VariantId | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """How a plan is made. `thresholds` as in `Query`; `over_limit` includes rows at the retry limit;
    `max_rows` refuses bigger plans; `reason` is the operator's own words for the journal."""

    thresholds: Mapping[str, float | None] = field(default_factory=dict)
    over_limit: bool = False
    max_rows: int | None = None
    reason: str = ""
    operator: str = ""
    by_sweep: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The frozen result of a dry run; `id` is a hash of its content.

    `database` names what the plan was made on (never with a password); an apply elsewhere is refused.
    `undoes` is the operation that this plan puts back. `found` counts rows that the selection matched:
    found = len(rows) + len(left_out).
    """

    source: str
    database: str
    profile: str
    action: str
    verb: str
    made_at: datetime
    options: Options
    rows: tuple[PlanRow, ...]
    left_out: tuple[LeftOut, ...] = ()
    sql: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    hook: str | None = None
    undoes: str | None = None
    nonce: str = ""
    id: str = ""

    @property
    def found(self) -> int:
        """How many rows the selection matched."""
        return len(self.rows) + len(self.left_out)


def seal(plan: Plan) -> Plan:
    """Return the plan with its id: twelve hex digits of a hash of everything in it."""
    sealed = plan if plan.nonce else replace(plan, nonce=secrets.token_hex(4))
    return replace(sealed, id=_digest(sealed))


def dump(plan: Plan) -> str:
    """Return the plan as JSON text that `load` reads back."""
    return json.dumps({"unstick_plan": FORMAT, **_as_dict(plan)}, indent=1, ensure_ascii=True)


def load(text: str) -> Plan:
    """Read a plan from JSON text. Raises PlanError when it isn't one, or was changed after it was made."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise PlanError(f"this is not a plan file; {_MAKE_ONE}") from None
    if not isinstance(data, dict) or "unstick_plan" not in data:
        raise PlanError(f"this is not a plan file; {_MAKE_ONE}")
    if data.pop("unstick_plan") != FORMAT:
        raise PlanError("this plan file was made by another version of unstick; make the plan again")
    try:
        plan = _from_dict(data)
        changed = _digest(plan) != plan.id
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise PlanError("this plan file is damaged: parts of it are missing; make the plan again") from None
    if changed:
        raise PlanError("this plan file was changed after it was made; make the plan again")
    return plan


def shallow(item: Any) -> dict[str, Any]:
    """Return a dataclass as a dict of its own fields; what they hold is not copied, as `asdict` would: of
    many rows that takes longer than to change them."""
    return {name: getattr(item, name) for name in item.__dataclass_fields__}


def _as_dict(plan: Plan) -> dict[str, Any]:
    return {**_frame(plan), "rows": [_row_dict(row) for row in plan.rows]}


def _frame(plan: Plan) -> dict[str, Any]:
    """The plan without its rows."""
    data = shallow(plan)
    data["made_at"], data["options"] = plan.made_at.isoformat(), shallow(plan.options)
    data["left_out"] = [shallow(row) for row in plan.left_out]
    return data


def _row_dict(row: PlanRow) -> dict[str, Any]:
    data = shallow(row)
    data["changes"] = [shallow(change) for change in row.changes]
    if not row.kinds:
        # Plans from before there were kinds keep their ids.
        del data["kinds"]
    return data


def _digest(plan: Plan) -> str:
    """Hash the plan's JSON, some rows at a time: of a large plan the whole text is not wanted in memory."""
    found = hashlib.sha256()
    frame = _frame(replace(plan, id=""))
    for place, name in enumerate(sorted(frame)):
        found.update(f"{', ' if place else '{'}{json.dumps(name)}: ".encode())
        if name != "rows":
            found.update(_canonical(frame[name]).encode())
            continue
        for first in range(0, len(plan.rows), _HASHED):
            some = _canonical([_row_dict(row) for row in plan.rows[first : first + _HASHED]])
            found.update(f"{', ' if first else '['}{some[1:-1]}".encode())
        found.update(b"]" if plan.rows else b"[]")
    found.update(b"}")
    return found.hexdigest()[:12]


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=True)


def _from_dict(data: dict[str, Any]) -> Plan:
    data = dict(data)
    data["made_at"] = datetime.fromisoformat(data["made_at"])
    data["options"] = Options(**data["options"])
    data["rows"] = tuple(_row(row) for row in data["rows"])
    data["left_out"] = tuple(LeftOut(**row) for row in data["left_out"])
    for name in ("sql", "warnings"):
        data[name] = tuple(data[name])
    return Plan(**data)


def _row(data: dict[str, Any]) -> PlanRow:
    data = dict(data)
    data["evidence"] = tuple((str(label), str(value)) for label, value in data["evidence"])
    data["related"], data["kinds"] = tuple(data["related"]), tuple(data.get("kinds", ()))
    data["changes"] = tuple(Change(**change) for change in data["changes"])
    for name in ("key", "token", "before", "after"):
        _check_image(data[name])
    return PlanRow(**data)


def _check_image(image: Mapping[str, Scalar]) -> None:
    if not isinstance(image, dict):
        raise TypeError("a row image is not an object")
