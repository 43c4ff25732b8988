"""Becomes the Spark Connect server of this home: `python -m spark_jobs.server`.

The process is replaced, so whoever started it watches Spark's own Java process. Spark takes the
token that its clients must show from SPARK_CONNECT_AUTHENTICATE_TOKEN.
"""

import os

from pipelines import settings
from spark_jobs.session import connect_command, environment


def main() -> None:
    """Does not return."""
    command = connect_command(settings.load())
    os.execve(command[0], command, {**os.environ, **environment()})  # noqa: S606


if __name__ == "__main__":
    main()
