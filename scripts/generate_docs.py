"""Writes the generated pages of docs/; with --check fails where one is not current."""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from pipelines.services import home
from pipelines.services.environment import full_environment
from pipelines.settings import PROJECT_ROOT, Settings

DOCS = PROJECT_ROOT / "docs"

# In a process of its own: Airflow reads its configuration when it is imported.
_DAGS = """
import sys
from airflow.dag_processing.dagbag import DagBag
from millrace_airflow.describe import describe_all
bag = DagBag(sys.argv[1], bundle_name="dags-folder")
assert not bag.import_errors, bag.import_errors
open(sys.argv[2], "w", encoding="utf-8").write(describe_all(bag.dags))
"""


def pages() -> dict[Path, str]:
    """Text of every generated page by its place."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder) / "home", airflow_port=0, mlflow_port=0)
        home.prepare(settings)
        out = Path(folder) / "DAGs.md"
        subprocess.run(  # noqa: S603 - our own code
            [sys.executable, "-c", _DAGS, str(PROJECT_ROOT / "dags"), str(out)],
            env=full_environment(settings),
            stdout=subprocess.DEVNULL,
            check=True,
        )
        return {DOCS / "DAGs.md": out.read_text(encoding="utf-8")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    made = pages()
    stale = [
        path
        for path, text in made.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        if not check:
            path.write_text(made[path], encoding="utf-8")
    names = ", ".join(str(path.relative_to(PROJECT_ROOT)) for path in stale) or "nothing"
    sys.stdout.write(f"{'not current' if check else 'written'}: {names}\n")
    if check and stale:
        sys.exit("run `make docs` and commit what it writes")


if __name__ == "__main__":
    main()
