"""Engines: how each supported database is reached and tuned. Others are refused by name."""

import os
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from orrery.store.log import StoreUnusable

_PRAGMAS: Final = (
    "PRAGMA page_size=8192",  # Three Pods to a page instead of one; takes effect in a new file only.
    "PRAGMA busy_timeout=10000",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # Durable means after a power cut.
    "PRAGMA wal_autocheckpoint=4000",
    "PRAGMA cache_size=-8000",
    "PRAGMA temp_store=MEMORY",
)
_POSTGRESQL: Final = ("postgres", "postgresql", "postgresql+psycopg")


def data_url(directory: Path) -> str:
    """The URL of the database in a data directory."""
    return URL.create("sqlite", database=str(directory / "orrery.db")).render_as_string()


def sqlite_path(engine: Engine) -> Path | None:
    """The file of a SQLite database; None for a server's."""
    return Path(engine.url.database or "") if engine.dialect.name == "sqlite" else None


def new_engine(address: str) -> Engine:
    """An engine for a `sqlite:///…` or `postgresql://…` URL; StoreUnusable for any other."""
    try:
        url = make_url(address)
        if url.drivername == "sqlite" and url.database not in (None, "", ":memory:"):
            return _sqlite_engine(url)
        if url.drivername in _POSTGRESQL:
            return create_engine(url.set(drivername="postgresql+psycopg"))
    except (ArgumentError, NoSuchModuleError):
        raise StoreUnusable(f"not a database URL: {address}") from None
    except ModuleNotFoundError as error:
        raise StoreUnusable(f"PostgreSQL needs the package {error.name}: install kube-orrery[postgresql]") from None
    shown = url.render_as_string(hide_password=True)
    raise StoreUnusable(f"unsupported database URL {shown}: use sqlite:///FILE or postgresql://HOST/DATABASE")


def _sqlite_engine(url: URL) -> Engine:
    path = Path(url.database or "").absolute()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Secrets are in it; the files beside it (-wal, -shm) take its mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except FileExistsError as error:
        raise StoreUnusable(f"cannot write to {path}: {path.parent} is not a directory") from error
    except OSError as error:
        raise StoreUnusable(f"cannot write to {path}: {error.strerror}") from error
    engine = create_engine(url.set(database=str(path)))
    event.listen(engine, "connect", _tune_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _tune_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # Python's driver must not begin transactions of its own: DDL would escape them.
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
