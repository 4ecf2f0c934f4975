"""One operation of the journal with its rows, before and after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import ClassVar

from textual.binding import BindingType
from textual.events import Resize
from textual.widget import Widget

from unstick.recovery.display import display_text, fit, wrap
from unstick.recovery.errors import UnstickError
from unstick.recovery.hooks_again import call_again, due_rows, hook_again
from unstick.recovery.hooks_outcome import counted_words, due
from unstick.recovery.model import Image
from unstick.recovery.outcome import Operation, OperationRow
from unstick.tui.actions.model import OPERATION
from unstick.tui.availability import Facts
from unstick.tui.keys import bindings
from unstick.tui.paint import Line, Span
from unstick.tui.screens.acting import ActingScreen
from unstick.tui.screens.operations import counts_text
from unstick.tui.screens.plan_text import DETAILED, Lines, rows_text
from unstick.tui.session import Session, sentence
from unstick.tui.states import outcome_span
from unstick.tui.widgets.bar import Part
from unstick.tui.widgets.pane import Pane
from unstick.tui.working import Work


class OperationScreen(ActingScreen):
    """Read once: the journal of a finished operation doesn't change, except by an undo."""

    SCOPE = OPERATION
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(OPERATION))

    def __init__(self, session: Session, operation: str) -> None:
        super().__init__(session)
        self.operation_id = operation
        self.operation: Operation | None = None
        self._wrapped = True
        self._calling = False
        self.pane = Pane()

    def body(self) -> Iterable[Widget]:
        """The text."""
        yield self.pane

    def scroller(self) -> Pane:
        """The text."""
        return self.pane

    def title_parts(self) -> list[Part]:
        """Which operation, and how it stands."""
        status = self.operation.status if self.operation else ""
        return [
            Part(f"Operation {display_text(self.operation_id, limit=60)}", "title"),
            Part(status, "accent"),
        ]

    def on_screen_resume(self) -> None:
        """Read it, also after an undo."""
        super().on_screen_resume()
        Work(self, "operation", exclusive=True).begin(self._read)

    async def _read(self) -> None:
        try:
            self.operation = await self.session.call(
                lambda: self.session.backend.operation(self.operation_id)
            )
        except Exception as error:
            self.pane.show([(Span(f"  {sentence(error)}", "failed"),)])
            return
        self._show_lines()
        self.tell()

    def on_resize(self, event: Resize) -> None:
        """Lay out again."""
        super().on_resize(event)
        self.call_after_refresh(self._show_lines)

    def _show_lines(self) -> None:
        if self.operation is not None:
            lines = operation_lines(self.operation, self.pane.size.width, wrapped=self._wrapped)
            self.pane.show(lines, lines.sections)

    def facts(self) -> Facts:
        """Whether there are hooks to call again."""
        found = len(due_rows(self.operation)) if self.operation else 0
        return replace(super().facts(), screen=OPERATION, hooks_due=found, applying=self._calling)

    def do_act_hooks(self) -> None:
        """Ask whether the hooks that failed or are missing are to be called again."""
        backend, operation = self.session.backend, self.operation
        if operation is None:
            return
        try:
            hook = hook_again(backend, operation)
        except UnstickError as error:
            self.say(sentence(error))
            return
        number = len(due_rows(operation))
        wanted = self.session.source.name if self.session.is_prod else str(number)
        self.say(f"calls {display_text(hook.shown, limit=300)} again for {rows_text(number)}")

        def accept(text: str) -> str | None:
            if text.strip() != wanted:
                return f"that is not {wanted}; esc leaves it"
            self._start(operation)
            return None

        self.prompt.ask(f"type {wanted} to call {'it' if number == 1 else 'them'}:", "", accept, self.say)

    def _start(self, operation: Operation) -> None:
        self._calling = True
        self.console.applies(self.session)
        Work(self, "hooks").begin(self._call, operation)
        self.tell()

    async def _call(self, operation: Operation) -> None:
        called = 0

        def told(outcomes: Mapping[int, str]) -> None:
            nonlocal called
            called += len(outcomes)
            self.say(f"{called:,} of {len(due_rows(operation)):,} hooks called")

        try:
            found = await call_again(
                self.session.backend, operation, stopped=lambda: self.console.stopping, told=told
            )
            lost = f"; {sentence(found.error)}" if found.error else ""
            self.console.report(f"hooks: {counted_words(row.hook for row in found.rows)}{lost}")
        except Exception as error:
            self.console.report(f"calling hooks was stopped by: {sentence(error)}")
        finally:
            self._calling = False
            self.console.has_applied(self.session)
        await self._read()

    def do_app_back(self) -> None:
        """Leave; while hooks are being called, ask to stop first."""
        if self._calling:
            self.console.ask_to_stop()
            self.say("stopping after the hooks that are being called")
        else:
            self.leave()

    def do_act_undo(self) -> None:
        """Plan the undo of this operation."""
        self.open_undo(self.operation_id)

    def do_view_wrap(self) -> None:
        """Give each change of a row its own lines, or keep to one line a row."""
        self._wrapped = not self._wrapped
        self._show_lines()

    def do_copy_id(self) -> None:
        """Copy the operation's id."""
        self.copy(self.operation_id, f"operation {self.operation_id}")


def operation_lines(operation: Operation, width: int, *, wrapped: bool = True) -> Lines:
    """Return everything the journal has of an operation."""
    lines = Lines()
    for label, value in _facts(operation):
        pieces = wrap(display_text(value), max(width - 12, 20)) if wrapped else [display_text(value)]
        lines.add([(Span(f"  {fit(label, 10)}", "dim"), Span(pieces[0]))])
        lines.add([(Span(" " * 12 + piece),) for piece in pieces[1:]])
    lines.heading(f"Rows: {len(operation.rows):,}")
    if wrapped and len(operation.rows) <= DETAILED:
        for row in operation.rows:
            lines.add(_details(row, width))
    else:
        lines.lazy(len(operation.rows), lambda index: _row(operation.rows[index]))
    return lines


def _facts(operation: Operation) -> list[tuple[str, str]]:
    ended = operation.finished_at
    facts = (
        ("action", operation.action),
        ("who", operation.operator or "-"),
        ("why", operation.reason or "no reason was given"),
        ("started", f"{operation.started_at:%Y-%m-%d %H:%M:%S}"),
        ("finished", f"{ended:%Y-%m-%d %H:%M:%S}" if ended else "not finished"),
        ("planned", f"{rows_text(operation.planned)}, plan {operation.plan_id}"),
        ("outcome", counts_text(operation)),
        ("hooks", counted_words(row.hook for row in operation.rows)),
        ("undone", rows_text(operation.undone) if operation.undone else ""),
        ("undoes", f"operation {operation.undoes}" if operation.undoes else ""),
        ("unknown", rows_text(operation.unresolved) if operation.unresolved else ""),
    )
    return [(label, value) for label, value in facts if value]


def _details(row: OperationRow, width: int) -> list[Line]:
    lines: list[Line] = [_head(row)]
    told = [*_moved(row.before, row.after), *([row.detail] if row.detail else [])]
    for text in told:
        pieces = wrap(display_text(text, limit=2_000), max(width - 6, 20))
        lines.extend((Span(" " * 6 + piece),) for piece in pieces)
    return lines


def _row(row: OperationRow) -> Line:
    told = "; ".join(_moved(row.before, row.after))
    return (*_head(row), Span(f"  {told}  {display_text(row.detail)}"))


def _head(row: OperationRow) -> Line:
    outcome = outcome_span(row.outcome)
    name = display_text(f"{row.job} / {row.variant}" if row.variant else row.job, limit=80)
    undone = f"  undone by {display_text(row.undone_by)}" if row.undone_by else ""
    return (
        Span(f"  {fit(name, max(16, min(len(name), 40)))}  ", "title"),
        Span(f"{display_text(outcome.text)}", outcome.style),
        Span(undone),
        Span(f"  hook {display_text(row.hook)}" if row.hook else "", "failed" if due(row.hook) else "dim"),
    )


def _moved(before: Image | None, after: Image | None) -> list[str]:
    if not before or not after:
        return [] if not before and not after else ["deleted" if before else "inserted"]
    return [
        f"{name}: {display_text(before.get(name), limit=200) or 'null'} -> "
        f"{display_text(value, limit=200) or 'null'}"
        for name, value in after.items()
        if before.get(name) != value
    ]
