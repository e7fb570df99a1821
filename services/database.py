"""The database behind the store: opened by its URL, and which of its errors pass."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class StoreUnfit(ValueError):
    """The URL names no store that can be used; the message names the remedy."""


def may_pass(error: OperationalError | InterfaceError | PoolTimeout) -> bool:
    """Whether it is the database that is away, and not the statement that is wrong."""
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    return code is None or code & 0xFF != sqlite3.SQLITE_ERROR


def opened(url: str) -> sql.Engine:
    """An engine for SQLite or PostgreSQL. Raises StoreUnfit."""
    try:
        parsed = sql.make_url(url)
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise StoreUnfit(
                f"a store in {parsed.get_backend_name()!r} is not known: use sqlite:///FILE or postgresql+psycopg://"
            )
        if parsed.get_backend_name() == "postgresql":
            if parsed.get_driver_name() != "psycopg":
                raise StoreUnfit(
                    "a store in PostgreSQL is postgresql+psycopg://USER@HOST/NAME: no other driver is tried"
                )
            return sql.create_engine(parsed, pool_pre_ping=True, pool_size=8, connect_args={"connect_timeout": 5})
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            # It holds expected answers: nobody else's to read.
            os.close(os.open(parsed.database, os.O_CREAT | os.O_RDWR, 0o600))
        engine = sql.create_engine(parsed, connect_args={"timeout": 10})
    except (SQLAlchemyError, ImportError, OSError) as error:
        raise StoreUnfit(
            f"the store's URL cannot be used ({type(error).__name__}): give sqlite:///FILE, off, or, with the extra "
            "`postgres`, postgresql+psycopg://USER@HOST/NAME"
        ) from None
    sql.event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _: object) -> None:
    for setting in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {setting}")
