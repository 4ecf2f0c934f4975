"""Where unstick keeps things: the XDG folders, or what takes their place on other systems."""

from __future__ import annotations

from pathlib import Path

APP = "unstick"


def config_file() -> Path:
    """Return the default configuration file; it need not exist."""
    import platformdirs

    return Path(platformdirs.user_config_dir(APP)) / "config.toml"


def data_folder() -> Path:
    """Return the folder of data that may be deleted and made again, such as the demo; it need not exist."""
    import platformdirs

    return Path(platformdirs.user_data_dir(APP))


def state_folder() -> Path:
    """Return the folder of what must be kept, such as local journals; it need not exist."""
    import platformdirs

    return Path(platformdirs.user_state_dir(APP))
