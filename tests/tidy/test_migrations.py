"""Migrations form one line, keep to themselves and lead exactly to the models."""

import ast
import re

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from server.core.db import Base, db
from tests.tidy.tree import ROOT, project_files, syntax_of

FOLDER = ROOT / "server" / "migrations"


def revisions() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return ScriptDirectory.from_config(config)


def test_revisions_form_one_line():
    scripts = revisions()
    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1
    assert [r.revision for r in scripts.walk_revisions() if r.is_branch_point] == []


def test_revision_files_are_named_by_date_and_words():
    files = [p.name for p in project_files() if "versions" in p.parts and p.suffix == ".py"]
    form = re.compile(r"\d{8}_\d{4}_[a-z0-9]+(_[a-z0-9]+)*\.py")
    assert files
    assert [name for name in files if not form.fullmatch(name)] == []


def test_revisions_never_import_the_application():
    importing = [
        f"{path} imports {name}"
        for path in project_files()
        if "versions" in path.parts and path.suffix == ".py"
        for name in imported_names(path)
        if name.split(".")[0] == "server"
    ]
    assert importing == []


def test_migrated_database_is_what_the_models_say(app):
    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def imported_names(path):
    for node in ast.walk(syntax_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
