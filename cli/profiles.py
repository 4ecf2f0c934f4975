"""`unstick profiles [NAME]`: the known job systems."""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from unstick.cli.encode import print_json
from unstick.cli.failures import mask
from unstick.cli.output import block, narrate, safe, say, table
from unstick.cli.session import Session

if TYPE_CHECKING:
    from unstick.backends.profile.load import ProfileInfo


def configure(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the options."""
    parser.add_argument("name", metavar="NAME", nargs="?", help="print this profile's text")


def run(session: Session) -> int:
    """List profiles, or print the text of one."""
    from unstick import backends

    name = session.args.name
    if name:
        text = backends.profile_text(name)
        if session.json:
            print_json({"name": name, "text": text})
        else:
            say("\n".join(block(text, limit=len(text) + 1)).rstrip("\n"))
        return 0
    found = [_object(info) for info in backends.profiles()]
    if session.json:
        print_json({"profiles": found})
    else:
        rows = [(info["name"], info["origin"], _title(info)) for info in found]
        table(("NAME", "ORIGIN", "TITLE"), rows)
        for info in found:
            if info["problem"]:
                narrate(f"unstick: {mask(safe(info['problem'], 1000))}")
    return 0


def _title(info: Mapping[str, str | None]) -> str | None:
    return "can't be used, see below" if info["problem"] else info["title"] or info["description"]


def _object(info: ProfileInfo) -> dict[str, str | None]:
    told: dict[str, object] = {}
    # The list must come even when one of a team's own profiles is broken.
    with suppress(tomllib.TOMLDecodeError):
        told = tomllib.loads(info.text)
    words = {key: str(told.get(key, "")) for key in ("title", "description")}
    return {
        "name": info.name,
        "title": words["title"],
        "origin": info.origin,
        "description": words["description"],
        "problem": info.problem(),
    }
