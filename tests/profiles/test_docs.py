"""The page about profiles: its first profile works as written, its other pieces are real keys."""

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest

from tests.profiles.place import STUCK, Place
from unstick.backends import create_backend
from unstick.backends.profile.model import Profile
from unstick.recovery.engine import apply
from unstick.recovery.plan import Options
from unstick.recovery.source import Source

pytestmark = pytest.mark.checkout

PAGE = Path(__file__).parents[2] / "docs" / "profiles.md"
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def test_the_first_profile_has_at_most_25_lines() -> None:
    assert len(BLOCKS[0].strip().splitlines()) <= 25


@pytest.mark.parametrize("block", BLOCKS)
def test_every_piece_on_the_page_is_part_of_a_profile(block: str) -> None:
    given = tomllib.loads(block)
    top = {key: value for key, value in given.items() if key in Profile.model_fields}
    jobs = top.pop("jobs", {})
    inner = {key: value for key, value in given.items() if key not in Profile.model_fields}
    # `[[jobs.rules]]` alone stands below a table called jobs; in a file it belongs to the last [[jobs]].
    job = {**(jobs[-1] if isinstance(jobs, list) else jobs), **inner}
    Profile.model_validate({"name": "example", **top, "jobs": [around(job)]})


def around(job: dict[str, Any]) -> dict[str, Any]:
    """Return the rest of a job table that a piece of the page speaks of."""
    status = {} if "state_sql" in job else {"status": "status"}
    times = {"started": "started_at", "updated": "updated_at"}
    children = {
        name: {"name": name, "table": name, "key": ["id"], "match": {"job_id": "id"}}
        for name in ("progress", "logs", "matches")
    }
    children |= {child["name"]: child for child in job.get("children", ())}
    variants = {"table": "parts", "key": ["id"], "match": {"job_id": "id"}, "status": "status"}
    variants |= job.get("variants", {})
    rules = [{"name": "stuck", "statuses": ["busy"], "age_of": ["updated"], "older_than": "5m"}]
    actions = {"recover": {"verb": "recover", "set": {"status": "queued"}}}
    actions |= {
        name: {"verb": name, "set": {"status": "queued"}, **action}
        if not action.get("delete") and "sql" not in action
        else action
        for name, action in job.get("actions", {}).items()
    }
    rest = {"table": "jobs", "key": ["id"], "times": times, "rules": rules}
    return {
        **rest,
        **status,
        **job,
        "variants": variants,
        "children": list(children.values()),
        "actions": actions,
    }


def test_every_key_of_the_format_is_on_the_page() -> None:
    page = PAGE.read_text("utf-8")
    missing = {name for name in names(Profile) if not re.search(rf"\b{name}\b", page)}
    assert missing <= {"format", "title", "description"}


def names(model: type) -> set[str]:
    """Every key of the format."""
    found: set[str] = set()
    todo: list[type] = [model]
    seen: set[type] = set()
    while todo:
        each = todo.pop()
        if each in seen:
            continue
        seen.add(each)
        for name, field in getattr(each, "model_fields", {}).items():
            found.add(field.alias or name)
            todo += models_in(field.annotation)
    return found


def models_in(annotation: object) -> list[type]:
    """Every model that a field's annotation mentions."""
    if isinstance(annotation, type) and hasattr(annotation, "model_fields"):
        return [annotation]
    return [model for part in get_args(annotation) for model in models_in(part)]


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
