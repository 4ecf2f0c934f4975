"""Finds, reads and checks the configuration file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from unstick.recovery.config.formats import FORMAT, KEY, OLDEST, format_of
from unstick.recovery.config.plain import read_plain
from unstick.recovery.errors import ConfigError
from unstick.recovery.paths import config_file
from unstick.recovery.source import shown_name
from unstick.recovery.toml_file import line_of, parse_toml, validate

VARIABLE = "UNSTICK_CONFIG"


@dataclass(frozen=True, slots=True)
class Config:
    """A checked configuration. `data` holds what the file says, durations in seconds; empty without one."""

    file: str | None = None
    text: str = field(default="", repr=False)
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def format(self) -> int:
        """The format that the file is written for; the newest one without a file."""
        return FORMAT if self.file is None else format_of(self.data)

    @property
    def sources(self) -> Mapping[str, Mapping[str, Any]]:
        """The sources' tables by name."""
        found: Mapping[str, Mapping[str, Any]] = self.data.get("sources", {})
        return found

    @property
    def defaults(self) -> Mapping[str, Any]:
        """What holds for every source that doesn't say otherwise."""
        found: Mapping[str, Any] = self.data.get("defaults", {})
        return found

    @property
    def keys(self) -> Mapping[str, str]:
        """Action id -> keys."""
        found: Mapping[str, str] = self.data.get("keys", {})
        return found

    @property
    def views(self) -> Mapping[str, Mapping[str, Any]]:
        """The saved views' tables by name, in the order of the file."""
        found: Mapping[str, Mapping[str, Any]] = self.data.get("views", {})
        return found

    def error(self, message: str, *path: str) -> ConfigError:
        """Return an error that names the file and the place of a key in it."""
        return ConfigError(message, file=self.file, line=line_of(self.text, path), key=".".join(path))

    def place(self, *path: str) -> str:
        """Return `file:line` of a key, for telling where a value comes from."""
        line = line_of(self.text, path)
        return f"{self.file}:{line}" if line else str(self.file)


def find_config(flag: str | None, environ: Mapping[str, str]) -> tuple[Path, bool]:
    """Return the configuration file, and whether somebody named it, so that it has to exist."""
    named = flag or environ.get(VARIABLE)
    return (Path(named).expanduser(), True) if named else (config_file(), False)


def load_config(flag: str | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Read `--config FILE`, else `UNSTICK_CONFIG`, else the default file, if any. Raises ConfigError."""
    path, wanted = find_config(flag, os.environ if environ is None else environ)
    try:
        text = path.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        if wanted:
            raise ConfigError("there is no such configuration file", file=str(path)) from None
        return Config()
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        told = "the configuration is not UTF-8 text; save it as UTF-8"
        raise ConfigError(told, file=str(path), line=line) from None
    except OSError as error:
        raise ConfigError(f"the configuration can't be read: {error.strerror}", file=str(path)) from None
    return parse_config(text, str(path))


def parse_config(text: str, file: str) -> Config:
    """Check the text of a configuration. Raises ConfigError with file, line and key."""
    data = parse_toml(text, file)
    _refuse_newer(data, text, file)
    plain = read_plain(data)
    config = Config(file, text, _checked(data, text, file) if plain is None else plain)
    wanted = config.defaults.get("source")
    if wanted is not None and wanted not in config.sources:
        from unstick.recovery.suggest import hint

        shown = shown_name(wanted)
        raise config.error(f"there is no source {shown!r}{hint(shown, config.sources)}", "defaults", "source")
    return config


def _checked(data: Mapping[str, Any], text: str, file: str) -> dict[str, Any]:
    """Return what the models make of a file's data. Raises ConfigError."""
    from unstick.recovery.config.model import ConfigFile

    checked = validate(ConfigFile, data, text, file, context={"format": format_of(data)})
    return checked.model_dump(exclude_unset=True)


def _refuse_newer(data: Mapping[str, Any], text: str, file: str) -> None:
    """Say first of all that a file is too new: its other mistakes may be none."""
    said = data.get(KEY)
    if isinstance(said, int) and said > FORMAT:
        told = f"this file is of format {said}, for a newer unstick: this one knows {OLDEST} to {FORMAT}"
        raise ConfigError(told, file=file, line=line_of(text, (KEY,)), key=KEY)


def schema() -> dict[str, Any]:
    """Return the JSON schema of the configuration file."""
    from unstick.recovery.config.model import ConfigFile

    return ConfigFile.model_json_schema()
