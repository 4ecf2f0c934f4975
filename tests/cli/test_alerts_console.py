"""Alerts of the sweeps in a console: sent beside it, and what went wrong is said when it is closed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness.application import Application
from tests.harness.ports import free_port
from tests.harness.waiting import eventually_async
from tests.unit.alerting import run
from unstick.cli.console import _alerts, telling
from unstick.cli.parser import parse
from unstick.cli.session import Session
from unstick.cli.sweep_alerts import ConsoleAlerts
from unstick.recovery.source import Source

Make = Callable[[str], ConsoleAlerts | None]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes what the console tells its runs to, from the text of a configuration."""

    def made(text: str) -> ConsoleAlerts | None:
        file = tmp_path / "c.toml"
        file.write_text(text)
        return _alerts(Session(parse(["--config", str(file)])))

    return made


def source(name: str = "prod") -> Source:
    return Source(name, "sqlite:///x.db")


def configured(target: str) -> str:
    return f'[alerts]\ntargets = ["{target}"]\n[sources.prod]\nurl = "sqlite:///x.db"\n'


async def test_runs_in_the_console_are_told_also_of_a_source_that_was_added_later(
    application: Application, make: Make
) -> None:
    alerts = make(configured(f"{application.url.replace('http://', 'json://')}"))
    assert alerts is not None
    alerts(source(), run("a"))
    alerts(source(), run("a"))
    alerts(source("later"), run("b", source="later"))

    async def arrived() -> bool:
        return len(application.calls) == 2

    await eventually_async(arrived, what="both alerts arrived")
    assert [call.json["title"] for call in application.calls] == [
        "unstick prod: 1 job is stuck",
        "unstick later: 1 job is stuck",
    ]
    assert "--source URL" in application.calls[1].json["message"]


async def test_what_went_wrong_is_said_once_the_console_has_given_the_terminal_back(
    application: Application, make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    alerts = make(configured(f"json://127.0.0.1:{free_port()}/t0ken"))
    assert alerts is not None
    with telling(alerts):
        alerts(source(), run("a"))

        async def failed() -> bool:
            return alerts.failed > 0

        await eventually_async(failed, what="the alert failed")
        assert capsys.readouterr().err == ""
    said = capsys.readouterr().err
    assert said.startswith("alert to json-1 failed: ")
    assert said.count("\n") == 1
    assert "t0ken" not in said


def test_where_nobody_is_to_be_told_nothing_is_made(make: Make) -> None:
    assert make('[sources.prod]\nurl = "sqlite:///x.db"\n') is None
