"""`unstick config show | path | schema | migrate`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from unstick.cli.config_migrating import migrate, tell_old_format
from unstick.cli.encode import plain, print_json
from unstick.cli.failures import mask
from unstick.cli.output import narrate, safe, say, table
from unstick.cli.session import Session
from unstick.recovery.config import Config, schema
from unstick.recovery.config.alerts import AlertConfig
from unstick.recovery.config.load import find_config
from unstick.recovery.config.resolve import TABLES, shown
from unstick.recovery.durations import NEVER
from unstick.recovery.errors import UsageError
from unstick.recovery.source import mask_url

NO_LIMIT = {"max_retries": NEVER}


def configure(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the options."""
    parser.add_argument(
        "what",
        choices=("show", "path", "schema", "migrate"),
        nargs="?",
        default="show",
        help="the settings of every source (or of --source), the file's path, its JSON schema, or what its "
        "newest format would change in it",
    )
    parser.add_argument("--origin", action="store_true", help="with show: tell where each value comes from")
    parser.add_argument("--apply", action="store_true", help="with migrate: write it, and keep the old file")


def run(session: Session) -> int:
    """Show the configuration. No URL command is run, and every password is masked."""
    what = session.args.what
    if session.args.apply and what != "migrate":
        raise UsageError("--apply belongs to unstick config migrate")
    if what == "migrate":
        return migrate(session)
    if what == "path":
        return _path(session)
    if what == "schema":
        print_json(schema())
        return 0
    return _show(session)


def _path(session: Session) -> int:
    path, _ = find_config(session.args.config, os.environ)
    if session.json:
        print_json({"path": str(path), "exists": path.is_file()})
        return 0
    say(str(path))
    if not path.is_file():
        narrate("there is no such file yet; unstick works without one")
    return 0


def _show(session: Session) -> int:
    config = session.config
    names = [session.args.source] if session.args.source else list(config.sources)
    sources = [_source(session, name) for name in names]
    themes, problems = _themes(session)
    if session.json:
        told = {"themes": themes, "theme_problems": problems}
        print_json(
            {
                "file": config.file,
                "format": config.format,
                **_general(config),
                **told,
                "sources": dict(sources),
            }
        )
        return 0
    narrate(f"configuration: {config.file or 'no file'}")
    tell_old_format(session)
    rows = [
        (name, key, entry["value"], entry["origin"])
        for name, entries in sources
        for key, entry in entries.items()
    ]
    if not rows:
        narrate("no source is configured")
    elif session.args.origin:
        table(("SOURCE", "SETTING", "VALUE", "ORIGIN"), [(*row[:2], _words(row[2]), row[3]) for row in rows])
    else:
        table(("SOURCE", "SETTING", "VALUE"), [(*row[:2], _words(row[2])) for row in rows])
    for key, value in _general(config).items():
        if value:
            say(f"{key}: {_words(value)}")
    say(f"themes: {', '.join(themes)}")
    for problem in problems:
        narrate(problem)
    return 0


def _themes(session: Session) -> tuple[list[str], list[str]]:
    """Name the themes there are, and say what is wrong with those of the user's folder."""
    from unstick.themes import user_themes

    file = find_config(session.args.config, os.environ)[0]
    own, broken = user_themes(file.parent / "themes")
    weak = [spec.warning for spec in own if spec.warning]
    return themes_beside(file), [*(f"theme left out: {problem}" for problem in broken), *weak]


def themes_beside(file: Path) -> list[str]:
    """Name the themes there are where the configuration is this file."""
    from unstick.themes import theme_names

    return list(theme_names(file.parent / "themes"))


def _general(config: Config) -> dict[str, Any]:
    return {
        "default_source": config.defaults.get("source"),
        "theme": config.data.get("theme"),
        "ascii": config.data.get("ascii", False),
        "keys": dict(config.keys),
    }


def _source(session: Session, name: str) -> tuple[str, dict[str, dict[str, Any]]]:
    resolved = session.resolve(name, secret=False)
    origins = resolved.origins
    found = {"url": {"value": _url(session.config, name, resolved.source.url), "origin": origins["url"]}}
    for key, value in shown(resolved.source).items():
        if key in (*TABLES, "hooks"):
            for entry, each in value.items():
                text = NEVER if each is None else each
                found[f"{key}.{entry}"] = {"value": text, "origin": origins[f"{key}.{entry}"]}
        else:
            found[key] = {"value": _value(key, value), "origin": origins.get(key, "built in")}
    for key, (value, place) in AlertConfig(session.config, os.environ).shown(resolved.source.name).items():
        found[f"alerts.{key}"] = {"value": value, "origin": place}
    return resolved.source.name, found


def _url(config: Config, name: str, url: str) -> str:
    if url:
        return mask_url(url)
    table_ = config.sources[name]
    if "url_env" in table_:
        return f"${table_['url_env']}"
    command = table_["url_command"]
    return mask(f"printed by: {command if isinstance(command, str) else ' '.join(command)}")


def _value(key: str, value: Any) -> Any:
    if key != "max_retries":
        return value
    return NEVER if value is None else None if value < 0 else value


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(safe, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{safe(key)} = {safe(item)}" for key, item in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}s" if isinstance(value, float) else safe(plain(value))
