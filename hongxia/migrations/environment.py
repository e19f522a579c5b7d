"""Alembic's environment, the same for every service; each env.py calls `run` with its own tables."""

from __future__ import annotations

from alembic import context
from sqlalchemy import MetaData, create_engine, make_url, pool

from hongxia.events.tables import platform_metadata

CONNECT_SECONDS = 10


def run(metadata: MetaData) -> None:
    """Upgrade the database of the configuration's `url` in one transaction."""
    url = make_url(context.config.attributes["url"])
    waits = {"connect_timeout": CONNECT_SECONDS} if url.get_backend_name() == "postgresql" else {}
    engine = create_engine(url, poolclass=pool.NullPool, hide_parameters=True, connect_args=waits)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=[metadata, platform_metadata],
            render_as_batch=connection.dialect.name == "sqlite",
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()
