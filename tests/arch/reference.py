"""Writes the generated pages of `docs/`: each is made from what the program itself goes by."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.arch.pages import configuration, documents, filters, keys, manual
from unstick.recovery.config import schema

DOCS = Path(__file__).parents[2] / "docs"


def config_schema() -> str:
    """Return the JSON schema of the configuration as `unstick config schema` prints it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "keys.md": keys.page,
    "config-reference.md": configuration.page,
    "config.schema.json": config_schema,
    "filters.md": filters.page,
    "json.md": documents.page,
    "unstick.1": manual.page,
}


if __name__ == "__main__":
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
