"""Words of alerts are harmless wherever they arrive, and show no secret."""

from __future__ import annotations

import pytest

from tests.unit.alerting import WEBHOOK, Desk, away, job, run
from unstick.backends.alerts import hidden
from unstick.backends.demo.hostile import TEXTS
from unstick.recovery.alerts import AlertSettings, Kind, Target, mask_target
from unstick.recovery.alerts_text import LINE, TEXT, TITLE, clean

SECRET = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/?footer=s3cret"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@everyone look", "(at)everyone look"),
        ("x@here", "x(at)here"),
        ("@Channel", "(at)Channel"),
        ("\uff20everyone", "(at)everyone"),
        ("@ everyone", "(at) everyone"),
        ("<!channel> <!here|x>", "< !channel> < !here|x>"),
        ("<@U123> <@&9> <#C1>", "< @U123> < @&9> < #C1>"),
        ("<at>all</at>", "< at>all< /at>"),
        ("<https://evil|pay here>", "< https://evil|pay here>"),
        ("[pay](https://evil)", "[pay] (https://evil)"),
        ("a\x1b[31mb\nc", "a\\x1b[31mb\\nc"),
        ("@\u200beveryone", "@\\u200beveryone"),
        ("jobs@db7: idle 5 < 7 > 3", "jobs@db7: idle 5 < 7 > 3"),
    ],
)
def test_nothing_calls_everybody_links_or_moves_a_cursor(text: str, shown: str) -> None:
    assert clean(text, 200) == shown


@pytest.mark.parametrize("text", [*TEXTS.values(), "@everyone " * 500, "<!channel>" * 500])
async def test_whatever_a_database_holds_an_alert_of_it_is_short_and_harmless(text: str) -> None:
    desk = Desk()
    await desk.saw(run(job(text[:80], text)), away(text))
    assert len(desk.sent) == 2
    for _, alert in desk.sent:
        assert len(alert.title) <= TITLE
        assert len(alert.text) <= TEXT
        assert all(len(line) <= LINE for line in alert.text.splitlines())
        assert clean(alert.text, TEXT, multiline=True) == alert.text
        assert "@everyone" not in alert.text
        assert "<!" not in alert.text


async def test_a_job_whose_id_cannot_be_typed_gets_no_command_of_its_own() -> None:
    desk = Desk(AlertSettings((WEBHOOK,), on=(Kind.LIMIT,)))
    await desk.saw(run(at_limit=["it's; rm -rf $HOME"]))
    assert """  unstick show 'it'"'"'s; rm -rf $HOME' --source prod""" in desk.last.text
    await desk.saw(run(at_limit=["a\x1b[2J"]))
    assert "unstick show" not in desk.last.text


def test_of_a_target_only_the_scheme_is_shown() -> None:
    target = Target("slack-1", SECRET)
    assert target.shown == mask_target(SECRET) == "slack://***"
    assert "TIiajkdnlazkcOXrIdevi7FQ" not in repr(target)
    assert mask_target("no url with s3cret") == "***"


def test_a_message_repeats_nothing_of_the_url() -> None:
    said = "401 from https://hooks/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ (footer s3cret)"
    assert hidden(said, SECRET) == "401 from https://hooks/***/***/*** (*** ***)"
    assert hidden("no login with geheim", "json://ann:%67eheim@hooks") == "no login with ***"
