"""How Alembic runs Orrery's migrations: on the connection, and in the transaction, that the store hands over when it opens.

The store holds the database's lock by then, so that no two processes ever migrate at once.
"""

from alembic import context

from orrery.store.tables import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise RuntimeError("the store runs these migrations when it opens a database: see orrery.store.migration")

context.configure(connection=connection, target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
