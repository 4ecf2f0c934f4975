"""When a sweep looks: by a system's own environment variables, then the source, then the profile."""

from __future__ import annotations

from pathlib import Path

import pytest

from unstick.backends import create_backend
from unstick.backends.demo.database import create, path_of
from unstick.recovery.errors import ConfigError
from unstick.recovery.model import Schedule
from unstick.recovery.source import Source, SweepSettings
from unstick.recovery.sweep import Decision, Mode
from unstick.recovery.sweeping import Sweeper, schedule_words


async def schedule(system: str, folder: Path, settings: SweepSettings | None = None) -> Schedule:
    """When a sweep looks at this system's demo database."""
    create(folder, systems=(system,))
    url = f"sqlite:///{path_of(folder, system)}"
    backend = create_backend(Source("here", url, profile=system, sweep=settings or SweepSettings()))
    await backend.open()
    try:
        return backend.capabilities.schedule
    finally:
        await backend.close()


@pytest.mark.parametrize(
    ("system", "every_s", "words"),
    [
        ("algoitny", 900.0, "every 15m (profile)"),
        ("artitec", 300.0, "every 5m (built in)"),
        ("bg_jobs", 300.0, "every 5m (built in)"),
        ("extraction", 300.0, "every 5m (built in)"),
        ("feedlyai", 300.0, "every 5m (built in)"),
    ],
)
async def test_each_system_has_the_interval_of_its_document(
    system: str, every_s: float, words: str, tmp_path: Path
) -> None:
    found = await schedule(system, tmp_path)
    assert (found.enabled, found.every_s, schedule_words(found)) == (True, every_s, words)


@pytest.mark.parametrize(
    ("system", "variable"),
    [("artitec", "ARTITEC_JOB_MONITOR_INTERVAL"), ("bg_jobs", "RECOVERY_CHECK_INTERVAL")],
)
async def test_the_systems_own_variable_sets_the_interval_before_the_source_does(
    system: str, variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured = SweepSettings(every_s=60.0)
    assert (await schedule(system, tmp_path, configured)).every_s == 60.0
    monkeypatch.setenv(variable, "120")
    found = await schedule(system, tmp_path, configured)
    assert (found.every_s, found.every_by) == (120.0, f"{variable}=120")


@pytest.mark.parametrize(
    ("system", "variable"), [("artitec", "ARTITEC_JOB_MONITOR_ENABLED"), ("bg_jobs", "ENABLE_RECOVERY")]
)
async def test_the_systems_own_variable_switches_its_sweep_off(
    system: str, variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "0")
    found = await schedule(system, tmp_path, SweepSettings(enabled=True))
    assert schedule_words(found) == f"switched off: {variable}=0"
    source = Source("here", f"sqlite:///{path_of(tmp_path, system)}", profile=system)
    sweeper = Sweeper(create_backend(source), source, Mode.ARMED, "ann")
    assert (await sweeper.run()).decision is Decision.REST
    assert await sweeper.backend.operations() == ()
    await sweeper.backend.close()


@pytest.mark.parametrize("text", ["soon", "0", "-5", "nan", "1e300"])
async def test_an_interval_that_makes_no_sense_names_its_variable(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARTITEC_JOB_MONITOR_INTERVAL", text)
    with pytest.raises(ConfigError, match=f"ARTITEC_JOB_MONITOR_INTERVAL='{text}' in the environment"):
        await schedule("artitec", tmp_path)
