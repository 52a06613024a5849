"""Brings a database to the newest schema: alembic migrations in `migrations/`, run at every start.

`upgrade(url)` is synchronous and safe to call from several processes at once: an advisory lock lets one
of them work and the others wait. alembic is imported when it is needed: every process names the newest
revision, hardly one upgrades.
"""

from pathlib import Path

from sqlalchemy import create_engine, text

LOCK = 7_401_882


def head() -> str | None:
    """The newest revision there is, by the chain and not by the numbers of the files."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(Path(__file__).parent / "migrations")).get_current_head()


def known_to_us(revision: str) -> bool:
    """Whether a schema of this revision can be brought to ours: not that of a newer version."""
    from alembic.script import ScriptDirectory
    from alembic.util.exc import CommandError

    try:
        return ScriptDirectory(str(Path(__file__).parent / "migrations")).get_revision(revision) is not None
    except CommandError:
        return False


def upgrade(url: str) -> None:
    """Run what is missing. `url` is a SQLAlchemy URL of PostgreSQL with psycopg."""
    from alembic import command
    from alembic.config import Config

    engine = create_engine(url)
    try:
        with engine.begin() as conn:
            conn.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            config = Config()
            config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
            config.attributes["connection"] = conn
            command.upgrade(config, "head")
    finally:
        engine.dispose()
