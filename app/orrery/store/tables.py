"""The tables of the log, the same on SQLite and PostgreSQL. Migrations make them; a test holds the two equal.

`events` is the log: a row is one write. Nothing is ever updated; compaction deletes. unique(key, previous) is the optimistic lock:
two writes can never follow the same write of one key. A creation after a deletion follows the deletion's row, as long as that is
there, so that a key may come and go any number of times.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, Float, Integer, LargeBinary, MetaData, SmallInteger, Table, Text, UniqueConstraint

from orrery.store.log import Operation

SCHEMA: Final = 1
"""The schema this code reads and writes: the number of the newest migration."""

OPERATIONS: Final = {Operation.CREATED: 1, Operation.UPDATED: 2, Operation.DELETED: 3}
"""How an operation is written. Never renumber."""

OPERATION_OF: Final = {number: operation for operation, number in OPERATIONS.items()}

_Revision = BigInteger().with_variant(Integer(), "sqlite")  # INTEGER is what makes it SQLite's own row number.
_Key = Text().with_variant(Text(collation="C"), "postgresql")  # Keys sort by their bytes, whatever the server's language.

metadata = MetaData()

events = Table(
    "events",
    metadata,
    Column("revision", _Revision, primary_key=True, autoincrement=False),
    Column("key", _Key, nullable=False),
    Column("previous", _Revision, nullable=False),
    Column("operation", SmallInteger, nullable=False),
    Column("time_s", Float(53), nullable=False),
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("key", "previous", name="events_key_previous"),
)

meta = Table(
    "meta",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("schema", Integer, nullable=False),
    Column("compacted", _Revision, nullable=False),
    Column("opened", _Revision, nullable=False),
)
"""One row, id 1: the schema, the revision up to which history is gone, and how many times the log was opened."""
