"""Brings a database to the schema this code knows, when it is opened.

An empty one gets the tables as they are now, noted as what the newest migration leaves (a test holds the two equal). Alembic, which takes
as long to load as half of the server, is imported only when an older database has to be migrated.
"""

from typing import Final

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, insert, inspect, select

from orrery.machinery.assets import asset
from orrery.store.log import StoreUnusable
from orrery.store.tables import SCHEMA, meta, metadata

_EMPTY: Final = 0
_VERSION: Final = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Where Alembic notes the newest migration, as it makes it itself."""


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
        if found == _EMPTY and not inspect(connection).has_table(_VERSION.name):
            _create(connection)
        elif found < SCHEMA:
            migrate(connection)


def schema_of(connection: Connection) -> int:
    """The schema a database has; 0 when it has none yet."""
    if not inspect(connection).has_table(meta.name):
        return _EMPTY
    return connection.execute(select(meta.c.schema)).scalar() or _EMPTY


def _create(connection: Connection) -> None:
    metadata.create_all(connection)
    connection.execute(insert(meta).values(id=1, schema=SCHEMA, compacted=0, opened=0))
    _VERSION.create(connection)
    connection.execute(insert(_VERSION).values(version_num=f"{SCHEMA:04}"))


def migrate(connection: Connection) -> None:
    """Run the migrations that the database has not seen, in the transaction that is open."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(asset("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
