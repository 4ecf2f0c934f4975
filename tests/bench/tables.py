"""The measured tables, filled by the servers themselves, in two shapes: one to look at, one to change."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = ("send_receipt", "render_video", "import_feed", "nightly_report")
STEPS = ("fetch", "convert", "overlay", "publish")
OTHERS = 1_000
"""Of so many jobs one runs, four wait and twenty failed; the others are done."""


@dataclass(frozen=True, slots=True)
class Words:
    """How one kind of database says it. `ago` takes an expression of seconds, `pick` a list and a number."""

    text: str
    time: str
    integer: str
    tail: str
    numbers: str
    ago: str
    pick: str
    analyse: tuple[str, ...]


WORDS = {
    "postgresql": Words(
        text="text",
        time="timestamp",
        integer="bigint",
        tail="",
        numbers="SELECT generate_series({first}, {last}) AS n",
        ago="(now() AT TIME ZONE 'UTC') - ({seconds}) * interval '1 second'",
        pick="(ARRAY[{values}])[1 + ({n}) % {size}]",
        analyse=("VACUUM ANALYZE bench_job", "VACUUM ANALYZE bench_part"),
    ),
    "mariadb": Words(
        text="varchar(60)",
        time="datetime(6)",
        integer="bigint",
        tail=" ENGINE=InnoDB",
        numbers="SELECT {first} + seq AS n FROM seq_0_to_{span}",
        ago="utc_timestamp(6) - INTERVAL ({seconds}) SECOND",
        pick="ELT(1 + ({n}) % {size}, {values})",
        analyse=("ANALYZE TABLE bench_job", "ANALYZE TABLE bench_part"),
    ),
    "sqlite": Words(
        text="text",
        time="text",
        integer="integer",
        tail="",
        numbers="WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last}) "
        "SELECT n FROM s",
        ago="strftime('%Y-%m-%d %H:%M:%f', 'now', printf('-%d seconds', {seconds}))",
        pick="CASE ({n}) % {size} {cases} END",
        analyse=("ANALYZE",),
    ),
}
INDEXES = (
    "CREATE INDEX bench_job_status ON bench_job (status, heartbeat_at)",
    "CREATE INDEX bench_job_created ON bench_job (created_at, id)",
    "CREATE INDEX bench_part_job ON bench_part (job_id)",
)
"""Exactly what `unstick doctor` recommends for the profile."""


def create(engine: str) -> list[str]:
    """Return the DDL of the two tables, without their indexes."""
    w = WORDS[engine]
    parent = f"job_id {w.integer} NOT NULL REFERENCES bench_job (id) ON DELETE CASCADE"
    return [
        f"CREATE TABLE bench_job (id {w.integer} PRIMARY KEY, kind {w.text} NOT NULL, "
        f"status {w.text} NOT NULL, step {w.text}, error {w.text}, created_at {w.time} NOT NULL, "
        f"started_at {w.time}, heartbeat_at {w.time} NOT NULL, finished_at {w.time}){w.tail}",
        f"CREATE TABLE bench_part (id {w.integer} PRIMARY KEY, {parent}, name {w.text}, "
        f"payload {w.text}){w.tail}",
    ]


def fill(engine: str, first: int, last: int) -> str:
    """Return the statement that adds the jobs `first` to `last` of a table to look at; higher is newer."""
    status = (
        f"CASE WHEN n % {OTHERS} = 7 THEN 'working' WHEN n % {OTHERS} IN (1, 2, 3, 4) THEN 'queued' "
        f"WHEN n % {OTHERS} BETWEEN 20 AND 39 THEN 'error' ELSE 'ok' END"
    )
    # Of those that run every tenth is silent for long; what is done was never silent at all.
    silent = f"CASE WHEN n % {OTHERS * 10} = 7 THEN 3600 + n % 997 ELSE n % 400 END"
    return _insert(engine, status, silent, f"({last} - n) / 4 + 60", first, last)


def fill_stuck(engine: str, first: int, last: int) -> str:
    """Return the statement that adds the jobs `first` to `last` of a table to change: all of them hang."""
    return _insert(engine, "'working'", "3600 + n % 997", "7200 + n % 997", first, last)


def fill_parts(engine: str, first: int, last: int) -> str:
    """Return the statement that adds three parts to each of the jobs `first` to `last`."""
    values = "n, (n + 2) / 3, 'part', 'what belongs to it'"
    if engine == "mariadb":
        values = values.replace("(n + 2) / 3", "(n + 2) DIV 3")
    source = _numbers(engine, 3 * first - 2, 3 * last)
    return f"INSERT INTO bench_part (id, job_id, name, payload) SELECT {values} FROM ({source}) AS numbers"


def _insert(engine: str, status: str, silent: str, age: str, first: int, last: int) -> str:
    w = WORDS[engine]
    ago = w.ago.format
    columns = (
        *("n", _pick(engine, KINDS, "n"), status, _pick(engine, STEPS, "n")),
        f"CASE WHEN n % {OTHERS} BETWEEN 20 AND 39 THEN 'SMTP 550 mailbox full' END",
        *(ago(seconds=age), ago(seconds=age), ago(seconds=silent), "NULL"),
    )
    names = "id, kind, status, step, error, created_at, started_at, heartbeat_at, finished_at"
    source = _numbers(engine, first, last)
    return f"INSERT INTO bench_job ({names}) SELECT {', '.join(columns)} FROM ({source}) AS numbers"


def _numbers(engine: str, first: int, last: int) -> str:
    return WORDS[engine].numbers.format(first=first, last=last, span=last - first)


def _pick(engine: str, values: tuple[str, ...], n: str) -> str:
    quoted = [f"'{value}'" for value in values]
    cases = " ".join(f"WHEN {i} THEN {value}" for i, value in enumerate(quoted))
    return WORDS[engine].pick.format(values=", ".join(quoted), n=n, size=len(values), cases=cases)
