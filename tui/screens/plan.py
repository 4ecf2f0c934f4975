"""The plan: shows exactly what would change, and is the only place where a change is confirmed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import ClassVar

from textual.binding import BindingType
from textual.timer import Timer

from unstick.recovery import engine
from unstick.recovery.display import display_text, wrap
from unstick.recovery.errors import UnstickError
from unstick.recovery.model import Target
from unstick.recovery.operator import describe_operator
from unstick.recovery.outcome import Outcome, RowOutcome
from unstick.recovery.plan import Options, Plan, dump, seal
from unstick.tui.actions.model import PLAN
from unstick.tui.availability import Facts
from unstick.tui.feed import SLOW_S
from unstick.tui.keys import bindings, shown
from unstick.tui.paint import Span
from unstick.tui.screens.confirming import ConfirmScreen
from unstick.tui.screens.plan_text import Ref, plan_lines, rows_text
from unstick.tui.screens.result_text import progress_text, result_text
from unstick.tui.session import Session, sentence
from unstick.tui.widgets.bar import Part
from unstick.tui.working import Work

Maker = Callable[[Options], Awaitable[Plan]]


class PlanScreen(ConfirmScreen):
    """Owns an immutable plan. `how` says how its rows were chosen; a dry run can't be applied."""

    SCOPE = PLAN
    NAMED = "plan"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(PLAN))

    def __init__(
        self,
        session: Session,
        make: Maker,
        action: str,
        how: str,
        *,
        dry_run: bool = False,
        title: str = "",
    ) -> None:
        super().__init__(session)
        self._heading = title or action
        self._make, self._action, self._how, self._dry_run = make, action, how, dry_run
        self._options = Options(operator=describe_operator())
        self.plan: Plan | None = None
        self._outcomes: dict[Ref, RowOutcome] = {}
        self._applying = False
        self._hooks = 0
        self._waiting: Timer | None = None
        self._waits = False
        self.result: engine.Result | None = None
        self._wrapped = True

    def facts(self) -> Facts:
        """How far the plan is."""
        return Facts(
            self.session.capabilities,
            PLAN,
            plan_ready=self.plan is not None,
            plan_rows=len(self.plan.rows) if self.plan else 0,
            dry_run=self._dry_run,
            applying=self._applying,
            applied=self.result is not None,
        )

    def title_parts(self) -> list[Part]:
        """What is planned, on which rows, and in the words of what really happens."""
        parts = [Part("Dry run" if self._dry_run else "Plan", "title"), Part(f"> {self._heading}", "title")]
        if self.plan is not None:
            plan = self.plan
            parts.append(Part(display_text(plan.verb), "stuck", 1))
            left = f", {len(plan.left_out):,} left out" if plan.left_out else ""
            parts.append(Part(f"{rows_text(len(plan.rows))}{left}", "title", 0, right=True))
            parts.append(Part(f"plan {plan.id}", "dim", 3, right=True))
        return parts

    def on_mount(self) -> None:
        """Make the plan."""
        super().on_mount()
        self._re_plan()

    def accepts(self, action_id: str) -> bool:
        """Refuse what was typed before the plan could be read."""
        return action_id.startswith("move.") or super().accepts(action_id)

    def hint_parts(self) -> list[Part]:
        """Only what can be done: a key that waits for nothing here would only confuse."""
        return [part for part in super().hint_parts() if part.style != "dim"]

    def _confirm_parts(self) -> list[Part]:
        key = shown(self.console.keys["plan.apply"][0])
        if self._applying or self.result is not None or self.plan is None:
            leave = f"[ Back: {self.key('app.back')} ]" if not self._applying else ""
            # The status line has the result, and keeps it when this screen is left.
            progress = "" if self.result is not None else self._progress()
            return [Part(leave, "button"), Part(progress, "text")]
        cancel = Part("[ Cancel ]", "button")
        if self._dry_run or not self.plan.rows:
            return [
                cancel,
                Part("a dry run: nothing is changed" if self._dry_run else "nothing to change", "dim"),
            ]
        rows, verb = rows_text(len(self.plan.rows)), display_text(self.plan.verb)
        needed = self._needed()
        if needed is None:
            ready = Part(f"{key} applies it to {rows}", "key")
            return [cancel, ready, Part(verb, "stuck", 2), Part(display_text(self._reason_text()), "dim", 1)]
        return [cancel, Part(f"{key} wants {needed} first, then applies it to {rows}", "key")]

    def _progress(self) -> str:
        if self.plan is None:
            return "no plan could be made" if self._problem else "planning ..."
        return progress_text(
            len(self._outcomes),
            len(self.plan.rows),
            stopping=self.console.stopping,
            waiting=self._waits,
            hooks=self._hooks,
        )

    def _re_plan(self) -> None:
        self.plan, self._problem = None, None
        Work(self, "plan", exclusive=True).begin(self._fetch)

    async def _fetch(self) -> None:
        limit = self.session.source.statement_timeout_s * 3 + 1.0
        try:
            self.plan = await self.session.call(lambda: self._make(self._options), limit)
        except Exception as error:
            self._problem = sentence(error)
        self._show_lines()
        self.confirm.changed(len(self.plan.rows) if self.plan else 0)
        self.appears()
        self.tell()

    def _show_lines(self) -> None:
        width, problem = self.pane.size.width, self._problem
        if self.plan is not None:
            lines = plan_lines(
                self.plan, self._outcomes, width, wrapped=self._wrapped, how=self._how, problem=problem
            )
            self.pane.show(lines, lines.sections)
        elif problem is not None:
            self.pane.show([(Span(piece, "failed"),) for piece in wrap(f"! {problem}", max(width, 20))])

    def do_plan_apply(self) -> None:
        """Apply, or ask for what is missing."""
        self.confirmed()

    def do_plan_reason(self) -> None:
        """Ask for the operator's own words."""
        self.ask_reason()

    def _go(self) -> None:
        if self.plan is None:
            return
        self._applying, self._problem = True, None
        self._wait_again()
        self.console.applies(self.session)
        self.tell()
        Work(self, "apply").begin(self._apply, self.plan)

    async def _apply(self, plan: Plan) -> None:
        if self.confirm.reason:
            plan = self.plan = self._with_reason(plan)
        try:
            self.result = await engine.apply(
                self.session.backend, plan, stop=self.console.stop, on_progress=self._progressed
            )
        except UnstickError as error:
            self._problem = sentence(error)
            self.console.report(f"nothing was changed: {self._problem}")
        except Exception as error:
            self._problem = sentence(error)
            journal = self.key("view.operations")
            self.console.report(f"stopped by {self._problem}; {journal} shows what the journal has of it")
        finally:
            self._applying = False
            self._stop_waiting()
            self.console.has_applied(self.session)
        self._finished()

    def _with_reason(self, plan: Plan) -> Plan:
        """The reason belongs to the plan's content, so the plan is sealed again; its rows and tokens stay."""
        return seal(replace(plan, options=replace(plan.options, reason=self.confirm.reason)))

    def _wait_again(self) -> None:
        self._stop_waiting()
        self._waiting = self.set_timer(SLOW_S, self._takes_long)

    def _stop_waiting(self) -> None:
        self._waits = False
        if self._waiting is not None:
            self._waiting.stop()

    def _takes_long(self) -> None:
        self._waits = True
        self.confirm_bar.show(self._confirm_parts())

    def _progressed(self, progress: engine.Progress) -> None:
        self._wait_again()
        self._hooks = progress.hooks
        self._outcomes.update({(row.job, row.variant): row for row in progress.rows})
        self.confirm_bar.show(self._confirm_parts())

    def _finished(self) -> None:
        if self.result is not None:
            self._outcomes = {(row.job, row.variant): row for row in self.result.rows}
            done = self._known_by(Outcome.APPLIED, Outcome.MISSING)
            self.session.last_operation = self.result.operation or self.session.last_operation
            self.console.report(result_text(self.result))
            self.console.plan_applied(self.result.plan, done)
            self.pane.top = 0
        else:
            self.confirm.changed(len(self.plan.rows) if self.plan else 0)
        self._show_lines()
        self.appears()
        self.tell()

    def _known_by(self, *outcomes: Outcome) -> frozenset[str]:
        """What the rows with these outcomes are known by in lists of jobs and in lists of variants."""
        rows = [row for row in (self.result.rows if self.result else ()) if row.outcome in outcomes]
        variants = [str(Target(row.job, row.variant)) for row in rows if row.variant is not None]
        return frozenset([*(str(row.job) for row in rows), *variants])

    def do_plan_over_limit(self) -> None:
        """Plan again, with or without rows at their retry limit."""
        self._options = replace(self._options, over_limit=not self._options.over_limit)
        self._re_plan()
        self.tell()
        self.say("rows at the retry limit are " + ("included" if self._options.over_limit else "left out"))

    def do_act_undo(self) -> None:
        """Plan the undo of what was just applied."""
        operation, backend = self.session.last_operation, self.session.backend
        if operation is not None:
            self.console.open_plan(
                lambda options: backend.plan_undo(operation, options), "undo", f"operation {operation}"
            )

    def do_plan_stop(self) -> None:
        """Stop between chunks."""
        self.console.ask_to_stop()
        self.tell()

    def do_plan_cancel(self) -> None:
        """Leave without changing anything."""
        self.do_app_back()

    def do_app_back(self) -> None:
        """Leave; while it is being applied, ask it to stop first."""
        if self._applying:
            self.do_plan_stop()
            self.say("stopping after the chunk that is being applied")
        else:
            self.leave()

    def do_view_wrap(self) -> None:
        """Wrap or cut the SQL."""
        self._wrapped = not self._wrapped
        self._show_lines()

    def do_copy_id(self) -> None:
        """Copy the SQL."""
        if self.plan is not None:
            self.copy(";\n".join(self.plan.sql), "the SQL")

    def do_copy_record(self) -> None:
        """Copy the plan as JSON."""
        if self.plan is not None:
            self.copy(dump(self.plan), "the plan as JSON")
