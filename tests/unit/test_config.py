"""The configuration: what it reads, what it refuses and where, and who wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from unstick.recovery.config import Config, check_url, is_url, load_config, names, resolve, schema
from unstick.recovery.config.load import parse_config
from unstick.recovery.config.resolve import only
from unstick.recovery.config.url import name_of
from unstick.recovery.errors import ConfigError, UnstickError, UsageError
from unstick.recovery.source import mask_text, mask_url

FULL = """
theme = "dark"
ascii = true

[defaults]
source = "live"
refresh = "10s"
max_retries = 5
thresholds = { stuck = "30m", "*" = "never" }

[keys]
"act.retry" = "ctrl+y"

[sources.live]
url = "postgresql://ann:s3cret@db7/jobs"
environment = "prod"
colour = "red"
thresholds = { lag = "1h", quick = 5 }
parameters = { schema = "kb" }
statement_timeout = 20

[sources.test]
url_env = "TEST_DATABASE"
max_retries = "never"
time_zone = "+09:00"

[sources.printed]
url_command = "printf sqlite:///%s jobs.db"
"""


def config(text: str = FULL) -> Config:
    return parse_config(text, "c.toml")


REFUSED: list[tuple[str, int | None, str, str]] = [
    ("x", 1, "", "not TOML"),
    ('thme = "dark"', 1, "thme", "did you mean theme?"),
    ("ascii = 3", 1, "ascii", "true or false"),
    ("[defaults]\nmax_retries = -1", 2, "defaults.max_retries", '"never" for no limit'),
    ('[defaults]\n\nread_only = "yes"', 3, "defaults.read_only", "true or false"),
    ('[defaults]\nsource = "b"\n[sources.bc]\nurl = "sqlite:///x"', 2, "defaults.source", "did you mean bc?"),
    ('[sources.a]\nulr = "x"', 2, "sources.a.ulr", "did you mean url?"),
    ("[sources.a]", 1, "sources.a", "exactly one of url, url_env, url_command; there is none of them"),
    ('[sources.a]\nurl = "sqlite:///x"\nurl_env = "X"', 1, "sources.a", "there is url and url_env"),
    ('[sources.a]\nurl = "oracle://h/d"', 2, "sources.a.url", "write postgresql://"),
    ('[sources.a]\nurl = "postgress://h/d"', 2, "sources.a.url", "did you mean postgres://?"),
    ('[sources.a]\nurl = "mysql://h"', 2, "sources.a.url", "names no database"),
    ('[sources.a]\nurl = "sqlite://x.db"', 2, "sources.a.url", "names no file"),
    ('[sources.a]\nurl = "sqlite:///x"\nrefresh = "0.1s"', 3, "sources.a.refresh", "at least 1s"),
    ('[sources.a]\nurl = "sqlite:///x"\nconnect_timeout = 0', 3, "sources.a.connect_timeout", "longer than"),
    ('[sources.a]\nurl = "sqlite:///x"\ncolour = "pink"', 3, "sources.a.colour", "#rrggbb"),
    ('[sources.a]\nurl = "sqlite:///x"\ntime_zone = "Mars"', 3, "sources.a.time_zone", "Europe/Berlin"),
    ('[sources.a]\nurl = "sqlite:///x"\nthresholds = { a = "soon" }', 3, "sources.a.thresholds.a", "never"),
    ('[sources.a]\nurl = "sqlite:///x"\nthresholds = { a = true }', 3, "sources.a.thresholds.a", "duration"),
    (
        '[sources.a]\nurl = "sqlite:///x"\n[sources.a.thresholds]\n"kind:" = 5',
        4,
        "sources.a.thresholds.kind:",
        "kind:KIND",
    ),
    (
        '[sources.a]\nurl = "sqlite:///x"\nparameters = { a = 1 }',
        3,
        "sources.a.parameters.a",
        "text in quotes",
    ),
    ('[sources.a]\nurl = "sqlite:///x"\nenvironment = "prod"\nread_only = false', 1, "sources.a", "--write"),
    ('[sources."a b"]\nurl = "sqlite:///x"', 1, "sources.a b", "letters, digits"),
    (
        '[sources.a]\nurl = "sqlite:///x"\ntls = { mode = "verify" }',
        3,
        "sources.a.tls.mode",
        "did you mean verify-ca",
    ),
    ("version = 3\nnew = 1", 1, "version", "for a newer unstick: this one knows 1 to 2"),
    ("version = true", 1, "version", "must be 1 or 2"),
    ("version = 0", 1, "version", "must be 1 or 2"),
    ('theme = "a"\ntheme = "b"', 2, "", "'theme' is there twice"),
    ("[keys]\n[views]\n[keys]", 3, "", "'[keys]' is there twice"),
    ("a = " + "[" * 5000, None, "", "nested too deeply"),
    ('sources.a.url = "sqlite:///x"\nsources.a.refrsh = 3', 2, "sources.a.refrsh", "did you mean refresh?"),
    ('[[sources]]\nurl = "x"', 1, "sources", "must be a table"),
    ('[sources.a]\r\nurl = "sqlite:///x"\r\nulr = "x"', 3, "sources.a.ulr", "did you mean url?"),
    ('[sources.a]\nurl_env = ""', 2, "sources.a.url_env", "must not be empty"),
    (
        '[sources.a]\nurl = "sqlite:///x"\n[sources.a.hooks.x]\nurl = "http://h/"\nheaders.A = { en = "X" }',
        5,
        "sources.a.hooks.x.headers.A.en",
        "did you mean env?",
    ),
    ("[sources]\na = 3", 2, "sources.a", "must be a table"),
]


@pytest.mark.parametrize(("text", "line", "key", "says"), REFUSED)
def test_refuses_with_file_line_key_and_advice(text: str, line: int | None, key: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config(text)
    error = caught.value
    assert (error.file, error.line, error.key or "") == ("c.toml", line, key)
    assert says in str(error)
    assert "\n" not in str(error)


def test_reads_everything_with_its_units() -> None:
    source = resolve(config(), "live", environ={}).source
    assert source.url == "postgresql://ann:s3cret@db7/jobs"
    assert (source.environment, source.colour, source.read_only) == ("prod", "red", True)
    assert source.thresholds == {"lag": 3600.0, "quick": 300.0, "stuck": 1800.0, "*": None}
    assert source.parameters == {"schema": "kb"}
    assert (source.refresh_s, source.statement_timeout_s, source.max_retries) == (10.0, 20.0, 5)
    assert config().keys == {"act.retry": "ctrl+y"}


def test_tls_is_put_together_entry_by_entry() -> None:
    text = '[defaults]\ntls = { mode = "require", ca = "a" }\n[sources.a]\nurl = "mysql://h/d"\n'
    text += 'tls = { ca = "b" }'
    resolved = resolve(config(text), "a", environ={})
    assert resolved.source.tls == {"mode": "require", "ca": "b"}
    assert (resolved.origins["tls.mode"], resolved.origins["tls.ca"]) == ("c.toml:2", "c.toml:5")


def test_a_url_can_come_from_a_variable() -> None:
    resolved = resolve(config(), "test", environ={"TEST_DATABASE": "mysql+pymysql://u@h/d"})
    assert resolved.source.url == "mysql://u@h/d"
    assert resolved.source.max_retries is None
    assert resolved.origins["url"].startswith("TEST_DATABASE")


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(ConfigError, match=r"c.toml:\d+: sources.test.url_env: .*TEST_DATABASE is not set"):
        resolve(config(), "test", environ={})


def test_a_url_can_be_printed_by_a_command() -> None:
    assert resolve(config(), "printed", environ={"PATH": "/usr/bin:/bin"}).source.url == "sqlite:///jobs.db"


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ('"false"', "exit code 1"),
        ('"true"', "printed nothing"),
        ('["no-such-command-here"]', "can't be run"),
        ('"echo \'x"', "quote"),
        ('"echo hello"', "not a database URL"),
    ],
)
def test_a_command_that_prints_no_url_is_explained(command: str, says: str) -> None:
    text = f"[sources.a]\nurl_command = {command}"
    with pytest.raises(ConfigError, match="url_command") as caught:
        resolve(config(text), "a", environ={"PATH": "/usr/bin:/bin"})
    assert says in str(caught.value)


def test_nothing_is_run_where_the_url_is_not_wanted() -> None:
    text = '[sources.a]\nurl_command = "no-such-command-here"'
    assert resolve(config(text), "a", environ={}, secret=False).source.url == ""


PRECEDENCE: list[tuple[dict[str, str], dict[str, object], float, str]] = [
    ({}, {}, 10.0, "c.toml:7"),
    ({"UNSTICK_REFRESH": "3"}, {}, 3.0, "UNSTICK_REFRESH"),
    ({"UNSTICK_REFRESH": "3"}, {"refresh": 2.0}, 2.0, "--refresh"),
]


@pytest.mark.parametrize(("environ", "flags", "value", "origin"), PRECEDENCE)
def test_the_nearest_place_wins(
    environ: dict[str, str], flags: dict[str, object], value: float, origin: str
) -> None:
    resolved = resolve(config(), "live", flags=flags, environ=environ)
    assert (resolved.source.refresh_s, resolved.origins["refresh"]) == (value, origin)


def test_a_star_in_a_nearer_place_covers_what_is_named_further_away() -> None:
    resolved = resolve(config(), "live", environ={"UNSTICK_TIMEOUT": "2h"})
    assert resolved.source.thresholds == {"*": 7200.0}
    assert resolved.origins["thresholds.*"] == "UNSTICK_TIMEOUT"


def test_what_nobody_says_is_the_profiles_or_built_in() -> None:
    origins = resolve(Config(), "sqlite:///x.db", environ={}).origins
    assert (origins["max_retries"], origins["refresh"], origins["url"]) == (
        "profile",
        "built in",
        "command line",
    )


READ_ONLY: list[tuple[str, dict[str, str], dict[str, object], bool]] = [
    ("", {}, {}, False),
    ("", {}, {"read_only": True}, True),
    ("", {"UNSTICK_READ_ONLY": "1"}, {}, True),
    ("", {"UNSTICK_READ_ONLY": "1"}, {"read_only": False}, False),
    ("read_only = true", {}, {}, True),
    ("read_only = true", {}, {"read_only": False}, False),
    ('environment = "prod"', {}, {}, True),
    ('environment = "Production"', {}, {}, True),
    ('environment = "prod"', {"UNSTICK_READ_ONLY": "0"}, {}, True),
    ('environment = "prod"', {}, {"read_only": False}, False),
    ('environment = "staging"', {}, {}, False),
]


@pytest.mark.parametrize(("line", "environ", "flags", "expected"), READ_ONLY)
def test_prod_opens_for_writing_only_on_the_command_line(
    line: str, environ: dict[str, str], flags: dict[str, object], expected: bool
) -> None:
    made = config(f'[sources.a]\nurl = "sqlite:///x"\n{line}')
    assert resolve(made, "a", flags=flags, environ=environ).source.read_only is expected


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("UNSTICK_REFRESH", "0.5s", "at least 1s"),
        ("UNSTICK_REFRESH", "soon", "not a duration"),
        ("UNSTICK_MAX_RETRIES", "many", "whole number"),
        ("UNSTICK_READ_ONLY", "maybe", "yes nor no"),
        ("UNSTICK_CONNECT_TIMEOUT", "0", "longer than"),
    ],
)
def test_a_wrong_variable_is_named(name: str, value: str, says: str) -> None:
    with pytest.raises(ConfigError, match=name) as caught:
        resolve(config(), "live", environ={name: value})
    assert says in str(caught.value)


def test_sources_without_a_name() -> None:
    assert names(config(), {}) == ("live", "test", "printed")
    assert only(config(), {"UNSTICK_SOURCE": "test"}) == "test"
    two = config('[sources.a]\nurl = "sqlite:///x"\n[sources.b]\nurl = "sqlite:///x"')
    with pytest.raises(UsageError, match=r"--source: a, b"):
        only(two, {})
    with pytest.raises(UsageError, match="unstick demo"):
        only(Config(), {})


@pytest.mark.parametrize("name", ["lvie", "LIVE"])
def test_an_unknown_source_gets_a_suggestion(name: str) -> None:
    with pytest.raises(UsageError, match="did you mean live"):
        resolve(config(), name, environ={})


def test_a_named_file_must_exist_the_default_one_need_not(tmp_path: Path) -> None:
    assert load_config(None, {}).file is None
    with pytest.raises(ConfigError, match="no such configuration file"):
        load_config(str(tmp_path / "none.toml"), {})
    with pytest.raises(ConfigError, match="no such configuration file"):
        load_config(None, {"UNSTICK_CONFIG": str(tmp_path / "none.toml")})


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"ascii = true\n# \xfc\n", r"c\.toml:2: the configuration is not UTF-8 text"),
        ("ascii = true".encode("utf-16"), r"c\.toml:1: the configuration is not UTF-8 text"),
        (b"\x00", r"c\.toml:1: this is not TOML"),
    ],
)
def test_a_file_that_is_no_text_is_told_about(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "c.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=says):
        load_config(str(file), {})


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read: Is a directory"):
        load_config(str(tmp_path), {})


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_bytes(b'\xef\xbb\xbf[sources.a]\r\nurl = "sqlite:///x"\r\n')
    assert list(load_config(str(file), {}).sources) == ["a"]


def test_the_default_file_is_found(home: Path) -> None:
    folder = home / ".config" / "unstick"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(FULL)
    assert "live" in load_config(None, {}).sources


URLS: list[tuple[str, str, str]] = [
    ("postgres://u@h:5433/d", "postgres://u@h:5433/d", "d@h"),
    ("postgresql+asyncpg://u:p@h/d?sslmode=require", "postgresql://u:p@h/d?sslmode=require", "d@h"),
    ("MySQL://h/d", "mysql://h/d", "d@h"),
    ("mariadb://h/d", "mariadb://h/d", "d@h"),
    ("sqlite:///jobs.db", "sqlite:///jobs.db", "jobs.db"),
    ("sqlite:////var/lib/jobs.db", "sqlite:////var/lib/jobs.db", "jobs.db"),
]


@pytest.mark.parametrize(("given", "url", "name"), URLS)
def test_urls(given: str, url: str, name: str) -> None:
    assert is_url(given)
    assert (check_url(given), name_of(url)) == (url, name)


@pytest.mark.parametrize(
    "given", ["", "jobs.db", "oracle://h/d", "postgresql://h", "mysql://h:x/d", "sqlite://"]
)
def test_wrong_urls_get_one_sentence(given: str) -> None:
    with pytest.raises(UnstickError) as caught:
        check_url(given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "password", ["s3cret", "s3/cret", "s3#cret", "s3?cret", "s3@cret", "s3:cret", "s3%2Fcret"]
)
@pytest.mark.parametrize("scheme", ["postgresql", "postgress", "mysql"])
def test_no_password_in_any_message(password: str, scheme: str) -> None:
    url = f"{scheme}://ann:{password}@db/"
    with pytest.raises(ConfigError) as caught:
        config(f'[sources.a]\nurl = "{url}"')
    assert "cret" not in str(caught.value) + mask_url(url)


def test_a_driver_that_decodes_the_password_is_masked_too() -> None:
    assert mask_text("denied for s3/cret", "mysql://a:s3%2Fcret@h/d") == "denied for ***"


def test_the_schema_lists_every_key() -> None:
    text = str(schema())
    for key in ("url_command", "thresholds", "statement_timeout", "theme"):
        assert key in text
