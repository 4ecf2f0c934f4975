"""`unstick profiles [NAME]`: the known job systems."""

from __future__ import annotations

import argparse

from unstick.cli.encode import print_json
from unstick.cli.output import block, table
from unstick.cli.session import Session


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
            print("\n".join(block(text, limit=len(text) + 1)).rstrip("\n"))
        return 0
    found = [_object(info) for info in backends.profiles()]
    if session.json:
        print_json({"profiles": found})
    else:
        table(("NAME", "ORIGIN", "TITLE"), [(info["name"], info["origin"], info["title"]) for info in found])
    return 0


def _object(info: object) -> dict[str, str]:
    return {key: str(getattr(info, key, "") or "") for key in ("name", "title", "origin", "description")}
