"""Turns a name or a URL into a `Source`: flag > environment > source > `[defaults]` > profile > built in."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from unstick.recovery.config.environment import from_environment
from unstick.recovery.config.load import Config
from unstick.recovery.config.secret import url_of
from unstick.recovery.config.url import FORMS, check_url, is_url, name_of
from unstick.recovery.errors import UsageError
from unstick.recovery.source import Source, SweepSettings, shown_name
from unstick.recovery.suggest import hint

BUILT_IN = "built in"
FROM_PROFILE = "profile"
PROD = ("prod", "production")

_FIELD = {
    "refresh": "refresh_s",
    "statement_timeout": "statement_timeout_s",
    "connect_timeout": "connect_timeout_s",
    "lock_timeout": "lock_timeout_s",
}
SETTINGS = (
    *("profile", "environment", "colour", "max_retries"),
    *("refresh", "statement_timeout", "connect_timeout", "lock_timeout", "time_zone"),
)
"""Settings of which the highest layer wins as a whole; for the others see `_read_only` and `_merge_table`."""


TABLES = ("thresholds", "parameters", "sweep", "tls")
"""Settings that are put together entry by entry."""
_SWEEP = {"every": "every_s"}


@dataclass(frozen=True, slots=True)
class Layer:
    """Settings from one place; `origin` tells where a setting in it comes from."""

    values: Mapping[str, Any]
    origin: Callable[..., str]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A source, and for each setting (`refresh`, `thresholds.stuck`, ...) where its value comes from."""

    source: Source
    origins: Mapping[str, str] = field(default_factory=dict)


def names(config: Config, environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return the sources to open when none is named, in order. Raises UsageError when there is none."""
    environ = os.environ if environ is None else environ
    wanted = environ.get("UNSTICK_SOURCE") or config.defaults.get("source")
    if wanted:
        return (wanted, *(name for name in config.sources if name != wanted))
    if not config.sources:
        raise UsageError(f"no source is named: give a database URL ({FORMS}), or `unstick demo` for a look")
    return tuple(config.sources)


def has_sources(config: Config, environ: Mapping[str, str]) -> bool:
    """Return whether there is any source to open when none is named."""
    return bool(environ.get("UNSTICK_SOURCE") or config.defaults.get("source") or config.sources)


def only(config: Config, environ: Mapping[str, str] | None = None) -> str:
    """Return the one source to use when none is named. Raises UsageError when there are several."""
    environ = os.environ if environ is None else environ
    found = names(config, environ)
    if len(found) > 1 and not environ.get("UNSTICK_SOURCE") and not config.defaults.get("source"):
        raise UsageError(f"which source? Name one with --source: {', '.join(found)}")
    return found[0]


def resolve(
    config: Config,
    name: str,
    *,
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    secret: bool = True,
) -> Resolved:
    """Return the source of a name or URL. `flags` are settings from the command line.

    With `secret` False the URL is left out where finding it would run a command or read a variable.
    Raises ConfigError or UsageError.
    """
    environ = os.environ if environ is None else environ
    if is_url(name):
        url, table, place = check_url(name), {}, "command line"
        name = name_of(url)
    else:
        table = dict(_table(config, name))
        url, place = url_of(config, name, table, environ, reveal=secret)
    values, places = from_environment(environ)
    layers = (
        Layer(flags or {}, _flag_name),
        Layer(values, lambda *path: places[".".join(path)]),
        Layer(table, lambda *path: config.place("sources", name, *path)),
        Layer(config.defaults, lambda *path: config.place("defaults", *path)),
    )
    settings, origins = _merge(layers)
    settings["sweep"] = _sweep(settings["sweep"])
    if "hooks" in table:
        from unstick.recovery.config.hooks import hooks_of

        settings["hooks"] = hooks_of(config, name, table, environ)
        for action in settings["hooks"]:
            origins[f"hooks.{action}"] = config.place("sources", name, "hooks", action)
    return Resolved(Source(name=name, url=url, **settings), {"url": place, **origins})


def _table(config: Config, name: str) -> Mapping[str, Any]:
    if name in config.sources:
        return config.sources[name]
    if not config.sources:
        raise UsageError(
            f"{shown_name(name)!r} is not a database URL, and no source is configured; write {FORMS}"
        )
    shown = shown_name(name)
    raise UsageError(f"there is no source {shown!r}{hint(shown, config.sources)}; or give a database URL")


def _merge(layers: tuple[Layer, ...]) -> tuple[dict[str, Any], dict[str, str]]:
    settings: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for key in SETTINGS:
        layer = next((layer for layer in layers if layer.values.get(key, ...) not in (..., "")), None)
        if layer is not None:
            settings[_FIELD.get(key, key)] = layer.values[key]
        origins[key] = layer.origin(key) if layer else _default_origin(key)
    if str(settings.get("environment", "")).lower() in PROD:
        settings["environment"] = PROD[0]
    settings["read_only"], origins["read_only"] = _read_only(layers, settings.get("environment", ""))
    for key in TABLES:
        settings[key] = _merge_table(key, layers, origins)
    return settings, origins


def _sweep(table: Mapping[str, Any]) -> SweepSettings:
    return SweepSettings(**{_SWEEP.get(key, key): value for key, value in table.items()})


def _flag_name(key: str, *_: str) -> str:
    return {"thresholds": "--timeout"}.get(key, f"--{key}")


def _default_origin(key: str) -> str:
    return FROM_PROFILE if key in ("max_retries", "profile") else BUILT_IN


def _read_only(layers: tuple[Layer, ...], environment: str) -> tuple[bool, str]:
    """Decide whether a source may be written to: only the command line opens prod."""
    flag, *rest = layers
    if "read_only" in flag.values:
        wanted = bool(flag.values["read_only"])
        return wanted, "--read-only" if wanted else "--write"
    if environment == PROD[0]:
        return True, "environment is prod"
    layer = next((layer for layer in rest if "read_only" in layer.values), None)
    return (bool(layer.values["read_only"]), layer.origin("read_only")) if layer else (False, BUILT_IN)


def _merge_table(key: str, layers: tuple[Layer, ...], origins: dict[str, str]) -> dict[str, Any]:
    """Put the entries together, the highest layer first. A `*` there also covers what lower layers name."""
    merged: dict[str, Any] = {}
    for layer in layers:
        table = layer.values.get(key, {})
        for name, value in table.items():
            if name not in merged:
                merged[name] = value
                origins[f"{key}.{name}"] = layer.origin(key, name)
        if "*" in table:
            break
    return merged


def shown(source: Source) -> dict[str, Any]:
    """Return a source's settings by the names of the configuration file, without the URL."""
    back = {name: key for key, name in _FIELD.items()}
    found = {back.get(each.name, each.name): getattr(source, each.name) for each in fields(source)}
    found["hooks"] = {action: hook.shown for action, hook in source.hooks.items()}
    given = SweepSettings()
    back = {name: key for key, name in _SWEEP.items()}
    found["sweep"] = {
        back.get(each.name, each.name): value
        for each in fields(given)
        if (value := getattr(source.sweep, each.name)) != getattr(given, each.name)
    }
    return {key: value for key, value in found.items() if key not in ("name", "url")}
