"""Brings a database to the schema this code knows, when it is opened. Alembic is imported only when there is something to do."""

from typing import Final

from sqlalchemy import Connection, inspect, select

from orrery.machinery.assets import asset
from orrery.store.log import StoreUnusable
from orrery.store.tables import SCHEMA, meta

_EMPTY: Final = 0


class NewerSchema(StoreUnusable):
    """The database was written by a newer Orrery."""

    def __init__(self, found: int) -> None:
        super().__init__(
            f"the database has schema {found}, but this version of Orrery knows no newer one than {SCHEMA}: use a newer Orrery"
        )
        self.found = found


def ensure_schema(connection: Connection) -> None:
    """Migrate if need be, all or nothing; NewerSchema when that is impossible. The caller holds the database's lock."""
    with connection.begin():
        found = schema_of(connection)
        if found > SCHEMA:
            raise NewerSchema(found)
        if found < SCHEMA:
            _upgrade(connection)


def schema_of(connection: Connection) -> int:
    """The schema a database has; 0 when it has none yet."""
    if not inspect(connection).has_table(meta.name):
        return _EMPTY
    return connection.execute(select(meta.c.schema)).scalar() or _EMPTY


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(asset("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
