"""Makes the operations database or brings it up to date.

`python -m pipelines.opsdb.migrate [URI]`; without an address that of the settings.
"""

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from pipelines import settings
from pipelines.opsdb.engine import make_engine

_LOCK = 0x6D696C6C
"""Number of PostgreSQL's advisory lock, so that two migrations follow each other."""


def upgrade(uri: str) -> None:
    """Applies the migrations that are missing; two at once are safe."""
    engine = make_engine(uri).execution_options(millrace_begin="IMMEDIATE")
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()


def head() -> str | None:
    """The newest migration in the folder."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    folder = str(Path(__file__).with_name("migrations"))
    config.set_main_option("script_location", folder.replace("%", "%%"))
    return config


if __name__ == "__main__":
    upgrade(sys.argv[1] if len(sys.argv) > 1 else settings.load().operations_uri)
