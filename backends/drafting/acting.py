"""The actions of a draft. Careful ones: what is not told by the schema is left out, and said so."""

from __future__ import annotations

from collections.abc import Sequence

from unstick.recovery.model import State

from .guess import Guess
from .seen import Link
from .toml import comment, look, quoted, strings, table

_NULL = "{ null = true }"
_NOW = "{ now = true }"


def actions(guess: Guess) -> list[list[str]]:
    """Return blocks of lines: children, then recover, retry and delete as far as each can be told."""
    children, cascade, detach, obstacles = _children(guess.links)
    ended = guess.statuses.of(State.DONE, State.FAILED, State.CANCELLED)
    blocks = [*children, _recover(guess), _retry(guess)]
    if ended and not obstacles:
        blocks.append(_delete(ended, cascade, detach))
    elif obstacles:
        blocks.append(look(f"no delete was drafted: {'; '.join(obstacles)}."))
    return blocks


def _recover(guess: Guess) -> list[str]:
    if guess.minutes is None:
        return []
    back = _back(guess)
    if back is None:
        return look("no recover was drafted: which status does a job have that waits to be worked on?")
    for role in ("started", "owner"):
        column = guess.nullable(role)
        if column is not None:
            back[column] = _NULL
    if "updated" in guess.times:
        back[guess.parts["updated"]] = _NOW
    lines = look(
        "does this put a job back as your workers expect it? The number of attempts is left as it is."
    )
    return [*lines, "[jobs.actions.recover]", f"verb = {quoted(_verb(guess))}", "only_stuck = true",
            f"statuses = {strings(guess.running)}", f"set = {table(back)}"]  # fmt: skip


def _retry(guess: Guess) -> list[str]:
    failed, back = guess.statuses.of(State.FAILED), _back(guess)
    if not failed or back is None:
        return []
    for role in ("failed_at", "finished", "started", "owner"):
        column = guess.nullable(role)
        if column is not None:
            back[column] = _NULL
        elif role in guess.statuses.columns or (role in guess.parts and guess.parts[role] in back):
            return []
    if "updated" in guess.times and not guess.beats:
        back[guess.parts["updated"]] = _NOW
    return ["[jobs.actions.retry]", f"verb = {quoted(_verb(guess))}", f"statuses = {strings(failed)}",
            f"set = {table(back)}"]  # fmt: skip


def _back(guess: Guess) -> dict[str, str] | None:
    """What makes a job wait again; None where that can't be told."""
    if guess.statuses.sql is not None:
        taken = guess.nullable("started")
        return None if taken is None else {taken: _NULL}
    if guess.statuses.start is None:
        return None
    column = guess.parts["status"]
    number = guess.seen.info.columns[column].kind == "int"
    return {column: guess.statuses.start if number else quoted(guess.statuses.start)}


def _verb(guess: Guess) -> str:
    if guess.statuses.sql is not None:
        return f"free it: set {guess.parts['started']} to NULL (worker is not stopped)"
    return f"set {guess.statuses.start} (worker is not stopped)"


def _delete(ended: Sequence[str], cascade: Sequence[str], detach: Sequence[str]) -> list[str]:
    more = f" with its rows in {', '.join(cascade)}" if cascade else ""
    lines = comment("Only what is over. Foreign keys say what goes with it; nothing else was guessed.")
    lines += ["[jobs.actions.delete]", f"verb = {quoted(f'delete the job{more}')}", "delete = true",
              f"statuses = {strings(ended)}"]  # fmt: skip
    lines += [f"cascade = {strings(cascade)}"] if cascade else []
    return lines + ([f"detach = {strings(detach)}"] if detach else [])


def _children(links: Sequence[Link]) -> tuple[list[list[str]], list[str], list[str], list[str]]:
    """Return the children's blocks, which of them go with a job, which lose their link, and why a job can't
    be deleted."""
    blocks: list[list[str]] = []
    cascade: list[str] = []
    detach: list[str] = []
    obstacles: list[str] = []
    for link in links:
        if not link.key:
            obstacles.append(f"{link.table} has no primary key, so that its rows could not be brought back")
            continue
        if link.on_delete == "CASCADE":
            cascade.append(link.table)
        elif link.on_delete == "SET NULL" and link.nullable:
            detach.append(link.table)
        else:
            obstacles.append(f"rows of {link.table} keep a job from being deleted")
        if link.deeper and link.on_delete == "CASCADE":
            obstacles.append(f"rows of other tables would go with those of {link.table}")
        blocks.append(_child(link))
    return blocks, cascade, detach, obstacles


def _child(link: Link) -> list[str]:
    schema = [f"schema = {quoted(link.schema)}"] if link.schema else []
    match = table({theirs: quoted(ours) for theirs, ours in link.columns.items()})
    return ["[[jobs.children]]", f"name = {quoted(link.table)}", f"table = {quoted(link.table)}", *schema,
            f"key = {strings(link.key)}", f"match = {match}"]  # fmt: skip
