"""Examples of every verb, as `--help` and the manual page show them. A test holds each to the grammar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from unstick.cli.verbs import CONSOLE


class Example(NamedTuple):
    """A command line, and what it does."""

    command: str
    does: str


EXAMPLES: Mapping[str, tuple[Example, ...]] = {
    CONSOLE: (
        Example("unstick postgresql://app@db7/jobs", "the console; the job system is recognised"),
        Example("unstick --source prod-eu staging", "on two configured sources"),
        Example("unstick --read-only mysql://app@db/jobs", "look, but don't touch"),
    ),
    "jobs": (
        Example("unstick jobs --stuck", "what hangs, and why"),
        Example("unstick jobs --filter 'kind:mail state:failed age<1h'", "failed mails of the last hour"),
        Example(
            "unstick jobs --source prod-eu --stuck --check || page-somebody",
            "exit code 5 when anything hangs",
        ),
    ),
    "variants": (
        Example("unstick variants --stuck", "the variants, tasks or steps that hang"),
        Example("unstick variants 88213 --sort step", "those of one job, in the order of their steps"),
    ),
    "show": (
        Example("unstick show 88213", "everything about one job"),
        Example("unstick show 88213/3 --json", "one of its variants, for a script"),
    ),
    "recover": (
        Example("unstick recover --dry-run", "what would be changed, row by row, with the SQL"),
        Example("unstick recover --timeout 30m --yes", "every job that is silent for half an hour"),
        Example("unstick recover --source prod-eu --dry-run --out plan.json", "a plan to look at"),
    ),
    "retry": (
        Example("unstick retry 88213 88214", "these two, after asking"),
        Example(
            "unstick retry --filter 'state:failed error:timeout age<1h' --max 50 --yes",
            "what failed by a timeout, but never more than 50",
        ),
    ),
    "delete": (
        Example("unstick delete --filter 'state:done age>30d' --dry-run", "what a clean-up would delete"),
        Example("unstick delete 88213 --reason 'duplicate of 88212'", "one job with what belongs to it"),
    ),
    "act": (Example("unstick act pause 88213", "an action that only this job system has"),),
    "apply": (
        Example("unstick apply plan.json --dry-run", "which of the plan's rows have moved on since"),
        Example("unstick apply plan.json --write --reason 'worker 3 died' --yes", "just these rows, in prod"),
    ),
    "undo": (
        Example("unstick undo last --dry-run", "what putting the newest operation back would change"),
        Example("unstick undo 3c88983b7d38 --yes", "put it back where nobody touched it since"),
    ),
    "operations": (
        Example("unstick operations", "who changed what, when, and what came of it"),
        Example("unstick operations 3c88983b7d38", "one operation, row by row"),
        Example(
            "unstick operations --since 2026-01-31T14:00 --until 2026-01-31T16:30 --csv > incident.csv",
            "an incident's timeline, from every configured source",
        ),
    ),
    "hooks": (
        Example("unstick hooks last", "what became of the newest operation's hooks"),
        Example("unstick hooks 3c88983b7d38 --retry --yes", "call those again that failed or are missing"),
    ),
    "history": (
        Example("unstick history", "the newest attempts"),
        Example("unstick history 88213/3", "those of one variant"),
    ),
    "stats": (
        Example("unstick stats", "how often the jobs of a week were retried"),
        Example("unstick stats --since 12h --json", "of half a day, for a dashboard"),
    ),
    "sweep": (
        Example("unstick sweep --once --shadow", "what a run would recover, and what would stop it"),
        Example("unstick sweep --source prod-eu --every 5m --write", "recover what hangs, again and again"),
        Example("unstick sweep --every 5m --listen 127.0.0.1:9187", "with metrics and health over HTTP"),
    ),
    "alerts": (
        Example("unstick alerts test --dry-run", "what would be sent, and where"),
        Example("unstick alerts test --source prod-eu", "send it, and say what came of it"),
    ),
    "profiles": (
        Example("unstick profiles", "the job systems that are known"),
        Example("unstick profiles artitec > mine.toml", "the text of one, to start one's own from"),
    ),
    "config": (
        Example("unstick config show --origin", "every setting and where it comes from"),
        Example("unstick config schema > unstick.schema.json", "for an editor that completes TOML"),
        Example("unstick config migrate", "what the newest format would change in the file"),
        Example("unstick config migrate --apply", "write it, and keep the old file beside it"),
    ),
    "init": (
        Example("unstick init postgresql://app@db7/jobs", "look at a database, and ask before writing"),
        Example(
            "unstick init mysql://app@db/shop --table tasks --name shop --environment staging",
            "draft a profile of this table",
        ),
    ),
    "doctor": (Example("unstick doctor --source prod-eu", "connection, privileges, tables, indexes"),),
    "migrate": (
        Example("unstick migrate", "the SQL that would add the journal and the profile's columns"),
        Example("unstick migrate --apply", "run it, after asking"),
        Example("unstick migrate --rollback --apply --yes", "take away what was added"),
    ),
    "demo": (
        Example("unstick demo", "the console on five embedded systems with real workers"),
        Example("unstick demo --once", "a short tour without the console"),
        Example("unstick demo artitec --fresh", "start over, with this system first"),
    ),
    "completion": (
        Example('eval "$(unstick completion bash)"', "in ~/.bashrc; for zsh the same in ~/.zshrc"),
        Example("unstick completion fish > ~/.config/fish/completions/unstick.fish", "for fish"),
    ),
}


def told(verb: str) -> str:
    """Return a verb's examples for its help, each with what it does below; empty without any."""
    found = EXAMPLES.get(verb, ())
    lines = [line for example in found for line in (f"  {example.command}", f"      {example.does}")]
    return "\n".join(["examples:", *lines]) if lines else ""
