"""A configuration of an older format: what changes, what stays, and that nothing is lost."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tests.unit.test_config import FULL
from unstick.recovery.config import Config, resolve, schema
from unstick.recovery.config.formats import FORMAT, OLDEST
from unstick.recovery.config.load import load_config, parse_config
from unstick.recovery.config.migration import STEPS, Migration, plan_migration
from unstick.recovery.errors import ConfigError

URL = 'url = "sqlite:///x"'
SOURCE = f"[sources.a]\n{URL}\n"


def planned(folder: Path, text: str | bytes) -> Migration:
    file = folder / "c.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return plan_migration(str(file))


FORMS = [
    ("refresh = 5", 'refresh = "5s"'),
    ("refresh = 2.5  # a remark", 'refresh = "2.5s"  # a remark'),
    ("  refresh   =   1e1", '  refresh   =   "10s"'),
    ("refresh = 1_000", 'refresh = "1000s"'),
    ("refresh = 0x10", 'refresh = "16s"'),
    ("refresh = '5'", "refresh = '5s'"),
    ('refresh = "1m 30 "', 'refresh = "1m 30s"'),
    ('refresh = """5"""', 'refresh = """5s"""'),
    ('"refresh" = 5', '"refresh" = "5s"'),
    ('refresh = "5s"', 'refresh = "5s"'),
    ("statement_timeout = 1", 'statement_timeout = "1s"'),
    ("connect_timeout = 0.25", 'connect_timeout = "0.25s"'),
    ("lock_timeout = 0.0001", 'lock_timeout = "0.0001s"'),
    ("sweep.every = 300", 'sweep.every = "300s"'),
    ("sweep = { cap = 5, every = 300 }", 'sweep = { cap = 5, every = "300s" }'),
    ("thresholds.stuck = 30", 'thresholds.stuck = "30m"'),
    ("thresholds.'kind:a b' = 0.5", "thresholds.'kind:a b' = \"0.5m\""),
    ("thresholds = { a = 30,b = '1h30' } # c", "thresholds = { a = \"30m\",b = '1h30m' } # c"),
    ("thresholds = { a = 'never', '*' = 7 }", "thresholds = { a = 'never', '*' = \"7m\" }"),
    ("max_retries = 5", "max_retries = 5"),
    ("alerts = { targets = [], repeat = 3600 }", 'alerts = { targets = [], repeat = "3600s" }'),
    ("[alerts]\nlimit = 3\ntimeout = 5", '[alerts]\nlimit = 3\ntimeout = "5s"'),
    (
        "hooks.retry = { url = 'http://h', timeout = 3 }",
        "hooks.retry = { url = 'http://h', timeout = \"3s\" }",
    ),
    (
        "[sources.a.hooks.x]\nurl = 'http://h'\ntimeout = 3",
        "[sources.a.hooks.x]\nurl = 'http://h'\ntimeout = \"3s\"",
    ),
    (
        "[defaults]\nrefresh = 9\n[sources.b]\nurl_env = 'B'",
        "[defaults]\nrefresh = \"9s\"\n[sources.b]\nurl_env = 'B'",
    ),
    (
        "[defaults]\n[keys]\n[defaults.thresholds]\na = 9",
        '[defaults]\n[keys]\n[defaults.thresholds]\na = "9m"',
    ),
]


@pytest.mark.parametrize(("given", "becomes"), FORMS)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_each_duration_gets_its_unit_and_all_else_stays(
    tmp_path: Path, given: str, becomes: str, end: str
) -> None:
    found = planned(tmp_path, f"# mine\n\n{SOURCE}{given}\n".replace("\n", end))
    wanted = f"version = 2\n\n# mine\n\n{SOURCE}{becomes}\n".replace("\n", end)
    assert found.after.decode() == wanted
    old, new = (parse_config(text.decode(), "c.toml") for text in (found.before, found.after))
    assert [settings(old, name) for name in old.sources] == [settings(new, name) for name in new.sources]


def settings(config: Config, name: str) -> dict[str, object]:
    """What a source comes to; of a hook without the line that it stands in."""
    source = resolve(config, name, environ={}, secret=False).source
    hooks = {action: replace(hook, places={}) for action, hook in source.hooks.items()}
    return {**asdict(source), "hooks": hooks}


@pytest.mark.parametrize(
    ("given", "becomes", "line"),
    [
        ("", "version = 2\n", 1),
        (SOURCE, f"version = 2\n\n{SOURCE}", 1),
        ("theme = 'dark'\n", "version = 2\ntheme = 'dark'\n", 1),
        ("#:schema ./s.json\n# mine\n", "#:schema ./s.json\nversion = 2\n\n# mine\n", 2),
        ("# mine\nversion = 1 # old\n", "# mine\nversion = 2 # old\n", 2),
        ("theme = 'dark'\n'version'=0x1", "theme = 'dark'\n'version'=2", 2),
        ("\ufeff[keys]\r\n", "\ufeffversion = 2\r\n\r\n[keys]\r\n", 1),
    ],
)
def test_the_version_stands_where_it_stood_or_on_top(
    tmp_path: Path, given: str, becomes: str, line: int
) -> None:
    found = planned(tmp_path, given)
    assert found.after.decode() == becomes
    assert [(each.line, each.key, each.after) for each in found.changes] == [(line, "version", "2")]


def test_each_change_is_told_with_its_line_and_as_it_is_written(tmp_path: Path) -> None:
    found = planned(tmp_path, FULL)
    assert [(each.line, each.key, each.before, each.after) for each in found.changes] == [
        (1, "version", None, "2"),
        (18, "sources.live.thresholds.quick", "5", '"5m"'),
        (20, "sources.live.statement_timeout", "20", '"20s"'),
    ]
    assert found.words == ("every duration has its unit",)


@pytest.mark.parametrize("text", ["version = 2\n", f"version = 2\n{SOURCE}refresh = '5s'\n"])
def test_the_newest_format_is_left_alone(tmp_path: Path, text: str) -> None:
    found = planned(tmp_path, text)
    assert not found.changes
    assert found.after == found.before


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"{SOURCE}refresh = 0", "c.toml:3: sources.a.refresh: must be at least 1s"),
        (f"[[sources]]\n{URL}\nrefresh = 5", "c.toml:1: sources: must be a table"),
        ("version = 3\nnew = 5", "c.toml:1: version: this file is of format 3, for a newer unstick"),
        ("refresh = ", "c.toml:1: this is not TOML"),
    ],
)
def test_a_file_with_mistakes_is_refused_as_ever(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        planned(tmp_path, text)
    assert says in str(caught.value)


def test_a_form_that_would_not_stay_as_it_is_is_left_to_a_person(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="write the new form by hand"):
        planned(tmp_path, f'{SOURCE}refresh = """\n5"""\n')


def test_the_steps_lead_from_the_oldest_format_to_the_newest() -> None:
    assert [step.to for step in STEPS] == list(range(OLDEST + 1, FORMAT + 1))


DURATIONS = [
    "refresh",
    "statement_timeout",
    "connect_timeout",
    "lock_timeout",
    "sweep.every",
    "thresholds.a",
    "alerts.repeat",
]


@pytest.mark.parametrize("key", [*DURATIONS, "hooks.x.timeout"])
@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("30", """30 has no unit; write "30m" or "30s\""""),
        ("1.5", """1.5 has no unit; write "1.5m" or "1.5s\""""),
        ("'1h 30'", """'1h 30' has no unit; write "1h 30m" or "1h 30s\""""),
        ("'soon'", "'soon' is not a duration; write 90s"),
        ("-3", "-3 is not a sensible duration; write 90s"),
    ],
)
def test_a_plain_number_is_read_in_the_old_format_only(key: str, value: str, says: str) -> None:
    text = f"version = 2\n{SOURCE}hooks.x.url = 'http://h'\n{key} = {value}"
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "c.toml")
    assert str(caught.value).startswith(f"c.toml:5: sources.a.{key}: {says}")


def test_every_duration_that_there_is_needs_its_unit() -> None:
    tables = [schema(), *schema()["$defs"].values()]
    ways = [
        way
        for table in tables
        for each in table["properties"].values()
        for way in (each, each.get("additionalProperties"), *each.get("anyOf", ()))
        if isinstance(way, dict) and "2h" in way.get("examples", ())
    ]
    assert len(ways) > len(DURATIONS)
    assert [way for way in ways if way["type"] != "string"] == []


def test_a_file_without_a_version_is_of_the_oldest_format(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    for text, wanted in (("", OLDEST), ("version = 1", 1), ("version = 2", 2)):
        file.write_text(text)
        assert load_config(str(file), {}).format == wanted
    assert load_config(None, {}).format == FORMAT
