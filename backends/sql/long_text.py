"""Text of any length, without SQLAlchemy's MySQL dialect: other databases don't need its import."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles


class LongText(sa.Text):
    """`TEXT`; on MySQL, whose own ends at 64 KiB, `LONGTEXT`."""

    cache_ok = True


@compiles(LongText, "mysql")
@compiles(LongText, "mariadb")
def _on_mysql(_type: LongText, _compiler: Any, **_: Any) -> str:
    return "LONGTEXT"
