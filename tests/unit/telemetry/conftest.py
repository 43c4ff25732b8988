"""Both engines of the operations database."""

from factories.operations import opsdb, opsdb_uri, postgres  # noqa: F401 - fixtures
