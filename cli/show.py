"""`unstick show JOB`: everything about one job."""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING

from unstick.cli.encode import job_object, plain, print_json, variant_object
from unstick.cli.history import attempts_table
from unstick.cli.jobs import state_words
from unstick.cli.output import pairs, safe, table
from unstick.cli.selecting import thresholds
from unstick.cli.session import Session
from unstick.recovery.durations import long_duration, short_duration
from unstick.recovery.model import JobId

if TYPE_CHECKING:
    from unstick.recovery.model import Event, Job, Variant


def configure(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the options."""
    parser.add_argument("job", metavar="JOB", help="the job's id")
    parser.add_argument("--timeout", metavar="DUR", help="silence after which a job counts as stuck")


def run(session: Session) -> int:
    """Show one job."""
    return asyncio.run(_show(session, JobId(session.args.job)))


async def _show(session: Session, wanted: JobId) -> int:
    async with session.opened() as backend:
        job = await backend.job(wanted, thresholds(session.args) or None)
        variants = await backend.variants(wanted)
        attempts = await backend.attempts(wanted)
        events = await backend.events(wanted)
        capabilities = backend.capabilities
        if session.json:
            print_json(
                {
                    "source": backend.source,
                    "profile": capabilities.profile,
                    "job": job_object(job, full=True),
                    "variants": [variant_object(variant) for variant in variants],
                    "attempts": plain(attempts),
                    "events": plain(events),
                }
            )
            return 0
    _print_job(job)
    if variants:
        _print_variants(variants, capabilities.variants_name or "variants")
    if attempts:
        print("\nattempts, newest first")
        attempts_table(attempts, with_job=False)
    if events:
        _print_events(events)
    return 0


def _print_job(job: Job) -> None:
    limit = "" if job.max_retries is None else f" of {job.max_retries}"
    person = "; needs a person" if job.needs_person else ""
    pairs(
        [
            ("job", job.id),
            ("state", state_words(job)),
            ("kind", job.kind),
            ("retries", f"{job.retries}{limit}{person}"),
            ("running for", long_duration(job.running_s) if job.running_s is not None else None),
            ("idle for", long_duration(job.idle_s) if job.idle_s is not None else None),
            ("error", job.error),
        ]
    )
    if job.verdict:
        print(f"\nstuck: {safe(job.verdict.why)}")
        pairs(job.verdict.evidence, indent="  ")
    if job.fields:
        print("\nfields")
        pairs(list(job.fields.items()), indent="  ")


def _print_variants(variants: tuple[Variant, ...], name: str) -> None:
    print(f"\n{safe(name)}")
    head = ("STATE", "ID", "NAME", "STEP", "TRY", "IDLE", "WHY")
    table(head, [_variant_row(variant) for variant in variants], indent="  ")


def _variant_row(variant: Variant) -> tuple[object, ...]:
    state = "stuck" if variant.verdict else variant.state.value
    why = variant.verdict.why if variant.verdict else variant.error
    idle = short_duration(variant.idle_s)
    return (state, variant.id, variant.name, variant.step, variant.retries, idle, why)


def _print_events(events: tuple[Event, ...]) -> None:
    print("\nevents")
    rows = [(event.at, event.level, event.stage, event.message) for event in events]
    table(("AT", "LEVEL", "STAGE", "MESSAGE"), rows, indent="  ")
