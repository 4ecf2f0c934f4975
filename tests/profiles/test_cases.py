"""What an action writes by the value of another column."""

import pytest

from tests.profiles.place import Place, plan, undo
from unstick.backends.profile.load import parse_profile
from unstick.recovery.engine import apply
from unstick.recovery.errors import ConfigError

PROFILE = """
    name = "cases"
    [[jobs]]
    table = "tasks"
    key = ["id"]
    status = "status"
    token = ["step", "score"]
    states = { pending = ["new"], failed = ["bad"] }
    [jobs.actions.retry]
    verb = "put back, a step before the one that can't be begun by itself"
    [jobs.actions.retry.set]
    step = { by = "step", cases = { paint = "plan" } }
    score = { by = "step", cases = { paint = 3, plan = 2 }, otherwise = 0 }
    status = { by = "step", cases = { paint = "ready" }, otherwise = "new" }
"""


async def test_a_column_is_written_by_what_another_one_held_before(place: Place) -> None:
    await place.run(
        "CREATE TABLE tasks (id integer PRIMARY KEY, status varchar(20), step varchar(20), score integer)",
        "INSERT INTO tasks VALUES (1, 'bad', 'paint', 9), (2, 'bad', 'plan', 9), (3, 'bad', 'dry', 9), "
        "(4, 'bad', NULL, NULL)",
    )
    backend = await place.console(PROFILE, max_retries=None)
    made = await plan(backend, "retry", "1", "2", "3", "4")
    expected: list[dict[str, object]] = [
        {"step": "plan", "score": 3, "status": "ready"},
        {"step": "plan", "score": 2, "status": "new"},
        {"step": "dry", "score": 0, "status": "new"},
        {"step": None, "score": 0, "status": "new"},
    ]
    assert [dict(row.after) for row in made.rows] == expected
    result = await apply(backend, made)
    assert result.counts.applied == 4
    written = await place.rows("SELECT step, score, status FROM tasks ORDER BY id")
    assert written == [tuple(row.values()) for row in expected]
    assert (await undo(backend, result)).counts.applied == 4
    assert await place.rows("SELECT DISTINCT status FROM tasks") == [("bad",)]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ('{ cases = { a = "b" } }', "cases and by belong together"),
        ('{ by = "step" }', "say exactly one of"),
        ('{ value = "a", otherwise = "b" }', "there are no cases"),
    ],
)
def test_half_of_a_choice_is_a_mistake(given: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_profile(PROFILE + f"    error = {given}\n", "cases.toml")
