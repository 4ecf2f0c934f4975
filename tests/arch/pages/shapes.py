"""The keys of every JSON object that a command prints: the one place where they are declared.

A key's name may end in `[]` (a list), `{}` (an object whose keys are data) and `?` (not always there);
`:object` says which declared object its values are. What a key holds is told in words; an empty text stands
for what the declared object tells itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tests.arch.pages.shapes_objects import FAILED, HEAD, LIST, OBJECTS, Keys


class Document(NamedTuple):
    """What one way of calling a verb prints. `anything`: an object that is described elsewhere."""

    command: str
    keys: Keys
    anything: bool = False


_ACTION = OBJECTS["action"]
_WRITING = ("recover", "retry", "delete", "act", "apply", "undo")
_TRIED: Keys = {"attempts[]:attempt": ""}
DOCUMENTS: Mapping[str, tuple[Document, ...]] = {
    "jobs": (Document("jobs", {**HEAD, **LIST, "jobs[]:job": ""}),),
    "variants": (
        Document(
            "variants",
            {**HEAD, "called": "the system's own word for them, or null", **LIST, "variants[]:variant": ""},
        ),
    ),
    "show": (
        Document(
            "show JOB",
            {
                **HEAD,
                "job:job": "",
                "variants[]:variant": "",
                **_TRIED,
                "events[]:event": "",
            },
        ),
        Document("show JOB/VARIANT", {**HEAD, "job:job": "", "variant:variant": "", **_TRIED}),
    ),
    **{verb: (Document(f"{verb} …", _ACTION),) for verb in _WRITING},
    "operations": (
        Document("operations", {**HEAD, "operations[]:operation": "newest first, without rows"}),
        Document("operations ID", {**HEAD, "operation:operation": ""}),
        Document(
            "operations --since …",
            {
                "source": "name of the source; null over several",
                "profile": "its profile; null over several",
                "since": "as it was asked",
                "until": "as it was asked",
                "operations[]:operation": "oldest first, with rows",
                "more": "whether there are more than `--limit`",
                "problems[]:problem": "sources that are missing, or break off",
            },
        ),
    ),
    "hooks": (
        Document(
            "hooks OPERATION",
            {
                **HEAD,
                "operation": "its id",
                "action": "what was done",
                "hook": "what is called after it",
                "retried": "whether hooks were called just now",
                "outcomes:hook outcomes": "",
                "rows[]:hook row": "",
                **FAILED,
            },
        ),
    ),
    "history": (Document("history", {**HEAD, "attempts[]:attempt": "newest first"}),),
    "stats": (
        Document(
            "stats",
            {
                **HEAD,
                "window_s": "seconds that were looked back",
                "jobs:figures": "",
                "variants:figures": "null where the system has none",
                "retried_variants[]:retried": "those inside documents, as the history knows them",
                "actions{}": "action -> result -> rows",
                "reasons{}": "reason -> result -> attempts",
            },
        ),
    ),
    "sweep": (Document("sweep --once", {"runs[]:run": "one per source; without `--once` one per line"}),),
    "alerts": (
        Document(
            "alerts test",
            {
                "dry_run": "whether nothing was sent",
                "title": "the message's title",
                "text": "its text",
                "targets[]:alert target": "each target, and what came of it",
            },
        ),
    ),
    "profiles": (
        Document("profiles", {"profiles[]:profile": ""}),
        Document("profiles NAME", {"name": "its name", "text": "the TOML"}),
    ),
    "config": (
        Document(
            "config show",
            {
                "file": "the configuration file, or null",
                "format": "the format that it is written for",
                "default_source": "the source to use when none is named",
                "theme": "the theme that the file names",
                "ascii": "nothing but ASCII on the screen",
                "keys{}": "action id -> key",
                "themes[]": "the themes there are",
                "theme_problems[]": "what is wrong with one's own",
                "sources{}": "source -> setting -> `value` and `origin`",
            },
        ),
        Document("config path", {"path": "where the file is or would be", "exists": "whether it is there"}),
        Document("config schema", {}, anything=True),
        Document(
            "config migrate",
            {
                "file": "the configuration file, or null",
                "format": "the format that it is written for",
                "newest": "the newest format",
                "steps[]": "what the formats after it ask for, in words",
                "changes[]:format change": "",
                "written": "whether it was written",
                "kept": "where the old file is kept, or null",
            },
        ),
    ),
    "init": (
        Document(
            "init URL",
            {
                "source": "the name that it would have",
                "config": "the file that it goes into",
                "entry": "what goes into it",
                "url_env": "the variable that is to hold the URL, or null",
                "known": "whether the job system is known",
                "profile": "the profile",
                "profile_file": "where a drafted profile goes, or null",
                "profile_text": "the drafted profile, or null",
                "table": "the table that it was drafted from, or null",
                "look_at[]": "what a person should look at in it",
                "written": "whether anything was written",
            },
        ),
    ),
    "doctor": (
        Document("doctor --source NAME", OBJECTS["checked source"]),
        Document("doctor", {"ok": "whether all is well", "sources[]:checked source": "of several"}),
    ),
    "migrate": (
        Document(
            "migrate",
            {
                **HEAD,
                "rollback": "whether something is taken away",
                "applied": "whether it was run",
                "sql[]": "the statements",
                "left_out[]:named reason": "what is left alone",
                "steps[]:step": "steps of their own that the profile offers",
            },
        ),
        Document("migrate --step NAME", _ACTION),
    ),
    "completion": (Document("completion SHELL", {"shell": "which", "script": "the script"}),),
    "demo": (
        Document("demo --path", {"urls{}": "system -> URL"}),
        Document(
            "demo --once",
            {"ok": "whether all went well", "seed": "`--seed`", "systems{}:tour": "system -> what happened"},
        ),
    ),
}
