"""Every screen worth a look, by name: the keys that lead there.

Goldens, pictures and the test of colours all go through this list, so a new screen is one function here. A
scene with a docstring is drawn in `screenshots/`, and that is its caption.
"""

from __future__ import annotations

from tests.tui.driver import Console, JobScreen, JobsScreen, OperationsScreen, PlanScreen
from tests.tui.stage import OneWorker, many_stuck, no_jobs, nothing_stuck, posters, scene
from tests.tui.sweeps import switched, to_arm
from unstick.recovery.sweep import Mode
from unstick.tui.screens.choice import ChoiceScreen
from unstick.tui.screens.columns import ColumnsScreen
from unstick.tui.screens.everywhere import EverywhereScreen
from unstick.tui.screens.help import HelpScreen
from unstick.tui.screens.kill import KillScreen
from unstick.tui.screens.operation import OperationScreen
from unstick.tui.screens.palette import PaletteScreen
from unstick.tui.screens.retries import RetriesScreen
from unstick.tui.screens.sources import SourcesScreen
from unstick.tui.screens.sweep import SweepScreen
from unstick.tui.screens.text import TextScreen
from unstick.tui.screens.variant import VariantScreen
from unstick.tui.screens.variants import VariantsScreen


async def settled(c: Console, shows: str) -> None:
    """Wait until the question of the screen on top is answered."""
    await c.until_shows(shows)
    await c.until(lambda: not c.app.screen.feed.in_flight)  # type: ignore[attr-defined]


@scene("jobs")
async def jobs(c: Console) -> None:
    """The live table: what is stuck comes first and says why; above it the queue that one of them blocks,
    beside it the row under the cursor."""


@scene("jobs-marked")
async def marked(c: Console) -> None:
    """Rows are marked by id; an action then takes those, whatever the list does meanwhile."""
    await c.press("space", "space", "space")


@scene("jobs-filter")
async def filtered(c: Console) -> None:
    """A filter in words: states, ages, retries, kinds, steps."""
    await c.press("slash")
    await c.type("state:failed retries>=1")
    await c.press("enter")
    await c.until(lambda: c.jobs.rows.window.loaded)
    await c.until(lambda: c.jobs.rows.window.order)


@scene("jobs-wrong-filter")
async def wrong_filter(c: Console) -> None:
    await c.press("slash")
    await c.type("age>soon")
    await c.press("enter")


@scene("jobs-prompt")
async def prompt(c: Console) -> None:
    await c.press("slash")
    await c.type("kind:up")


@scene("jobs-all-clear", nothing_stuck)
async def all_clear(c: Console) -> None:
    """An empty table says why it is empty, and since when."""
    await c.press("2")
    await c.until(lambda: c.jobs.rows.window.loaded)


@scene("jobs-empty", no_jobs)
async def empty(c: Console) -> None:
    await c.until(lambda: c.jobs.rows.window.loaded)


@scene("jobs-down")
async def down(c: Console) -> None:
    """A database that does not answer: its rows stay, with their age, and it is asked again."""
    c.backend.go_down()
    await c.refresh()
    c.ticks.pass_by(90)
    c.jobs.tell()


@scene("jobs-prod-read-only", environment="prod", read_only=True)
async def read_only(c: Console) -> None:
    """Production is read-only until it is opened with --write; a key that can't act says why."""
    await c.press("R")


@scene("jobs-paused", alone=True, environment="", colour="#1565c0")
async def paused(c: Console) -> None:
    await c.press("p")


@scene("job")
async def job(c: Console) -> None:
    """A job: what it is, why it is stuck and by which clock, its error, its variants, attempts and events."""
    await c.press("g", "enter")
    await c.until(lambda: isinstance(c.app.screen, JobScreen))
    await c.until_shows("Why it is stuck")


@scene("job-variants", posters, alone=True)
async def job_variants(c: Console) -> None:
    await variants(c)
    await c.press("g", "J")
    await c.until(lambda: isinstance(c.app.screen, JobScreen))
    await c.until_shows("Pieces: 3")
    await c.press("V")
    await c.until_shows("> variant")


@scene("variants", posters, alone=True)
async def variants(c: Console) -> None:
    """The variants of all jobs as a list of their own."""
    await c.press("V")
    await c.until(lambda: isinstance(c.app.screen, VariantsScreen))
    await c.until_shows("9 stuck")


@scene("variants-marked", posters, alone=True)
async def variants_marked(c: Console) -> None:
    await variants(c)
    await c.press("space", "space")


@scene("variant", posters, alone=True)
async def variant(c: Console) -> None:
    """One variant, and why it is stuck."""
    await variants(c)
    await c.press("enter")
    await c.until(lambda: isinstance(c.app.screen, VariantScreen))
    await c.until_shows("Why it is stuck")


@scene("plan")
async def plan(c: Console) -> None:
    """The plan of a recovery: each row before and after, why, and the SQL. Nothing is changed before A."""
    await marked(c)
    await c.press("g")
    await c.plan("R")
    await c.read_first()


@scene("plan-dry-run")
async def dry_run(c: Console) -> None:
    await c.plan("x")


@scene("plan-delete")
async def delete(c: Console) -> None:
    """A delete says what goes with each job; undo can put it back."""
    await c.press("3")
    await c.until(lambda: c.jobs.rows.window.loaded)
    await c.press("space", "space")
    await c.plan("ctrl+d")
    await c.read_first()


@scene("plan-many", many_stuck)
async def many(c: Console) -> None:
    """Over 20 rows, or in production, their number is typed first."""
    await c.press("2")
    await c.until(lambda: len(c.jobs.rows.window.order) > 20)
    await c.press("asterisk")
    await c.until_shows("rows marked")
    await c.plan("R")


@scene("plan-typed", many_stuck)
async def typed(c: Console) -> None:
    await many(c)
    await c.read_first()
    await c.press("A")
    await c.until(lambda: c.app.screen.query_one("Prompt").has_class("-open"))
    await c.type("4")


@scene("plan-prod", environment="prod")
async def plan_prod(c: Console) -> None:
    await c.plan("R")


@scene("plan-applied")
async def applied(c: Console) -> None:
    """What came of each row: a job that moved on by itself was left alone, and the reason is told."""
    await plan(c)
    c.backend.worker.finish(c.on(PlanScreen).plan.rows[1].job)  # type: ignore[union-attr]
    await c.apply()


@scene("jobs-result")
async def result(c: Console) -> None:
    await applied(c)
    await c.press("escape")
    await c.until(lambda: isinstance(c.app.screen, JobsScreen))


async def undone(c: Console) -> None:
    """Recover, and take it back two minutes later."""
    await applied(c)
    await c.press("escape")
    c.backend.advance(120)
    await c.plan("u")
    await c.read_first()
    await c.press("r")
    await c.type("billing waits for it")
    await c.press("enter")
    await c.apply()
    await c.press("escape")


@scene("operations")
async def operations(c: Console) -> None:
    """The journal: who changed what, when, why, and what came of it."""
    await undone(c)
    await c.press("at")
    await c.until(lambda: isinstance(c.app.screen, OperationsScreen))
    await c.until_shows("undone")


@scene("operation")
async def operation(c: Console) -> None:
    """One operation, row by row; u plans its undo."""
    await operations(c)
    await c.press("enter")
    await c.until(lambda: isinstance(c.app.screen, OperationScreen))
    await c.until_shows("billing waits")


@scene("help")
async def help_(c: Console) -> None:
    """Help, made for the screen that one is on; it can be searched."""
    await c.press("question_mark")
    await c.until(lambda: isinstance(c.app.screen, HelpScreen))


@scene("actions", posters, alone=True)
async def choice(c: Console) -> None:
    """All actions of a job system, by what each really does."""
    await c.press("a")
    await c.until(lambda: isinstance(c.app.screen, ChoiceScreen))


@scene("kill", workers=OneWorker())
async def kill(c: Console) -> None:
    """Only in the demo: kill a worker and see its jobs get stuck."""
    await c.press("exclamation_mark")
    await c.until(lambda: isinstance(c.app.screen, KillScreen))


@scene("welcome", bare=True)
async def welcome(c: Console) -> None:
    """With nothing configured: a demo, a URL, or a configuration."""


@scene("welcome-url", bare=True)
async def welcome_url(c: Console) -> None:
    await c.press("u")
    await c.type("mysql://ann:secret@db7/jobs")


@scene("retries")
async def retries(c: Console) -> None:
    """Retry statistics: rate, trend, by step and kind, and what is retried most."""
    await c.press("percent_sign")
    await c.until(lambda: isinstance(c.app.screen, RetriesScreen))
    await settled(c, "as of")


@scene("retries-variants", posters, alone=True)
async def retries_variants(c: Console) -> None:
    await retries(c)
    await c.press("V")
    await settled(c, "as of")


@scene("sweep")
async def sweep(c: Console) -> None:
    """The sweep: what a run would recover now, what it would leave out, and by which rules."""
    await c.press("S")
    await c.until(lambda: isinstance(c.app.screen, SweepScreen))
    await settled(c, "as of")


@scene("sweep-shadow")
async def sweep_shadow(c: Console) -> None:
    await switched(c, Mode.SHADOW)
    await sweep(c)


@scene("sweep-armed")
async def sweep_armed(c: Console) -> None:
    await switched(c, Mode.ARMED)
    await sweep(c)
    await settled(c, "1 recovery of")


@scene("sweep-braked", many_stuck, alone=True)
async def sweep_braked(c: Console) -> None:
    await switched(c, Mode.ARMED)
    await sweep(c)


@scene("arm")
async def arm(c: Console) -> None:
    """What arming the sweep means, asked before it may recover by itself."""
    await sweep(c)
    await to_arm(c)


@scene("arm-braked", many_stuck, alone=True, environment="prod")
async def arm_braked(c: Console) -> None:
    await sweep_braked(c)
    await to_arm(c)


@scene("jobs-swept")
async def jobs_swept(c: Console) -> None:
    await switched(c, Mode.ARMED)
    await c.until(lambda: c.jobs.counts is not None and not c.jobs.counts.stuck, "for the list")


@scene("sources", environment="prod", colour="#6a1b9a")
async def sources(c: Console) -> None:
    """All sources side by side: label, health, stuck jobs, round trip, and what the database lacks."""
    await c.press("0")
    await c.until(lambda: isinstance(c.app.screen, SourcesScreen))
    await c.until(lambda: all(each.counts for each in c.app.sessions))


@scene("everywhere")
async def everywhere(c: Console) -> None:
    """What is stuck in all sources, in one list."""
    await sources(c)
    await c.press("2")
    await c.until(lambda: isinstance(c.app.screen, EverywhereScreen))
    await c.until_shows("imports-eu")
    await c.until_shows("88150")


@scene("columns")
async def columns(c: Console) -> None:
    """Columns, kept per source."""
    await c.press("C")
    await c.until(lambda: isinstance(c.app.screen, ColumnsScreen))


@scene("palette")
async def palette(c: Console) -> None:
    """Every action, source, view and theme, found by its words."""
    await c.press("ctrl+p")
    await c.until(lambda: isinstance(c.app.screen, PaletteScreen))
    await c.type("re")


@scene("line")
async def line(c: Console) -> None:
    await c.press("colon")
    await c.type("theme ")


@scene("text")
async def copied_text(c: Console) -> None:
    """What was copied, to be selected where a terminal keeps its clipboard to itself."""
    await c.press("Y", "Y")
    await c.until(lambda: isinstance(c.app.screen, TextScreen))
