"""The palette: its prompt takes the letters, so only other keys act."""

from __future__ import annotations

from unstick.tui.actions.model import PALETTE, Action

PALETTE_ACTIONS: tuple[Action, ...] = (
    Action("palette.run", ("enter",), "do it", "Close the palette and do what is chosen", (PALETTE,), 1),
    Action("palette.next", ("ctrl+n",), "next", "Next entry; the down key goes there too", (PALETTE,), 2),
    Action("palette.previous", ("ctrl+p",), "previous", "Previous entry", (PALETTE,), 3),
)
