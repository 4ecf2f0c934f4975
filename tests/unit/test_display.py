"""The gate between database text and the terminal."""

from __future__ import annotations

import random
import sys
import time
import unicodedata

import pytest
from rich.cells import cell_len

from unstick.recovery.display import CUT, cell_width, char_width, clip, display_text, fit, wrap

HOSTILE = {
    "colour": ("\x1b[31mred", "\\x1b[31mred"),
    "window title": ("\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
    "clipboard write": ("\x1b]52;c;AAAA\x1b\\", "\\x1b]52;c;AAAA\\x1b\\"),
    "8-bit CSI": ("\x9b2J", "\\x9b2J"),
    "8-bit OSC": ("\x9d0;t\x9c", "\\x9d0;t\\x9c"),
    "NUL": ("a\0b", "a\\0b"),
    "DEL": ("a\x7fb", "a\\x7fb"),
    "backspace": ("ab\b\bc", "ab\\x08\\x08c"),
    "carriage return": ("ok\rno", "ok\\rno"),
    "line feed": ("a\nb", "a\\nb"),
    "tab": ("a\tb", "a\\tb"),
    "next line": ("a\x85b", "a\\x85b"),
    "bidi override": ("\u202egpj.exe", "\\u202egpj.exe"),
    "bidi isolate": ("\u2066x\u2069", "\\u2066x\\u2069"),
    "arabic letter mark": ("\u061cx", "\\u061cx"),
    "zero width space": ("pay\u200bpal", "pay\\u200bpal"),
    "joiner": ("a\u200db", "a\\u200db"),
    "byte order mark": ("\ufeffx", "\\ufeffx"),
    "soft hyphen": ("a\xadb", "a\\xadb"),
    "line separator": ("a\u2028b", "a\\u2028b"),
    "variation selector": ("\u26a0\ufe0f", "\u26a0\\ufe0f"),
    "tag characters": ("\U000e0041x", "\\U000e0041x"),
    "lone surrogate": ("\udc80x", "\\udc80x"),
    "high surrogate": ("\ud83d", "\\ud83d"),
    "private use": ("\ue0b0", "\\ue0b0"),
    "hangul filler": ("\u3164", "\\u3164"),
    "no-break space": ("a\xa0b", "a b"),
    "markup stays text": ("[/] [@click=app.quit]x[/]", "[/] [@click=app.quit]x[/]"),
    "accents": ("Ärger, naïve, ñ", "Ärger, naïve, ñ"),
    "japanese": ("失敗", "失敗"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_becomes_visible(name: str) -> None:
    raw, shown = HOSTILE[name]
    assert display_text(raw) == shown


@pytest.mark.parametrize("name", HOSTILE)
def test_the_gate_is_idempotent(name: str) -> None:
    once = display_text(HOSTILE[name][0])
    assert display_text(once) == once


def _random_text(rng: random.Random) -> str:
    pools = (
        range(0x20),
        range(0x20, 0x7F),
        range(0x7F, 0x300),
        range(0x2000, 0x2070),
        range(0xD800, 0xE000),
        range(0x4E00, 0x4E80),
        range(0xFE00, 0xFE10),
        range(0x1F300, 0x1F700),
        range(sys.maxunicode + 1),
    )
    return "".join(chr(rng.choice(rng.choice(pools))) for _ in range(rng.randrange(60)))


def test_whatever_comes_in_only_printable_text_of_bounded_length_comes_out() -> None:
    rng = random.Random(7)
    for _ in range(3000):
        text, limit = _random_text(rng), rng.randrange(1, 70)
        shown = display_text(text, limit=limit)
        assert shown.isprintable()
        assert len(shown) <= limit
        assert display_text(shown, limit=limit) == shown
        shown.encode("utf-8")
        lines = display_text(text, limit=limit, multiline=True)
        assert all(line.isprintable() for line in lines.split("\n"))
        assert display_text(lines, limit=limit, multiline=True) == lines


def test_width_agrees_with_the_terminal_library_for_every_character_that_passes() -> None:
    """Textual measures with rich; if both disagreed, a line with such a character would be out of step."""
    wrong = []
    for code in range(0x20, sys.maxunicode + 1):
        shown = display_text(chr(code))
        if shown == chr(code) and char_width(shown) != cell_len(shown):
            wrong.append(f"{code:x} {unicodedata.name(shown, '?')}")
    assert wrong == []


def test_a_long_value_is_cut_before_any_work_is_done() -> None:
    huge = "\x1b[31m失" * 1_000_000
    started = time.perf_counter()
    shown = display_text(huge)
    assert time.perf_counter() - started < 0.05
    assert len(shown) == 300
    assert shown.endswith(CUT)


def test_other_values_are_written_out() -> None:
    assert display_text(None) == ""
    assert display_text(12) == "12"
    assert display_text(True) == "True"
    assert display_text(b"a\x1b\xff") == "a\\x1b\\xff"


def test_multiline_keeps_lines_and_widens_tabs() -> None:
    assert display_text("a\r\n\tb\x1b", multiline=True) == "a\n    b\\x1b"


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("abc", 5, "abc  "),
        ("abcdef", 5, "abcd~"),
        ("abc", 3, "abc"),
        ("", 2, "  "),
        ("abc", 0, ""),
        ("abc", 1, "~"),
        ("失敗した", 8, "失敗した"),
        ("失敗した", 7, "失敗し~"),
        ("失敗した", 6, "失敗~ "),
        ("e\u0301tude", 4, "e\u0301tu~"),
    ],
)
def test_fit_takes_exactly_the_width(text: str, width: int, shown: str) -> None:
    assert fit(text, width) == shown
    assert cell_width(fit(text, width)) == width


def test_fit_can_align_to_the_right() -> None:
    assert fit("12", 4, right=True) == "  12"


def test_clip_does_not_pad() -> None:
    assert clip("abc", 5) == "abc"
    assert clip("abcdef", 5) == "abcd~"
    assert clip("abc", 0) == ""


def test_wrap_breaks_at_spaces_and_inside_long_words() -> None:
    assert wrap("one two three", 8) == ["one two", "three"]
    assert wrap("aaaaaaaaaa", 4) == ["aaaa", "aaaa", "aa"]
    assert wrap("a\n\nb", 4) == ["a", "", "b"]
    assert wrap("失敗した", 3) == ["失", "敗", "し", "た"]
