"""What a person types to see whether the DAGs load: Airflow's own command says nothing."""

import subprocess
import sys
from pathlib import Path

import pytest
from factories.services import free_ports

from pipelines.services import home
from pipelines.services.environment import full_environment

AIRFLOW = str(Path(sys.executable).parent / "airflow")


@pytest.mark.airflow
def test_airflow_lists_no_import_errors_when_the_dags_were_parsed(tmp_path: Path) -> None:
    settings = free_ports(tmp_path)
    home.prepare(settings)

    def airflow(command: str) -> str:
        done = subprocess.run(
            [AIRFLOW, *command.split()],
            env=full_environment(settings),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
        return done.stdout

    airflow("dags reserialize")  # parses the folder and notes what does not load
    assert "train__receipts" in airflow("dags list --columns dag_id --output plain")

    # Airflow may warn of its own affairs before the answer.
    assert airflow("dags list-import-errors").splitlines()[-1] == "No data found"
