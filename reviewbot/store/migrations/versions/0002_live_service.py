"""The live service: deliveries, work on pull requests, writes to GitHub, what was said"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hook_target", sa.String(), nullable=False),
        sa.Column("guid", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("body_hash", sa.String(), nullable=False),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("guid", "hook_target"),
    )
    op.create_index("ix_delivery_state", "delivery", ["state", "received_at"], unique=False)
    op.create_table(
        "delivery_conflict",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("body_hash", sa.String(), nullable=False),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("delivery_id", "body_hash"),
    )
    op.create_table(
        "feedback",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("repo_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("remote_id", sa.String(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("remote_id", "kind", "by_id", "repo_id"),
    )
    op.create_index(op.f("ix_feedback_fingerprint"), "feedback", ["fingerprint"], unique=False)
    op.create_index("ix_feedback_pull", "feedback", ["repo_id", "number"], unique=False)
    op.create_table(
        "good_policy",
        sa.Column("repo_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sha", sa.String(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("policy_hash", sa.String(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("repo_id"),
    )
    op.create_table(
        "ignored_finding",
        sa.Column("repo_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("repo_id", "fingerprint"),
    )
    op.create_table(
        "installation",
        sa.Column("installation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("parked_until", sa.Float(), nullable=True),
        sa.Column("parked_why", sa.Text(), nullable=False),
        sa.Column("strikes", sa.Integer(), nullable=False),
        sa.Column("is_suspended", sa.Boolean(), nullable=False),
        sa.Column("removed_at", sa.Float(), nullable=True),
        sa.Column("seen_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("installation_id"),
    )
    op.create_table(
        "known_finding",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("repo_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("round_key", sa.String(), nullable=False),
        sa.Column("said_at", sa.String(), nullable=False),
        sa.Column("fate", sa.String(), nullable=False),
        sa.Column("fate_note", sa.Text(), nullable=False),
        sa.Column("fate_by", sa.String(), nullable=False),
        sa.Column("comment_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("repo_id", "number", "fingerprint"),
    )
    op.create_index("ix_known_finding_comment", "known_finding", ["repo_id", "number", "comment_id"], unique=False)
    op.create_index(op.f("ix_known_finding_fate"), "known_finding", ["fate"], unique=False)
    op.create_table(
        "outgoing",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("intent_hash", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("remote_id", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.String(), nullable=False),
        sa.Column("token", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("clean_reads", sa.Integer(), nullable=False),
        sa.Column("clean_read_at", sa.Float(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key", "part"),
    )
    op.create_table(
        "policy_notice",
        sa.Column("repo_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("repo_id", "digest"),
    )
    op.create_table(
        "pull",
        sa.Column("repo_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("installation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("handled", sa.Integer(), nullable=False),
        sa.Column("request", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.Float(), nullable=True),
        sa.Column("triggers", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("deaths", sa.Integer(), nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("token", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("taken_at", sa.Float(), nullable=True),
        sa.Column("head", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("policy_notice", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("repo_id", "number"),
    )
    op.create_index(op.f("ix_pull_due_at"), "pull", ["due_at"], unique=False)
    op.create_index("ix_pull_head", "pull", ["repo_id", "head"], unique=False)
    op.create_index(op.f("ix_pull_installation_id"), "pull", ["installation_id"], unique=False)
    op.create_index(op.f("ix_pull_worker"), "pull", ["worker"], unique=False)
    op.create_table(
        "pull_review",
        sa.Column("repo_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("repo_id", "number", "token"),
    )
    op.create_table(
        "repository",
        sa.Column("repo_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("etag", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("repo_id"),
    )
    op.create_table(
        "worker",
        sa.Column("worker_id", sa.String(), nullable=False),
        sa.Column("executor_id", sa.String(), nullable=False),
        sa.Column("started_at", sa.Float(), nullable=False),
        sa.Column("beat_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("worker_id"),
    )
    op.create_index(op.f("ix_worker_beat_at"), "worker", ["beat_at"], unique=False)
    op.create_table(
        "round",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("repo_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("installation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("head", sa.String(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("round_number", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("cost_nanodollars", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("published_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_round_pull", "round", ["repo_id", "number", "published_at"], unique=False)
    op.create_index(op.f("ix_round_review_id"), "round", ["review_id"], unique=False)
    op.create_index("ix_round_spent", "round", ["repo_id", "created_at"], unique=False)
    op.create_index("ix_round_spent_by_installation", "round", ["installation_id", "created_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_round_spent_by_installation", table_name="round")
    op.drop_index("ix_round_spent", table_name="round")
    op.drop_index(op.f("ix_round_review_id"), table_name="round")
    op.drop_index("ix_round_pull", table_name="round")
    op.drop_table("round")
    op.drop_index(op.f("ix_worker_beat_at"), table_name="worker")
    op.drop_table("worker")
    op.drop_table("repository")
    op.drop_table("pull_review")
    op.drop_index(op.f("ix_pull_worker"), table_name="pull")
    op.drop_index(op.f("ix_pull_installation_id"), table_name="pull")
    op.drop_index("ix_pull_head", table_name="pull")
    op.drop_index(op.f("ix_pull_due_at"), table_name="pull")
    op.drop_table("pull")
    op.drop_table("policy_notice")
    op.drop_table("outgoing")
    op.drop_index(op.f("ix_known_finding_fate"), table_name="known_finding")
    op.drop_index("ix_known_finding_comment", table_name="known_finding")
    op.drop_table("known_finding")
    op.drop_table("installation")
    op.drop_table("ignored_finding")
    op.drop_table("good_policy")
    op.drop_index("ix_feedback_pull", table_name="feedback")
    op.drop_index(op.f("ix_feedback_fingerprint"), table_name="feedback")
    op.drop_table("feedback")
    op.drop_table("delivery_conflict")
    op.drop_index("ix_delivery_state", table_name="delivery")
    op.drop_table("delivery")
