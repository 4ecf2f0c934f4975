"""The statements of a plan as text, with their values written in, for people to read and copy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from unstick.backends.profile.assign import Assignment
from unstick.backends.profile.model import Action, Child, Insert
from unstick.recovery.plan import Change, Plan, PlanRow

from . import json_document, keys, planner, statements
from .entity import EntitySql
from .others import table_of
from .relations import Relations
from .undo_checks import at, target

UNDONE = 50
"""Rows of an undo whose statements are shown; each row has its own."""


def shown(
    entity: EntitySql, action: Action, plan: Plan, rows: Sequence[PlanRow], skip_locked: bool
) -> list[str]:
    """Return a chunk's statements in the order in which they are sent."""
    found = [row.key for row in rows]
    names = (*planner.image_columns(entity, action), *Relations.needs(entity, action))
    texts = [
        entity.engine.lock_prefix
        + _literal(entity, statements.lock_statement(entity, found, names, skip_locked))
    ]
    for name in (*action.detach, *action.cascade):
        if name in entity.children:
            texts.append(_child(entity, entity.children[name], found, unlink=name in action.detach))
    for insert in entity.inserts(action):
        texts += _inserts(entity, action, insert, plan, found)
    if action.delete:
        texts.append(_literal(entity, statements.delete_statement(entity, action, found)))
    elif json_document.edits_documents(action):
        texts += [_one(entity, action, plan, row) for row in rows[:UNDONE]]
        if len(rows) > UNDONE:
            texts.append(f"-- and so on for the other {len(rows) - UNDONE} rows")
    elif action.set:
        texts.append(_literal(entity, statements.update_statement(entity, action, plan, found)))
    texts += [
        f"-- then, where its guard holds: {related.name} in {related.table}" for related in action.related
    ]
    texts += [
        f"-- what the application's triggers make of {other.table} is journalled" for other in action.follows
    ]
    raw = entity.layout.raw(action.sql)
    if raw:
        texts.append(raw.strip())
    texts += [_literal(entity, each) for each in statements.notify_statements(entity, action, found)]
    return texts


def _one(entity: EntitySql, action: Action, plan: Plan, row: PlanRow) -> str:
    """The UPDATE of one row whose document is edited."""
    written = {
        name: Assignment(value=row.after[name]) for name, given in action.set.items() if given.json_edit
    }
    one = action.model_copy(update={"set": {**action.set, **written}})
    return _literal(entity, statements.update_statement(entity, one, plan, [row.key]))


def _inserts(
    entity: EntitySql, action: Action, insert: Insert, plan: Plan, found: Sequence[Any]
) -> Iterator[str]:
    """What is added for the rows: one statement each, and the condition before it."""
    guard = entity.layout.raw(insert.guard)
    if guard:
        yield f"-- a row of {insert.table} only where {guard}"
    for key in found[:UNDONE]:
        statement = statements.insert_statement(entity, action, insert, plan.options.thresholds, key)
        yield _literal(entity, statement)
    if len(found) > UNDONE:
        yield f"-- and so on for the other {len(found) - UNDONE} rows"


def _child(entity: EntitySql, child: Child, found: Sequence[Any], *, unlink: bool) -> str:
    """What happens to a child's rows; they are locked and read first, and changed by their own keys."""
    table, info = table_of(entity, entity.child_place(child))
    if child.match_sql is not None:
        place, belongs = entity.child_place(child), entity.layout.expression(child.match_sql)
        ids = [sa.literal(keys.join(key, entity.key, None), sa.Text) for key in found]
        rows = sa.select(*(entity.layout.column(place, "c", name) for name in child.key))
        rows = rows.select_from(entity.child_source(child)).where(belongs.in_(ids))
        rows = rows if child.only is None else rows.where(entity.layout.expression(child.only))
        what = "unlinked" if unlink else "deleted"
        return f"-- {what} from {child.table} are the rows of\n{_literal(entity, rows)}"
    (theirs, ours), *more = child.match.items()
    if child.via:
        where: Any = _through(entity, child, table, found)
    elif not more and entity.key == (ours,):
        values = [entity.engine.restore(key[ours], info.columns[theirs]) for key in found]
        where = table.c[theirs].in_(values)
    else:
        parents = keys.key_in(entity.engine, entity.infos, entity.key, found, entity.table.c.__getitem__)
        links = [table.c[theirs] == entity.table.c[ours] for theirs, ours in child.match.items()]
        where = sa.select(sa.literal_column("1")).select_from(entity.table).where(parents, *links).exists()
    nothing: dict[str, Any] = dict.fromkeys(child.match)
    statement = sa.update(table).where(where).values(nothing) if unlink else sa.delete(table).where(where)
    only = entity.layout.raw(child.only)
    return _literal(entity, statement) + (f"\n-- only rows for which {only}" if only else "")


def _through(entity: EntitySql, child: Child, table: sa.Table, found: Sequence[Any]) -> Any:
    """Whether a child's row belongs to the rows by way of the child in between."""
    between = entity.children[child.via]
    middle, _ = table_of(entity, entity.child_place(between))
    parents = keys.key_in(entity.engine, entity.infos, entity.key, found, entity.table.c.__getitem__)
    links = [table.c[theirs] == middle.c[ours] for theirs, ours in child.match.items()]
    links += [middle.c[theirs] == entity.table.c[ours] for theirs, ours in between.match.items()]
    return sa.select(sa.literal_column("1")).select_from(middle, entity.table).where(parents, *links).exists()


def undone(tables: dict[str, EntitySql], rows: Sequence[PlanRow]) -> Iterator[str]:
    """Give the statements that put rows back."""
    for row in rows[:UNDONE]:
        for change in row.changes:
            yield _literal(tables[row.table], _turned(tables[row.table], change))
    if len(rows) > UNDONE:
        yield f"-- and so on for the other {len(rows) - UNDONE} rows"


def _turned(entity: EntitySql, change: Change) -> Any:
    where = target(entity, change.table)
    restore = entity.engine.restore
    after = {name: value for name, value in (change.after or {}).items() if name in where.info.columns}
    values = {name: restore(value, where.info.columns[name]) for name, value in after.items()}
    if change.op == "delete":
        return sa.delete(where.table).where(at(where, [change.key]))
    if change.op == "insert":
        return sa.insert(where.table).values(values)
    changed = {
        name: value for name, value in values.items() if (change.before or {}).get(name) != after[name]
    }
    return sa.update(where.table).where(at(where, [change.key])).values(changed or values)


def _literal(entity: EntitySql, statement: Any) -> str:
    dialect = entity.layout.dialect
    try:
        text = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    except sa.exc.CompileError:
        # A value that has no literal form, such as bytes in a text column: the statement without its values.
        text = str(statement.compile(dialect=dialect))
    return text.replace("%%", "%") if dialect.paramstyle in ("format", "pyformat") else text
