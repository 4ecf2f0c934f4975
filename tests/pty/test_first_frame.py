"""What the real program has imported when the bytes of its first picture leave, and when its rows do."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness.pty import Terminal
from tests.harness.waiting import eventually
from unstick.backends.demo.database import create

PROGRAM = """
import sys
from pathlib import Path
from textual.drivers.linux_driver import LinuxDriver

write, noted = LinuxDriver.write, Path(sys.argv.pop(1))

def writes(self, data):
    if "jobs-eu" in data and not noted.exists():
        noted.with_suffix(".part").write_text("\\n".join(sys.modules))
        noted.with_suffix(".part").rename(noted)
    write(self, data)

LinuxDriver.write = writes
from unstick.cli import main
sys.exit(main())
"""
LATER = {
    *("pydantic", "pydantic_core", "sqlalchemy", "sqlite3", "asyncpg", "pymysql", "httpx", "apprise"),
    *("prometheus_client", "tomlkit", "argcomplete", "unstick.backends", "unstick.recovery.engine"),
    *("unstick.recovery.hooks", "unstick.recovery.sweeping", "unstick.tui.screens.jobs"),
}

pytestmark = pytest.mark.pty


def test_the_first_picture_of_a_configured_source_waits_for_nothing_of_the_databases(
    terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    file, noted = tmp_path / "config.toml", tmp_path / "modules"
    demo = create(tmp_path)["artitec"]
    file.write_text(
        f'version = 2\ntheme = "dark"\n[keys]\n"act.retry" = "F5"\n[defaults]\nrefresh = "1h"\n'
        f'[sources.jobs-eu]\nurl = "sqlite:///{demo}"\nenvironment = "staging"\ncolour = "blue"\n'
        'thresholds = { "*" = "30m" }\n'
    )
    with terminal([sys.executable, "-c", PROGRAM, str(noted), "--config", str(file)]) as shown:
        eventually(noted.exists, what="the first picture is written")
        assert LATER & set(noted.read_text().splitlines()) == set()
        shown.wait_for("every 3600s")
        shown.wait_for("sqlite")
