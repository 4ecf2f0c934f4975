"""From format 1 to 2: writes behind each duration without a unit the one that its key implied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from unstick.recovery.config.formats import WITH_UNITS
from unstick.recovery.durations import number_text

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def write_units(document: TOMLDocument) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """Change the document, and yield path, value before and value after of each change, as TOML."""
    import tomlkit

    for path, unit in _without_unit(document.unwrap()):
        table: Any = document
        for part in path[:-1]:
            table = table[part]
        value, was = table[path[-1]].unwrap(), table[path[-1]].as_string()
        if isinstance(value, str):
            single, many = was.startswith("'"), was[:3] in ("'''", '"""')
            becomes = tomlkit.string(f"{value.rstrip()}{unit}", literal=single, multiline=many)
        else:
            becomes = tomlkit.string(f"{number_text(value)}{unit}")
        table[path[-1]] = becomes
        yield path, was, becomes.as_string()


def _without_unit(data: Mapping[str, Any]) -> list[tuple[tuple[str | int, ...], str]]:
    """Return where a unit is missing, and which one was meant: the models know which values are durations."""
    from pydantic import ValidationError

    from unstick.recovery.config.durations import WITHOUT_UNIT
    from unstick.recovery.config.model import ConfigFile
    from unstick.recovery.toml_file import real_path

    try:
        ConfigFile.model_validate(data, context={"format": WITH_UNITS})
    except ValidationError as error:
        return [
            (real_path(each["loc"], data), each["ctx"]["unit"])
            for each in error.errors()
            if each["type"] == WITHOUT_UNIT
        ]
    return []
