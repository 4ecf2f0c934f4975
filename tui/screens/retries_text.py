"""Retry statistics as lines: what needs attention first, then rate, histogram, trend, and where they come
from. Everything is drawn in ASCII, so that a bar takes the same cells in every terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from unstick.recovery.display import cell_width, clip, display_text, fit
from unstick.recovery.durations import long_duration
from unstick.recovery.model import Capabilities
from unstick.recovery.stats import HIGH, Figures, Spread, Statistics
from unstick.tui.paint import BLANK, Line, Span
from unstick.tui.screens.plan_text import Lines
from unstick.tui.screens.text_and_rows import said

MOST = 12
"""Steps, kinds and results that are listed."""
BUCKETS = 10
"""Retry counts from which on all are drawn as one bar."""
BAR = 48
"""Cells of the longest bar."""
RAMP = ".:-=+*#"
"""From few to many; with `_` for none."""
DAYS = 100
"""Days that a trend has at most."""
NOTHING = "NULL"
"""What the statistics call a missing step or kind."""


def window_words(seconds: float) -> str:
    """Return `24 h` or `7 d`."""
    return f"{seconds / 3600:g} h" if seconds < 172_800 else f"{seconds / 86_400:g} d"


def retries_lines(
    found: Statistics, able: Capabilities, width: int, *, variants: bool, longer: str = ">"
) -> Lines:
    """Return the figures of jobs, or of variants. `longer` is the key that looks further back."""
    lines = Lines()
    called = display_text(able.variants_name or "variants", limit=20) if variants else "jobs"
    figures = found.variants if variants else found.jobs
    if figures is None:
        lines.add(said(_no_figures(found, called), width, "text"))
    else:
        _add_alerts(lines, figures, called, width)
        _add_spread(lines, figures.spread, called, found.window_s, width, longer)
        if figures.spread.some:
            _add_histogram(lines, figures.histogram, called, width)
            _add_trend(lines, figures.by_day, width, longer)
            _add_shares(lines, "By step", "STEP", figures.by_step, width)
            _add_shares(lines, f"By {_kind_word(able)}", "KIND", figures.by_kind, width)
    within = window_words(found.window_s)
    _add_results(lines, f"What came of actions in the last {within}", found.actions, width)
    _add_results(lines, f"Attempts by reason in the last {within}", found.reasons, width)
    for remark in _remarks(able):
        lines.add([BLANK, *said(remark, width, "dim")])
    return lines


def _kind_word(able: Capabilities) -> str:
    return display_text(able.kinds_name, limit=20) or "kind"


def _no_figures(found: Statistics, called: str) -> str:
    if found.retried_variants:
        return (
            f"{called} are kept inside documents here, so they can't be counted; "
            "those that the retry history knows are listed below"
        )
    return f"no figures of {called}: this source keeps none, or the retry history names none yet"


def _remarks(able: Capabilities) -> Iterator[str]:
    if able.not_migrated:
        missing = ", ".join(able.not_migrated)
        yield f"! columns are missing, so what they count is left out: {missing}; unstick migrate adds them"
    if able.journal == "local":
        yield (
            "the journal is in a local file on this machine: of actions and reasons, only what was done from "
            "here is counted"
        )


def _add_alerts(lines: Lines, figures: Figures, called: str, width: int) -> None:
    number = len(figures.alerts)
    if number:
        told = f"{HIGH} retries or more, changed in the last hour"
        lines.add(said(f"! {number:,} {_one(called, number)} to look at: {told}", width, "failed"))


def _further(longer: str) -> str:
    return f"; {longer} looks further back" if longer else ""


def _one(called: str, number: int) -> str:
    return called[:-1] if number == 1 and called.endswith("s") else called


def _add_spread(lines: Lines, spread: Spread, called: str, window_s: float, width: int, longer: str) -> None:
    within = window_words(window_s)
    lines.heading(f"{called[:1].upper()}{called[1:]} created in the last {within}: {spread.total:,}")
    if not spread.total:
        told = f"no {called} were created in the last {within}, so there is nothing to count"
        lines.add(said(told + _further(longer), width, "text"))
        return
    if not spread.some:
        told = f"no retries in the last {within}: none of the {called} created then was retried"
        lines.add(said(told + _further(longer), width, "text"))
        return
    for label, number, share in (
        ("not retried", spread.none, 1 - spread.rate),
        ("retried", spread.some, spread.rate),
        (f"{HIGH} times or more", spread.high, spread.high / spread.total),
    ):
        lines.add([(Span(f"  {label:16}", "dim"), Span(f"{number:>9,}  {share:>6.1%}"))])
    lines.add([(Span(f"  {'average':16}", "dim"), Span(f"{spread.average:>9.2f}"))])
    lines.add([(Span(f"  {'most':16}", "dim"), Span(f"{spread.maximum:>9,}"))])


def _add_histogram(lines: Lines, histogram: Mapping[int, int], called: str, width: int) -> None:
    lines.heading(f"How many {called} were retried how often")
    bars: Counter[int] = Counter()
    for retries, number in histogram.items():
        bars[min(max(retries, 0), BUCKETS)] += number
    most = max(bars.values(), default=0)
    numbers = max((len(f"{number:,}") for number in bars.values()), default=1)
    room = min(max(width - numbers - 12, 5), BAR)
    for retries in range(max(bars, default=0) + 1):
        number = bars[retries]
        label = f"{retries}+" if retries == BUCKETS else str(retries)
        lines.add([(Span(f"  {label:>3}  ", "dim"), Span(f"{number:>{numbers},}  "),
                    Span(bar(number, most, room), "warning" if retries >= HIGH else "accent"))])  # fmt: skip


def bar(number: int, most: int, room: int) -> str:
    """Return a bar; whatever is there has a cell at least."""
    return "#" * max(round(room * number / most), 1) if number > 0 and most else ""


def _add_trend(lines: Lines, by_day: Mapping[str, Spread], width: int, longer: str) -> None:
    days = _days(by_day)
    lines.heading("Share retried by day (UTC)")
    if len(days) < 2:
        told = "all of them were created within one day"
        lines.add(said(told + _further(longer), width, "text"))
        return
    days = days[-max(width - 18, 7) :]
    line = sparkline([spread.rate if spread.total else None for _, spread in days])
    first, (last, newest) = days[0][0], days[-1]
    lines.add([(Span(f"  {first:%m-%d} ", "dim"), Span(line, "accent"), Span(f" {last:%m-%d}", "dim"))])
    worst, of = max(days, key=lambda day: day[1].rate)
    told = f"worst {worst:%m-%d}: {of.rate:.1%} ({of.some:,} of {of.total:,}); "
    told += f"last {last:%m-%d}: {newest.rate:.1%} ({newest.some:,} of {newest.total:,})"
    lines.add(said(told, width, "text"))
    legend = f"{RAMP[0]} few to {RAMP[-1]} the worst day, _ none retried, blank none created"
    lines.add(said(legend, width, "dim"))


def _days(by_day: Mapping[str, Spread]) -> list[tuple[date, Spread]]:
    """Return every day from the first to the last, those without jobs too. A clock that is wrong by years
    must not make years of them."""
    found: dict[date, Spread] = {}
    for name, spread in by_day.items():
        try:
            found[date.fromisoformat(name)] = spread
        except ValueError:
            continue
    if not found:
        return []
    first, last = min(found), max(found)
    if (last - first).days >= DAYS:
        return sorted(found.items())[-DAYS:]
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [(day, found.get(day, Spread())) for day in days]


def sparkline(rates: Sequence[float | None]) -> str:
    """Return a sign for each rate, from few to many; None is a blank."""
    most = max((rate for rate in rates if rate is not None), default=0.0)
    return "".join(_sign(rate, most) for rate in rates)


def _sign(rate: float | None, most: float) -> str:
    if rate is None:
        return " "
    return RAMP[min(int(rate / most * len(RAMP)), len(RAMP) - 1)] if rate > 0 else "_"


def _add_shares(lines: Lines, title: str, head: str, spreads: Mapping[str, Spread], width: int) -> None:
    """A table of shares, those with the most retried first."""
    named = [(name, spread) for name, spread in spreads.items() if name != NOTHING]
    if not named:
        return
    lines.heading(title)
    named.sort(key=lambda pair: (-pair[1].some, -pair[1].total, pair[0]))
    columns = [("RATE", 6), ("RETRIED", 8), ("ALL", 8), (f"{HIGH}+", 6), ("AVERAGE", 8), ("MOST", 5)]
    room = width - 2
    while len(columns) > 1 and room - sum(cells + 1 for _, cells in columns) < 16:
        columns.pop()
    taken = max(cell_width(display_text(name, limit=80)) for name, _ in named[:MOST])
    name_cells = min(max(taken, 6), room - sum(cells + 1 for _, cells in columns), 40)
    heads = " ".join(f"{name:>{cells}}" for name, cells in columns)
    lines.add([(Span(f"  {fit(head, name_cells)} {heads}", "dim"),)])
    for name, spread in named[:MOST]:
        lines.add([_share(name, spread, name_cells, columns)])
    if len(named) > MOST:
        more = f"and {len(named) - MOST:,} more; unstick stats --json has all of them"
        lines.add(said(more, width, "dim"))


def _share(name: str, spread: Spread, cells: int, columns: Sequence[tuple[str, int]]) -> Line:
    values = {
        "RATE": f"{spread.rate:.1%}",
        "RETRIED": f"{spread.some:,}",
        "ALL": f"{spread.total:,}",
        f"{HIGH}+": f"{spread.high:,}",
        "AVERAGE": f"{spread.average:.2f}",
        "MOST": f"{spread.maximum:,}",
    }
    told = " ".join(fit(values[column], room, right=True) for column, room in columns)
    style = "warning" if spread.high else "text" if spread.some else "dim"
    return (Span(f"  {fit(display_text(name, limit=80), cells)} "), Span(told, style))


def _add_results(lines: Lines, title: str, found: Mapping[str, Mapping[str, int]], width: int) -> None:
    if not found:
        return
    lines.heading(title)
    listed = sorted(found.items(), key=lambda pair: -sum(pair[1].values()))
    cells = min(max(cell_width(display_text(name, limit=80)) for name, _ in listed[:MOST]), 24)
    for name, results in listed[:MOST]:
        told = ", ".join(f"{number:,} {display_text(result, limit=20)}" for result, number in results.items())
        line = f"{fit(display_text(name, limit=80), cells)}  {told}"
        lines.add([(Span("  " + clip(line, max(width - 2, 10))),)])
    if len(listed) > MOST:
        lines.add([(Span(f"  and {len(listed) - MOST:,} more", "dim"),)])


def as_of(asked: str, age_s: float) -> str:
    """Return when figures are from. Only the time of day stays true on a screen that stands still."""
    return f"as of {asked}" if age_s < 5 else f"as of {asked}, {long_duration(age_s)} ago"
