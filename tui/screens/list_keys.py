"""What a person can do with any live table: marks, filters, orders, views."""

from __future__ import annotations

import json
from typing import ClassVar

from unstick.tui.keys import shown
from unstick.tui.screens.acting import as_record
from unstick.tui.screens.view_keys import ViewKeys
from unstick.tui.window import K, R
from unstick.tui.working import Work


class ListScreen(ViewKeys[K, R]):
    """`ONE` is what one of its rows is."""

    ONE: ClassVar[str] = "job"

    def do_rows_mark(self) -> None:
        """Mark the row and go to the next."""
        if self.table.cursor is not None:
            self.marks.toggle(self.table.cursor)
            self.set_marks()
            self.table.move("down")

    def do_rows_range(self) -> None:
        """Begin a range, or mark up to here."""
        cursor = self.table.cursor
        if cursor is None:
            return
        if self.marks.anchor is None:
            self.marks.anchor = cursor
            mark, back = self.key("rows.range"), self.key("app.back")
            self.say(f"range begins here; move, then {mark} marks up to there, {back} forgets it")
            return
        count = self.marks.range_to(cursor, self.rows.window.order)
        self.set_marks()
        self.say(f"{count:,} rows marked")

    def do_rows_all(self) -> None:
        """Mark every row that is loaded; once more, and those that are not loaded yet too."""
        window = self.rows.window
        new = self.marks.add([key for key in window.order if key not in window.ghosts])
        self.set_marks()
        if window.more and not new:
            self.say("reading the rest ...")
            Work(self, "mark", exclusive=True).begin(self.mark_everything)
            return
        key = shown(self.console.keys["rows.all"][0])
        more = f"; more rows are here: {key} again marks them too" if window.more else ""
        most = "; that is the most at once, more rows exist" if window.full else ""
        self.say(f"{len(self.marks.ids):,} rows marked{more}{most}")

    def do_rows_none(self) -> None:
        """Remove every mark."""
        self.marks.clear()
        self.set_marks()

    def do_view_filter(self) -> None:
        """Ask for a filter."""
        from unstick.tui.commands.filtering import ask_filter

        ask_filter(self)

    def do_view_next(self) -> None:
        """Next match of the last filter."""
        self._seek(1)

    def do_view_previous(self) -> None:
        """Previous match of the last filter."""
        self._seek(-1)

    def _seek(self, step: int) -> None:
        word = self.last_filter.strip('/ !"').lower()
        if not word:
            self.say(f"nothing to look for yet; {self.key('view.filter')} asks for words")
            return
        order = self.rows.window.order
        start = self.table.position
        for offset in range(1, len(order) + 1):
            key = order[(start + step * offset) % len(order)]
            if word in "".join(span.text for span in self.rows.row(key)).lower():
                self.table.move_to(key)
                return
        self.say(f"no loaded row shows {word}")

    def do_view_sort_next(self) -> None:
        """Sort by the next column."""
        self._sort(1)

    def do_view_sort_previous(self) -> None:
        """Sort by the previous column."""
        self._sort(-1)

    def _sort(self, step: int) -> None:
        self.ask(sort=self.ORDERS[(self.ORDERS.index(self.query_now.sort) + step) % len(self.ORDERS)])

    def do_view_reverse(self) -> None:
        """Reverse the order."""
        self.ask(descending=not self.query_now.descending)

    def do_view_header(self) -> None:
        """Hide or show the title line; the header with the source stays."""
        self.title_bar.toggle_class("-hidden")

    def do_view_all(self) -> None:
        """All rows."""
        self.built_in("all")

    def do_view_stuck(self) -> None:
        """Only stuck rows."""
        self.built_in("stuck")

    def do_view_failed(self) -> None:
        """Only failed rows."""
        self.built_in("failed")

    def do_view_running(self) -> None:
        """Only running rows."""
        self.built_in("running")

    def do_view_pending(self) -> None:
        """Only pending rows."""
        self.built_in("pending")

    def do_view_retries(self) -> None:
        """Open the retry statistics."""
        self.console.open_retries()

    def do_view_sweep(self) -> None:
        """Open the sweep."""
        self.console.open_sweep()

    def do_copy_id(self) -> None:
        """Copy the marked ids, else the cursor's."""
        keys, _ = self.chosen_keys()
        self.copy("\n".join(keys), f"{len(keys)} ids" if len(keys) > 1 else f"id {keys[0]}")

    def do_copy_record(self) -> None:
        """Copy the row as JSON."""
        row = self.rows.item(self.table.cursor)
        if row is not None:
            record = json.dumps(as_record(row), indent=1, default=str)
            self.copy(record, f"{self.ONE} {self.table.cursor} as JSON")

    def let_go(self) -> bool:
        """Let go of one transient thing: a range, a result, the filter, the view; whether there was one."""
        if self.marks.anchor is not None:
            self.marks.anchor = None
        elif self.console.drop_report():
            self.tell()
        elif self.narrowed:
            self.narrow("all", "", **self.leave_view())
        else:
            return False
        return True
