"""`unstick init URL`: writes a database into the configuration, with a drafted profile where none fits."""

from __future__ import annotations

import argparse
import asyncio
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from unstick.cli import confirm
from unstick.cli.encode import print_json
from unstick.cli.output import narrate, safe, say
from unstick.cli.session import Session
from unstick.recovery.config.load import find_config
from unstick.recovery.config.url import check_url, is_url
from unstick.recovery.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from unstick.backends.drafting.drafts import Draft
    from unstick.backends.drafting.entry import Entry, Prepared


def configure(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the options."""
    parser.add_argument("url", metavar="URL", nargs="?", help="the database to configure")
    parser.add_argument("--name", help="name of the source (that of the database)")
    parser.add_argument("--environment", metavar="LABEL", help="label of the source, such as prod or staging")
    parser.add_argument("--table", help="the table that holds the jobs; drafts a profile of it")
    parser.add_argument(
        "--url-env",
        metavar="NAME",
        help="environment variable that is to hold the URL (where it has a password)",
    )
    parser.add_argument("--yes", action="store_true", help="write without asking; needed without a terminal")


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would be written where; `profile_file` is None where a known profile fits."""

    entry: Entry
    config: Prepared
    draft: Draft
    profile_file: Path | None


def run(session: Session) -> int:
    """Look, show what would be written, and write it when that is wanted."""
    url = _url(session)
    proposal = _propose(session, url)
    asked = session.args.yes or confirm.interactive()
    if not session.json:
        _show(proposal)
        if not asked:
            narrate("nothing was written: add --yes to write it")
    written = session.args.yes or (asked and not session.json and _agreed())
    if written:
        _write(proposal)
    if session.json:
        print_json(_object(proposal, written=written))
    elif written:
        _tell(proposal)
    elif asked:
        narrate("nothing was written")
    return 0


def _url(session: Session) -> str:
    given: str | None = session.args.url or session.args.source
    if not given:
        raise UsageError("which database? Write unstick init URL")
    if not is_url(given):
        raise UsageError("init wants a database URL; a source that has a name is configured already")
    return check_url(given)


def _propose(session: Session, url: str) -> Proposal:
    from unstick.backends.drafting import entry
    from unstick.backends.drafting.drafts import draft
    from unstick.backends.profile.load import available, user_folder

    args = session.args
    path, _ = find_config(args.config, os.environ)
    first = entry.entry_for(
        url, name=args.name, environment=args.environment, profile=None, variable=args.url_env
    )
    # What is wrong with the configuration is told before a database is bothered.
    entry.prepare(path, first)
    source = replace(session.resolve(url).source, name=first.name)
    wanted = _profile_name(first.name)
    found = asyncio.run(draft(source, wanted, table=args.table))
    file = None
    profile = found.profile
    if not found.known:
        folder = path.resolve().parent / "profiles"
        file = folder / f"{wanted}.toml"
        if file.exists() or wanted in available():
            raise ConfigError(
                f"there is a profile {wanted!r} already, which stays as it is; choose another with --name"
            )
        if folder != user_folder().resolve():
            # Profiles are found by name in the user's own folder only.
            profile = str(file)
    final = replace(first, profile=profile)
    return Proposal(final, entry.prepare(path, final), found, file)


def _profile_name(source: str) -> str:
    return "".join(char if char.isalnum() or char in "_-" else "-" for char in source)


def _show(proposal: Proposal) -> None:
    draft = proposal.draft
    if draft.known:
        narrate(f"the job system is known: profile {draft.profile}")
    else:
        narrate(f"no known job system; drafted a profile from the table {safe(draft.table)}")
        say(f"# {proposal.profile_file}\n{draft.text}")
    say(f"# appended to {proposal.config.path}\n{proposal.config.added}", end="")


def _agreed() -> bool:
    return confirm.ask("write this? [y/N] ").strip().lower() in ("y", "yes")


def _write(proposal: Proposal) -> None:
    from unstick.backends.drafting import entry
    from unstick.recovery.files import write_at_once

    if proposal.profile_file is not None:
        write_at_once(proposal.profile_file, proposal.draft.text.encode())
    try:
        entry.put(proposal.config)
    except ConfigError:
        if proposal.profile_file is not None:
            proposal.profile_file.unlink(missing_ok=True)
        raise


def _tell(proposal: Proposal) -> None:
    entry, draft = proposal.entry, proposal.draft
    narrate(f"written: {proposal.config.path}")
    if proposal.profile_file is not None:
        narrate(f"written: {proposal.profile_file}")
        for number, sentence in enumerate(draft.look, start=1):
            narrate(f"look at {number}: {safe(sentence, 1000)}")
    if entry.variable is not None:
        narrate(f"put the URL into the environment variable {entry.variable}: it has a password")
    narrate(f"then: unstick --source {entry.name}, or headless: unstick jobs --source {entry.name}")


def _object(proposal: Proposal, *, written: bool) -> dict[str, object]:
    entry, draft = proposal.entry, proposal.draft
    return {
        "source": entry.name,
        "config": str(proposal.config.path),
        "entry": entry.text,
        "url_env": entry.variable,
        "known": draft.known,
        "profile": draft.profile,
        "profile_file": None if proposal.profile_file is None else str(proposal.profile_file),
        "profile_text": draft.text or None,
        "table": draft.table or None,
        "look_at": list(draft.look),
        "written": written,
    }
