"""Every verb: its module, imported when the verb is used, and what it does in one line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb of the command line. `module` has `configure(parser)` and `run(session) -> exit code`."""

    module: str
    summary: str


VERBS: Mapping[str, Verb] = {
    "jobs": Verb("jobs", "list jobs, or only the stuck ones"),
    "variants": Verb("variants", "list the variants of all jobs or of one, or only the stuck ones"),
    "show": Verb("show", "one job with variants, attempts and events, or one variant; why it is stuck"),
    "recover": Verb("action", "recover stuck jobs: every one, or those named"),
    "retry": Verb("action", "put failed jobs back into the queue"),
    "delete": Verb("action", "delete jobs with what belongs to them"),
    "act": Verb("action", "any other action of the profile, such as pause or restart"),
    "apply": Verb("apply", "apply a plan that was saved with --out"),
    "undo": Verb("undo", "put back what an operation changed"),
    "operations": Verb("operations", "the journal of what was changed, or one operation"),
    "hooks": Verb("hooks", "what became of an operation's hooks; --retry calls the missing ones again"),
    "history": Verb("history", "the retry history of all jobs, of one, or of one variant"),
    "stats": Verb("stats", "retry statistics"),
    "sweep": Verb("sweep", "look for stuck jobs again and again, and recover them within limits"),
    "alerts": Verb("alerts", "send a test alert to every target, or show what would be sent where"),
    "profiles": Verb("profiles", "the known job systems, or the text of one profile"),
    "config": Verb("configuration", "show, find, describe or migrate the configuration"),
    "init": Verb("init", "write a database into the configuration; draft a profile of unknown tables"),
    "doctor": Verb("doctor", "check configuration, connection, privileges and tables"),
    "migrate": Verb("migrate", "show, add or take away what unstick and the profile add to the database"),
    "completion": Verb("completion", "print the script that makes a shell complete command lines"),
    "demo": Verb("demo", "the console on embedded databases with real workers"),
}
CONSOLE = "console"
MANY = (CONSOLE, "sweep")
"""Those that work on several sources at once."""
