"""What arrives at a chat's address and at a mail server, and what is said where it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.harness.application import Application
from tests.harness.mailbox import Mailbox
from tests.harness.ports import free_port
from unstick.backends.alerts import deliver
from unstick.recovery.alerts import Alert, Kind, Severity, Target

ALERT = Alert(
    Kind.STUCK,
    "prod",
    Severity.WARNING,
    "unstick prod: 1 job is stuck",
    "88213 (send_receipt): idle 14m > 5m\n\n  unstick jobs --stuck --source prod {{app_id}} \\n",
)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as found:
        yield found


async def send(url: str, timeout_s: float = 20.0) -> str | None:
    return await deliver(Target("t", url), ALERT, timeout_s)


def webhook(application: Application, path: str = "/t0ken") -> str:
    return f"{application.url.replace('http://', 'json://ann:s3cret@')}{path}"


def mail(port: int) -> str:
    return f"mailto://localhost:{port}/?mode=insecure&from=unstick@example.org&to=oncall@example.org"


async def test_a_webhook_gets_title_and_text_as_they_are(application: Application) -> None:
    assert await send(webhook(application)) is None
    [call] = application.calls
    assert (call.method, call.path) == ("POST", "/t0ken")
    assert call.json["title"] == ALERT.title
    assert call.json["message"] == ALERT.text.rstrip()
    assert call.json["type"] == "warning"


async def test_a_webhook_that_refuses_is_said_without_a_secret(application: Application) -> None:
    application.status = 503
    said = await send(webhook(application))
    assert said is not None
    assert "503" in said
    assert "s3cret" not in said
    assert "t0ken" not in said


async def test_a_webhook_where_nobody_listens_is_said(application: Application) -> None:
    said = await send(f"json://ann:s3cret@127.0.0.1:{free_port()}/t0ken")
    assert said is not None
    assert "onnection error" in said
    assert "s3cret" not in said


async def test_a_webhook_that_never_answers_costs_no_more_than_its_time(application: Application) -> None:
    application.hold()
    assert await send(webhook(application), 0.5) == "timed out after 0.5s"
    assert len(application.calls) <= 1


async def test_several_targets_at_once_hear_each_their_own_failure(application: Application) -> None:
    statuses = {"/first": 500, "/second": 204, "/third": 404, "/fourth": 503}
    application.answer = lambda call: statuses[call.path]
    said = await asyncio.gather(*(send(webhook(application, path)) for path in statuses))
    assert said[1] is None
    assert [code in (text or "") for code, text in zip(("500", "204", "404", "503"), said, strict=True)] == [
        True, False, True, True,
    ]  # fmt: skip
    assert all((text or "").count("error=") <= 1 for text in said)


async def test_a_mail_arrives_with_the_title_as_its_subject(
    application: Application, mailbox: Mailbox
) -> None:
    assert await send(mail(mailbox.port)) is None
    [found] = mailbox.mails
    assert found["Subject"] == ALERT.title
    assert "oncall@example.org" in found["To"]
    body = found.get_body(("plain", "html"))
    assert body is not None
    assert "unstick jobs --stuck --source prod" in body.get_content()


async def test_a_mail_that_is_refused_is_said(application: Application, mailbox: Mailbox) -> None:
    mailbox.refusal = "554 no thanks"
    assert await send(mail(mailbox.port))
    assert not mailbox.mails


async def test_a_mail_server_that_is_not_there_is_said(application: Application) -> None:
    said = await send(mail(free_port()))
    assert said is not None
    assert "onnection" in said


@pytest.mark.parametrize("url", ["nothing://x/y", "slack://s3cret", "json://"])
async def test_a_url_that_means_nothing_is_said(url: str) -> None:
    said = await send(url)
    assert said == "this is not a URL that apprise knows, or something in it is missing"
