"""`unstick alerts test`: whether alerts arrive, before one is needed."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Mapping
from typing import Any

from unstick.cli.encode import print_json
from unstick.cli.output import count, narrate, safe, say, table
from unstick.cli.session import Session
from unstick.recovery.alerts import Alert, AlertSettings, Kind, Severity, Target
from unstick.recovery.alerts_text import TEXT, TITLE, clean
from unstick.recovery.config.alerts import AlertConfig
from unstick.recovery.errors import ConfigError
from unstick.recovery.operator import describe_operator

ANY = "every source"
WOULD, SENT, FAILED = "would be sent", "sent", "failed"


def configure(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the options."""
    parser.add_argument("what", choices=("test",), metavar="test", help="send a test message to each target")
    parser.add_argument("--dry-run", action="store_true", help="only show what would be sent, and where")


def run(session: Session) -> int:
    """Send a test message, and say for each target what came of it."""
    settings = _settings(session)
    targets = _targets(settings)
    if not targets:
        raise ConfigError(
            'no target is configured: write targets = ["slack://..."] into [alerts], or '
            'targets = [{ env = "UNSTICK_ALERT_URL" }] (docs/alerts.md)',
            file=session.config.file,
        )
    named = " and ".join(settings)
    alert = Alert(
        Kind.STUCK,
        named,
        Severity.OVER,
        clean(f"unstick {named}: a test", TITLE),
        clean(
            f"{describe_operator()} asked whether alerts arrive. This one did; there is nothing to do.", TEXT
        ),
    )
    dry = session.args.dry_run
    found = {} if dry else asyncio.run(_send(targets, alert, next(iter(settings.values())).timeout_s))
    return _tell(session, settings, targets, alert, found)


def _settings(session: Session) -> dict[str, AlertSettings]:
    """What is told of each source; where none is configured, what would be."""
    config, given = session.config, session.args.source
    alerts = AlertConfig(config, os.environ)
    wanted = [session.resolve(given, secret=False).source.name] if given else list(config.sources)
    return {name: alerts.of(name) for name in wanted or [ANY]}


def _targets(settings: Mapping[str, AlertSettings]) -> dict[str, Target]:
    return {target.name: target for each in settings.values() for target in each.targets}


async def _send(targets: Mapping[str, Target], alert: Alert, timeout_s: float) -> dict[str, str | None]:
    from unstick.backends.alerts import deliver

    async def one(target: Target) -> str | None:
        return target.problem or await deliver(target, alert, timeout_s)

    return dict(zip(targets, await asyncio.gather(*map(one, targets.values())), strict=True))


def _tell(
    session: Session,
    settings: Mapping[str, AlertSettings],
    targets: Mapping[str, Target],
    alert: Alert,
    found: Mapping[str, str | None],
) -> int:
    rows: list[dict[str, Any]] = []
    for name, target in targets.items():
        problem = found.get(name, target.problem) or None
        result = FAILED if problem else SENT if name in found else WOULD
        of = [source for source, each in settings.items() if target in each.targets]
        rows.append(
            {"target": name, "to": target.given, "from": target.place, "sources": of, "result": result,
             "problem": problem}
        )  # fmt: skip
    failed = sum(row["result"] == FAILED for row in rows)
    if session.json:
        print_json(
            {"dry_run": session.args.dry_run, "title": alert.title, "text": alert.text, "targets": rows}
        )
        return int(bool(failed))
    say(f"{alert.title}\n{alert.text}\n")
    head = ("TARGET", "TO", "SOURCES", "RESULT", "FROM")
    table(head, [(r["target"], r["to"], ", ".join(r["sources"]), r["result"], r["from"]) for r in rows])
    for row in rows:
        if row["problem"]:
            narrate(f"{safe(row['target'])} failed: {safe(row['problem'], 500)}")
    quiet = [safe(name) for name, each in settings.items() if each.dry_run]
    if quiet:
        narrate(f"note: dry_run is on for {', '.join(quiet)}: sweeps only say what they would send")
    narrate(f"{count(len(rows), 'target')}, {failed} failed")
    return int(bool(failed))
