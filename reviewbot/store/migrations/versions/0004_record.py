"""The record: incidents, outcomes of findings, facts of pull requests, backtests; and sessions of people"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None
WORKS_WITH = "0003"
"""The version before only lacks these tables: it goes on beside this one."""


def upgrade() -> None:
    op.create_table("schema_compatible", sa.Column("works_with", sa.String(), primary_key=True, nullable=False))
    op.execute(sa.text("INSERT INTO schema_compatible VALUES (:revision)").bindparams(revision=WORKS_WITH))
    op.create_table(
        "incident",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("installation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("repo_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("stand", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("opened_at", sa.Float(), nullable=False),
        sa.Column("due_at", sa.Float(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_incident_answer", "incident", ["answer"], unique=False)
    op.create_index("ix_incident_due_at", "incident", ["due_at"], unique=False)
    op.create_index("ix_incident_opened_at", "incident", ["opened_at"], unique=False)
    op.create_index("ix_incident_place", "incident", ["installation_id", "repo_id", "opened_at"], unique=False)
    op.create_index("ix_incident_repo_id", "incident", ["repo_id"], unique=False)
    op.create_index("ix_incident_stand", "incident", ["stand"], unique=False)
    op.create_table(
        "finding_outcome",
        sa.Column("repo_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("installation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("commit", sa.String(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.String(), nullable=False),
        sa.Column("lens", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("proven_by", sa.String(), nullable=False),
        sa.Column("proven_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("repo_id", "number", "fingerprint"),
    )
    op.create_index("ix_finding_outcome_at", "finding_outcome", ["at"], unique=False)
    op.create_index("ix_finding_outcome_installation_id", "finding_outcome", ["installation_id"], unique=False)
    op.create_index("ix_finding_outcome_open", "finding_outcome", ["repo_id", "result", "proven_at"], unique=False)
    op.create_table(
        "pull_fact",
        sa.Column("repo_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("installation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("head", sa.String(), nullable=False),
        sa.Column("merged_at", sa.Float(), nullable=True),
        sa.Column("changed_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("repo_id", "number"),
    )
    op.create_index("ix_pull_fact_installation_id", "pull_fact", ["installation_id"], unique=False)
    op.create_index("ix_pull_fact_merged", "pull_fact", ["repo_id", "merged_at"], unique=False)
    op.create_table(
        "backtest",
        sa.Column("repo_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("head", sa.String(), nullable=False),
        sa.Column("installation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("repo_id", "number", "head"),
    )
    op.create_index("ix_backtest_due_at", "backtest", ["due_at"], unique=False)
    op.create_table(
        "web_session",
        sa.Column("id_hash", sa.String(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("csrf", sa.String(), nullable=False),
        sa.Column("access", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("seen_at", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id_hash"),
    )
    op.create_index("ix_web_session_expires_at", "web_session", ["expires_at"], unique=False)
    op.create_index("ix_web_session_user_id", "web_session", ["user_id"], unique=False)


def downgrade() -> None:
    op.drop_table("schema_compatible")
    op.drop_index("ix_web_session_user_id", table_name="web_session")
    op.drop_index("ix_web_session_expires_at", table_name="web_session")
    op.drop_index("ix_backtest_due_at", table_name="backtest")
    op.drop_index("ix_pull_fact_merged", table_name="pull_fact")
    op.drop_index("ix_pull_fact_installation_id", table_name="pull_fact")
    op.drop_index("ix_finding_outcome_open", table_name="finding_outcome")
    op.drop_index("ix_finding_outcome_installation_id", table_name="finding_outcome")
    op.drop_index("ix_finding_outcome_at", table_name="finding_outcome")
    op.drop_index("ix_incident_stand", table_name="incident")
    op.drop_index("ix_incident_repo_id", table_name="incident")
    op.drop_index("ix_incident_place", table_name="incident")
    op.drop_index("ix_incident_opened_at", table_name="incident")
    op.drop_index("ix_incident_due_at", table_name="incident")
    op.drop_index("ix_incident_answer", table_name="incident")
    op.drop_table("incident")
    op.drop_table("finding_outcome")
    op.drop_table("pull_fact")
    op.drop_table("backtest")
    op.drop_table("web_session")
