"""The append-only log of events, and the row that says how far it has been compacted."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_REVISION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("revision", _REVISION, primary_key=True, autoincrement=False),
        sa.Column("key", _KEY, nullable=False),
        sa.Column("previous", _REVISION, nullable=False),
        sa.Column("operation", sa.SmallInteger(), nullable=False),
        sa.Column("time_s", sa.Float(53), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("key", "previous", name="events_key_previous"),
    )
    meta = op.create_table(
        "meta",
        sa.Column("id", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("schema", sa.Integer(), nullable=False),
        sa.Column("compacted", _REVISION, nullable=False),
        sa.Column("opened", _REVISION, nullable=False),
    )
    op.bulk_insert(meta, [{"id": 1, "schema": 1, "compacted": 0, "opened": 0}])


def downgrade() -> None:
    raise NotImplementedError("a log is never taken back to an older schema: restore a copy of the data directory instead")
