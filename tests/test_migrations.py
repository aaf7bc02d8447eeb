"""The migrations make what the code expects, and say which schema that is."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from orrery.machinery.assets import asset
from orrery.store.database import Database
from orrery.store.engine import data_url, new_engine
from orrery.store.migration import ensure_schema, migrate, schema_of
from orrery.store.tables import SCHEMA, metadata


def test_migrations_make_the_tables_the_code_expects(tmp_path: Path) -> None:
    engine = new_engine(data_url(tmp_path))

    with engine.connect() as connection:
        with connection.begin():
            migrate(connection)
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)
        found = schema_of(connection)

    engine.dispose()
    assert differences == []
    assert found == SCHEMA


def test_a_new_database_is_what_the_migrations_make(tmp_path: Path) -> None:
    assert _made(tmp_path / "new", ensure_schema) == _made(tmp_path / "migrated", migrate)


def _made(directory: Path, make: Callable[[Connection], None]) -> list[object]:
    """Every table with its columns and constraints, and every row."""
    engine = new_engine(data_url(directory))
    with engine.connect() as connection:
        with connection.begin() if make is migrate else nullcontext():
            make(connection)
        seen = inspect(connection)
        names = seen.get_table_names()
        tables: list[object] = [
            (name, seen.get_columns(name), seen.get_pk_constraint(name), seen.get_unique_constraints(name), seen.get_indexes(name))
            for name in names
        ]
        rows = [connection.execute(text(f"SELECT * FROM {name}")).all() for name in names]
    engine.dispose()
    return [repr(tables), rows]


def test_the_newest_migration_is_the_schema_the_code_knows() -> None:
    config = Config()
    config.set_main_option("script_location", str(asset("migrations")))
    script = ScriptDirectory.from_config(config)

    assert script.get_heads() == [f"{SCHEMA:04}"]


def test_a_migration_that_is_interrupted_leaves_nothing_behind(tmp_path: Path) -> None:
    """SQLite's tables are made in one transaction with the row that says so, so that a killed first start can be repeated."""
    engine = new_engine(data_url(tmp_path))
    with engine.connect() as connection:
        transaction = connection.begin()
        metadata.create_all(connection)
        transaction.rollback()

        assert schema_of(connection) == 0

    engine.dispose()
    Database(data_url(tmp_path)).close()
