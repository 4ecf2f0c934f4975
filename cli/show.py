"""`unstick show JOB` and `show JOB/VARIANT`: everything about one job, or about one of its variants."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from unstick.cli.encode import job_object, plain, print_json, variant_object
from unstick.cli.history import attempts_table
from unstick.cli.jobs import state_words, step_words, why_words
from unstick.cli.output import pairs, safe, say, table
from unstick.cli.selecting import thresholds
from unstick.cli.session import Session
from unstick.recovery.durations import long_duration, short_duration
from unstick.recovery.errors import NotFound
from unstick.recovery.model import Job, JobId, Target, Variant

if TYPE_CHECKING:
    from unstick.recovery.model import Event
    from unstick.recovery.port import Backend


def configure(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the options."""
    parser.add_argument("job", metavar="JOB[/VARIANT]", help="a job's id, or one of its variants")
    parser.add_argument("--timeout", metavar="DUR", help="silence after which a job counts as stuck")


def run(session: Session) -> int:
    """Show one job, or one variant."""
    return asyncio.run(_show(session, JobId(session.args.job)))


async def _show(session: Session, wanted: JobId) -> int:
    async with session.opened() as backend:
        limits = thresholds(session.args) or None
        found = await find(backend, wanted, limits)
        job = found if isinstance(found, Job) else await backend.job(found.job, limits)
        if isinstance(found, Job):
            details = await _of_job(backend, found)
        else:
            details = {"variant": found, "attempts": await backend.attempts(found.target)}
        capabilities = backend.capabilities
    if session.json:
        head = {"source": session.source.name, "profile": capabilities.profile}
        print_json({**head, "job": job_object(job, full=True), **{k: _plain(v) for k, v in details.items()}})
        return 0
    name = capabilities.variants_name or "variants"
    if isinstance(found, Job):
        _print_job(job)
        if details["variants"]:
            _print_variants(details["variants"], name)
    else:
        _print_variant(found, job)
    if details["attempts"]:
        say("\nattempts, newest first")
        attempts_table(details["attempts"], with_job=False)
    if details.get("events"):
        _print_events(details["events"])
    return 0


async def find(
    backend: Backend, text: str, limits: Mapping[str, float | None] | None = None
) -> Job | Variant:
    """Return the job of this id, else the variant that JOB/VARIANT names. Raises NotFound."""
    target = Target.parse(text)
    try:
        return await backend.job(JobId(text), limits)
    except NotFound:
        if target is None:
            raise
    return await backend.variant(target, limits)


async def _of_job(backend: Backend, job: Job) -> dict[str, Any]:
    return {
        "variants": await backend.variants(job.id),
        "attempts": await backend.attempts(job.id),
        "events": await backend.events(job.id),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Variant):
        return variant_object(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return plain(value)


def _print_job(job: Job) -> None:
    pairs(
        [
            ("job", job.id),
            ("state", state_words(job)),
            ("kind", job.kind),
            *_how_it_is(job),
        ]
    )
    _print_verdict(job)


def _print_variant(variant: Variant, job: Job) -> None:
    pairs(
        [
            ("variant", variant.id),
            ("of job", f"{job.id} ({state_words(job)})"),
            ("name", variant.name),
            ("state", state_words(variant)),
            ("step", step_words(variant)),
            *_how_it_is(variant),
        ]
    )
    _print_verdict(variant)


def _how_it_is(item: Job | Variant) -> list[tuple[str, object]]:
    limit = "" if item.max_retries is None else f" of {item.max_retries}"
    person = "; needs a person: the retry limit is reached" if item.needs_person else ""
    return [
        ("retries", f"{item.retries}{limit}{person}"),
        ("running for", long_duration(item.running_s) if item.running_s is not None else None),
        ("idle for", long_duration(item.idle_s) if item.idle_s is not None else None),
        ("error", item.error),
    ]


def _print_verdict(item: Job | Variant) -> None:
    if item.verdict:
        say(f"\nstuck: {safe(item.verdict.why)}")
        pairs(item.verdict.evidence, indent="  ")
    if item.fields:
        say("\nfields")
        pairs(list(item.fields.items()), indent="  ")


def _print_variants(variants: tuple[Variant, ...], name: str) -> None:
    say(f"\n{safe(name)}")
    head = ("STATE", "ID", "NAME", "STEP", "TRY", "IDLE", "WHY")
    table(head, [_variant_row(variant) for variant in variants], indent="  ")


def _variant_row(variant: Variant) -> tuple[object, ...]:
    state, idle = state_words(variant), short_duration(variant.idle_s)
    return (state, variant.id, variant.name, step_words(variant), variant.retries, idle, why_words(variant))


def _print_events(events: tuple[Event, ...]) -> None:
    say("\nevents")
    rows = [(event.at, event.level, event.stage, event.message) for event in events]
    table(("AT", "LEVEL", "STAGE", "MESSAGE"), rows, indent="  ")
