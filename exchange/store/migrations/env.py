"""Alembic's entry: runs on the connection `store/migrate.py` hands over, inside its transaction."""

from alembic import context

from exchange.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
