"""What `json_merge` makes of placeholders and of null."""

import json

import pytest

from unstick.backends.profile.assign import Assignment
from unstick.backends.sql import assign

MERGED = {"id": "{job}", "why": "job {job} {", "list": ["{job}", "{other}"], "error": {"null": True}}


@pytest.mark.parametrize("job", [12, "12", "a,b", "", 0])
def test_a_text_that_is_only_a_placeholder_keeps_the_kind_of_its_value(job: str | int) -> None:
    merged = assign.preview("note", Assignment(json_merge=MERGED), {"job": job}, {"note": '{"kept": 1}'})
    assert json.loads(str(merged)) == {
        "kept": 1,
        "id": job,
        "why": f"job {job} {{",
        "list": [job, "{other}"],
        "error": None,
    }


def test_texts_of_columns_stay_texts() -> None:
    given = Assignment(text="{job}")
    assert assign.preview("note", given, {"job": 12}, {}) == "12"
