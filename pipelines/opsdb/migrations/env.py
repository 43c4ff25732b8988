"""Run by Alembic for each command, with the connection that `migrate` hands it."""

from alembic import context

from pipelines.opsdb.tables import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
