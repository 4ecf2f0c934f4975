"""What people may write in [keys]: it is understood, or refused with how to write it and where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from unstick.cli.placing import placed
from unstick.recovery.config.load import parse_config
from unstick.recovery.errors import ConfigError
from unstick.tui.actions import ACTIONS
from unstick.tui.key_names import KeyName, normal
from unstick.tui.keys import resolve, shown


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *((way, "ctrl+g") for way in ("ctrl+g", "Ctrl+G", "ctrl-g", "^g", "^G", "C-g", "control+g", " ^g ")),
        *((way, "f5") for way in ("F5", "f5")),
        *((way, "space") for way in ("space", "Space", "SPACE", "spacebar")),
        *((way, "X") for way in ("X", "Shift+x", "shift+X", "S-x")),
        *((way, "?") for way in ("?", "question_mark")),
        *((way, "escape") for way in ("esc", "Escape", "^[", "ctrl+[")),
        *((way, "enter") for way in ("enter", "Return", "ctrl+m", "^M")),
        *((way, "tab") for way in ("tab", "ctrl+i")),
        *((way, "backspace") for way in ("backspace", "ctrl+h")),
        *((way, "pagedown") for way in ("pagedown", "pgdn", "page-down", "Page_Down")),
        *((way, "comma") for way in ("comma", ",")),
        *((way, "ctrl+@") for way in ("ctrl+space", "ctrl+@", "^@")),
        ("shift+tab", "shift+tab"), ("ctrl+up", "ctrl+up"), ("+", "+"), ("-", "-"), ("^", "^"), ("ä", "ä"),
        ("plus", "+"), ("ctrl+]", "ctrl+right_square_bracket"), ("x", "x"), ("%", "%"),
    ],
)  # fmt: skip
def test_a_key_may_be_written_in_the_ways_people_write_it(written: str, meant: str) -> None:
    assert normal(written) == meant


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("ctlr+g", r"did you mean ctrl\+g\?"),
        ("spcae", r"did you mean space\?"),
        ("F25", "is no key"),
        ("gg", "is no key"),
        ("ctrl", "is no key"),
        ("alt+x", "as escape and a second key"),
        ("M-x", "as escape and a second key"),
        ("cmd+k", "as escape and a second key"),
        ("ctrl+shift+x", r"write ctrl\+x"),
        ("shift+1", "write the character that shift gives"),
        ("shift+f5", "the same without shift"),
        ("ctrl+;", "terminals don't send ctrl with this key"),
        ("ctrl+f5", "terminals don't send ctrl with this key"),
    ],
)
def test_a_key_that_does_not_exist_is_refused_with_how_to_write_one(written: str, sentence: str) -> None:
    with pytest.raises(KeyName, match=sentence):
        normal(written)
    with pytest.raises(ConfigError, match=sentence):
        resolve({"act.recover": written})


def test_what_is_shown_can_be_written_again() -> None:
    for action in ACTIONS:
        for key in action.keys:
            assert normal(shown(key)) == normal(key) == key


@pytest.mark.parametrize(
    "action", ["app.back", "app.quit", "app.interrupt", "app.help", "plan.apply", "plan.cancel"]
)
def test_the_ways_out_and_the_confirming_key_can_not_be_taken_away(action: str) -> None:
    with pytest.raises(ConfigError, match="can't be without a key"):
        resolve({action: "none"})


def test_any_other_action_can_be_without_a_key() -> None:
    keys = resolve({"act.delete": "none", "rows.none": "ctrl+d", "act.retry": "None"})
    assert keys["rows.none"] == ("ctrl+d",)
    assert shown(keys["act.delete"][0]) == shown(keys["act.retry"][0]) == "(no key)"


@pytest.mark.parametrize("value", ["", " ", ",,", "x,none", "none,none"])
def test_no_key_at_all_is_a_mistake_and_none_stands_alone(value: str) -> None:
    with pytest.raises(ConfigError, match=r'gives no key; write one such as "ctrl\+g", or "none"|is no key'):
        resolve({"rows.mark": value})


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        (
            'theme = "dark"\n[keys]\n"act.recover" = "T"\n',
            3,
            "T is already the key of act.retry on the screen",
        ),
        ('[keys]\nact.recover = "T"\n', 2, "T is already the key of act.retry on the screen"),
        ('[keys]\n"rows.mark" = "m"\n"act.recover" = "ctlr+g"\n', 3, r"did you mean ctrl\+g"),
        ('[keys]\n"act.recovr" = "g"\n', 2, "did you mean act.recover"),
        ('[keys]\n"plan.apply" = "a"\n', 2, "too easily pressed"),
        ('[keys]\n"app.quit" = "none"\n', 2, "can't be without a key"),
    ],
)
def test_a_mistake_is_an_error_at_start_that_names_file_line_and_key(
    text: str, line: int, sentence: str, tmp_path: Path
) -> None:
    config = parse_config(text, "/etc/unstick.toml")
    with pytest.raises(ConfigError, match=sentence) as caught, placed(config):
        resolve(config.keys)
    assert (caught.value.file, caught.value.line) == ("/etc/unstick.toml", line)
    assert str(caught.value).startswith(f"/etc/unstick.toml:{line}: keys.")
    assert str(caught.value).count("keys.") == 1


@pytest.mark.parametrize(
    "text",
    [
        '"move.down" = "e,f9"', 'move.down = "e, F9"', "move.down = ['e', 'f9']", '"move.down" = ["e", "F9"]',
    ],
)  # fmt: skip
def test_keys_may_be_a_list_and_an_action_s_id_need_not_be_quoted(text: str) -> None:
    config = parse_config(f"[keys]\n{text}\n", "c.toml")
    assert resolve(config.keys)["move.down"] == ("e", "f9")


def test_an_empty_list_takes_the_key_away_and_a_comma_is_a_key() -> None:
    config = parse_config('[keys]\nact.delete = []\nview.reverse = [",", "f4"]\n', "c.toml")
    keys = resolve(config.keys)
    assert keys["view.reverse"] == ("comma", "f4")
    assert shown(keys["act.delete"][0]) == "(no key)"


def test_the_place_named_in_a_clash_is_one_that_was_changed() -> None:
    with pytest.raises(ConfigError) as caught:
        resolve({"move.down": "R"})
    assert caught.value.key == "keys.move.down"
