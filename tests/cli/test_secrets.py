"""No command shows the password of a URL, also not of one that was mistyped."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from unstick.recovery.source import mask_url

MISTYPED = [
    "postgres//foo:topsecret@bar",
    "postgres//foo:topsecret@bar/db",
    "postgres:foo:topsecret@bar",
    "postgresql:/foo:topsecret@bar",
    "postgresql:/foo:topsecret@bar/db",
    "postgres:///foo:topsecret@bar",
    "mysql+pymysql//foo:topsecret@bar",
    "foo:topsecret@bar",
    "postgresql://foo:top[secret@bar/db",
]
SECRETS = ("topsecret", "top[secret")


@pytest.mark.parametrize("url", MISTYPED)
def test_a_mistyped_url_is_never_repeated(cli: Cli, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = []
    for argv in (("jobs", "--source", url), (url,), ("jobs", url), ("doctor", "--json", "--source", url)):
        ran = cli(*argv)
        assert ran.code == 2
        said.append(ran.out + ran.err)
    said.append("".join(map(str, (cli("config", "show", "--source", url), mask_url(url)))))
    monkeypatch.setenv("UNSTICK_SOURCE", url)
    said.append(cli("jobs").err)
    assert not [text for text in said for secret in SECRETS if secret in text]
    assert url.partition("//")[0].partition(":")[0] in said[0]


@pytest.mark.parametrize("url", MISTYPED)
@pytest.mark.parametrize(
    "text",
    [
        '[sources.a]\nurl = "{url}"\n',
        '[sources.a]\nurl_env = "U"\nrefresh = "{url}"\n',
        '[defaults]\nsource = "{url}"\n',
        "[sources.a]\nurl = {url}\n",
        '[sources.a]\nurl = "sqlite:///x"\nprofile = 3\nurl_env = "{url}"\n',
        '[sources.a]\nurl_command = ["echo", "{url}"]\n',
    ],
)
def test_a_mistyped_url_in_the_configuration_is_never_repeated(
    cli: Cli, url: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UNSTICK_SOURCE")
    file = tmp_path / "c.toml"
    file.write_text(text.replace("{url}", url))
    ran = cli("jobs", "--config", str(file))
    assert ran.code == 2
    assert not [secret for secret in SECRETS if secret in ran.out + ran.err]


@pytest.mark.parametrize(
    "url",
    [
        *("sqlite:///x@y.db", "sqlite:////a/b:c@d.db", "postgresql:///db?host=/run/pg", "name", "eu@prod"),
        *(
            "postgresql://user@host/db",
            "mysql://host:3306/db",
            "postgresql+psycopg://u@h:5432/d?sslmode=require",
        ),
    ],
)
def test_what_holds_no_password_is_shown_whole(url: str) -> None:
    assert mask_url(url) == url or "://" not in url
