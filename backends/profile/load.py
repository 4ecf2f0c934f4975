"""Reads profiles from TOML: file, line and key in every error."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.resources
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from unstick.recovery.errors import ConfigError
from unstick.recovery.suggest import hint
from unstick.recovery.toml_file import parse_toml, validate

from .model import Profile


@dataclass(frozen=True, slots=True)
class ProfileInfo:
    """A profile by name. `origin` is `built in`, a plug-in's name or the file's path."""

    name: str
    origin: str
    path: Path | None = None
    text: str = ""

    def load(self) -> Profile:
        """Read and check the profile. Raises ConfigError."""
        profile = parse_profile(self.text, str(self.path or self.origin))
        if profile.name != self.name:
            raise ConfigError(
                f"the profile calls itself {profile.name!r}; correct the name, or name the file like it",
                file=str(self.path or self.origin),
                key="name",
            )
        return profile

    def problem(self) -> str | None:
        """Return the sentence that says why the profile can't be used; None when it can."""
        try:
            self.load()
        except ConfigError as error:
            return str(error)
        return None


def parse_profile(text: str, file: str) -> Profile:
    """Check profile text. Raises ConfigError that names file, line, key and what is allowed."""
    profile = validate(Profile, parse_toml(text, file), text, file)
    _loaded[profile.name] = profile
    return profile


_loaded: dict[str, Profile] = {}


def last_loaded(name: str) -> Profile:
    """Return the profile that was loaded last under this name, wherever its file is. Raises ConfigError."""
    return _loaded.get(name) or find(name)


def user_folder() -> Path:
    """Return the folder for a team's own profiles; it need not exist."""
    return Path(platformdirs.user_config_dir("unstick")) / "profiles"


def available() -> dict[str, ProfileInfo]:
    """Return every profile by name: the user's own first, then plug-ins, then the built-in ones."""
    found: dict[str, ProfileInfo] = {}
    for info in (*_own(), *_plugins(), *_built_in()):
        found.setdefault(info.name, info)
    return found


def find(name: str) -> Profile:
    """Return a profile by name or by the path of its file. Raises ConfigError."""
    if name.endswith(".toml") or "/" in name:
        path = Path(name).expanduser()
        try:
            return parse_profile(path.read_text("utf-8"), str(path))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"can't read the profile: {error}", file=str(path)) from None
    profiles = available()
    if name not in profiles:
        raise ConfigError(
            f"there is no profile {name!r}{hint(name, profiles)}; `unstick profiles` lists them all"
        )
    return profiles[name].load()


def _own() -> Iterator[ProfileInfo]:
    folder = user_folder()
    if folder.is_dir():
        for path in sorted(folder.glob("*.toml")):
            yield ProfileInfo(path.stem, str(path), path, path.read_text("utf-8", "replace"))


def _built_in() -> tuple[ProfileInfo, ...]:
    return _built_in_cached()


@functools.cache
def _built_in_cached() -> tuple[ProfileInfo, ...]:
    folder = importlib.resources.files("unstick.backends") / "profiles"
    files = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda e: e.name
    )
    return tuple(ProfileInfo(entry.name[:-5], "built in", text=entry.read_text("utf-8")) for entry in files)


def _plugins() -> Iterator[ProfileInfo]:
    """Profiles of installed packages: an entry point in `unstick.profiles` that is TOML text."""
    for entry in importlib.metadata.entry_points(group="unstick.profiles"):
        try:
            text = str(entry.load())
        except Exception as error:
            warnings.warn(
                f"the profile plug-in {entry.name} can't be loaded and is left out: {error}", stacklevel=2
            )
            continue
        yield ProfileInfo(entry.name, entry.value, text=text)
