"""Tables that are neither the jobs' nor the variants' own, but change with them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from .engines.base import TableInfo
from .entity import EntitySql
from .layout import Place


def table_of(entity: EntitySql, place: Place) -> tuple[sa.Table, TableInfo]:
    """Return another table with its real column types."""
    info = entity.layout.info(place)
    columns = [sa.Column(i.name, entity.engine.column_type(i)) for i in info.columns.values()]
    return sa.Table(place[1], sa.MetaData(), *columns, schema=place[0]), info


class Other:
    """What assignments ask of an entity, for a table that is none."""

    def __init__(self, entity: EntitySql, info: TableInfo) -> None:
        self.engine, self.layout, self.infos = entity.engine, entity.layout, info.columns
        self.clocks: dict[str, Any] = {}
