"""The configuration: read, checked, resolved into sources. Importing it is cheap; pydantic comes on use."""

from unstick.recovery.config.load import Config, load_config, schema
from unstick.recovery.config.resolve import Resolved, names, resolve
from unstick.recovery.config.url import check_url, is_url

__all__ = ["Config", "Resolved", "check_url", "is_url", "load_config", "names", "resolve", "schema"]
