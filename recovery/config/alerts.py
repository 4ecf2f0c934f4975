"""Turns `[alerts]`, and what a source says instead, into settings; finds URLs that are not written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from unstick.recovery.alerts import AlertSettings, Kind, Target, mask_target
from unstick.recovery.config.load import Config
from unstick.recovery.config.secret import printed
from unstick.recovery.errors import ConfigError

_FIELD = {"repeat": "repeat_s", "timeout": "timeout_s"}
KEYS = ("targets", "on", "repeat", "resolved", "limit", "timeout", "dry_run")
SECTION = "alerts"
Given = str | Mapping[str, Any]


class AlertConfig:
    """The alerts of a configuration. A command is run once, however many sources use its target."""

    def __init__(self, config: Config, environ: Mapping[str, str]) -> None:
        self._config, self._environ = config, environ
        self._targets: dict[tuple[str, ...], tuple[Target, ...]] = {}

    def of(self, source: str) -> AlertSettings:
        """Return what is told of a source. A target without a URL is kept with what is wrong: the others, and
        the sweep, go on without it."""
        given = {key: (value, place) for key, value, place in self._given(source)}
        values = {_FIELD.get(key, key): value for key, (value, _) in given.items() if key != "targets"}
        if "on" in values:
            values["on"] = tuple(map(Kind, values["on"]))
        targets = self._found(given["targets"][1], given["targets"][0]) if "targets" in given else ()
        return AlertSettings(targets=targets, **values)

    def shown(self, source: str) -> dict[str, tuple[Any, str]]:
        """Return what is configured for a source and where, by key; nothing is read or run, nothing secret is
        in it."""
        found = {}
        for key, value, place in self._given(source):
            told = [shown_target(target) for target in value] if key == "targets" else value
            found[key] = (told, self._config.place(*place, key))
        return found

    def _given(self, source: str) -> list[tuple[str, Any, tuple[str, ...]]]:
        """Each key that is configured, with its value and the table it stands in."""
        own = self._config.sources.get(source, {}).get(SECTION) or {}
        every = self._config.data.get(SECTION) or {}
        layers = ((own, ("sources", source, SECTION)), (every, (SECTION,)))
        found: list[tuple[str, Any, tuple[str, ...]]] = []
        for key in KEYS:
            for table, place in layers:
                if key in table:
                    found.append((key, table[key], place))
                    break
        return found

    def _found(self, place: tuple[str, ...], given: list[Given]) -> tuple[Target, ...]:
        if place not in self._targets:
            owner = f"{place[1]}:" if len(place) > 1 else ""
            self._targets[place] = tuple(
                self._target(place, owner, number, each) for number, each in enumerate(given, 1)
            )
        return self._targets[place]

    def _target(self, place: tuple[str, ...], owner: str, number: int, given: Given) -> Target:
        where = self._config.place(*place, "targets")
        url, problem = given if isinstance(given, str) else "", ""
        try:
            url = url or self._url(given, lambda text: self._config.error(text, *place, "targets"))
        except ConfigError as error:
            problem = str(error)
        scheme = url.partition("://")[0] if url else "target"
        return Target(f"{owner}{scheme}-{number}", url, shown_target(given), where, problem)

    def _url(self, given: Given, wrong: Callable[[str], ConfigError]) -> str:
        assert isinstance(given, Mapping), "a text is the URL itself"
        if "env" in given:
            found = self._environ.get(given["env"], "").strip()
            if not found:
                raise wrong(f"the environment variable {given['env']} is not set")
        else:
            found = printed(given["command"], self._environ, wrong, "the URL of a target").strip()
        if "://" not in found or found.split() != [found]:
            raise wrong(f"{shown_target(given)} gives no URL")
        return found


def shown_target(given: Given) -> str:
    """Return a target as it stands in the configuration, without what is secret."""
    if isinstance(given, str):
        return mask_target(given)
    if "env" in given:
        return f"${given['env']}"
    words = given["command"] if isinstance(given["command"], str) else " ".join(given["command"])
    return f"printed by: {words.split()[0] if words.split() else ''} ..."
