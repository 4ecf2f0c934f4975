"""A console that stays open for a day: refreshing again and again leaves nothing behind."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise

import pytest

from tests.proof.day import DAY, PARTS
from tests.proof.driver import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
ENGINES = {"postgresql": "postgres_url", "mariadb": "mariadb_url", "sqlite": "sqlite_url"}
LEAST = {"tasks": 0, "threads": 0, "files": 0, "connections": 0, "objects": DAY // PARTS}
"""By how much there may be more of each after the part of the day in which the fewest were added.

What a refresh leaves behind is there in each part; what is loaded once, or happens to be under way, is not.
"""


@pytest.mark.parametrize("engine", list(ENGINES))
def test_a_day_leaves_no_task_no_connection_and_no_memory_behind(
    engine: str, request: pytest.FixtureRequest
) -> None:
    url: str = request.getfixturevalue(ENGINES[engine])
    command = [sys.executable, "-m", "tests.proof.day", engine, url]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    looks = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(looks) == PARTS + 1
    for name, most in LEAST.items():
        added = [after[name] - before[name] for before, after in pairwise(looks)]
        assert min(added) <= most, (name, added)
