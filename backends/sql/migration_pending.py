"""Which of the columns that a profile's migration adds are not in this database yet."""

from __future__ import annotations

from unstick.backends.profile.pending import APPLY, Pending, without
from unstick.recovery.errors import SchemaMismatch

from .layout import Layout


def leave_out(layout: Layout) -> Pending:
    """Make the layout's profile one that does without the columns that are not there yet.

    Raises SchemaMismatch where it can't: the state is told by one of them.
    """
    absent = [
        column
        for column in layout.profile.migration.columns
        if (place := layout.place(column.table, column.table_schema)) in layout.tables
        and column.column not in layout.info(place).columns
    ]
    pending = without(layout.profile, absent)
    if pending.needed:
        raise SchemaMismatch(
            f"{layout.source.name}: profile {layout.profile.name} can't do without "
            f"{', '.join(pending.names)}: `unstick migrate` shows how it would be added, {APPLY} adds it"
        )
    layout.profile = pending.profile
    return pending
