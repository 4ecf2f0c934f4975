"""Changing single values within JSON text: all else keeps its spelling."""

import pytest

from unstick.backends.sql import json_edit

TEXT = '{"a":1.50, "b" : {"x":"\\u00e9","y":[1, {"z":1e5}]},\n"a":2}'


def test_a_value_is_put_where_it_was_and_nothing_else_is_spelled_anew() -> None:
    assert json_edit.put(TEXT, ["b", "y", 1, "z"], "new") == TEXT.replace("1e5", '"new"')
    # Of two members with one name the last one counts, as everywhere.
    assert json_edit.put(TEXT, ["a"], 3) == TEXT.replace(":2}", ":3}")


@pytest.mark.parametrize(
    ("before", "after"),
    [("{}", '{"k":1}'), ('{"a":2}', '{"a":2,"k":1}'), ('{"a": 2}', '{"a": 2, "k": 1}')],
)
def test_a_new_member_comes_last_in_the_manner_of_the_others(before: str, after: str) -> None:
    assert json_edit.put(before, ["k"], 1) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"a":1,"k":2}', '{"a":1}'),
        ('{"k":2, "a":1}', '{"a":1}'),
        ('{"k":2}', "{}"),
        ('{"k":1,"a":0,"k":2}', '{"a":0}'),
        ('{"a":1}', '{"a":1}'),
    ],
)
def test_a_member_goes_with_its_comma_and_every_one_of_that_name(before: str, after: str) -> None:
    assert json_edit.remove(before, ["k"]) == after


@pytest.mark.parametrize("text", ["", "{", "NaN", "[" * 100_000])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON|nested|Expecting"):
        json_edit.parse(text)
    assert json_edit.find(text, ["a"]) is None


def test_what_is_not_there_is_not_made_up() -> None:
    with pytest.raises(ValueError, match="there is no nothing"):
        json_edit.put(TEXT, ["nothing", "k"], 1)
