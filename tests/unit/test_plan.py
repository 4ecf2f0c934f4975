"""A plan is frozen: its id tells whether anything in it was changed."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest

from tests.unit.plans import PLAN, ROW
from unstick.recovery.errors import PlanError
from unstick.recovery.model import JobId
from unstick.recovery.plan import Options, Plan, dump, load, seal


def test_a_plan_is_the_same_after_being_saved_and_loaded() -> None:
    assert load(dump(PLAN)) == PLAN


def test_a_saved_plan_is_plain_text_whatever_the_rows_hold() -> None:
    assert dump(PLAN).isascii()


def test_a_plan_counts_what_it_found() -> None:
    assert PLAN.found == 3
    assert ROW.ref == ("a", "v")


def test_the_id_is_twelve_digits_and_stays_the_same() -> None:
    assert len(PLAN.id) == 12
    assert int(PLAN.id, 16) >= 0
    assert seal(PLAN).id == PLAN.id


def test_two_plans_with_the_same_content_have_ids_of_their_own() -> None:
    bare = replace(PLAN, id="", nonce="")
    assert seal(bare).id != seal(bare).id


@pytest.mark.parametrize("name", [field.name for field in fields(Plan) if field.name != "id"])
def test_every_field_counts_for_the_id(name: str) -> None:
    data = json.loads(dump(PLAN))
    data[name] = _other(data[name])
    with pytest.raises(PlanError):
        load(json.dumps(data))


def _other(value: Any) -> Any:
    if isinstance(value, list):
        return value[:-1]
    if isinstance(value, dict):
        return {**value, "over_limit": False}
    return "2026-01-05T12:00:00+00:00" if str(value).startswith("2026") else "other"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("job",), "b"),
        (("key", "id"), 2),
        (("token", "status"), "failed"),
        (("token", "retries"), False),
        (("after", "status"), "completed"),
        (("changes", 0, "key", "id"), 9),
        (("evidence", 0, 1), "12:00"),
    ],
)
def test_a_change_deep_in_a_row_is_found(path: tuple[Any, ...], value: object) -> None:
    data = json.loads(dump(PLAN))
    place = data["rows"][0]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(PlanError, match="changed after it was made"):
        load(json.dumps(data))


def test_the_order_of_the_rows_counts() -> None:
    two = seal(replace(PLAN, rows=(ROW, replace(ROW, job=JobId("z"))), nonce=""))
    data = json.loads(dump(two))
    data["rows"].reverse()
    with pytest.raises(PlanError):
        load(json.dumps(data))


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", "3", '"text"', '{"rows": []}'])
def test_a_file_that_is_no_plan_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(PlanError, match="make one with"):
        load(text)


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_a_plan_of_another_version_is_refused(version: object) -> None:
    data = json.loads(dump(PLAN)) | {"unstick_plan": version}
    with pytest.raises(PlanError, match="another version"):
        load(json.dumps(data))


@pytest.mark.parametrize(
    "change",
    [
        {"made_at": "yesterday"},
        {"made_at": 3},
        {"rows": None},
        {"rows": [3]},
        {"rows": [{}]},
        {"options": []},
        {"options": {"speed": 3}},
        {"left_out": [{"job": "a"}]},
        {"surprise": 1},
    ],
)
def test_a_damaged_plan_is_refused_without_a_traceback(change: dict[str, object]) -> None:
    data = json.loads(dump(PLAN)) | change
    with pytest.raises(PlanError, match="damaged"):
        load(json.dumps(data))


@pytest.mark.parametrize("name", [field.name for field in fields(Plan)])
def test_a_plan_with_a_field_missing_is_refused(name: str) -> None:
    data = json.loads(dump(PLAN))
    del data[name]
    with pytest.raises(PlanError):
        load(json.dumps(data))


@pytest.mark.parametrize("name", ["key", "token", "before", "after"])
@pytest.mark.parametrize("image", [None, [], "x", 3])
def test_an_image_has_to_be_an_object(name: str, image: object) -> None:
    data = json.loads(dump(PLAN))
    data["rows"][0][name] = image
    with pytest.raises(PlanError, match="damaged"):
        load(json.dumps(data))


def test_an_empty_plan_can_be_saved_too() -> None:
    empty = seal(replace(PLAN, rows=(), left_out=(), options=Options(), nonce=""))
    assert load(dump(empty)) == empty
    assert empty.found == 0


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "", "{", "[]", "null", '{"unstick_plan": 1}', dump(PLAN).replace('"rows"', '"rosw"')],
)
def test_what_is_no_plan_is_refused_in_plain_words(text: str) -> None:
    with pytest.raises(PlanError, match=r"not a plan file|damaged") as refused:
        load(text)
    said = str(refused.value)
    assert "make" in said
    assert not [word for word in ("__init__", "KeyError", "Expecting", "'", "char ") if word in said]
