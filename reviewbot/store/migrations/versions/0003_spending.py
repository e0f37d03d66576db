"""What calls to models have cost, call by call"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "spending",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("repo_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("installation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("cost_nanodollars", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_spending_repository", "spending", ["repo_id", "at"], unique=False)
    op.create_index("ix_spending_installation", "spending", ["installation_id", "at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_spending_installation", table_name="spending")
    op.drop_index("ix_spending_repository", table_name="spending")
    op.drop_table("spending")
