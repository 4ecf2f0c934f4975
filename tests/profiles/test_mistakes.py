# ruff: noqa: E501 - one line per mistake reads best
"""A profile with a mistake: file, line, key, what is allowed, and what was probably meant."""

from textwrap import dedent

import pytest

from tests.profiles.place import Place
from unstick.backends.profile.load import parse_profile
from unstick.recovery.errors import ConfigError, SchemaMismatch

GOOD = """\
name = "demo"
clock = "utc"
parameters = { prefix = "q_" }

[[jobs]]
table = "{prefix}tasks"
key = ["id"]
status = "status"
states = { running = ["busy"] }
times = { updated = "beat" }
columns = { step = "step" }
steps = ["one", "two"]

[[jobs.children]]
name = "logs"
table = "task_logs"
key = ["id"]
match = { task = "id" }

[[jobs.rules]]
name = "stuck"
age_of = ["updated"]
older_than = "5m"

[jobs.actions.recover]
verb = "set waiting"
only_stuck = true

[jobs.actions.recover.set]
status = "waiting"
beat = { now = true }

[[jobs.actions.recover.related]]
name = "owner"
table = "owners"
key = ["id"]
match = { id = "owner" }
set = { note = { json_merge = { job = "{job}" } } }

[jobs.actions.recover.report]
count = { count = "applied" }

[jobs.variants]
table = "parts"
key = ["id"]
match = { task = "id" }
status = "status"

[[jobs.variants.rules]]
name = "lagging"
when = "1 = 1"
"""
MANY = '[[jobs]]\nname = "more"\ntable = "b"\nkey = ["id"]\nstatus = "status"\n'

BROKEN = [
    ('clock = "utc"', 'clock = "utcc"', "2: clock: can't be 'utcc'; did you mean utc? allowed: zoned, utc, local, epoch_s, epoch_ms, iso"),
    ('clock = "utc"', "format = 2", "2: format: can't be 2; allowed: 1"),
    ('name = "demo"', 'name = "my demo"', "1: name: a name has letters, digits, - and _ only, not 'my demo'"),
    ('table = "{prefix}tasks"', 'tabel = "tasks"', "6: jobs.0.tabel: there is no such key; did you mean table? allowed: table, schema, key,"),
    ('"{prefix}tasks"', '"{prefx}tasks"', "6: jobs.0.table: there is no parameter 'prefx'; did you mean prefix? allowed: prefix"),
    ('key = ["id"]\nstatus', "key = []\nstatus", "7: jobs.0.key: must not be empty"),
    ('key = ["id"]\nstatus', 'key = "id"\nstatus', "7: jobs.0.key: must be a list, not 'id'"),
    ('key = ["id"]\nstatus = "status"', 'key = ["id"]', "5: jobs.0: say where the state is: status (a column), status_sql or state_sql"),
    ('status = "status"\nstates', 'status = "status"\nstatus_sql = "x"\nstates', "9: jobs.0.status_sql: say only one of status and status_sql"),
    ('running = ["busy"]', 'runing = ["busy"]', "9: jobs.0.states.runing: can't be 'runing'; did you mean running? allowed: pending, running,"),
    ('running = ["busy"]', 'running = "busy"', "9: jobs.0.states.running: must be a list, not 'busy'"),
    ('step = "step"', 'stepp = "step"', "11: jobs.0.columns.stepp: there is no such key; did you mean step? allowed: kind, step,"),
    ('updated = "beat"', 'updated = { column = "beat", clok = "utc" }', "10: jobs.0.times.updated.clok: there is no such key; did you mean clock? allowed: column, path, clock"),
    ('table = "task_logs"\n', "", "14: jobs.0.children.0.table: this key is missing"),
    ('match = { task = "id" }\n\n[[jobs.rules', "match = {}\n\n[[jobs.rules", "18: jobs.0.children.0.match: say how a row belongs to its job: match (columns), or match_sql"),
    ('age_of = ["updated"]', 'age_of = ["updatd"]', "22: jobs.0.rules.0.age_of: there is no time 'updatd'; did you mean updated? allowed: updated"),
    ('age_of = ["updated"]', 'age_of = ["log.at"]', "22: jobs.0.rules.0.age_of: there is no child 'log'; did you mean logs? allowed: logs"),
    ('older_than = "5m"', 'older_than = "5 lightyears"', "23: jobs.0.rules.0.older_than: '5 lightyears' is not a duration; write minutes, or 90s, 30m, 2h, 1d, never"),
    ('older_than = "5m"\n', "", "22: jobs.0.rules.0.age_of: a rule with age_of needs older_than (for example \"30m\", or \"never\")"),
    ('age_of = ["updated"]\nolder_than = "5m"\n', "", "20: jobs.0.rules.0: a rule needs a condition: age_of, owner, children, behind or when"),
    ('age_of = ["updated"]\nolder_than = "5m"', 'children = { of = "logs" }', "22: jobs.0.rules.0.children: say which children: every, any, none (lists of statuses), at_least or at_most"),
    ('age_of = ["updated"]\nolder_than = "5m"', 'children = { of = "log", at_least = 1 }', "22: jobs.0.rules.0.children.of: there is no child 'log'; did you mean logs? allowed: logs, variants"),
    ('age_of = ["updated"]\nolder_than = "5m"', 'children = { of = "logs", at_least = 1 }', "22: jobs.0.rules.0.children: logs has no status column to ask: set its status"),
    ('age_of = ["updated"]\nolder_than = "5m"', 'behind = "parent"', "22: jobs.0.rules.0.behind: behind is for rules of variants, which have a parent and siblings"),
    ('age_of = ["updated"]\nolder_than = "5m"', 'owner = { table = "w", match = { a = "b" } }', "22: jobs.0.rules.0.owner.beat: this key is missing"),
    ('when = "1 = 1"', 'behind = "sibling"', "51: jobs.0.variants.rules.0.behind: behind needs the variants' step column: columns.step"),
    ('when = "1 = 1"', 'behind = "cousin"', "51: jobs.0.variants.rules.0.behind: can't be 'cousin'; allowed: parent, sibling"),
    ('when = "1 = 1"', 'age_of = ["logs.at"]\nolder_than = 5', "51: jobs.0.variants.rules.0.age_of: 'logs.at' is a child's column, but variants have no children"),
    ('name = "lagging"', 'name = "stuck"', "50: jobs.0.variants.rules.0.name: another rule 'stuck' has another threshold; give one of them another name"),
    ('when = "1 = 1"', 'when = { oracle = "1" }', "51: jobs.0.variants.rules.0.when.oracle: can't be 'oracle'; allowed: postgresql, mysql, sqlite, *"),
    ("only_stuck = true", 'only_stuck = "yes please"', "27: jobs.0.actions.recover.only_stuck: must be true or false, not 'yes please'"),
    ("only_stuck = true", 'rules = ["stack"]', "27: jobs.0.actions.recover.rules: there is no rule 'stack'; did you mean stuck? allowed: stuck"),
    ("only_stuck = true", 'cascade = ["log"]', "27: jobs.0.actions.recover.cascade: there is no child 'log'; did you mean logs? allowed: logs"),
    ("only_stuck = true", "delete = true", "25: jobs.0.actions.recover: an action that deletes can't also set or run sql"),
    ("beat = { now = true }", "beat = { now = true, null = true }", "31: jobs.0.actions.recover.set.beat: say exactly one of value, text, now, null,"),
    ("beat = { now = true }", "beat = { nwo = true }", "31: jobs.0.actions.recover.set.beat.nwo: there is no such key; did you mean now? allowed: value, text,"),
    ("beat = { now = true }", "beat = [1]", "31: jobs.0.actions.recover.set.beat: must be a table"),
    ('table = "owners"\n', "", "33: jobs.0.actions.recover.related.0.table: this key is missing"),
    ("json_merge = {", "json_merg = {", "38: jobs.0.actions.recover.related.0.set.note.json_merg: there is no such key; did you mean json_merge?"),
    ('count = { count = "applied" }', 'count = { count = "aplied" }', "41: jobs.0.actions.recover.report.count.count: there is no count 'aplied'; did you mean applied? allowed: applied,"),
    ('count = { count = "applied" }', 'count = { count = "applied", value = 1 }', "41: jobs.0.actions.recover.report.count: say exactly one of count, ids, value, text"),
    ("[jobs.variants]\n", '[jobs.log]\nchild = "lines"\nat = "at"\nmessage = "m"\n[jobs.variants]\n', "44: jobs.0.log.child: there is no child 'lines'; allowed: logs"),
    ("[[jobs]]\n", MANY + "[[jobs]]\n", "10: jobs.1.name: with several [[jobs]] tables each needs a name, which stands in front of its ids"),
    ("[[jobs]]\n", MANY + '[[jobs]]\nname = "more"\n', "11: jobs.1.name: two [[jobs]] tables are called 'more'"),
    ("[[jobs]]\n", MANY + '[[jobs]]\nname = "a:b"\n', "11: jobs.1.name: a name can't hold quotes, spaces, `:`, `,` or `*`, not 'a:b'"),
    ("[[jobs]]\n", '[env."threshold.stack"]\nname = "STACK"\n[[jobs]]\n', "5: env.threshold.stack: there is no setting 'threshold.stack'; did you mean threshold.stuck?"),
    ("[[jobs]]\n", "[[jobs]\n", "5: this is not TOML:"),
]  # fmt: skip


def test_the_profile_that_they_are_made_from_is_good() -> None:
    assert parse_profile(GOOD, "demo.toml").name == "demo"


@pytest.mark.parametrize(
    ("old", "new", "said"), BROKEN, ids=[said.partition(" ")[2][:60] for *_, said in BROKEN]
)
def test_a_mistake_is_told_with_its_place(old: str, new: str, said: str) -> None:
    assert GOOD.count(old) == 1 or old.startswith(("key", "[[jobs"))
    with pytest.raises(ConfigError) as refused:
        parse_profile(GOOD.replace(old, new, 1), "demo.toml")
    assert str(refused.value).startswith(f"demo.toml:{said}")


def test_a_profile_without_jobs() -> None:
    with pytest.raises(ConfigError, match=r"^demo.toml: jobs: this key is missing$"):
        parse_profile('name = "demo"', "demo.toml")
    with pytest.raises(
        ConfigError, match=r"^demo.toml:2: jobs: a profile needs at least one \[\[jobs\]\] table"
    ):
        parse_profile('name = "demo"\njobs = []', "demo.toml")


SMALL = """
    name = "small"
    clock = "utc"
    [[jobs]]
    table = "tasks"
    key = ["id"]
    status = "status"
    times = { updated = "beat" }
    columns = { kind = "sort" }
    [jobs.actions.retry]
    verb = "again"
    set = { status = "new", tries = { increment = 1 } }
"""


async def test_a_schema_without_the_table_or_a_column(place: Place) -> None:
    with pytest.raises(SchemaMismatch) as no_table:
        await place.console(SMALL)
    assert str(no_table.value) == (
        "here: there is no table tasks, which the profile small needs; choose another source or profile, "
        "or write one (docs/profiles.md)"
    )
    await place.run("CREATE TABLE tasks (id integer, status varchar(20))")
    with pytest.raises(SchemaMismatch) as no_columns:
        await place.console(SMALL)
    assert str(no_columns.value) == (
        "here: table tasks has no columns beat, sort, which profile small names; correct the profile, "
        "or choose another (the table has: id, status)"
    )
    await place.run(
        "DROP TABLE tasks", "CREATE TABLE tasks (id integer, status varchar(20), sort text, beat text)"
    )
    with pytest.raises(SchemaMismatch, match="table tasks has no column tries, which profile small names"):
        await place.console(SMALL)


def test_the_profile_that_is_indented_in_these_tests_is_good() -> None:
    assert parse_profile(dedent(SMALL), "small.toml").jobs[0].table == "tasks"
