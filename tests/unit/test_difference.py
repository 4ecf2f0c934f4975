"""What differs between two images of a row: a long document must not hide what changes in it."""

import json

import pytest

from unstick.recovery.difference import as_words, differences
from unstick.recovery.model import Scalar


def told(before: Scalar, after: Scalar) -> list[tuple[str, str | None, str | None]]:
    return [as_words(each) for each in differences({"c": before}, {"c": after})]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("busy", "bad", [("c", "busy", "bad")]),
        ("busy", "busy", []),
        (None, 3, [("c", None, "3")]),
        (True, False, [("c", "true", "false")]),
        ('{"a": 1}', '{"a": 1, "b": null}', [("c.b", "(absent)", None)]),
        ('{"a": {"b": [1, 2]}}', '{"a": {"b": [1, 3]}}', [("c.a.b[1]", "2", "3")]),
        ('{"a": [1]}', '{"a": [1, 2]}', [("c.a", "[1]", "[1, 2]")]),
        ('{"a": 1}', "[1]", [("c", '{"a": 1}', "[1]")]),
        ('{"a": 1}', None, [("c", '{"a": 1}', None)]),
        ('{"a": 1', '{"a": 2}', [("c", '{"a": 1', '{"a": 2}')]),
        ('{"a": 1}', '{ "a": 1 }', [("c", '{"a": 1}', '{ "a": 1 }')]),
        ("[" * 100_000, '{"a": 1}', [("c", "[" * 100_000, '{"a": 1}')]),
    ],
)
def test_what_differs_is_told_and_nothing_else(
    before: Scalar, after: Scalar, said: list[tuple[str, str | None, str | None]]
) -> None:
    assert told(before, after) == said


def test_one_value_in_a_long_document_is_told_by_its_place() -> None:
    tasks = [{"id": number, "status": "done", "log": "x" * 500} for number in range(50)]
    before = json.dumps({"tasks": tasks})
    tasks[41] = {**tasks[41], "status": "waiting"}
    assert told(before, json.dumps({"tasks": tasks})) == [("c.tasks[41].status", "done", "waiting")]
