"""The page about profiles: its first profile works as written, its other pieces are real keys."""

import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from tests.profiles.place import STUCK, Place
from unstick.backends import create_backend
from unstick.recovery.engine import apply
from unstick.recovery.plan import Options
from unstick.recovery.source import Source

pytestmark = pytest.mark.checkout

PAGE = Path(__file__).parents[2] / "docs" / "profiles.md"
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def test_the_first_profile_has_at_most_25_lines() -> None:
    assert len(BLOCKS[0].strip().splitlines()) <= 25


@pytest.mark.parametrize("block", BLOCKS)
def test_every_piece_on_the_page_is_toml(block: str) -> None:
    assert tomllib.loads(block)


async def test_the_first_profile_is_recognised_and_recovers_a_stuck_job(
    place: Place, tmp_path: Path, home: Path
) -> None:
    stamp = place.pick("timestamp", "datetime(6)", "text")
    name = place.pick("text", "varchar(50)", "text")
    await place.run(
        f"CREATE TABLE jobs (id int PRIMARY KEY, state {name}, queue {name}, last_error text,"
        f" created_at {stamp}, heartbeat_at {stamp})",
        *(
            f"INSERT INTO jobs VALUES ({job}, '{state}', 'mail', NULL,"
            f" {place.ago(7200)}, {place.ago(silent)})"
            for job, state, silent in [(1, "working", 3600), (2, "working", 5), (3, "error", 3600)]
        ),
    )
    folder = home / ".config" / "unstick" / "profiles"
    folder.mkdir(parents=True)
    (folder / "acme.toml").write_text(BLOCKS[0], "utf-8")
    backend = create_backend(Source("here", place.url))
    try:
        await backend.open()
        assert backend.capabilities.profile == "acme"
        plan = await backend.plan("recover", STUCK, Options())
        assert [(row.job, row.after["state"]) for row in plan.rows] == [("1", "queued")]
        assert (await apply(backend, plan)).counts.applied == 1
    finally:
        await backend.close()
    assert await place.rows("SELECT id, state FROM jobs ORDER BY id") == [
        (1, "queued"),
        (2, "working"),
        (3, "error"),
    ]
