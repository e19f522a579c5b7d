"""Duration of visits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Duration of visits."""
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.add_column(sa.Column("minutes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
