"""Operations databases on both engines for the tests of the reviewers' pages."""

from factories.operations import opsdb, opsdb_uri, postgres  # noqa: F401 - fixtures
