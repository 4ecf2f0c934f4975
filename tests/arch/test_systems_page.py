"""The page about the five systems: each item of their documents has its row, whose names are all there."""

import re

import pytest

from tests.arch.checkout import ROOT
from tests.arch.systems_page import SYSTEMS, mistakes, names, rows, sections

DOCS = ROOT / "docs"
PAGE = (DOCS / "systems.md").read_text("utf-8")
SECTIONS = sections(PAGE)
ITEMS = dict(zip(SYSTEMS, (25, 28, 34, 39, 40), strict=True))
"""How many items the document of each system has."""


def test_every_system_has_its_section() -> None:
    assert tuple(name for name in SECTIONS if name) == SYSTEMS


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_item_of_a_document_has_one_row_in_its_place(system: str) -> None:
    number = SYSTEMS.index(system)
    assert [row.item for row in rows(SECTIONS[system])] == [
        f"S{number}-{item}" for item in range(1, ITEMS[system] + 1)
    ]


def test_no_item_is_told_of_twice() -> None:
    items = re.findall(r"^\| *(S\d+-\d+)", PAGE, re.MULTILINE)
    assert len(items) == len(set(items)) == sum(ITEMS.values())


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_row_says_what_is_asked_for_and_names_where_it_is_met(system: str) -> None:
    assert [
        row.item for row in rows(SECTIONS[system]) if not row.asks.strip() or not list(names(row.met))
    ] == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_is_not_ours_or_not_there_yet_says_what_stands_in(system: str) -> None:
    marked = [
        row for row in rows(SECTIONS[system]) if re.match(r"(?:not ours|not yet)\b", row.met, re.IGNORECASE)
    ]
    assert [row.item for row in marked if not re.match(r"(?:Not ours|Not yet): .{20,}", row.met)] == []


@pytest.mark.parametrize("system", ["", *SYSTEMS])
def test_everything_that_the_page_names_is_there(system: str) -> None:
    assert mistakes(SECTIONS[system], system) == []


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)]+)\)", PAGE))))
def test_every_link_leads_to_a_page_and_a_heading(link: str) -> None:
    path, _, anchor = link.partition("#")
    text = (DOCS / path).read_text("utf-8") if path else PAGE
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert not anchor or anchor in anchors


@pytest.mark.parametrize(
    "wrong",
    [
        "`unstick recovr`",
        "`unstick recover --time-out 5`",
        "`unstick recover --timeout soon`",
        "`unstick jobs --filter 'retries>=many'`",
        "`unstick act explode JOB`",
        "`unstick migrate --step nothing`",
        "`tests/systems/test_artitec.py::test_that_is_not_there`",
        "`tests/systems/test_nothing.py::test_that_is_not_there`",
        "key `ctrl+alt+x`",
        "screen `kitchen`",
        "setting `treshold`",
        "rule `unstuck`",
        "actions `recover` and `explode`",
        "report `reset_counts`",
        "variable `ARTITEC_JOB_TIMEOUT_HOURS`",
        "parameter `nothing`",
        "channel `nothing`",
        "step `nothing`",
        "index `idx_nothing`",
        "addition `jobs.nothing`",
        "column `begun_at`",
        "status `Failed`",
        "a name of no kind, `recover`",
    ],
)
def test_a_wrong_name_is_found(wrong: str) -> None:
    assert len(mistakes(wrong, "artitec")) == 1


def test_right_names_are_let_pass() -> None:
    text = (
        "Rule `stuck`, actions `recover`, `retry` and `delete`, key `R`, `unstick recover --timeout 5`,"
        " report `reset_count`, variable `ARTITEC_JOB_TIMEOUT_MINUTES` or `UNSTICK_TIMEOUT`"
    )
    assert mistakes(text, "artitec") == []
