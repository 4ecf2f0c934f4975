"""`[alerts]` in the configuration: what may stand there, who wins, and that no secret is repeated."""

from __future__ import annotations

import pytest

from unstick.recovery.alerts import Kind
from unstick.recovery.config.alerts import AlertConfig
from unstick.recovery.config.load import Config, parse_config
from unstick.recovery.errors import ConfigError

SOURCES = """
[sources.eu]
url = "sqlite:///x.db"
[sources.us]
url = "sqlite:///y.db"
"""
WHOLE = """
[alerts]
targets = [
  "slack://T1JJ3T3L2/A1BRTD4JD/t0ken",
  { env = "PAGER_URL" },
  { command = "echo json://hooks/s3cret" },
]
on = ["stuck", "down"]
repeat = "2h"
resolved = false
limit = 3
timeout = 5
dry_run = true
"""


def read(text: str) -> Config:
    return parse_config(text, "c.toml")


def alerts(text: str, **environ: str) -> AlertConfig:
    return AlertConfig(read(text), {"PATH": "/usr/bin:/bin", **environ})


def test_without_anything_nobody_is_told() -> None:
    found = alerts(SOURCES).of("eu")
    assert found.targets == ()
    assert found.on == tuple(Kind)
    assert (found.repeat_s, found.limit, found.resolved, found.dry_run) == (4 * 3600, 10, True, False)


def test_every_key_is_read() -> None:
    found = alerts(WHOLE + SOURCES, PAGER_URL="json://pager/k3y\n").of("eu")
    assert [target.name for target in found.targets] == ["slack-1", "json-2", "json-3"]
    assert [target.url for target in found.targets] == [
        "slack://T1JJ3T3L2/A1BRTD4JD/t0ken", "json://pager/k3y", "json://hooks/s3cret",
    ]  # fmt: skip
    assert [target.given for target in found.targets] == ["slack://***", "$PAGER_URL", "printed by: echo ..."]
    assert {target.place for target in found.targets} == {"c.toml:3"}
    assert found.on == (Kind.STUCK, Kind.DOWN)
    assert (found.repeat_s, found.resolved, found.limit, found.timeout_s) == (7200, False, 3, 5)
    assert found.dry_run


def test_a_source_may_say_otherwise_key_by_key() -> None:
    own = '[sources.eu.alerts]\non = ["brake"]\ntargets = ["json://eu/t0ken"]\n'
    found = alerts(WHOLE + SOURCES + own)
    eu, us = found.of("eu"), found.of("us")
    assert eu.on == (Kind.BRAKE,)
    assert [target.name for target in eu.targets] == ["eu:json-1"]
    assert (eu.repeat_s, eu.limit) == (7200, 3)
    assert us.on == (Kind.STUCK, Kind.DOWN)
    assert len(us.targets) == 3


def test_a_source_may_be_left_out() -> None:
    found = alerts(WHOLE + SOURCES + "[sources.eu.alerts]\ntargets = []\n")
    assert found.of("eu").targets == ()
    assert found.of("us").targets


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ('{ env = "PAGER_URL" }', "the environment variable PAGER_URL is not set"),
        ('{ command = "true" }', "true printed nothing; it must print the URL of a target"),
        ('{ command = "echo k3y" }', "printed by: echo ... gives no URL"),
        ('{ command = ["no-such-program", "k3y"] }', "no-such-program can't be run"),
        ('{ command = "" }', "entry 1 is empty"),
    ],
)
def test_a_target_that_cannot_be_found_is_named_with_its_place(target: str, problem: str) -> None:
    text = f"[alerts]\ntargets = [{target}]\n{SOURCES}"
    if problem.startswith("entry"):
        with pytest.raises(ConfigError, match=problem):
            read(text)
        return
    [found] = alerts(text).of("eu").targets
    assert (found.name, found.url) == ("target-1", "")
    assert found.problem.startswith("c.toml:2: alerts.targets: ")
    assert problem in found.problem
    assert "k3y" not in found.problem


def test_a_command_is_run_once_however_many_sources_use_it(tmp_path: object) -> None:
    text = f"[alerts]\ntargets = [{{ command = ['sh', '-c', 'echo x >> {tmp_path}/n; echo json://h'] }}]\n"
    found = alerts(text + SOURCES)
    assert found.of("eu").targets == found.of("us").targets
    with open(f"{tmp_path}/n") as lines:
        assert lines.read() == "x\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('targets = "slack://t0ken"', "alerts.targets: must be a list; each entry is a URL such as"),
        ('targets = ["t0ken"]', "alerts.targets: entry 1 is not a URL; it must be a URL such as"),
        ('targets = ["json://h/ t0ken"]', "alerts.targets: entry 1 is not a URL"),
        ('targets = [{ env = "A", command = "t0ken" }]', "entry 1 needs exactly one of env and command"),
        ('targets = [{ url = "t0ken" }]', "entry 1 needs exactly one of env and command"),
        ("targets = [3]", "entry 1 is neither a text nor a table"),
        ('target = ["slack://t0ken"]', "alerts.target: there is no such key; did you mean targets?"),
        ('on = ["stuk"]', "can't be 'stuk'; did you mean stuck?"),
        ("limit = 0", "alerts.limit: "),
        ('repeat = "0"', "alerts.repeat: must be at least 1s"),
        ("repeat = true", "alerts.repeat: must be a duration"),
        ('resolved = "yes"', "alerts.resolved: must be true or false"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_place_and_without_a_secret(line: str, said: str) -> None:
    with pytest.raises(ConfigError) as told:
        read(f"[alerts]\n{line}\n")
    assert str(told.value).startswith("c.toml:2: ")
    assert said in str(told.value)
    assert "t0ken" not in str(told.value)


def test_a_limit_is_of_a_target_and_not_of_a_source() -> None:
    with pytest.raises(ConfigError, match=r"sources\.eu\.alerts\.limit: there is no such key"):
        read(f"{SOURCES}[sources.eu.alerts]\nlimit = 3\n")


def test_what_is_shown_holds_no_secret_and_runs_nothing() -> None:
    shown = alerts(WHOLE + SOURCES).shown("eu")
    assert shown["targets"] == (["slack://***", "$PAGER_URL", "printed by: echo ..."], "c.toml:3")
    assert shown["limit"] == (3, "c.toml:11")
