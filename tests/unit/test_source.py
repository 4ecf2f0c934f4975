"""A source's password is never shown."""

import pytest

from unstick.recovery.source import Source, mask_text, mask_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://kim:s3cret@db/jobs", "postgresql://kim:***@db/jobs"),
        (
            "postgresql://kim:s3cret@db:5432/jobs?sslmode=require",
            "postgresql://kim:***@db:5432/jobs?sslmode=require",
        ),
        ("mysql://kim:s3%40cret@[::1]:3306/jobs", "mysql://kim:***@[::1]:3306/jobs"),
        ("mysql://kim:s3cr@et@db/jobs", "mysql://kim:***@db/jobs"),
        ("postgresql://kim:s3c/ret@db/jobs", "postgresql://kim:***@db/jobs"),
        ("postgresql://kim:s3c?ret@db/jobs", "postgresql://kim:***@db/jobs"),
        ("postgresql://kim:s3c#ret@db/jobs", "postgresql://kim:***@db/jobs"),
        ("postgresql://:s3cret@db/jobs", "postgresql://:***@db/jobs"),
        (
            "postgresql://db/jobs?user=kim&password=s3cret&x=1",
            "postgresql://db/jobs?user=kim&password=***&x=1",
        ),
        ("postgresql://db/jobs?PASSWORD=s3cret", "postgresql://db/jobs?PASSWORD=***"),
        ("postgresql://kim@db/jobs", "postgresql://kim@db/jobs"),
        ("postgresql:///jobs?host=/tmp", "postgresql:///jobs?host=/tmp"),
        ("sqlite:///jobs.db", "sqlite:///jobs.db"),
        ("sqlite:////srv/jobs.db", "sqlite:////srv/jobs.db"),
        ("jobs.db", "jobs.db"),
        ("", ""),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert mask_url(url) == shown


def test_a_url_that_can_not_be_read_is_not_shown_at_all() -> None:
    assert "s3cret" not in mask_url("postgresql://kim:s3cret@[db/jobs")


@pytest.mark.parametrize(
    "message",
    [
        "no user kim with s3cret at db",
        "connection to postgresql://kim:s3cret@db/jobs failed",
        "bad option: password=s3cret host=db",
        "bad option: password='s3cret' host=db",
        'bad option: password="s3cret" host=db',
        "s3cret",
    ],
)
def test_a_message_of_the_driver_loses_the_password(message: str) -> None:
    assert "s3cret" not in mask_text(message, "postgresql://kim:s3cret@db/jobs")


def test_a_password_is_found_as_it_is_written_and_as_it_is_meant() -> None:
    shown = mask_text("tried p@ss and p%40ss", "postgresql://kim:p%40ss@db/jobs")
    assert shown == "tried *** and ***"


def test_a_quoted_password_of_another_url_is_masked_too() -> None:
    assert mask_text("password='two words' host=db", "sqlite:///jobs.db") == "password=*** host=db"


def test_a_message_without_a_password_is_left_alone() -> None:
    assert mask_text("relation jobs does not exist", "postgresql://db/jobs") == "relation jobs does not exist"


def test_a_source_does_not_show_its_url() -> None:
    assert "s3cret" not in repr(Source("here", "postgresql://kim:s3cret@db/jobs"))
