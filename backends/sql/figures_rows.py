"""What statistics ask of one table: what is counted by what, and rows that were retried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import sqlalchemy as sa

from unstick.recovery.model import JobId, Scalar, State, VariantId
from unstick.recovery.stats import ALERT_S, Retried

from . import below
from .engines.base import Expr
from .entity import EntitySql

DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class Found:
    """A row that may have been retried. `values` is its place in each breakdown; `within` and `late`: whether
    it was created within the window, and is of those that alerts are about."""

    retried: Retried
    values: Mapping[str, Scalar] = field(default_factory=dict)
    within: bool = False
    late: bool = False


def counted(entity: EntitySql) -> Expr:
    """The retries that a column counts, NULL as 0; 0 where none does."""
    column = entity.spec.columns.retries
    zero: Expr = sa.literal_column("0", sa.Integer)
    # Cast also where it is 0: a bare number would be the number of a column in ORDER BY.
    return sa.cast(sa.func.coalesce(entity.col(column), zero) if column else zero, sa.BigInteger)


def within(entity: EntitySql, seconds: float) -> Expr:
    """Whether the row was created within so many seconds; every row where it doesn't tell."""
    if "created" not in entity.spec.times:
        return sa.true()
    column, clock, info = entity.clock_of("created")
    return sa.not_(entity.engine.older_than(column, clock, info, seconds))


def alerting(entity: EntitySql) -> Expr | None:
    """Whether the row runs or failed, and was updated within the last hour; None where it doesn't tell."""
    time = next((name for name in ("updated", "started") if name in entity.spec.times), None)
    if time is None:
        return None
    column, clock, info = entity.clock_of(time)
    fresh = sa.not_(entity.engine.older_than(column, clock, info, ALERT_S))
    return sa.and_(entity.in_state([State.RUNNING, State.FAILED]), fresh)


def dimensions(entity: EntitySql) -> dict[str, Expr]:
    """What is counted by: everything, status, step, kind, day of creation, number of retries."""
    columns, engine = entity.spec.columns, entity.engine
    found: dict[str, Expr] = {"all": sa.literal_column("0", sa.Integer), "status": entity.status()}
    if columns.step:
        found["step"] = engine.text(entity.col(columns.step))
    kind = _kind(entity)
    if kind is not None:
        found["kind"] = kind
    if "created" in entity.spec.times:
        days = entity.epoch("created") / DAY_S
        whole = days if engine.name == "sqlite" else sa.func.floor(days)
        found["day"] = sa.cast(whole, sa.BigInteger)
    found["retries"] = counted(entity)
    return found


def _kind(entity: EntitySql) -> Expr | None:
    columns = entity.spec.columns
    # A variant's name is its own, and nothing to count by.
    names = (columns.name if entity.parent is None else None, columns.kind)
    parts = [entity.engine.text(entity.col(name)) for name in names if name]
    if len(parts) < 2:
        return parts[0] if parts else None
    joined = parts[0] + sa.literal("/", sa.Text) + parts[1]
    return sa.case((parts[1].is_(None), parts[0]), (parts[0].is_(None), parts[1]), else_=joined)


def retried(
    connection: sa.Connection,
    entity: EntitySql,
    retries: Expr,
    where: Sequence[Expr],
    limit: int,
    window_s: float | None = None,
) -> list[Found]:
    """Fetch rows, the most retried first, the latest updated first among equals. With a window also what it
    takes to count them."""
    places = {name: each for name, each in dimensions(entity).items() if name not in ("all", "retries")}
    columns = [entity.image(name).label(f"k_{name}") for name in entity.key]
    if entity.parent is not None:
        columns += [image.label(f"p_{name}") for name, image in below.parent_keys(entity).items()]
        where = [*where, below.belongs(entity)]
    columns += [each.label(f"d_{name}") for name, each in places.items()]
    columns += [entity.epoch(time).label(time) for time in _times(entity)]
    columns.append(retries.label("retries_"))
    if entity.parent is not None and entity.spec.columns.name:
        columns.append(entity.engine.text(entity.col(entity.spec.columns.name)).label("name_"))
    if window_s is not None:
        late = alerting(entity)
        columns.append(sa.case((within(entity, window_s), 1), else_=0).label("within_"))
        columns.append(sa.case((sa.false() if late is None else late, 1), else_=0).label("late_"))
    statement = entity.select(*columns).where(*where).limit(limit).order_by(retries.desc())
    if "updated" in entity.spec.times:
        updated = entity.epoch("updated")
        statement = statement.order_by(updated.is_(None), updated.desc())
    return [_found(entity, row) for row in entity.rows(connection.execute(statement))]


def _times(entity: EntitySql) -> list[str]:
    return [name for name in ("created", "updated") if name in entity.spec.times]


def _found(entity: EntitySql, row: Mapping[str, Scalar]) -> Found:
    own = entity.job_id({name: row[f"k_{name}"] for name in entity.key})
    parent = entity.parent
    job = own if parent is None else parent.job_id({name: row[f"p_{name}"] for name in parent.key})
    values = {name.removeprefix("d_"): value for name, value in row.items() if name.startswith("d_")}
    one = Retried(
        job=JobId(job),
        retries=int(str(row["retries_"])),
        status=_text(values.get("status")),
        step=_text(values.get("step")),
        kind=_text(values.get("kind")),
        created=_instant(row.get("created")),
        updated=_instant(row.get("updated")),
        variant=VariantId(own) if parent is not None else None,
        name=_text(row.get("name_")),
    )
    return Found(one, {"all": None, **values}, bool(row.get("within_")), bool(row.get("late_")))


def _text(value: Scalar) -> str | None:
    return None if value is None else str(value)


def _instant(seconds: Scalar) -> datetime | None:
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(float(seconds), UTC)
    except (OverflowError, ValueError, OSError):
        return None
