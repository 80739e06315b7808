"""The database itself keeps what was written once: draws, checkpoints and the audit trail too.

On SQLite a row of the same key would replace another without asking the delete trigger, so an
insert is refused as well when one of its keys is taken. PostgreSQL has no such statement.
"""

from alembic import op

revision = "guards"
down_revision = "definitions"
branch_labels = None
depends_on = None

KEYS = {
    "transfer": [["id"], ["wallet_id", "wallet_version"]],
    "lot_draw": [["transfer_id", "lot_id"]],
    "checkpoint": [["id"], ["number"]],
    "checkpoint_head": [["wallet_id", "version"]],
    "audit_entry": [["id"]],
}
NEWLY = [table for table in KEYS if table != "transfer"]


def refusal(table: str) -> str:
    return f"rows of {table} are never changed or deleted"


def taken(table: str, columns: list[str]) -> str:
    same = " AND ".join(f"{name} = NEW.{name}" for name in columns)
    return f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 - names of this file


def guard_on_sqlite() -> None:
    for table in NEWLY:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{refusal(table)}'); END"
            )
    for table, keys in KEYS.items():
        clashes = " OR ".join(taken(table, columns) for columns in [*keys, ["rowid"]])
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {clashes} "
            f"BEGIN SELECT RAISE(ABORT, '{refusal(table)}'); END"
        )


def guard_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME; END $$"
    )
    for table in NEWLY:
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        guard_on_sqlite()
    else:
        guard_on_postgresql()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in KEYS:
            op.execute(f"DROP TRIGGER {table}_no_replace")
        for table in NEWLY:
            op.execute(f"DROP TRIGGER {table}_no_update")
            op.execute(f"DROP TRIGGER {table}_no_delete")
        return
    for table in NEWLY:
        op.execute(f"DROP TRIGGER {table}_no_change ON {table}")
        op.execute(f"DROP TRIGGER {table}_no_truncate ON {table}")
    op.execute("DROP FUNCTION refuse_change()")
