"""`docs/filters.md` from the tables of the filter language; what a field understands is tried out."""

from __future__ import annotations

from typing import get_args

from unstick.recovery.errors import FilterError
from unstick.recovery.filters import FIELDS, MEANINGS, parse_filter, sample
from unstick.recovery.model import State
from unstick.recovery.query import Op

HEAD = """\
# Filters

Made from the filter language's own tables by `scripts/docs`. It is the same in the console (`/`), in saved
views and behind `--filter`; on the command line put it in quotes, since a shell reads `>`, `!` and `*`.

Terms stand side by side and **must all hold**; case never matters.

| written | means |
|---|---|
| `mail`, `"two words"` | this text is in the id, kind (of a variant: its name), step or error |
| `!mail`, `!kind:mail` | every other job, also one that doesn't tell |
| `kind:mail,report` | any of these |
| `kind:send_*` | the whole value, where `*` is any text; quotes don't change that |
| `kind:"send mail"` | a value with blanks, commas or quotes; inside, `\\"` and `\\\\` are one character |
| `age>1h` | durations are `90s`, `30m`, `2h`, `1d`, `1w`; a plain number is minutes |

A mistake is told with its place, and nothing is searched or changed.

## Fields

| field | compared by | as in | finds |
|---|---|---|---|
"""
TAIL = """
## States

{states}. A state is what the profile makes of the system's own word, which `status:` finds. `stuck` is no
state but a verdict: a stuck job is `running` (or `pending`, or whatever its rule says) and `is:stuck`.

## Where

```sh
unstick jobs --filter 'state:failed error:timeout age<1h'
unstick variants --filter 'step:overlay idle>10m'
unstick retry --filter 'kind:send_* state:failed retries<3' --dry-run
```
"""


def page() -> str:
    """Return the whole page as Markdown."""
    rows = [f"| `{name}` | {_compared(name)} | `{sample(name)}` | {MEANINGS[name]} |" for name in FIELDS]
    states = ", ".join(f"`{state.value}`" for state in State)
    return HEAD + "\n".join(rows) + "\n" + TAIL.format(states=states)


def understood(name: str) -> list[str]:
    """Return the ways of comparing that a field understands, by trying each."""
    value = sample(name).lstrip(name).lstrip(":<>=")
    return [way for way in (":", *get_args(Op)) if _works(f"{name}{way}{value}")]


def _works(text: str) -> bool:
    try:
        return len(parse_filter(text)) == 1
    except FilterError:
        return False


def _compared(name: str) -> str:
    return " ".join(f"`{way}`" for way in understood(name))
