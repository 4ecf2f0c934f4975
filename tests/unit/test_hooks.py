"""Hooks without a network: templates, escaping, what is shown and what is hidden."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from unstick.recovery.errors import ConfigError
from unstick.recovery.hooks import Hook, usable
from unstick.recovery.hooks_outcome import NOT_CALLED, counted, counted_words, due, failed
from unstick.recovery.hooks_request import Request, Subject, request
from unstick.recovery.hooks_template import fill_json, json_mistake
from unstick.recovery.model import JobId, Scalar, VariantId

NASTY = 'a/b?c=d&e#f "\\%2F\n{job} ü\U0001f525 ../..'


def subject(**changes: Any) -> Subject:
    given: dict[str, Any] = {
        "number": 7,
        "job": JobId("jobs:1"),
        "variant": VariantId("v"),
        "key": {"id": 1, "region": "eu west"},
        "from_status": "failed",
        "to_status": "pending",
    }
    return Subject(**(given | changes))


def made(hook: Hook, **changes: Any) -> Request:
    return request(hook, subject(**changes), operation="abc123", source="prod-eu")


def url(template: str, **changes: Any) -> str:
    return made(Hook("retry", template), **changes).url


def test_every_word_is_filled_in() -> None:
    words = "{job}|{variant}|{id}|{region}|{action}|{operation}|{source}|{from}|{to}"
    assert url(f"http://h/{words}") == ("http://h/jobs%3A1|v|1|eu%20west|retry|abc123|prod-eu|failed|pending")


def test_what_there_is_none_of_is_empty() -> None:
    changes = {"variant": None, "from_status": None, "to_status": None}
    assert url("http://h/{variant}/{from}/{to}", **changes) == "http://h///"
    body = made(Hook("retry", "http://h", body='{"to": "{to}", "variant": {variant}}'), **changes).body
    assert json.loads(body or "") == {"to": "", "variant": None}


def test_a_value_can_t_leave_its_place_in_the_url() -> None:
    filled = url("http://h/jobs/{job}/run?was={from}", job=JobId(NASTY), from_status=NASTY)
    assert filled.count("/") == 5
    assert (filled.count("?"), filled.count("&"), filled.count("#"), filled.count("=")) == (1, 0, 0, 1)
    assert filled.isascii()
    assert filled.isprintable()


@pytest.mark.parametrize("dots", [".", ".."])
def test_a_value_of_dots_leads_to_no_other_folder(dots: str) -> None:
    assert url("http://h/jobs/{job}/run", job=JobId(dots)) == f"http://h/jobs/{dots.replace('.', '%2E')}/run"


def test_text_that_is_no_unicode_still_makes_a_url() -> None:
    assert url("http://h/{job}", job=JobId("x\udcff")) == "http://h/x%5Cudcff"


@pytest.mark.parametrize("text", [NASTY, '","admin":true,"x":"', "\x00\x1b", "\udcff"])
def test_a_value_can_t_leave_its_place_in_the_body(text: str) -> None:
    hook = Hook("retry", "http://h", body='{"job": "job {job}", "bare": {job}, "n": {id}}')
    body = made(hook, job=JobId(text)).body
    assert body is not None
    assert body.isascii()
    assert json.loads(body) == {"job": f"job {text}", "bare": text, "n": 1}


@pytest.mark.parametrize(
    ("value", "bare", "quoted"),
    [(1, 1, "1"), (1.5, 1.5, "1.5"), (True, True, "true"), (None, None, ""), ("x", "x", "x")],
)
def test_a_value_is_a_json_value_outside_quotes_and_text_inside(
    value: Scalar, bare: object, quoted: str
) -> None:
    filled = json.loads(fill_json('{"bare": {v}, "quoted": "{v}"}', {"v": value}))
    assert filled == {"bare": bare, "quoted": quoted}


def test_a_value_is_not_a_template_itself() -> None:
    assert url("http://h/{job}/{variant}", job=JobId("{variant}")) == "http://h/%7Bvariant%7D/v"
    assert json.loads(fill_json('["{a}", {a}]', {"a": "{b}", "b": "secret"})) == ["{b}", "{b}"]


@pytest.mark.parametrize("good", ['{"a": {"b": {}}}', "[]", '{"a": {job}}', '"{job}"', '{"a{job}": 1}'])
def test_json_stays_json(good: str) -> None:
    assert json_mistake(good) is None


@pytest.mark.parametrize("bad", ["{", '{"a": job}', '{"a": "{job}}', ""])
def test_what_can_t_become_json_is_said(bad: str) -> None:
    assert "not JSON" in str(json_mistake(bad))


def test_a_call_carries_the_row_s_own_key_and_says_what_its_body_is() -> None:
    assert made(Hook("retry", "http://h", body="{}")).headers == {
        "Idempotency-Key": "abc123-7",
        "Content-Type": "application/json",
    }
    assert made(Hook("retry", "http://h")).headers == {"Idempotency-Key": "abc123-7"}


def test_a_configured_header_replaces_ours() -> None:
    given = {"content-type": "application/vnd.acme+json", "IDEMPOTENCY-KEY": "mine"}
    assert made(Hook("retry", "http://h", headers=given, body="{}")).headers == given


def test_the_row_s_words_go_before_columns_of_the_same_name() -> None:
    assert url("http://h/{job}/{to}", key={"job": 99, "to": "x"}) == "http://h/jobs%3A1/pending"


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("https://app/jobs/{job}/run", "https://app/jobs/{job}/run"),
        ("https://ann:s3cret@app:8443/{job}", "https://ann:***@app:8443/{job}"),
        ("https://app/run?token=s3cret&job={job}", "https://app/run?token=***&job={job}"),
        ("https://app/run?job={job}&X-Api-Key=s3cret", "https://app/run?job={job}&X-Api-Key=***"),
        ("https://app/run?password=s3cret", "https://app/run?password=***"),
        ("https://app/run?key={id}&n=1", "https://app/run?key={id}&n=1"),
    ],
)
def test_a_hook_is_shown_without_its_secrets(template: str, shown: str) -> None:
    hook = Hook("retry", template, headers={"Authorization": "Bearer s3cret"}, body='{"k": "s3cret"}')
    assert hook.shown == f"POST {shown}"
    for text in (repr(hook), repr(made(hook))):
        assert "s3cret" not in text


def test_a_word_that_nothing_fills_is_refused_with_its_place() -> None:
    hook = Hook("retry", "http://h/{jbo}", places={"url": "c.toml:5: sources.app.hooks.retry.url"})
    with pytest.raises(ConfigError) as told:
        usable(hook, [("id",)])
    assert str(told.value).startswith(
        "c.toml:5: sources.app.hooks.retry.url: nothing fills {jbo}; did you mean job? allowed: action, "
    )


def test_a_key_column_must_be_there_in_every_table_that_has_rows() -> None:
    hook = Hook("retry", "http://h", body='{"n": {number}}', places={"body": "c.toml:6: body"})
    assert usable(hook, [("number",)]) == "POST http://h"
    with pytest.raises(ConfigError, match=r"c.toml:6: body: nothing fills \{number\}"):
        usable(hook, [("number",), ("id",)])


def test_a_hook_with_a_problem_is_refused_with_it() -> None:
    with pytest.raises(ConfigError, match="TOKEN is not set"):
        usable(
            Hook("retry", "http://h", problem="c.toml:6: X: the environment variable TOKEN is not set"), []
        )
    assert usable(None, []) is None


OUTCOMES: Mapping[str | None, tuple[bool, bool]] = {
    None: (False, False),
    "204": (False, False),
    NOT_CALLED: (False, True),
    "failed: 503 Service Unavailable": (True, True),
}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_what_failed_or_was_not_called_is_due(outcome: str | None) -> None:
    assert (failed(outcome), due(outcome)) == OUTCOMES[outcome]


def test_outcomes_are_counted() -> None:
    found = [None, "200", "failed: x", NOT_CALLED, "409", None]
    assert counted(found) == {"called": 2, "failed": 1, "not_called": 1}
    assert counted_words(found) == "2 called, 1 failed, 1 not called"
    assert counted_words([None]) == ""
