"""The first schema: programme, members, partners, ledger, tiers, earning, activities."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "initial"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
AMOUNT = sa.BigInteger().with_variant(sa.INTEGER(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
REFUSAL = "rows of transfer are never changed or deleted"


def code(length: int) -> sa.types.TypeEngine[str]:
    collated = sa.VARCHAR(length, collation="C")
    return sa.String(length).with_variant(collated, "postgresql")


def protect_transfers() -> None:
    """Let the database itself refuse to change or delete what the ledger has written."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER transfer_no_{verb.lower()} BEFORE {verb} ON transfer "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_transfer_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER transfer_no_change BEFORE UPDATE OR DELETE ON transfer "
        "FOR EACH ROW EXECUTE FUNCTION refuse_transfer_change()"
    )
    op.execute(
        "CREATE TRIGGER transfer_no_truncate BEFORE TRUNCATE ON transfer "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_transfer_change()"
    )


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", code(31), nullable=False),
        sa.Column("actor", code(80), nullable=False),
        sa.Column("action", code(64), nullable=False),
        sa.Column("entity_kind", code(32), nullable=False),
        sa.Column("entity_id", code(64), nullable=False),
        sa.Column("before", JSON, nullable=True),
        sa.Column("after", JSON, nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("request_id", code(64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index("ix_audit_entry_at", ["at", "id"], unique=False)
        batch_op.create_index(
            "ix_audit_entry_entity", ["entity_kind", "entity_id", "at"], unique=False
        )

    op.create_table(
        "checkpoint",
        sa.Column("id", code(31), nullable=False),
        sa.Column("taken_at", INSTANT, nullable=False),
        sa.Column("wallets", sa.Integer(), nullable=False),
        sa.Column("root", code(64), nullable=False),
        sa.Column("heads", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", code(64), nullable=False),
        sa.Column("signature", code(128), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkpoint")),
    )
    op.create_table(
        "earn_rule",
        sa.Column("id", code(31), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", code(12), nullable=False),
        sa.Column("names", JSON, nullable=False),
        sa.Column("points", AMOUNT, nullable=False),
        sa.Column("per_minor", AMOUNT, nullable=False),
        sa.Column("conditions", JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("archived_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "kind <> 'amount' OR per_minor > 0", name=op.f("ck_earn_rule_per_minor")
        ),
        sa.CheckConstraint("points > 0", name=op.f("ck_earn_rule_points")),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_earn_rule")),
    )
    op.create_table(
        "idempotency_record",
        sa.Column("principal", code(80), nullable=False),
        sa.Column("operation", code(64), nullable=False),
        sa.Column("key", code(64), nullable=False),
        sa.Column("fingerprint", code(64), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint(
            "principal", "operation", "key", name=op.f("pk_idempotency_record")
        ),
    )
    with op.batch_alter_table("idempotency_record", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_idempotency_record_expires_at"), ["expires_at"], unique=False
        )

    op.create_table(
        "location",
        sa.Column("id", code(31), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("external_id", code(100), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("archived_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_location")),
        sa.UniqueConstraint("external_id", name=op.f("uq_location_external_id")),
    )
    op.create_table(
        "otp_challenge",
        sa.Column("id", code(31), nullable=False),
        sa.Column("kind", code(12), nullable=False),
        sa.Column("address_index", code(64), nullable=False),
        sa.Column("address_sealed", sa.Text(), nullable=False),
        sa.Column("code_hash", code(64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.CheckConstraint("kind IN ('email')", name=op.f("ck_otp_challenge_kind")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_otp_challenge_attempts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_otp_challenge")),
    )
    with op.batch_alter_table("otp_challenge", schema=None) as batch_op:
        batch_op.create_index(
            "ix_otp_challenge_address", ["address_index", "created_at"], unique=False
        )
        batch_op.create_index("ix_otp_challenge_expires", ["expires_at"], unique=False)

    op.create_table(
        "outbox",
        sa.Column("id", code(31), nullable=False),
        sa.Column("topic", code(64), nullable=False),
        sa.Column("member_id", code(31), nullable=True),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("available_at", INSTANT, nullable=False),
        sa.Column("state", code(12), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("lease_ends_at", INSTANT, nullable=True),
        sa.Column("worker", code(64), nullable=True),
        sa.Column("delivered_at", INSTANT, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('ready', 'delivered', 'dead')", name=op.f("ck_outbox_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_ready",
            ["available_at", "id"],
            unique=False,
            postgresql_where=sa.text("state = 'ready'"),
            sqlite_where=sa.text("state = 'ready'"),
        )

    op.create_table(
        "partner",
        sa.Column("id", code(31), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("assertion_key", sa.Text(), nullable=True),
        sa.Column("assertion_secret_sealed", sa.Text(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "assertion_key IS NULL OR assertion_secret_sealed IS NULL",
            name=op.f("ck_partner_assertion"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner")),
    )
    op.create_table(
        "programme",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("currency_code", code(3), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("default_locale", code(8), nullable=False),
        sa.Column("locales", JSON, nullable=False),
        sa.Column("settings", JSON, nullable=False),
        sa.Column("revision", code(31), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_programme_single_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme")),
    )
    op.create_table(
        "tier",
        sa.Column("id", code(31), nullable=False),
        sa.Column("key", code(40), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("names", JSON, nullable=False),
        sa.Column("entry", code(20), nullable=False),
        sa.Column("threshold", AMOUNT, nullable=False),
        sa.Column("earn_multiplier_bp", sa.Integer(), nullable=False),
        sa.Column("discount_bp", sa.Integer(), nullable=False),
        sa.Column("benefits", JSON, nullable=False),
        sa.Column("archived_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "discount_bp >= 0 AND discount_bp <= 10000", name=op.f("ck_tier_discount")
        ),
        sa.CheckConstraint("earn_multiplier_bp >= 0", name=op.f("ck_tier_earn_multiplier")),
        sa.CheckConstraint("threshold >= 0", name=op.f("ck_tier_threshold")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tier")),
        sa.UniqueConstraint("key", name=op.f("uq_tier_key")),
    )
    op.create_table(
        "device",
        sa.Column("id", code(31), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("location_id", code(31), nullable=False),
        sa.Column("profile", code(20), nullable=False),
        sa.Column("app_version", sa.String(length=40), nullable=True),
        sa.Column("last_seen_at", INSTANT, nullable=True),
        sa.Column("pairing_token_hash", code(64), nullable=True),
        sa.Column("pairing_expires_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "profile IN ('till_full', 'till_scan_only', 'kiosk')", name=op.f("ck_device_profile")
        ),
        sa.CheckConstraint(
            "(pairing_token_hash IS NULL) = (pairing_expires_at IS NULL)",
            name=op.f("ck_device_pairing"),
        ),
        sa.ForeignKeyConstraint(
            ["location_id"], ["location.id"], name=op.f("fk_device_location_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("pairing_token_hash", name=op.f("uq_device_pairing_token_hash")),
    )
    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.create_index("ix_device_location", ["location_id"], unique=False)

    op.create_table(
        "member",
        sa.Column("id", code(31), nullable=False),
        sa.Column("status", code(12), nullable=False),
        sa.Column("first_name", sa.String(length=80), nullable=True),
        sa.Column("last_name", sa.String(length=80), nullable=True),
        sa.Column("birthday", sa.Date(), nullable=True),
        sa.Column("locale", code(8), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=True),
        sa.Column("attributes", JSON, nullable=False),
        sa.Column("merged_into_id", code(31), nullable=True),
        sa.Column("joined_source", code(12), nullable=False),
        sa.Column("joined_location_id", code(31), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "(status = 'merged') = (merged_into_id IS NOT NULL)", name=op.f("ck_member_merged")
        ),
        sa.CheckConstraint(
            "joined_source IN ('till', 'app', 'import', 'api')",
            name=op.f("ck_member_joined_source"),
        ),
        sa.CheckConstraint(
            "status IN ('active', 'blocked', 'erased', 'merged')", name=op.f("ck_member_status")
        ),
        sa.ForeignKeyConstraint(
            ["joined_location_id"], ["location.id"], name=op.f("fk_member_joined_location_id")
        ),
        sa.ForeignKeyConstraint(
            ["merged_into_id"], ["member.id"], name=op.f("fk_member_merged_into_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
    )
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.create_index("ix_member_created", ["created_at", "id"], unique=False)

    op.create_table(
        "used_assertion",
        sa.Column("partner_id", code(31), nullable=False),
        sa.Column("jti", code(100), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partner.id"], name=op.f("fk_used_assertion_partner_id")
        ),
        sa.PrimaryKeyConstraint("partner_id", "jti", name=op.f("pk_used_assertion")),
    )
    with op.batch_alter_table("used_assertion", schema=None) as batch_op:
        batch_op.create_index("ix_used_assertion_expires", ["expires_at"], unique=False)

    op.create_table(
        "activity",
        sa.Column("id", code(31), nullable=False),
        sa.Column("member_id", code(31), nullable=False),
        sa.Column("kind", code(20), nullable=False),
        sa.Column("source", code(64), nullable=False),
        sa.Column("external_id", code(128), nullable=False),
        sa.Column("state", code(20), nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("location_id", code(31), nullable=True),
        sa.Column("actor", code(64), nullable=False),
        sa.Column("amount_minor", AMOUNT, nullable=False),
        sa.Column("currency_code", code(3), nullable=False),
        sa.Column("points", AMOUNT, nullable=False),
        sa.Column("trace", JSON, nullable=False),
        sa.Column("returned", JSON, nullable=True),
        sa.Column("clawed_back", AMOUNT, nullable=False),
        sa.Column("restored", AMOUNT, nullable=False),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_activity_amount")),
        sa.CheckConstraint("clawed_back >= 0", name=op.f("ck_activity_clawed_back")),
        sa.CheckConstraint("restored >= 0", name=op.f("ck_activity_restored")),
        sa.ForeignKeyConstraint(
            ["location_id"], ["location.id"], name=op.f("fk_activity_location_id")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_activity_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
        sa.UniqueConstraint(
            "source", "external_id", "kind", name=op.f("uq_activity_source_external_id_kind")
        ),
    )
    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.create_index(
            "ix_activity_member", ["member_id", "occurred_at", "id"], unique=False
        )

    op.create_table(
        "api_key",
        sa.Column("id", code(31), nullable=False),
        sa.Column("partner_id", code(31), nullable=True),
        sa.Column("device_id", code(31), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("mode", code(4), nullable=False),
        sa.Column("secret_hash", code(64), nullable=False),
        sa.Column("hint", code(20), nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.Column("last_used_at", INSTANT, nullable=True),
        sa.CheckConstraint("mode IN ('live', 'test')", name=op.f("ck_api_key_mode")),
        sa.CheckConstraint(
            "(partner_id IS NULL) <> (device_id IS NULL)", name=op.f("ck_api_key_holder")
        ),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_api_key_device_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_api_key_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_api_key_secret_hash")),
    )
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.create_index("ix_api_key_device", ["device_id"], unique=False)
        batch_op.create_index("ix_api_key_partner", ["partner_id"], unique=False)

    op.create_table(
        "card",
        sa.Column("id", code(31), nullable=False),
        sa.Column("member_id", code(31), nullable=False),
        sa.Column("number", code(13), nullable=False),
        sa.Column("state", code(12), nullable=False),
        sa.Column("qr_secret_sealed", sa.Text(), nullable=False),
        sa.Column("last_used_step", sa.Integer(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.CheckConstraint("(state = 'active') = (ended_at IS NULL)", name=op.f("ck_card_ended")),
        sa.CheckConstraint(
            "state IN ('active', 'blocked', 'replaced')", name=op.f("ck_card_state")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_card_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card")),
        sa.UniqueConstraint("number", name=op.f("uq_card_number")),
    )
    with op.batch_alter_table("card", schema=None) as batch_op:
        batch_op.create_index("ix_card_member", ["member_id"], unique=False)
        batch_op.create_index(
            "uq_card_active_member",
            ["member_id"],
            unique=True,
            postgresql_where=sa.text("state = 'active'"),
            sqlite_where=sa.text("state = 'active'"),
        )

    op.create_table(
        "earn_counter",
        sa.Column("member_id", code(31), nullable=False),
        sa.Column("cap_key", code(64), nullable=False),
        sa.Column("points", AMOUNT, nullable=False),
        sa.CheckConstraint("points >= 0", name=op.f("ck_earn_counter_points")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_earn_counter_member_id")
        ),
        sa.PrimaryKeyConstraint("member_id", "cap_key", name=op.f("pk_earn_counter")),
    )
    op.create_table(
        "member_facts",
        sa.Column("member_id", code(31), nullable=False),
        sa.Column("purchases", sa.Integer(), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("items", AMOUNT, nullable=False),
        sa.Column("spend_minor", AMOUNT, nullable=False),
        sa.Column("qualifying_points", AMOUNT, nullable=False),
        sa.Column("first_purchase_at", INSTANT, nullable=True),
        sa.Column("last_purchase_at", INSTANT, nullable=True),
        sa.Column("last_visit_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_member_facts_member_id")
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_member_facts")),
    )
    op.create_table(
        "member_identifier",
        sa.Column("id", code(31), nullable=False),
        sa.Column("member_id", code(31), nullable=False),
        sa.Column("kind", code(12), nullable=False),
        sa.Column("issuer", code(31), nullable=False),
        sa.Column("value_index", code(64), nullable=False),
        sa.Column("value_sealed", sa.Text(), nullable=False),
        sa.Column("hint", sa.String(length=120), nullable=False),
        sa.Column("verified_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "kind IN ('phone', 'email', 'external')", name=op.f("ck_member_identifier_kind")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_member_identifier_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_identifier")),
        sa.UniqueConstraint(
            "kind",
            "value_index",
            "issuer",
            name=op.f("uq_member_identifier_kind_value_index_issuer"),
        ),
    )
    with op.batch_alter_table("member_identifier", schema=None) as batch_op:
        batch_op.create_index("ix_member_identifier_member", ["member_id"], unique=False)

    op.create_table(
        "member_session",
        sa.Column("id", code(31), nullable=False),
        sa.Column("member_id", code(31), nullable=False),
        sa.Column("installation_id", sa.String(length=64), nullable=False),
        sa.Column("user_agent", sa.String(length=120), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.Column("revoke_reason", code(24), nullable=True),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoke_reason IS NULL)", name=op.f("ck_member_session_revoked")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_member_session_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_session")),
    )
    with op.batch_alter_table("member_session", schema=None) as batch_op:
        batch_op.create_index("ix_member_session_member", ["member_id"], unique=False)

    op.create_table(
        "member_tier",
        sa.Column("member_id", code(31), nullable=False),
        sa.Column("tier_id", code(31), nullable=True),
        sa.Column("since_at", INSTANT, nullable=False),
        sa.Column("source", code(12), nullable=False),
        sa.Column("is_locked", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_member_tier_member_id")
        ),
        sa.ForeignKeyConstraint(["tier_id"], ["tier.id"], name=op.f("fk_member_tier_tier_id")),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_member_tier")),
    )
    op.create_table(
        "spoken_code",
        sa.Column("code", code(8), nullable=False),
        sa.Column("member_id", code(31), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_spoken_code_member_id")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_spoken_code")),
    )
    with op.batch_alter_table("spoken_code", schema=None) as batch_op:
        batch_op.create_index("ix_spoken_code_member", ["member_id"], unique=False)

    op.create_table(
        "tier_change",
        sa.Column("id", code(31), nullable=False),
        sa.Column("member_id", code(31), nullable=False),
        sa.Column("from_id", code(31), nullable=True),
        sa.Column("to_id", code(31), nullable=True),
        sa.Column("source", code(12), nullable=False),
        sa.Column("ref_id", code(64), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_tier_change_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tier_change")),
    )
    with op.batch_alter_table("tier_change", schema=None) as batch_op:
        batch_op.create_index("ix_tier_change_member", ["member_id", "changed_at"], unique=False)

    op.create_table(
        "wallet",
        sa.Column("id", code(31), nullable=False),
        sa.Column("member_id", code(31), nullable=False),
        sa.Column("unit", code(20), nullable=False),
        sa.Column("available", AMOUNT, nullable=False),
        sa.Column("pending", AMOUNT, nullable=False),
        sa.Column("held", AMOUNT, nullable=False),
        sa.Column("debt", AMOUNT, nullable=False),
        sa.Column("lifetime_earned", AMOUNT, nullable=False),
        sa.Column("version", AMOUNT, nullable=False),
        sa.Column("head_hash", code(64), nullable=False),
        sa.CheckConstraint("available >= 0", name=op.f("ck_wallet_available")),
        sa.CheckConstraint("debt >= 0", name=op.f("ck_wallet_debt")),
        sa.CheckConstraint("held >= 0", name=op.f("ck_wallet_held")),
        sa.CheckConstraint("pending >= 0", name=op.f("ck_wallet_pending")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_wallet_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallet")),
        sa.UniqueConstraint("member_id", "unit", name=op.f("uq_wallet_member_id_unit")),
    )
    op.create_table(
        "activity_return",
        sa.Column("id", code(31), nullable=False),
        sa.Column("activity_id", code(31), nullable=False),
        sa.Column("external_id", code(128), nullable=False),
        sa.Column("amount_minor", AMOUNT, nullable=False),
        sa.Column("points_taken", AMOUNT, nullable=False),
        sa.Column("points_restored", AMOUNT, nullable=False),
        sa.Column("shortfall", AMOUNT, nullable=False),
        sa.Column("policy", code(12), nullable=False),
        sa.Column("cash_value_minor", AMOUNT, nullable=False),
        sa.Column("state_after", code(20), nullable=False),
        sa.Column("request", JSON, nullable=False),
        sa.Column("actor", code(64), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_activity_return_activity_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_return")),
        sa.UniqueConstraint(
            "activity_id", "external_id", name=op.f("uq_activity_return_activity_id_external_id")
        ),
    )
    op.create_table(
        "hold",
        sa.Column("id", code(31), nullable=False),
        sa.Column("wallet_id", code(31), nullable=False),
        sa.Column("transfer_id", code(31), nullable=False),
        sa.Column("amount", AMOUNT, nullable=False),
        sa.Column("captured", AMOUNT, nullable=False),
        sa.Column("state", code(12), nullable=False),
        sa.Column("purpose", code(40), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("lapses_at", INSTANT, nullable=False),
        sa.Column("resolved_at", INSTANT, nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_hold_amount")),
        sa.CheckConstraint("captured >= 0 AND captured <= amount", name=op.f("ck_hold_captured")),
        sa.ForeignKeyConstraint(["wallet_id"], ["wallet.id"], name=op.f("fk_hold_wallet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    with op.batch_alter_table("hold", schema=None) as batch_op:
        batch_op.create_index(
            "ix_hold_lapsing",
            ["lapses_at"],
            unique=False,
            postgresql_where=sa.text("state = 'held'"),
            sqlite_where=sa.text("state = 'held'"),
        )
        batch_op.create_index(
            "ix_hold_wallet",
            ["wallet_id"],
            unique=False,
            postgresql_where=sa.text("state = 'held'"),
            sqlite_where=sa.text("state = 'held'"),
        )

    op.create_table(
        "lot",
        sa.Column("id", code(31), nullable=False),
        sa.Column("wallet_id", code(31), nullable=False),
        sa.Column("source_transfer_id", code(31), nullable=False),
        sa.Column("amount", AMOUNT, nullable=False),
        sa.Column("remaining", AMOUNT, nullable=False),
        sa.Column("is_pending", sa.Boolean(), nullable=False),
        sa.Column("earned_at", INSTANT, nullable=False),
        sa.Column("available_at", INSTANT, nullable=True),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_lot_amount")),
        sa.CheckConstraint("remaining >= 0 AND remaining <= amount", name=op.f("ck_lot_remaining")),
        sa.ForeignKeyConstraint(["wallet_id"], ["wallet.id"], name=op.f("fk_lot_wallet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot")),
    )
    with op.batch_alter_table("lot", schema=None) as batch_op:
        batch_op.create_index(
            "ix_lot_expiring",
            ["expires_at"],
            unique=False,
            postgresql_where=sa.text("remaining > 0"),
            sqlite_where=sa.text("remaining > 0"),
        )
        batch_op.create_index(
            "ix_lot_open",
            ["wallet_id", "expires_at"],
            unique=False,
            postgresql_where=sa.text("remaining > 0"),
            sqlite_where=sa.text("remaining > 0"),
        )
        batch_op.create_index(
            "ix_lot_pending",
            ["wallet_id", "available_at"],
            unique=False,
            postgresql_where=sa.text("is_pending AND remaining > 0"),
            sqlite_where=sa.text("is_pending AND remaining > 0"),
        )
        batch_op.create_index("ix_lot_source", ["source_transfer_id"], unique=False)

    op.create_table(
        "refresh_token",
        sa.Column("token_hash", code(64), nullable=False),
        sa.Column("session_id", code(31), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.Column("successor_sealed", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["member_session.id"], name=op.f("fk_refresh_token_session_id")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_refresh_token")),
    )
    with op.batch_alter_table("refresh_token", schema=None) as batch_op:
        batch_op.create_index("ix_refresh_token_expires", ["expires_at"], unique=False)
        batch_op.create_index("ix_refresh_token_session", ["session_id"], unique=False)

    op.create_table(
        "transfer",
        sa.Column("id", code(31), nullable=False),
        sa.Column("wallet_id", code(31), nullable=False),
        sa.Column("wallet_version", AMOUNT, nullable=False),
        sa.Column("unit", code(20), nullable=False),
        sa.Column("kind", code(20), nullable=False),
        sa.Column("debit_account", code(40), nullable=False),
        sa.Column("credit_account", code(40), nullable=False),
        sa.Column("amount", AMOUNT, nullable=False),
        sa.Column("ref_kind", code(20), nullable=False),
        sa.Column("ref_id", code(64), nullable=False),
        sa.Column("reverses_id", code(31), nullable=True),
        sa.Column("actor", code(64), nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("balance_after", AMOUNT, nullable=False),
        sa.Column("note_hash", code(64), nullable=True),
        sa.Column("prev_hash", code(64), nullable=False),
        sa.Column("hash", code(64), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_transfer_amount")),
        sa.CheckConstraint("balance_after >= 0", name=op.f("ck_transfer_balance_after")),
        sa.CheckConstraint("debit_account <> credit_account", name=op.f("ck_transfer_accounts")),
        sa.ForeignKeyConstraint(["wallet_id"], ["wallet.id"], name=op.f("fk_transfer_wallet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer")),
        sa.UniqueConstraint(
            "wallet_id", "wallet_version", name=op.f("uq_transfer_wallet_id_wallet_version")
        ),
    )
    with op.batch_alter_table("transfer", schema=None) as batch_op:
        batch_op.create_index("ix_transfer_ref", ["ref_id"], unique=False)
        batch_op.create_index(
            "ix_transfer_reverses",
            ["reverses_id"],
            unique=False,
            postgresql_where=sa.text("reverses_id IS NOT NULL"),
            sqlite_where=sa.text("reverses_id IS NOT NULL"),
        )

    op.create_table(
        "lot_draw",
        sa.Column("transfer_id", code(31), nullable=False),
        sa.Column("lot_id", code(31), nullable=False),
        sa.Column("amount", AMOUNT, nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_lot_draw_amount")),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_lot_draw_lot_id")),
        sa.PrimaryKeyConstraint("transfer_id", "lot_id", name=op.f("pk_lot_draw")),
    )
    with op.batch_alter_table("lot_draw", schema=None) as batch_op:
        batch_op.create_index("ix_lot_draw_lot", ["lot_id"], unique=False)

    op.create_table(
        "transfer_note",
        sa.Column("transfer_id", code(31), nullable=False),
        sa.Column("salt", code(32), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["transfer_id"], ["transfer.id"], name=op.f("fk_transfer_note_transfer_id")
        ),
        sa.PrimaryKeyConstraint("transfer_id", name=op.f("pk_transfer_note")),
    )
    protect_transfers()


def downgrade() -> None:
    op.drop_table("transfer_note")
    with op.batch_alter_table("lot_draw", schema=None) as batch_op:
        batch_op.drop_index("ix_lot_draw_lot")

    op.drop_table("lot_draw")
    with op.batch_alter_table("transfer", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_transfer_reverses",
            postgresql_where=sa.text("reverses_id IS NOT NULL"),
            sqlite_where=sa.text("reverses_id IS NOT NULL"),
        )
        batch_op.drop_index("ix_transfer_ref")

    op.drop_table("transfer")
    with op.batch_alter_table("refresh_token", schema=None) as batch_op:
        batch_op.drop_index("ix_refresh_token_session")
        batch_op.drop_index("ix_refresh_token_expires")

    op.drop_table("refresh_token")
    with op.batch_alter_table("lot", schema=None) as batch_op:
        batch_op.drop_index("ix_lot_source")
        batch_op.drop_index(
            "ix_lot_pending",
            postgresql_where=sa.text("is_pending AND remaining > 0"),
            sqlite_where=sa.text("is_pending AND remaining > 0"),
        )
        batch_op.drop_index(
            "ix_lot_open",
            postgresql_where=sa.text("remaining > 0"),
            sqlite_where=sa.text("remaining > 0"),
        )
        batch_op.drop_index(
            "ix_lot_expiring",
            postgresql_where=sa.text("remaining > 0"),
            sqlite_where=sa.text("remaining > 0"),
        )

    op.drop_table("lot")
    with op.batch_alter_table("hold", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_hold_wallet",
            postgresql_where=sa.text("state = 'held'"),
            sqlite_where=sa.text("state = 'held'"),
        )
        batch_op.drop_index(
            "ix_hold_lapsing",
            postgresql_where=sa.text("state = 'held'"),
            sqlite_where=sa.text("state = 'held'"),
        )

    op.drop_table("hold")
    op.drop_table("activity_return")
    op.drop_table("wallet")
    with op.batch_alter_table("tier_change", schema=None) as batch_op:
        batch_op.drop_index("ix_tier_change_member")

    op.drop_table("tier_change")
    with op.batch_alter_table("spoken_code", schema=None) as batch_op:
        batch_op.drop_index("ix_spoken_code_member")

    op.drop_table("spoken_code")
    op.drop_table("member_tier")
    with op.batch_alter_table("member_session", schema=None) as batch_op:
        batch_op.drop_index("ix_member_session_member")

    op.drop_table("member_session")
    with op.batch_alter_table("member_identifier", schema=None) as batch_op:
        batch_op.drop_index("ix_member_identifier_member")

    op.drop_table("member_identifier")
    op.drop_table("member_facts")
    op.drop_table("earn_counter")
    with op.batch_alter_table("card", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_card_active_member",
            postgresql_where=sa.text("state = 'active'"),
            sqlite_where=sa.text("state = 'active'"),
        )
        batch_op.drop_index("ix_card_member")

    op.drop_table("card")
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.drop_index("ix_api_key_partner")
        batch_op.drop_index("ix_api_key_device")

    op.drop_table("api_key")
    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.drop_index("ix_activity_member")

    op.drop_table("activity")
    with op.batch_alter_table("used_assertion", schema=None) as batch_op:
        batch_op.drop_index("ix_used_assertion_expires")

    op.drop_table("used_assertion")
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.drop_index("ix_member_created")

    op.drop_table("member")
    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.drop_index("ix_device_location")

    op.drop_table("device")
    op.drop_table("tier")
    op.drop_table("programme")
    op.drop_table("partner")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_outbox_ready",
            postgresql_where=sa.text("state = 'ready'"),
            sqlite_where=sa.text("state = 'ready'"),
        )

    op.drop_table("outbox")
    with op.batch_alter_table("otp_challenge", schema=None) as batch_op:
        batch_op.drop_index("ix_otp_challenge_expires")
        batch_op.drop_index("ix_otp_challenge_address")

    op.drop_table("otp_challenge")
    op.drop_table("location")
    with op.batch_alter_table("idempotency_record", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_record_expires_at"))

    op.drop_table("idempotency_record")
    op.drop_table("earn_rule")
    op.drop_table("checkpoint")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_entry_entity")
        batch_op.drop_index("ix_audit_entry_at")

    op.drop_table("audit_entry")
