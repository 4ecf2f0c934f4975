"""The workers' connection to MySQL and MariaDB: pymysql, with times as text."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import unquote, urlsplit

import pymysql
from pymysql.constants import CLIENT, FIELD_TYPE
from pymysql.converters import conversions

from unstick.backends.demo.connection import BUSY_SECONDS, Busy, Connection, Failed, Found

_LOCK_WAIT, _DEADLOCK = 1205, 1213


class MySQLConnection(Connection):
    """One session."""

    dialect = "mysql"

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        # As text nothing of a time is lost on its way here and back.
        texts = {FIELD_TYPE.DATETIME, FIELD_TYPE.TIMESTAMP}
        # READ COMMITTED: what others have committed has to be seen under the lock.
        setup = f"innodb_lock_wait_timeout = {int(BUSY_SECONDS)}, transaction_isolation = 'READ-COMMITTED'"
        try:
            self._raw = pymysql.connect(
                host=parts.hostname or "127.0.0.1",
                port=parts.port or 3306,
                user=unquote(parts.username or ""),
                password=unquote(parts.password or ""),
                database=unquote(parts.path.lstrip("/")),
                charset="utf8mb4",
                autocommit=True,
                # Rows that matched count, also when they stay as they were.
                client_flag=CLIENT.FOUND_ROWS,
                conv={kind: how for kind, how in conversions.items() if kind not in texts},
                program_name="unstick demo worker",
            )
            self.run("SET SESSION " + setup.replace("transaction_isolation", self._isolation()), ())
        except pymysql.Error as error:
            raise Failed(str(error)) from error

    def _isolation(self) -> str:
        # MariaDB knows the name since 11.1 only; MySQL 8 has no other.
        version = str(getattr(self._raw, "server_version", ""))
        return "tx_isolation" if "MariaDB" in version else "transaction_isolation"

    def run(self, sql: str, values: Sequence[Any]) -> Found:
        try:
            with self._raw.cursor() as cursor:
                count = cursor.execute(sql, tuple(values))
                names = [column[0] for column in cursor.description or ()]
                return Found(names, cursor.fetchall() if names else (), count)
        except pymysql.OperationalError as error:
            if error.args and error.args[0] in (_LOCK_WAIT, _DEADLOCK):
                raise Busy(str(error)) from error
            raise Failed(str(error)) from error
        except pymysql.Error as error:
            raise Failed(str(error)) from error

    def begin(self) -> None:
        self.run("BEGIN", ())

    def close(self) -> None:
        with suppress(pymysql.Error):
            self._raw.close()
