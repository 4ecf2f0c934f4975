"""Hooks in the configuration file: what may stand there, and how mistakes are told."""

from pathlib import Path

import pytest

from unstick.recovery.config import resolve
from unstick.recovery.config.load import Config, parse_config
from unstick.recovery.config.resolve import shown
from unstick.recovery.errors import ConfigError
from unstick.recovery.hooks import Hook, usable

HEAD = '[sources.app]\nurl = "sqlite:///x.db"\n'
WHOLE = """
[sources.app.hooks.retry]
url = "https://ann:s3cret@app/jobs/{job}/enqueue"
method = "PUT"
headers = { Authorization = { env = "APP_TOKEN", prefix = "Bearer " }, X-Team = "data" }
body = { job = "{job}", deep = { was = ["{from}"] } }
timeout = "2.5s"
ok = [409, 410]
"""


def read(text: str) -> Config:
    return parse_config(HEAD + text, "c.toml")


def hook(text: str, **environ: str) -> Hook:
    return resolve(read(text), "app", environ=environ).source.hooks["retry"]


def mistake(text: str) -> str:
    with pytest.raises(ConfigError) as told:
        read(f"[sources.app.hooks.retry]\n{text}")
    return str(told.value)


def test_every_key_is_read() -> None:
    found = hook(WHOLE, APP_TOKEN="t0ken\n")
    assert (found.action, found.method, found.timeout_s, found.ok) == ("retry", "PUT", 2.5, (409, 410))
    assert found.url == "https://ann:s3cret@app/jobs/{job}/enqueue"
    assert found.headers == {"Authorization": "Bearer t0ken", "X-Team": "data"}
    assert found.body == '{"job": "{job}", "deep": {"was": ["{from}"]}}'
    assert found.problem == ""
    assert found.places["body"] == "c.toml:8: sources.app.hooks.retry.body"


def test_only_the_url_has_to_be_given() -> None:
    found = hook('[sources.app.hooks.retry]\nurl = "http://app/{job}"')
    assert (found.method, dict(found.headers), found.body, found.timeout_s) == ("POST", {}, None, 10.0)
    assert found.ok == ()


def test_a_missing_variable_keeps_nobody_from_looking_but_is_named_with_its_place() -> None:
    assert hook(WHOLE).problem == (
        "c.toml:7: sources.app.hooks.retry.headers.Authorization: "
        "the environment variable APP_TOKEN is not set"
    )


@pytest.mark.parametrize("value", ["two\nlines", "\x1b[31m", "naïve"])
def test_a_header_is_one_plain_line_and_is_not_repeated_when_it_is_not(value: str) -> None:
    problem = hook(WHOLE, APP_TOKEN=value).problem
    assert "one line of plain ASCII" in problem
    assert value not in problem


def test_a_header_s_name_is_checked() -> None:
    text = '[sources.app.hooks.retry]\nurl = "http://app"\nheaders = { "X Y" = "1" }'
    assert "no name of a header" in hook(text).problem


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('url = "ftp://app/x"', "hooks.retry.url: must be a URL such as https://host/jobs/{job}/run"),
        ('url = "http://"', "hooks.retry.url: must be a URL"),
        ('url = "http://ann:s3cret@/x"', "hooks.retry.url: must be a URL"),
        ('method = "POST"', "hooks.retry.url: this key is missing"),
        ('url = "http://app"\nmethod = "BREW"', "hooks.retry.method: can't be 'BREW'"),
        (
            'url = "http://app"\nheader = {}',
            "hooks.retry.header: there is no such key; did you mean headers?",
        ),
        (
            'url = "http://app"\nheaders = { A = { evn = "X" } }',
            "headers.A.evn: there is no such key; did you",
        ),
        ('url = "http://app"\nbody = "{job: 1}"', "hooks.retry.body: this is not JSON"),
        ('url = "http://app"\ntimeout = "soon"', "hooks.retry.timeout: "),
        ('url = "http://app"\nok = [9]', "hooks.retry.ok.0: "),
    ],
)
def test_a_mistake_is_told_with_file_line_and_key(text: str, told: str) -> None:
    message = mistake(text)
    assert message.startswith("c.toml:")
    assert told in message
    assert "s3cret" not in message


def test_what_is_shown_of_a_source_has_no_secret() -> None:
    resolved = resolve(read(WHOLE), "app", environ={"APP_TOKEN": "t0ken"})
    assert shown(resolved.source)["hooks"] == {"retry": "PUT https://ann:***@app/jobs/{job}/enqueue"}
    assert resolved.origins["hooks.retry"] == "c.toml:4"
    assert "s3cret" not in repr(resolved)
    assert "t0ken" not in repr(resolved)


@pytest.mark.checkout
def test_the_manual_s_example_can_be_used() -> None:
    text = (Path(__file__).parents[2] / "docs" / "config.md").read_text("utf-8")
    example = text.partition("## Hooks")[2].partition("```toml\n")[2].partition("```")[0]
    config = parse_config(f'[sources.prod-eu]\nurl = "sqlite:///x.db"\n{example}', "c.toml")
    found = resolve(config, "prod-eu", environ={"APP_TOKEN": "t"}).source.hooks["retry"]
    assert usable(found, [("id",)]) == "POST https://app.internal/jobs/{job}/enqueue"
