"""The filter language: what it reads, what it refuses and where, what it finds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from unstick.recovery.errors import FilterError
from unstick.recovery.filters import FIELDS, format_filter, matches, matches_all, parse_filter
from unstick.recovery.model import Job, JobId, State, Verdict
from unstick.recovery.query import Term

NOW = datetime(2025, 5, 1, 12, tzinfo=UTC)

READS: list[tuple[str, tuple[Term, ...]]] = [
    ("", ()),
    ("  ", ()),
    ("/", ()),
    ("mail", (Term("text", "=", "mail"),)),
    ("/mail", (Term("text", "=", "mail"),)),
    ("  /mail", (Term("text", "=", "mail"),)),
    ("/!mail", (Term("text", "=", "mail", True),)),
    ("two words", (Term("text", "=", "two"), Term("text", "=", "words"))),
    ('"two words"', (Term("text", "=", "two words"),)),
    ('!"two words"', (Term("text", "=", "two words", True),)),
    (r'"a \"b\" \\c"', (Term("text", "=", r'a "b" \c'),)),
    ('"kind:mail"', (Term("text", "=", "kind:mail"),)),
    ('"/tmp"', (Term("text", "=", "/tmp"),)),
    ("can't", (Term("text", "=", "can't"),)),
    ("state:failed", (Term("state", "=", State.FAILED),)),
    ("STATE:Failed", (Term("state", "=", State.FAILED),)),
    ("state:failed,cancelled", (Term("state", "=", (State.FAILED, State.CANCELLED)),)),
    ("!kind:mail", (Term("kind", "=", "mail", True),)),
    ("kind=mail", (Term("kind", "=", "mail"),)),
    ("kind!=mail", (Term("kind", "=", "mail", True),)),
    ("!kind!=mail", (Term("kind", "=", "mail"),)),
    ("kind:send_*,mail", (Term("kind", "=", ("send_*", "mail")),)),
    ('kind:"two words",x', (Term("kind", "=", ("two words", "x")),)),
    ("status:PROCESSING", (Term("status", "=", "PROCESSING"),)),
    ("step:overlay", (Term("step", "=", "overlay"),)),
    ("id:jobs:12", (Term("id", "=", "jobs:12"),)),
    ("error:timeout", (Term("error", "=", "timeout"),)),
    ("table:jobs", (Term("table", "=", "jobs"),)),
    ("retries>=3", (Term("retries", ">=", 3.0),)),
    ("retries:3", (Term("retries", "=", 3.0),)),
    ("retries!=3", (Term("retries", "!=", 3.0),)),
    ("priority>-5", (Term("priority", ">", -5.0),)),
    ("age>1h", (Term("age", ">", 3600.0),)),
    ("age:>1h", (Term("age", ">", 3600.0),)),
    ("idle>10m", (Term("idle", ">", 600.0),)),
    ("idle>10", (Term("idle", ">", 600.0),)),
    ("running<=1h30m", (Term("running", "<=", 5400.0),)),
    ("!age<2d", (Term("age", "<", 172800.0, True),)),
    ("is:stuck", (Term("stuck", "=", True),)),
    ("!is:stuck", (Term("stuck", "=", True, True),)),
    ("is:failed", (Term("state", "=", State.FAILED),)),
    ("stuck:yes", (Term("stuck", "=", True),)),
    ("stuck:no", (Term("stuck", "=", False),)),
    (
        "/state:failed age>1h retries>=3 kind:mail",
        (
            Term("state", "=", State.FAILED),
            Term("age", ">", 3600.0),
            Term("retries", ">=", 3.0),
            Term("kind", "=", "mail"),
        ),
    ),
]

REFUSED: list[tuple[str, int, str]] = [
    ("!", 0, "needs a word"),
    ("mail ! x", 5, "needs a word"),
    ('"two words', 0, "quote is not closed"),
    ('""', 0, "nothing between"),
    ("kidn:mail", 0, "did you mean kind?"),
    ("mail kidn:mail", 5, "did you mean kind?"),
    ("zzz:1", 0, "fields: state"),
    ("kind:", 5, "needs a value"),
    ("kind: mail", 5, "needs a value"),
    ("kind:a,", 7, "needs a value"),
    ("kind>a", 0, "write kind:a"),
    ("state:faild", 6, "did you mean failed?"),
    ("state:stuck", 6, "write is:stuck"),
    ("state:xyz", 6, "allowed: pending"),
    ("retries>many", 8, "whole number"),
    ("retries>1,2", 10, "one number"),
    ("retries>1.5", 8, "whole number"),
    ("age:1h", 0, "age>10m"),
    ("age>soon", 4, "not a duration"),
    ("idle>never", 5, "never"),
    ("is:stuk", 3, "did you mean stuck?"),
    ("stuck:maybe", 6, "allowed: yes, no"),
    ("state:failed,xyz", 13, "no state 'xyz'"),
    ("is:failed,xyz", 10, "is:xyz makes no sense"),
    ("mail state:", 11, "as in state:failed"),
    ("kind:", 5, "as in kind:mail"),
    ("retries>=", 9, "as in retries>=3"),
    ("age>", 4, "as in age>10m"),
    ("age:", 4, "as in age>10m"),
    ('mail kind:"a b', 10, "quote is not closed"),
    ("age>10min", 4, "did you mean age>10m?"),
    ("retries=>3", 7, "write retries>=3"),
    ("age=<2h", 3, "write age<=2h"),
    ("http://host/path", 0, "quote it to search for it"),
]


@pytest.mark.parametrize(("text", "terms"), READS)
def test_reads(text: str, terms: tuple[Term, ...]) -> None:
    assert parse_filter(text) == terms


@pytest.mark.parametrize(("text", "terms"), READS)
def test_written_terms_read_back(text: str, terms: tuple[Term, ...]) -> None:
    assert parse_filter(format_filter(terms)) == terms


@pytest.mark.parametrize("seconds", [0.0, 1.0, 90.0, 600.0, 3600.0, 86400.0, 0.5])
def test_durations_read_back(seconds: float) -> None:
    terms = (Term("idle", ">", seconds),)
    assert parse_filter(format_filter(terms)) == terms


@pytest.mark.parametrize("word", ["a,b", "a\\", 'a"b', "!x", "/x", "kind:x", "x>1", "über", "a\tb", "'"])
def test_odd_words_read_back(word: str) -> None:
    terms = (Term("text", "=", word), Term("kind", "=", word), Term("error", "=", (word, "y"), True))
    assert parse_filter(format_filter(terms)) == terms


@pytest.mark.parametrize(("text", "position", "says"), REFUSED)
def test_refuses_with_place_and_advice(text: str, position: int, says: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(text)
    assert says in str(caught.value)
    assert caught.value.position == position
    assert "\n" not in str(caught.value)


JOB = Job(
    id=JobId("jobs:12"),
    table="jobs",
    state=State.RUNNING,
    status="PROCESSING",
    kind="send_Mail",
    step="overlay",
    error="SMTP 550:\nmailbox full",
    retries=3,
    created=NOW - timedelta(hours=2),
    running_s=1860.0,
    idle_s=840.0,
    priority=7,
    verdict=Verdict("idle", "stuck", "idle 14m > 5m"),
)
BLANK = Job(id=JobId("9"), table="jobs", state=State.PENDING, status=None)

FINDS: list[tuple[str, bool, bool]] = [
    ("mail", True, False),
    ("MAILBOX", True, False),
    ("!mail", False, True),
    ("overlay", True, False),
    ("state:running", True, False),
    ("state:failed,running", True, False),
    ("state:pending", False, True),
    ("status:processing", True, False),
    ("!status:processing", False, True),
    ("kind:send_mail", True, False),
    ("kind:mail", False, False),
    ("kind:*mail", True, False),
    ("kind:mail,send*", True, False),
    ("!kind:x", True, True),
    ("step:over*", True, False),
    ("id:12", True, False),
    ("id:jobs:12", True, False),
    ("id:9", False, True),
    ("id:1*", True, False),
    ("table:jobs", True, True),
    ("error:mailbox", True, False),
    ("error:smtp*full", True, False),
    ("!error:smtp", False, True),
    ("retries>=3", True, False),
    ("retries<3", False, True),
    ("retries:0", False, True),
    ("retries!=0", True, False),
    ("priority>5", True, False),
    ("!priority>5", False, True),
    ("age>1h", True, False),
    ("age<1h", False, False),
    ("!age>1h", False, True),
    ("idle>10m", True, False),
    ("idle>14", False, False),
    ("idle>=14", True, False),
    ("running>30m", True, False),
    ("is:stuck", True, False),
    ("stuck:no", False, True),
]


@pytest.mark.parametrize(("text", "full", "blank"), FINDS)
def test_finds(text: str, full: bool, blank: bool) -> None:
    terms = parse_filter(text)
    assert (matches_all(JOB, terms, NOW), matches_all(BLANK, terms, NOW)) == (full, blank)


def test_every_term_must_hold() -> None:
    assert matches_all(JOB, parse_filter("mail retries>2"), NOW)
    assert not matches_all(JOB, parse_filter("mail retries>3"), NOW)


def test_without_a_clock_no_age_matches() -> None:
    assert not matches(JOB, Term("age", ">", 0.0))


def test_patterns_hold_no_regular_expressions() -> None:
    odd = Job(id=JobId("1"), table="t", state=State.DONE, status="a.c(")
    assert matches_all(odd, parse_filter("status:a.c("))
    assert not matches_all(odd, parse_filter("status:abc("))


def test_a_pathological_pattern_is_quick() -> None:
    long = Job(id=JobId("1"), table="t", state=State.DONE, status="a" * 5000)
    assert not matches_all(long, parse_filter("status:" + "a*" * 20 + "b"))


def test_every_field_is_listed_for_help() -> None:
    assert {"state", "kind", "error", "retries", "age"} <= set(FIELDS)


def test_a_filter_has_no_more_terms_and_values_than_a_database_takes() -> None:
    assert len(parse_filter("a " * 100)) == 100
    assert len(parse_filter("id:" + ",".join(map(str, range(500))))[0].values) == 500
    with pytest.raises(FilterError, match="at most 100 terms and 500 values") as terms:
        parse_filter("a " * 101)
    assert terms.value.position == 200
    with pytest.raises(FilterError, match="at most 100 terms and 500 values"):
        parse_filter("id:" + ",".join(map(str, range(501))))


def test_a_duration_that_is_too_long_is_not_suggested_again() -> None:
    with pytest.raises(FilterError, match=r"write 90s, 30m, 2h or 1d$"):
        parse_filter("age>99999999999999999999d")
