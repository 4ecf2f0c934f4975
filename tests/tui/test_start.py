"""What the first picture costs: nothing is imported for it that only the database or a later screen needs."""

from __future__ import annotations

import subprocess
import sys

LATER = ("sqlalchemy", "asyncpg", "pymysql", "pydantic", "unstick.backends", "unstick.recovery.memory",
         "unstick.recovery.engine", "unstick.tui.screens.jobs")  # fmt: skip

CODE = f"""
import sys
from unstick.cli import console, session
from unstick.recovery.source import Source
from unstick.tui.console import ConsoleApp
app = ConsoleApp([(lambda: None, Source("jobs", "sqlite:///jobs.db"))])
app.get_default_screen()
print([name for name in {LATER!r} if name in sys.modules])
"""


def test_the_first_picture_imports_nothing_for_later() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
