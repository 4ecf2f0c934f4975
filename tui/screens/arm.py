"""Asks whether the sweep of a source may recover by itself: what that would be now is read first."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.binding import BindingType

from unstick.recovery.display import display_text
from unstick.recovery.durations import long_duration
from unstick.recovery.sweep import Mode
from unstick.tui.actions.model import ARM
from unstick.tui.availability import Facts
from unstick.tui.confirm import ByName
from unstick.tui.keys import bindings
from unstick.tui.screens.confirming import ConfirmScreen
from unstick.tui.screens.plan_text import Lines, rows_text
from unstick.tui.screens.text_and_rows import said
from unstick.tui.session import Session, sentence
from unstick.tui.sweep_look import Look, look, sweep_facts
from unstick.tui.widgets.bar import Part
from unstick.tui.working import Work

LOOKING = "looking at what it would recover now ..."


class ArmScreen(ConfirmScreen):
    """About the source that is shown. Nothing is armed while it isn't known what that would do."""

    SCOPE = ARM
    NAMED = "arm"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(ARM))

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.confirm: ByName = ByName(lambda: self.console.clock(), session.source.name, session.is_prod)
        self.seen: Look | None = None

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
        Work(self, "look", exclusive=True).begin(self._look)

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

    def _confirm_parts(self) -> list[Part]:
        cancel, key = Part("[ Cancel ]", "button"), self.key("arm.confirm")
        if self.seen is None or self.seen.forecast is None:
            return [cancel, Part("" if self._problem else LOOKING, "dim")]
        needed = self._needed()
        if needed is None:
            return [cancel, Part(f"{key} arms it", "key"), Part(display_text(self._reason_text()), "dim", 1)]
        return [cancel, Part(f"{key} wants {needed} first, then arms it", "key")]

    def do_arm_confirm(self) -> None:
        """Arm it, or ask for what is missing."""
        self.confirmed()

    def _go(self) -> None:
        self.console.set_sweep(
            self.session, Mode.ARMED, reason=self.confirm.reason, overrule=self.confirm.careful
        )
        self.leave()

    def do_arm_reason(self) -> None:
        """Ask for the operator's own words."""
        self.ask_reason()

    def do_arm_cancel(self) -> None:
        """Leave it as it is."""
        self.leave()
