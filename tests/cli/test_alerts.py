"""`unstick alerts test`, alerts of a sweep in a process of its own, and what the configuration shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.harness.application import Application, nobody

SECRET = "t0ken"


@pytest.fixture
def configured(cli: Cli, home: Path, application: Application, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command line with two targets; the second stands in the environment and is refused."""
    monkeypatch.delenv("UNSTICK_SOURCE")
    monkeypatch.setenv("PAGER_URL", f"{nobody().replace('http://', 'json://ann:s3cret@')}/{SECRET}")
    write(
        home,
        f'[alerts]\ntargets = ["{hook(application)}/{SECRET}", {{ env = "PAGER_URL" }}]\n'
        '[sources.prod]\nurl = "sqlite:///a.db"\n[sources.quiet]\nurl = "sqlite:///b.db"\n'
        "alerts = { targets = [] }\n",
    )
    return cli


def hook(application: Application) -> str:
    return application.url.replace("http://", "json://")


def write(home: Path, text: str) -> None:
    folder = home / ".config" / "unstick"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(text)


def test_a_dry_run_shows_what_would_be_sent_where_and_sends_nothing(
    configured: Cli, application: Application
) -> None:
    ran = configured("alerts", "test", "--dry-run")
    assert ran.code == 0
    assert "unstick prod and quiet: a test" in ran.out
    assert "json-1" in ran.out
    assert "json://***" in ran.out
    assert ran.out.count("config.toml:2") == 2
    assert "$PAGER_URL" in ran.out
    assert ran.out.count("would be sent") == 2
    assert not application.calls
    assert SECRET not in ran.out + ran.err


def test_a_test_says_for_each_target_what_came_of_it(configured: Cli, application: Application) -> None:
    ran = configured("alerts", "test", "--source", "prod", "--json")
    assert ran.code == 1
    first, second = ran.json["targets"]
    assert (first["target"], first["result"], first["problem"]) == ("json-1", "sent", None)
    assert (second["target"], second["result"]) == ("json-2", "failed")
    assert "onnection error" in second["problem"]
    assert first["sources"] == ["prod"]
    [call] = application.calls
    assert call.json["title"] == ran.json["title"] == "unstick prod: a test"
    assert SECRET not in ran.out + ran.err
    assert "s3cret" not in ran.out + ran.err


def test_a_variable_that_is_not_set_fails_its_target_only(
    configured: Cli, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PAGER_URL")
    ran = configured("alerts", "test")
    assert ran.code == 1
    assert "the environment variable PAGER_URL is not set" in ran.err
    assert len(application.calls) == 1


def test_without_a_target_it_says_what_to_write(configured: Cli, home: Path) -> None:
    for argv in (("--source", "quiet"), ()):
        if not argv:
            write(home, '[sources.a]\nurl = "sqlite:///a.db"\n')
        ran = configured("alerts", "test", *argv)
        assert ran.code == 2
        assert "no target is configured: write targets = " in ran.err


def test_a_single_run_of_a_sweep_alerts_before_it_ends_and_the_next_one_knows(
    configured: Cli, application: Application
) -> None:
    application.status = 200
    ran = configured("sweep", "--once", "--shadow", "--source", "prod")
    assert ran.code == 0
    titles = [call.json["title"] for call in application.calls]
    assert "unstick prod: 5 jobs are stuck" in titles
    assert "alert to json-2 failed" in ran.err
    assert SECRET not in ran.err
    configured("sweep", "--once", "--shadow", "--source", "prod")
    assert [call.json["title"] for call in application.calls] == titles


def test_a_sweep_of_a_source_that_nobody_is_told_of_sends_nothing(
    configured: Cli, application: Application
) -> None:
    ran = configured("sweep", "--once", "--shadow", "--source", "quiet")
    assert ran.code == 0
    assert not application.calls


def test_a_webhook_that_hangs_costs_a_single_run_its_time_and_no_more(
    cli: Cli, home: Path, application: Application
) -> None:
    application.hold()
    write(
        home,
        f'[alerts]\ntimeout = 1\non = ["stuck"]\ntargets = ["{hook(application)}"]\n',
    )
    ran = cli("sweep", "--once", "--shadow", "--json")
    assert ran.code == 0
    assert ran.json["runs"][0]["stuck"] == 5
    assert "alert to json-1 failed: timed out after 1s" in ran.err


def test_the_configuration_is_shown_with_its_places_and_without_its_secrets(configured: Cli) -> None:
    ran = configured("config", "show", "--origin", "--json")
    entry = ran.json["sources"]["prod"]["alerts.targets"]
    assert entry["value"] == ["json://***", "$PAGER_URL"]
    assert entry["origin"].endswith("config.toml:2")
    human = configured("config", "show").out
    assert "json://***, $PAGER_URL" in human
    assert SECRET not in human
    assert SECRET not in ran.out
    assert json.loads(ran.out)["sources"]["quiet"]["alerts.targets"]["value"] == []
