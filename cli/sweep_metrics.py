"""A sweep's figures for Prometheus, in a registry of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.exposition import write_to_textfile
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from unstick.cli.output import narrate
from unstick.cli.sweep_figures import Board, Figures
from unstick.recovery.alerting import Count
from unstick.recovery.errors import UsageError
from unstick.recovery.sweep import Decision
from unstick.recovery.sweeping import Run

SOURCE, KIND = "source", "kind"
RUNS, ROWS, DURATION = "unstick_sweep_runs", "unstick_sweep_rows", "unstick_sweep_duration_seconds"
Labelled = Iterable[tuple[tuple[str, ...], float | None]]


class Figured(Collector):
    """Makes metrics of a board whenever they are asked for: a source that is gone is in none of them."""

    def __init__(self, board: Board, alerts: Mapping[str, Count] | None = None) -> None:
        self._board, self._alerts = board, alerts or {}

    def collect(self) -> Iterator[Metric]:
        """Return all metrics as they are now."""
        with self._board.lock:
            found = [*self._of_jobs(), *self._of_runs(), *self._of_alerts()]
        yield from found

    def _of_jobs(self) -> Iterator[Metric]:
        all_ = self._board.sources.items()
        kinds = (SOURCE, KIND)
        yield _gauge("unstick_jobs", "Jobs by state.", (SOURCE, "state"), _by(all_, lambda f: f.states))
        yield _gauge("unstick_stuck_jobs", "Jobs that look stuck.", kinds, _by(all_, lambda f: f.stuck))
        yield _gauge(
            "unstick_oldest_stuck_age_seconds", "Silence of the longest silent stuck job.", kinds,
            _by(all_, lambda f: f.stuck_age),
        )  # fmt: skip
        yield _gauge(
            "unstick_oldest_pending_age_seconds", "Age of the oldest job that waits for a worker.", kinds,
            _by(all_, lambda f: f.pending_age),
        )  # fmt: skip
        yield _gauge(
            "unstick_retry_limit_rows", "Stuck jobs and variants at their retry limit, which need a person.",
            kinds, _by(all_, lambda f: f.at_limit),
        )  # fmt: skip

    def _of_runs(self) -> Iterator[Metric]:
        sources = self._board.sources.items()
        runs = CounterMetricFamily(RUNS, "Runs by what came of them.", labels=(SOURCE, "decision"))
        rows = CounterMetricFamily(
            ROWS, "Rows that runs took, by what became of them.", labels=(SOURCE, KIND, "outcome")
        )
        took = SummaryMetricFamily(DURATION, "How long runs took.", labels=(SOURCE,))
        for name, each in sources:
            for decision, number in each.runs.items():
                runs.add_metric((name, decision), number)
            for (kind, outcome), number in each.rows.items():
                rows.add_metric((name, kind, outcome), number)
            took.add_metric((name,), each.took, each.took_s)
        yield from (runs, rows, took)
        for metric, told, value in GAUGES:
            yield _gauge(metric, told, (SOURCE,), [((name,), value(each)) for name, each in sources])

    def _of_alerts(self) -> Iterator[Metric]:
        sent = CounterMetricFamily("unstick_alerts_sent", "Alerts that arrived.", labels=("target",))
        failed = CounterMetricFamily("unstick_alerts_failed", "Alerts that did not.", labels=("target",))
        for name, count in self._alerts.items():
            sent.add_metric((name,), count.sent)
            failed.add_metric((name,), count.failed)
        yield from (sent, failed)


def _last(value: Callable[[Run], bool]) -> Callable[[Figures], float | None]:
    return lambda figures: None if figures.last is None else float(value(figures.last))


GAUGES: tuple[tuple[str, str, Callable[[Figures], float | None]], ...] = (
    ("unstick_source_up", "Whether the database was there (0 or 1).", _last(lambda run: not run.down)),
    ("unstick_sweep_last_duration_seconds", "How long the last run took.",
     lambda figures: None if figures.last is None else figures.last.took_s),
    ("unstick_sweep_last_run_timestamp_seconds", "When the last run ended.", lambda f: f.last_run),
    ("unstick_sweep_last_success_timestamp_seconds", "When the last run ended that neither failed nor was "
     "stopped by the brake.", lambda f: f.last_success),
    ("unstick_sweep_leader", "Whether this is the one sweeper of the database (0 or 1).",
     lambda f: float(f.leads)),
    ("unstick_sweep_armed", "Whether runs may recover (0 or 1).", lambda f: float(f.armed)),
    ("unstick_sweep_braked", "Whether the brake stopped the last run (0 or 1).",
     _last(lambda run: run.decision is Decision.BRAKED)),
)  # fmt: skip
"""Name, explanation, and the value of a source; None: there is none yet."""


def _gauge(name: str, told: str, labels: tuple[str, ...], values: Labelled) -> Metric:
    family = GaugeMetricFamily(name, told, labels=labels)
    for words, value in values:
        if value is not None:
            family.add_metric(words, value)
    return family


def _by(
    sources: Iterable[tuple[str, Figures]], of: Callable[[Figures], Mapping[str, float]]
) -> list[tuple[tuple[str, ...], float]]:
    return [((name, kind), value) for name, each in sources for kind, value in of(each).items()]


def registry(board: Board, alerts: Mapping[str, Count] | None = None) -> CollectorRegistry:
    """Return a registry that has these figures and nothing else."""
    found = CollectorRegistry(auto_describe=False)
    found.register(Figured(board, alerts))
    return found


class MetricsFile:
    """Writes a file for node_exporter's textfile collector after each run: beside it first, so that nobody
    reads half of it."""

    def __init__(self, path: Path, board: Board, alerts: Mapping[str, Count] | None = None) -> None:
        self._path, self._registry, self._complained = path, registry(board, alerts), False
        try:
            self.write()
        except OSError as error:
            raise UsageError(f"--metrics-file: {path} can't be written: {error.strerror}") from None

    def saw(self, run: Run) -> None:
        """Write; where that fails, say so once until it works again."""
        try:
            self.write()
        except OSError as error:
            if not self._complained:
                narrate(f"unstick: --metrics-file: {self._path} can't be written: {error.strerror}")
            self._complained = True
        else:
            self._complained = False

    async def drain(self, within_s: float | None = None) -> None:
        """Write what came of the last alerts."""
        self.write()

    def write(self) -> None:
        """Write the file. Raises OSError."""
        write_to_textfile(str(self._path), self._registry)


def go_on(board: Board, path: Path) -> None:
    """Count on from what an earlier run wrote, where each run is a process of its own: totals that began anew
    each time would never grow. A file that is not there, or is none of ours, counts as nothing."""
    try:
        families = list(text_string_to_metric_families(path.read_text("utf-8")))
    except (OSError, ValueError, KeyError, IndexError):
        return
    for sample in (sample for family in families for sample in family.samples):
        figures = board.sources.get(sample.labels.get(SOURCE, ""))
        if figures is not None:
            _take(figures, sample.name, sample.labels, sample.value)


def _take(figures: Figures, name: str, labels: Mapping[str, str], value: float) -> None:
    if name == f"{RUNS}_total" and labels.get("decision") in figures.runs:
        figures.runs[labels["decision"]] = int(value)
    elif name == f"{ROWS}_total" and KIND in labels and "outcome" in labels:
        figures.rows[figures.label(labels[KIND]), labels["outcome"]] += int(value)
    elif name == f"{DURATION}_count":
        figures.took = int(value)
    elif name == f"{DURATION}_sum":
        figures.took_s = value
    elif name == "unstick_sweep_last_success_timestamp_seconds":
        figures.last_success = value
