"""Which of several entries of thresholds counts."""

from __future__ import annotations

import pytest

from unstick.recovery.thresholds import fitting, layered, narrowed, of_kind, split

GIVEN = {
    "stuck": 1.0,
    "stuck kind:a*": 2.0,
    "stuck kind:ab*": 3.0,
    "stuck kind:abc": None,
    "lag kind:a*": 5.0,
}


@pytest.mark.parametrize(
    ("kind", "stuck", "lag"),
    [
        (None, 1.0, 9.0),
        ("x", 1.0, 9.0),
        ("a", 2.0, 5.0),
        ("ABX", 3.0, 5.0),
        ("abc", None, 5.0),
        ("mail/abc", None, 5.0),
        ("abc/x", None, 5.0),
    ],
)
def test_the_entry_that_says_most_counts(kind: str | None, stuck: float | None, lag: float) -> None:
    kinds = fitting(GIVEN, kind)
    assert of_kind(GIVEN, "stuck", kinds, 9.0) == stuck
    assert of_kind(GIVEN, "lag", kinds, 9.0) == lag
    assert narrowed(GIVEN, kinds)["stuck"] == stuck


@pytest.mark.parametrize(
    ("name", "rule", "pattern"),
    [
        ("stuck", "stuck", None),
        ("kind:a b", "*", "a b"),
        ("no life kind:a*", "no life", "a*"),
        ("* kind:x", "*", "x"),
        ("unkind:x", "unkind:x", None),
    ],
)
def test_names_of_entries(name: str, rule: str, pattern: str | None) -> None:
    assert split(name) == (rule, pattern)


def test_layers_are_put_together_up_to_a_star() -> None:
    layers = [{"stuck": 1.0}, {"kind:a": 2.0, "stuck kind:a": 3.0}, {"*": 4.0}, {"kind:b": 5.0}]
    assert layered("stuck", layers) == {None: 1.0, "a": 3.0}
    assert layered("lag", layers) == {None: 4.0, "a": 2.0}
    assert layered("lag", layers, enabled=False) == {}
    assert layered("stuck", layers, clock=False) == {None: 1.0, "a": 3.0}
