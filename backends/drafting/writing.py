"""A guess as the text of a profile: what was seen stands beside what was made of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from unstick.backends.profile.clock import Clock

from .acting import actions
from .guess import Guess
from .toml import LOOK, comment, key, look, quoted, strings, table


def profile_text(name: str, guess: Guess) -> str:
    """Return the profile's TOML."""
    blocks = [_head(name, guess), _recognise(guess), _job(guess), _times(guess), _states(guess), _rule(guess)]
    blocks += actions(guess)
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def looks(text: str) -> tuple[str, ...]:
    """Return what a person has to look at, from the draft's own comments: one sentence each."""
    found: list[str] = []
    for line in text.splitlines():
        if line.startswith(f"# {LOOK}"):
            found.append(line.removeprefix(f"# {LOOK}").strip())
        elif line.startswith("#   ") and found:
            found[-1] += " " + line.removeprefix("#").strip()
    return tuple(found)


def _main_clock(guess: Guess) -> Clock:
    clocks = Counter(told.clock for told in guess.times.values())
    return clocks.most_common(1)[0][0] if clocks else Clock.UTC


def _head(name: str, guess: Guess) -> list[str]:
    rows = len(guess.sample.rows)
    how = "all of its" if guess.sample.whole else "the newest and oldest"
    lines = comment(
        f"Drafted by `unstick init` from the table {guess.seen.name}: its columns and {how} {rows:,} rows. "
        f"What a person has to decide begins with {LOOK} docs/profiles.md explains every key."
    )
    if guess.others:
        lines += look(
            f"{', '.join(guess.others)} look{'s' if len(guess.others) == 1 else ''} like jobs, too; "
            "--table drafts another one."
        )
    lines += [f"name = {quoted(name)}", f"clock = {quoted(_main_clock(guess).value)}", ""]
    lines += comment(
        "Nothing tells that a worker that comes back late does no harm, so every plan warns of it."
    )
    lines += ["fenced = false"]
    limit = _limit(guess)
    if limit is not None:
        lines += ["", *comment(f"{guess.parts['max_retries']} is that in every row that was seen."),
                  f"max_retries = {limit}"]  # fmt: skip
    return lines


def _limit(guess: Guess) -> int | None:
    column = guess.parts.get("max_retries")
    values = set(guess.sample.values(column)) if column is not None else set()
    only = next(iter(values)) if len(values) == 1 else None
    return int(only) if isinstance(only, int | float) and 0 <= only < 10_000 else None


def _recognise(guess: Guess) -> list[str]:
    named = [
        *guess.seen.key,
        *(guess.parts[role] for role in ("status", *guess.times) if role in guess.parts),
    ]
    if guess.seen.info.schema:
        return comment(
            "Other databases: name the profile in the configuration; the schema is not looked for."
        )
    return ["[recognise]", f"{key(guess.seen.info.name)} = {strings(list(dict.fromkeys(named)))}"]


def _job(guess: Guess) -> list[str]:
    lines = ["[[jobs]]", f"table = {quoted(guess.seen.info.name)}"]
    if guess.seen.info.schema:
        lines.append(f"schema = {quoted(guess.seen.info.schema)}")
    lines.append(f"key = {strings(guess.seen.key)}")
    if guess.statuses.sql is not None:
        lines += comment("There is no column with a status: it is told by which times are set.")
        lines.append(f"status_sql = {quoted(guess.statuses.sql)}")
    else:
        lines.append(f"status = {quoted(guess.parts['status'])}")
    if guess.columns:
        lines.append(f"columns = {table({role: quoted(name) for role, name in guess.columns.items()})}")
    token = [*guess.statuses.columns, *(guess.parts[role] for role in ("owner",) if role in guess.parts)]
    if token:
        lines += comment("Also watched between a plan and its apply, so that a worker that moved on wins.")
        lines.append(f"token = {strings(list(dict.fromkeys(token)))}")
    return lines


def _times(guess: Guess) -> list[str]:
    if not guess.times:
        return []
    main, lines = _main_clock(guess), ["[jobs.times]"]
    for role, told in guess.times.items():
        name = quoted(guess.parts[role])
        lines += look(f"{guess.parts[role]}: {told.doubt}.") if told.doubt else []
        own = f"{{ column = {name}, clock = {quoted(told.clock.value)} }}"
        remark = comment(told.because)[0]
        lines.append(f"{role} = {name if told.clock is main else own}  {remark}")
    return lines


def _states(guess: Guess) -> list[str]:
    lines = ["[jobs.states]"]
    lines += [f"{state.value} = {strings(words)}" for state, words in guess.statuses.known.items() if words]
    if guess.statuses.unknown:
        told = ", ".join(_told(guess, each) for each in guess.statuses.unknown)
        lines += look(f"what do these mean? Until a list above has them they are shown as `other`: {told}")
    if not guess.sample.whole and guess.statuses.sql is None:
        lines += comment("Statuses that no row of the sample has are not listed; add them where they belong.")
    return lines


def _told(guess: Guess, status: str) -> str:
    """A status with how many rows have it, and what those rows have in common."""
    count = (guess.statuses.seen or {}).get(status, 0)
    column = guess.parts["status"]
    rows = [place for place, row in enumerate(guess.sample.rows) if str(row.get(column)) == status]
    filled = [
        guess.parts[role]
        for role in ("started", "finished")
        if role in guess.times and rows and all(guess.times[role].at[place] is not None for place in rows)
    ]
    told = f", all with {' and '.join(filled)}" if filled else ""
    return f"{quoted(status)} ({count:,} row{'' if count == 1 else 's'}{told})"


def _rule(guess: Guess) -> list[str]:
    if guess.minutes is None:
        return [
            *look(f"{guess.no_rule}, so nothing counts as stuck and nothing can be recovered yet. Fill in:"),
            *_example(guess),
        ]
    signs = [role for role in ("updated", "started") if role in guess.times]
    lines = look(f"is {guess.minutes} minutes right? {guess.because[:1].upper()}{guess.because[1:]}.")
    if "updated" not in guess.times:
        lines += look(
            f"{guess.parts['started']} is when a job was started; nothing tells that it still lives. A job "
            "that takes longer than this looks stuck although it works."
        )
    elif not guess.beats:
        lines += comment(f"{guess.parts['updated']} counts as a life sign: every change of the row sets it.")
    lines += ["[[jobs.rules]]", 'name = "stuck"', f"statuses = {strings(guess.running)}",
              f"age_of = {strings(signs[:1])}"]  # fmt: skip
    fallback = [role for role in (*signs[1:], "created") if role in guess.times]
    lines += [f"fallback = {strings(fallback)}"] if fallback else []
    return [*lines, f'older_than = "{guess.minutes}m"']


def _example(guess: Guess) -> Iterator[str]:
    sign = next((role for role in ("updated", "started", "created") if role in guess.times), "created")
    text = f"""[[jobs.rules]]
name = "stuck"
statuses = ["THE STATUS OF A JOB THAT IS WORKED ON"]
age_of = ["{sign}"]
older_than = "30m"
[jobs.actions.recover]
verb = "put back into the queue"
only_stuck = true
set = {{ {key(guess.parts.get("status", "status"))} = "THE STATUS OF A JOB THAT WAITS" }}"""
    return (f"#     {re.sub(r'^# ?', '', line)}" for line in text.splitlines())
