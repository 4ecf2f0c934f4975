"""What an action does: assignments, rows of other tables, notifications, and how it is reported."""

from __future__ import annotations

from pydantic import Field, model_validator

from unstick.recovery.toml_file import Mistake

from .assign import Assign
from .base import Key, Match, Sql, Strict


class Related(Strict):
    """An update of another table's row that belongs to the job, with its own guard."""

    name: str
    table: str
    table_schema: str = Field("", alias="schema")
    match: Match
    """Column of the related table -> column of the job table."""
    guard: Sql | None = None
    """SQL that must hold for the related row (`r`) and the job (`j`); otherwise it is left alone."""
    set: dict[str, Assign]
    key: Key
    after: bool = False
    """Written after the row itself, for a table whose triggers would change the row before its turn."""


class Insert(Strict):
    """A row that is added to another table for each changed row, before the row itself changes."""

    name: str
    table: str
    table_schema: str = Field("", alias="schema")
    key: Key
    values: dict[str, Assign] = Field(min_length=1)
    """Column -> value; `sql` and `column` are about the row `j`."""
    guard: Sql | None = None
    """SQL over `j` that must hold; otherwise nothing is added."""
    optional: bool = False
    """The table may be absent: nothing is added then."""

    @model_validator(mode="after")
    def _can_be_added(self) -> Insert:
        for column, given in self.values.items():
            if given.increment is not None or given.append is not None or given.json_merge is not None:
                raise Mistake("a new row has nothing to increment, append to or merge into", "values", column)
        return self


class Follows(Strict):
    """A row of another table that the application's own triggers change along. Nothing is written into it;
    what became of it is journalled, so that undo can put it back where it is still so."""

    name: str
    table: str
    table_schema: str = Field("", alias="schema")
    key: Key
    match: Match
    """Column of that table -> column of the row's."""
    columns: Key
    """What the triggers write."""


class Notify(Strict):
    """A NOTIFY for each changed row, in the same transaction; only PostgreSQL has it."""

    channel: str
    payload: Sql
    """SQL over `j`, as it is after the change; gives text."""


class Guard(Strict):
    """A condition that a row must meet, and the sentence when it doesn't."""

    sql: Sql
    """SQL over `j`, asked when planning and again under the lock. NULL counts as false."""
    refuse: str
    """The sentence; `{status}` and `{job}` are filled in."""


class ReportItem(Strict):
    """One entry of the document's own report; exactly one of the keys."""

    count: str | None = None
    ids: str | None = None
    value: str | int | bool | None = None
    text: str | None = None
    none: str | None = None
    """The text when nothing was found."""
    complete: bool | None = None
    """Whether every planned row was changed (`true` where it was), or the opposite."""

    @model_validator(mode="after")
    def _exactly_one(self) -> ReportItem:
        given = [
            name for name in ("count", "ids", "value", "text", "complete") if getattr(self, name) is not None
        ]
        if len(given) != 1:
            raise ValueError("say exactly one of count, ids, value, text, complete")
        if self.none is not None and self.text is None:
            raise Mistake("none stands in for text, which is missing", "none")
        return self


class Effects(Strict):
    """What is written for one row."""

    verb: str = ""
    """What really happens, for people."""
    set: dict[str, Assign] = {}
    related: tuple[Related, ...] = ()
    insert: tuple[Insert, ...] = ()
    notify: tuple[Notify, ...] = ()
    hint: str = ""
    """What the application still has to do, shown in the plan."""


class Action(Effects):
    """What an action does to one row."""

    verb: str
    only_stuck: bool = False
    rules: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    not_statuses: tuple[str, ...] = ()
    refuse: str = ""
    """The sentence when the status is not allowed; `{status}` and `{job}` are filled in."""
    guards: tuple[Guard, ...] = ()
    follows: tuple[Follows, ...] = ()
    by_rule: dict[str, Effects] = {}
    """What comes on top for rows that a rule found; the rule must still be the same under the lock."""
    delete: bool = False
    cascade: tuple[str, ...] = ()
    """Names of children whose rows go first, in this order."""
    detach: tuple[str, ...] = ()
    """Names of children whose link to the job becomes NULL."""
    sql: Sql | None = None
    """The system's own function instead of `set`: run once per row, with the key columns as `:name`."""
    attempt: bool = True
    report: dict[str, ReportItem] = {}

    @model_validator(mode="after")
    def _does_something(self) -> Action:
        if not (self.set or self.delete or self.sql or self.related or self.insert or self.by_rule):
            raise ValueError("an action needs set, sql, related, insert, by_rule or delete = true")
        if self.delete and (self.set or self.sql):
            raise ValueError("an action that deletes can't also set or run sql")
        if self.by_rule and not self.only_stuck:
            raise Mistake("by_rule is for actions on stuck rows: only_stuck = true", "by_rule")
        return self

    def for_rule(self, rule: str | None) -> Action:
        """Return the action as it is for rows that this rule found: what it says on top is merged in."""
        return _merged(self, rule) if rule in self.by_rule else self

    @property
    def everything(self) -> tuple[Effects, ...]:
        """What is written for all rows, and what comes on top by rule."""
        return (self, *self.by_rule.values())


def _merged(action: Action, rule: str | None) -> Action:
    extra = action.by_rule[str(rule)]
    return action.model_copy(
        update={
            "verb": extra.verb or action.verb,
            "set": {**action.set, **extra.set},
            "related": (*action.related, *extra.related),
            "insert": (*action.insert, *extra.insert),
            "notify": (*action.notify, *extra.notify),
            "hint": extra.hint or action.hint,
            "by_rule": {},
            "rules": (str(rule),),
        }
    )
