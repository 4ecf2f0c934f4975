"""Asks whether the sweep of a source may recover by itself: what that would be now is read first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from textual.binding import BindingType
from textual.events import Resize
from textual.widget import Widget

from unstick.recovery.display import display_text
from unstick.recovery.durations import long_duration
from unstick.recovery.sweep import Mode
from unstick.tui.actions.model import ARM
from unstick.tui.availability import Facts
from unstick.tui.confirm import ByName
from unstick.tui.keys import bindings
from unstick.tui.screens.dialog import DialogScreen
from unstick.tui.screens.plan_text import Lines, rows_text
from unstick.tui.screens.text_and_rows import said
from unstick.tui.session import Session, sentence
from unstick.tui.sweep_look import Look, look, sweep_facts
from unstick.tui.widgets.bar import Part, TallBar
from unstick.tui.widgets.pane import Pane

LOOKING = "looking at what it would recover now ..."


class ArmScreen(DialogScreen):
    """About the source that is shown. Nothing is armed while it isn't known what that would do."""

    SCOPE = ARM
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(ARM))

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.confirm: ByName = ByName(lambda: self.console.clock(), session.source.name, session.is_prod)
        self.seen: Look | None = None
        self._problem: str | None = None
        self.pane = Pane()
        self.confirm_bar = TallBar()

    def body(self) -> Iterable[Widget]:
        """What it will do, and the line that says how to go on."""
        yield self.pane
        yield self.confirm_bar

    def scroller(self) -> Pane:
        """The text."""
        return self.pane

    def problem(self) -> str | None:
        """What is wrong with the source, unless the text says the same."""
        return None if self._problem else super().problem()

    def facts(self) -> Facts:
        """Whether it may be armed, and is known what that would do."""
        looked = self.seen is not None and self.seen.forecast is not None
        return replace(sweep_facts(self.session), screen=ARM, looked=looked)

    def title_parts(self) -> list[Part]:
        """Which source's sweep."""
        return [Part("Arm the sweep", "title"), Part(display_text(self.session.source.name), "title")]

    def on_mount(self) -> None:
        """Read what it would do."""
        super().on_mount()
        self.run_worker(self._look(), name="look", group="look", exclusive=True)

    def on_resize(self, event: Resize) -> None:
        """Wrap again."""
        super().on_resize(event)
        self.call_after_refresh(self._show_lines)

    async def _look(self) -> None:
        session = self.session
        try:
            self.seen = await session.call(
                lambda: look(session), session.source.statement_timeout_s * 3 + 1.0
            )
            self._problem = self.seen.problem
        except Exception as error:
            self._problem = sentence(error)
        # What the text asks has changed: a key that was meant for the first words is no answer.
        self.confirm.careful = self.brake is not None
        self.appears()
        self._show_lines()

    @property
    def brake(self) -> str | None:
        """What stops the sweep now, and is let go of by arming it."""
        seen, sweep = self.seen.forecast if self.seen is not None else None, self.session.sweep
        return (seen.brake if seen is not None else None) or (sweep.brake if sweep is not None else None)

    def _show_lines(self) -> None:
        self.pane.show(self.text(max(self.pane.size.width, 20)))
        self.tell()

    def text(self, width: int) -> Lines:
        """Return what arming means here."""
        lines = Lines()
        for text, style in self._sentences():
            lines.add(said(text, width, style))
        return lines

    def _sentences(self) -> list[tuple[str, str]]:
        if self._problem is not None:
            return [(f"! it can't be armed: {self._problem}", "failed")]
        able, plan = self.session.capabilities, self.seen.plan if self.seen is not None else None
        seen = self.seen.forecast if self.seen is not None else None
        if able is None or plan is None or seen is None:
            return [(LOOKING, "dim")]
        every, cap = long_duration(able.schedule.every_s), self.session.source.sweep.cap
        verb = next((action.verb for action in able.actions if action.name == "recover"), "")
        told = [
            (f"From now on, every {every}, what hangs is recovered without asking: {verb}.", "text"),
            (f"At most {cap:,} rows in one run; each is checked again before it is changed, journalled, "
             f"and can be undone ({self.key('view.operations')}).", "text"),
            ("It ends when it is switched off, when this console is left or its terminal goes away, and when "
             "the source becomes read-only.", "text"),
        ]  # fmt: skip
        number = len(seen.rows)
        begins = f"The first run begins at once: {rows_text(number)} would be recovered now."
        told.append((begins if number else "The first run begins at once; nothing would be recovered now.",
                     "stuck" if number else "text"))  # fmt: skip
        if self.brake is not None:
            told.append((f"! BRAKED: {self.brake}. To arm it lets go of the brake: look first at what they "
                         "have in common.", "failed"))  # fmt: skip
        if self.session.sweep is not None and self.session.sweep.leader is not None:
            told.append((f"{self.session.sweep.leader} sweeps here: it waits for the place.", "warning"))
        return told

    def tell(self) -> None:
        """Bring every line up to date."""
        super().tell()
        self.confirm_bar.show(self._confirm_parts())

    def _confirm_parts(self) -> list[Part]:
        cancel, key = Part("[ Cancel ]", "button"), self.key("arm.confirm")
        if self.seen is None or self.seen.forecast is None:
            return [cancel, Part("" if self._problem else LOOKING, "dim")]
        missing = self.confirm.missing()
        if missing is None:
            reason = self.confirm.reason
            more = f"reason: {reason}" if reason else f"{self.key('arm.reason')} adds a reason"
            return [cancel, Part(f"{key} arms it", "key"), Part(display_text(more), "dim", 1)]
        need = "a reason" if missing == "reason" else f"{display_text(self.confirm.source)} typed"
        return [cancel, Part(f"{key} wants {need} first, then arms it", "key")]

    def do_arm_confirm(self) -> None:
        """Arm it, or ask for what is missing. Asking never arms by itself."""
        missing = self.confirm.missing()
        if missing == "reason":
            self.do_arm_reason()
        elif missing == "typed":
            name = display_text(self.confirm.source)
            self.prompt.ask(f"type {name}:", "", self.confirm.check_typed, self.say, self._asked)
        else:
            self.console.set_sweep(
                self.session, Mode.ARMED, reason=self.confirm.reason, overrule=self.confirm.careful
            )
            self.leave()

    def do_arm_reason(self) -> None:
        """Ask for the operator's own words."""
        self.prompt.ask("reason:", self.confirm.reason, self._take_reason, self.say, self._asked)

    def _take_reason(self, text: str) -> str | None:
        self.confirm.reason = text.strip()
        return None if text.strip() or not self.confirm.prod else "in prod a reason is required"

    def _asked(self) -> None:
        self.appears()
        self.console.say("")
        self.tell()

    def do_arm_cancel(self) -> None:
        """Leave it as it is."""
        self.leave()
