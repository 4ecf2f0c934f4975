"""`unstick config migrate`: a configuration file of an older format, in the newest one."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from unstick.cli.encode import print_json
from unstick.cli.output import count, narrate, safe, say
from unstick.cli.session import Session
from unstick.recovery.config.formats import FORMAT

if TYPE_CHECKING:
    from unstick.recovery.config.migration import Migration

LONG = 1000


def tell_old_format(session: Session) -> None:
    """Say that the file is written for an older format, where it is."""
    config = session.config
    if config.format < FORMAT:
        narrate(
            f"note: {safe(config.file, LONG)} is written for format {config.format}; "
            f"`{_command(session)}` shows it in format {FORMAT}"
        )


def migrate(session: Session) -> int:
    """Show what would change, one line each; write it with --apply."""
    if session.config.file is None:
        return _nothing(session, None)
    from unstick.recovery.config.migration import plan_migration, write_migration

    planned = plan_migration(session.config.file)
    if not planned.changes:
        return _nothing(session, session.config.file)
    if session.args.apply:
        write_migration(planned)
    if session.json:
        print_json(_document(session.config.file, planned, written=session.args.apply))
    else:
        _tell(session, planned)
    return 0


def _nothing(session: Session, file: str | None) -> int:
    if session.json:
        print_json(_document(file, None, written=False))
    else:
        why = f"{safe(file, LONG)} is of format {FORMAT}" if file else "there is no configuration file"
        narrate(f"nothing to do: {why}")
    return 0


def _tell(session: Session, planned: Migration) -> None:
    file = safe(session.config.file, LONG)
    for change in planned.changes:
        before = "(not there)" if change.before is None else safe(change.before)
        say(f"{file}:{change.line}: {safe(change.key)}: {before} -> {safe(change.after)}")
    narrate(f"format {planned.format} -> {FORMAT}: {'; '.join(planned.words)}")
    if session.args.apply:
        narrate(f"written: {safe(planned.path, LONG)}; the old file is kept as {safe(planned.kept, LONG)}")
    else:
        many = count(len(planned.changes), "change")
        narrate(f"{many}, nothing was written: `{_command(session, '--apply')}` writes it")


def _command(session: Session, *words: str) -> str:
    given = ["--config", session.args.config] if session.args.config else []
    return safe(shlex.join(["unstick", "config", "migrate", *words, *given]), LONG)


def _document(file: str | None, planned: Migration | None, *, written: bool) -> dict[str, object]:
    changes = () if planned is None else planned.changes
    return {
        "file": file,
        "format": FORMAT if planned is None else planned.format,
        "newest": FORMAT,
        "steps": [] if planned is None else list(planned.words),
        "changes": [
            {"line": each.line, "key": each.key, "before": each.before, "after": each.after}
            for each in changes
        ],
        "written": written,
        "kept": str(planned.kept) if planned is not None and written else None,
    }
