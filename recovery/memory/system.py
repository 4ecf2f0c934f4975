"""What a job system in memory is like: its statuses, its stuck rule, and what each action does to a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ..model import ActionInfo, State
from ..thresholds import Thresholds, join, layered


@dataclass(frozen=True, slots=True)
class MemoryAction:
    """What an action does to a job: the native status it gets (None deletes it), and the columns beside it.

    `stamp` columns get the clock's now, `clear` columns become NULL, `error` replaces the error text or, with
    `append`, is added once after a blank line. `limited` actions leave out jobs at the retry limit. With
    `counts` the row itself counts its attempts, as variants do.
    """

    info: ActionInfo
    to_status: str | None
    counts: bool = False
    stamp: tuple[str, ...] = ()
    clear: tuple[str, ...] = ()
    error: str | None = None
    append: bool = False
    limited: bool = False

    def refuses(self, status: str | None) -> str | None:
        """Return why a job of this native status is left out, or None when the action takes it."""
        allowed, refused = self.info.from_statuses, self.info.not_statuses
        if allowed and status not in allowed:
            return f"{self.info.name} is not possible from {status}, only from {' or '.join(allowed)}"
        if status in refused:
            return f"{self.info.name} is not possible while the job is {status}"
        return None


@dataclass(frozen=True, slots=True)
class VariantRule:
    """A stuck rule of variants: the native statuses of the variant and of its job, and whether it is `behind`
    the job's step by the declared order. All that is given must hold."""

    name: str
    reason: str
    statuses: tuple[str, ...]
    job_statuses: tuple[str, ...] = ()
    behind: bool = False


@dataclass(frozen=True, slots=True)
class MemorySystem:
    """A job system: native statuses and their states, the stuck rule, the actions, the limit.

    A running job is stuck when the first of its `age` columns that isn't NULL is older than `threshold_s`
    (None: never). `sequential` systems run one job at a time and have a queue.
    """

    name: str
    statuses: Mapping[str, State]
    actions: tuple[MemoryAction, ...]
    age: tuple[str, ...] = ("updated_at",)
    threshold_s: float | None = 300.0
    rule: str = "stuck"
    max_retries: int | None = 3
    kinds_name: str = "kind"
    variants_name: str | None = None
    steps: tuple[str, ...] = ()
    sequential: bool = False
    thresholds: Mapping[str, float | None] = field(default_factory=dict)
    variant_rules: tuple[VariantRule, ...] = ()
    variant_actions: tuple[MemoryAction, ...] = ()

    def status(self, state: State) -> str:
        """Return the first native status that means this state."""
        return next((name for name, meaning in self.statuses.items() if meaning is state), state.value)

    def action(self, name: str, *, variant: bool = False) -> MemoryAction | None:
        """Return the action of this name, on jobs or on variants."""
        actions = self.variant_actions if variant else self.actions
        return next((action for action in actions if action.info.name == name), None)

    @property
    def infos(self) -> tuple[ActionInfo, ...]:
        """Every action, and what it can be done to."""
        infos = {action.info.name: action.info for action in self.actions}
        for action in self.variant_actions:
            name, below = action.info.name, replace(action.info, for_jobs=False, for_variants=True)
            both = name in infos
            infos[name] = replace(infos[name], for_variants=True, below=below) if both else below
        return tuple(infos.values())


def in_use(system: MemorySystem, overrides: Thresholds) -> dict[str, float | None]:
    """Return every rule's threshold, and those of its own for kinds."""
    layers = (overrides, system.thresholds)
    found = layered(system.rule, layers)
    found.setdefault(None, system.threshold_s)
    result = {join(system.rule, kind): seconds for kind, seconds in found.items()}
    for rule in system.variant_rules:
        own = layered(rule.name, layers, clock=False)
        result |= {join(rule.name, kind): seconds for kind, seconds in own.items()}
    return result


_STATUSES: Mapping[str, State] = {
    "pending": State.PENDING,
    "running": State.RUNNING,
    "completed": State.DONE,
    "failed": State.FAILED,
    "cancelled": State.CANCELLED,
}

ARTITEC = MemorySystem(
    name="artitec",
    statuses=_STATUSES,
    age=("started_at", "updated_at"),
    threshold_s=1800.0,
    kinds_name="job type",
    variants_name="changes",
    sequential=True,
    actions=(
        MemoryAction(
            ActionInfo("recover", "set failed (worker is not stopped)", only_stuck=True),
            to_status="failed",
            stamp=("completed_at",),
            error="Job timed out after 30+ minutes (auto-cleanup)",
            limited=True,
        ),
        MemoryAction(
            ActionInfo("retry", "set pending again", from_statuses=("failed", "cancelled")),
            to_status="pending",
            clear=("error", "started_at", "completed_at"),
        ),
        MemoryAction(
            ActionInfo("delete", "delete with changes and logs", not_statuses=("running",), destructive=True),
            to_status=None,
        ),
    ),
)

EXTRACTION = MemorySystem(
    name="extraction",
    statuses={**_STATUSES, "requires_review": State.OTHER},
    age=("updated_at",),
    threshold_s=300.0,
    kinds_name="source type",
    actions=(
        MemoryAction(
            ActionInfo("recover", "set pending again (worker is not stopped)", only_stuck=True),
            to_status="pending",
            stamp=("updated_at",),
            error="Job was interrupted by server restart and has been reset to pending.",
            append=True,
            limited=True,
        ),
        MemoryAction(
            ActionInfo("retry", "set pending again", from_statuses=("running", "failed")),
            to_status="pending",
            stamp=("updated_at",),
            error="Job was manually retried.",
            append=True,
        ),
        MemoryAction(
            ActionInfo(
                "delete", "delete with its logs", not_statuses=("running", "pending"), destructive=True
            ),
            to_status=None,
        ),
    ),
)
