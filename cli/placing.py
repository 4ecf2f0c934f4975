"""Where in the configuration file a mistake stands that only the console can find."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from unstick.recovery.config.load import Config
from unstick.recovery.errors import ConfigError
from unstick.recovery.toml_file import line_of


@contextmanager
def placed(config: Config) -> Iterator[None]:
    """Add file and line to an error that knows the key alone. Raises ConfigError."""
    try:
        yield
    except ConfigError as error:
        if error.file or not error.key or not config.file:
            raise
        table, _, name = error.key.partition(".")
        # An action's id has a dot: quoted it is one key of TOML, bare it is two.
        ways = ((table, name), (table, *name.split(".")))
        line = max(line_of(config.text, way) or 0 for way in ways)
        said = str(error).removeprefix(f"{error.key}: ")
        raise ConfigError(said, file=config.file, line=line or None, key=error.key) from None
