"""Plain configurations are read without the models, and never otherwise than by them."""

from __future__ import annotations

import datetime
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from unstick.recovery.config import plain
from unstick.recovery.config.formats import format_of
from unstick.recovery.config.model import ConfigFile, Defaults, SourceTable, SweepTable, TlsTable
from unstick.recovery.config.plain import read_plain

SWEEP = {"enabled": True, "every": "5m", "cap": 7, "brake": False}
TLS = {"mode": "verify-full", "ca": "ca.pem", "cert": "cert.pem", "key": "key.pem"}
COMMON: dict[str, Any] = {
    "read_only": True,
    "thresholds": {"stuck": "30m", "*": "never", "lag kind:mail*": "1h"},
    "max_retries": 3,
    "parameters": {"schema": "kb"},
    "refresh": "5s",
    "statement_timeout": "20s",
    "connect_timeout": "1.5s",
    "lock_timeout": "1m",
    "time_zone": "Europe/Berlin",
    "sweep": SWEEP,
    "tls": TLS,
}
FULL: dict[str, Any] = {
    "version": 2,
    "theme": "dark",
    "ascii": True,
    "defaults": {**COMMON, "source": "live", "max_retries": "never"},
    "keys": {"act.retry": "ctrl+y", "act": {"delete": ["F8", ","], "undo": []}},
    "sources": {
        "live": {**COMMON, "url": "postgres+x://ann:s3cret@db7/jobs", "profile": "artitec",
                 "environment": "Production", "colour": "#12ab34"},
        "printed": {"url_command": ["printf", "sqlite:///jobs.db"], "time_zone": "+09:00", "colour": "red"},
        "named": {"url_env": "JOBS", "environment": "test"},
    },
}  # fmt: skip
VALUES: tuple[Any, ...] = (
    *("", " ", "x", "never", "prod", "red", "5", "5s", "0s", "0.5s", "1e3s", "30 m", "-5s", "UTC"),
    *("a b", "a" * 21),
    *("#12ab3g", "sqlite:///x.db", "mysql+pymysql://u@h/d", "oracle://h/d", "://"),
    *("require", "kind:", "kind:x y "),
    *(True, False, 0, 1, 2, 3, -1, 10**30, 0.0, 0.5, 1.0, 5.5, float("inf"), float("nan")),
    *([], ["x"], [""], [1], {}, {"x": "5s"}, {"x": 5}, {"*": "never"}, {"x": {"y": "z"}}, {"a b": "x"}),
    datetime.date(2026, 12, 1),
)  # fmt: skip
LEFT_TO_THE_MODELS = {"alerts", "views", "hooks"}


def by_models(data: dict[str, Any]) -> dict[str, Any] | None:
    try:
        checked = ConfigFile.model_validate(data, context={"format": format_of(data)})
    except ValidationError:
        return None
    return checked.model_dump(exclude_unset=True)


def paths(data: dict[str, Any], *above: str) -> Iterator[tuple[str, ...]]:
    """Every key of every table, and one in each table that nobody knows."""
    yield (*above, "unknown")
    for key, value in data.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from paths(value, *above, key)


def changed(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    data = deepcopy(FULL)
    table = data
    for key in path[:-1]:
        table = table[key]
    table[path[-1]] = value
    return data


def test_all_that_can_be_plain_is_read_as_by_the_models() -> None:
    found = read_plain(FULL)
    assert found is not None
    assert found == by_models(FULL)


@pytest.mark.parametrize("version", [None, 1, 2])
@pytest.mark.parametrize("path", list(paths(FULL)), ids=".".join)
def test_whatever_a_key_holds_it_is_read_as_by_the_models_or_left_to_them(
    path: tuple[str, ...], version: int | None
) -> None:
    for value in VALUES:
        data = changed(path, value)
        if version is not None and path != ("version",):
            data["version"] = version
        elif version is None and path != ("version",):
            del data["version"]
        found = read_plain(data)
        assert found is None or repr(found) == repr(_in_the_order_of(found, by_models(data))), value


def _in_the_order_of(like: Any, found: Any) -> Any:
    """The models put keys into their own order."""
    if not isinstance(found, dict) or not isinstance(like, dict):
        return found
    return (
        {key: _in_the_order_of(like[key], found[key]) for key in like}
        if like.keys() == found.keys()
        else found
    )


@pytest.mark.parametrize(
    "data",
    [
        {"sources": {"a": {}}},
        {"sources": {"a": {"url": "sqlite:///x", "url_env": "X"}}},
        {"sources": {"a": {"url": "sqlite:///x", "environment": "prod", "read_only": False}}},
        {"alerts": {"targets": ["slack://a/b/c"]}},
        {"views": {"mine": {"filter": "state:failed"}}},
    ],
)
def test_what_is_wrong_or_not_plain_is_left_to_the_models(data: dict[str, Any]) -> None:
    assert read_plain(data) is None


@pytest.mark.parametrize(
    ("model", "readers"),
    [
        (ConfigFile, plain._FILE),
        (SourceTable, plain._SOURCE),
        (Defaults, {**plain._COMMON, "source": None}),
        (SweepTable, SWEEP),
        (TlsTable, TLS),
    ],
)
def test_every_key_is_read_or_left_to_the_models_on_purpose(
    model: type[BaseModel], readers: dict[str, object]
) -> None:
    assert set(model.model_fields) - LEFT_TO_THE_MODELS == set(readers)


def test_a_plain_file_is_read_without_pydantic() -> None:
    code = (
        "import sys; from unstick.recovery.config.load import parse_config\n"
        "parse_config('[sources.a]\\nurl = \"sqlite:///x\"\\nrefresh = \"5s\"', 'c.toml')\n"
        "print('pydantic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
