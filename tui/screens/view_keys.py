"""Saved views on a live table: opened by key or name, saved under a name, left without a trace."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from unstick.recovery.suggest import hint
from unstick.tui.column_choice import ColumnChoice
from unstick.tui.keys import shown
from unstick.tui.screens.jobs_text import VIEWS
from unstick.tui.screens.kept_table import KeptTable
from unstick.tui.views import SavedView, fitting, keyed, name_problem, no_view, views_of
from unstick.tui.window import K, R

DELETES = "-"
"""What stands before the name of a view that is to go."""


class ViewKeys(KeptTable[K, R]):
    """While a saved view is shown, its order and columns stand in for the table's own, which come back."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.saved: SavedView | None = None
        self._own: tuple[str, bool, ColumnChoice, str] | None = None

    @property
    def saved_views(self) -> tuple[SavedView, ...]:
        """The views that there are for this table, those with a key first."""
        console = self.console
        kept = console.memory.value("views")
        return views_of(self.SCOPE, console.given_views, kept, self.rows.layout.names)

    @property
    def narrowed(self) -> bool:
        """Whether a filter or a view, also one that leaves no row out, is to be let go of."""
        return super().narrowed or self.saved is not None

    def look(self) -> dict[str, Any]:
        """Return what is kept; what a saved view brings with it is its own affair."""
        found = super().look()
        if self.saved is not None and self._own is not None:
            sort, reverse, choice, view = self._own
            found |= {"sort": sort, "reverse": reverse, "view": view}
            found["columns"] = None if choice.automatic else choice.as_json()
        return found

    def show_view(self, name: str) -> str | None:
        """Show a saved view, or a built-in one; returns what is wrong with the name, or None."""
        saved = next((each for each in self.saved_views if each.name == name), None)
        if saved is None:
            return no_view(name, self.saved_views)
        layout, query = self.rows.layout, self.query_now
        fits = fitting(saved, sorts=self.ORDERS, known=layout.names, system=self._system())
        if self.saved is None:
            self._own = query.sort, query.descending, layout.choice, self.view
        self.saved = saved
        self._wear(layout.choice if fits.columns.automatic else fits.columns)
        self.narrow(fits.view, fits.filter, sort=fits.sort, descending=fits.descending)
        if fits.told:
            self.say(fits.told)
        return None

    def leave_view(self) -> dict[str, object]:
        """Let go of the saved view; returns the table's own order, its columns are back."""
        if self.saved is None or self._own is None:
            return {}
        sort, descending, choice, _ = self._own
        self.saved = self._own = None
        self._wear(choice)
        return {"sort": sort, "descending": descending}

    def built_in(self, view: str) -> None:
        """Show a built-in view. What was typed as a filter stays; a saved view's own filter goes with it."""
        typed = self.filter_text if self.saved is None or self.filter_text != self.saved.filter else ""
        self.narrow(view, typed, **self.leave_view())

    def view_line(self, argument: str) -> str | None:
        """Do what follows `:view`: NAME, `save NAME` or `delete NAME`; returns what is wrong with it."""
        word, _, name = argument.partition(" ")
        name = name.strip()
        if word == "save" and name:
            return self.save_view(name)
        if word == "delete" and name:
            return self.delete_view(name)
        if argument in VIEWS:
            self.built_in(argument)
            return None
        if argument in (each.name for each in self.saved_views):
            return self.show_view(argument)
        wrong = f"there is no view {argument!r}" if argument else "name a view"
        return f"{wrong}{hint(argument, self.view_names)}"

    @property
    def view_names(self) -> tuple[str, ...]:
        """The views that can be shown: the built-in ones, then the saved ones."""
        return (*VIEWS, *(each.name for each in self.saved_views))

    def save_view(self, name: str) -> str | None:
        """Save what is shown under a name; returns what is wrong with the name, or None."""
        wanted, replaces = name.strip().removesuffix("!"), name.strip().endswith("!")
        problem = name_problem(wanted)
        if problem is None and wanted in self.console.given_views:
            problem = f"{wanted} stands in the config file; change it there, or choose another name"
        there = self.console.memory.value("views", wanted) is not None
        at_it = self.saved is not None and self.saved.name == wanted
        if problem is None and there and not replaces and not at_it:
            problem = f"there is a view {wanted} already; {wanted}! replaces it"
        if problem is not None:
            return problem
        query, layout = self.query_now, self.rows.layout
        saved = SavedView(wanted, self.SCOPE, self.filter_text, self.view, query.sort, query.descending,
                          layout.choice)  # fmt: skip
        if self.saved is None:
            self._own = query.sort, query.descending, layout.choice, self.view
        self.saved = saved
        self.console.keep("views", wanted, value=saved.as_json())
        self.tell()
        self.say(f"view {wanted} is saved: {self._keyed()}")
        return None

    def delete_view(self, name: str) -> str | None:
        """Forget a saved view; returns why that can't be, or None."""
        if name in self.console.given_views:
            return f"{name} stands in the config file; take it out there"
        if self.console.memory.value("views", name) is None:
            return no_view(name, self.saved_views)
        if self.saved is not None and self.saved.name == name:
            # What is shown stays as it is; it only has no name any more.
            self.saved = replace(self.saved, name="")
        self.console.keep("views", name, value=None)
        self.tell()
        self.say(f"view {name} is deleted: {self._keyed()}")
        return None

    def do_view_save(self) -> None:
        """Ask for the name under which what is shown is saved."""
        name = self.saved.name if self.saved is not None and not self.saved.given else ""
        self.prompt.ask("save view as", name, self._named, self.say)
        self.say(
            f"{DELETES}NAME deletes; {self._keyed()}" if self.saved_views else "a name for what is shown"
        )

    def _named(self, text: str) -> str | None:
        name = text.strip()
        if name.startswith(DELETES):
            return self.delete_view(name.removeprefix(DELETES))
        return self.save_view(name)

    def do_view_saved_1(self) -> None:
        """Show the first saved view."""
        self._show_keyed(0)

    def do_view_saved_2(self) -> None:
        """Show the second saved view."""
        self._show_keyed(1)

    def do_view_saved_3(self) -> None:
        """Show the third saved view."""
        self._show_keyed(2)

    def do_view_saved_4(self) -> None:
        """Show the fourth saved view."""
        self._show_keyed(3)

    def _show_keyed(self, index: int) -> None:
        views = self.saved_views
        if index < len(views):
            self.show_view(views[index].name)
        else:
            self.say(self._keyed())

    def _keyed(self) -> str:
        return keyed(self.saved_views, shown(self.console.keys["view.save"][0]))

    def _system(self) -> str:
        able = self.session.capabilities
        return able.profile if able else self.session.source.name

    def _wear(self, choice: ColumnChoice) -> None:
        self.rows.layout.choose(choice)
        self.table.restyle()
