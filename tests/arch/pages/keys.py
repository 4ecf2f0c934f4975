"""`docs/keys.md` from the registry of actions: it can't tell anything else than the console."""

from __future__ import annotations

from unstick.tui.actions import ACTIONS, SCREENS, Action
from unstick.tui.keys import shown

HEAD = """\
# Keys

Made from the console's registry of actions by `scripts/docs`; `?` in the console tells the same of the screen
that one is on, and why a key can't do anything there just now. Every key can be changed in the configuration,
by the action's id:

```toml
[keys]
"act.recover" = "F5"
"move.down" = "j, down, ctrl+n"
```

A key of two actions on one screen is an error at the start, as is one that is too easily pressed for what it
would do. The key that starts a change never confirms it, and `enter` never does.
"""


def page() -> str:
    """Return the whole page as Markdown."""
    groups: dict[str, list[Action]] = {}
    for action in ACTIONS:
        groups.setdefault(action.id.partition(".")[0], []).append(action)
    return "\n".join([HEAD, *(line for group in groups.items() for line in _table(*group))])


def _table(group: str, actions: list[Action]) -> list[str]:
    rows = [
        f"| {_keys(action)} | `{action.id}` | {_told(action)} | {_places(action)} |" for action in actions
    ]
    return [f"## {group.capitalize()}", "", "| key | id | does | on |", "|---|---|---|---|", *rows, ""]


def _places(action: Action) -> str:
    missing = [screen for screen in SCREENS if screen not in action.screens]
    if not missing:
        return "every screen"
    if len(missing) < len(action.screens):
        return f"every screen but {', '.join(missing)}"
    return ", ".join(action.screens)


def _keys(action: Action) -> str:
    return " ".join(f"`{_escaped(shown(key))}`" for key in action.keys) or "none"


def _told(action: Action) -> str:
    return _escaped(action.help) + (" (demo only)" if action.demo and "(demo)" not in action.help else "")


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
