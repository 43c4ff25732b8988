"""The shipped CI workflow: it runs what there is, shows what the gate says, and needs no secret."""

import re
import subprocess

import pytest
import yaml

from pipelines.settings import PROJECT_ROOT

WORKFLOW = PROJECT_ROOT / ".github" / "workflows" / "ci.yml"
PREPARE = PROJECT_ROOT / ".github" / "actions" / "prepare" / "action.yml"


@pytest.fixture(scope="module")
def jobs() -> dict[str, list[dict[str, str]]]:
    """The steps of each job, with those of the shared action in place of its call."""
    shared = yaml.safe_load(PREPARE.read_text())["runs"]["steps"]
    found = yaml.safe_load(WORKFLOW.read_text())["jobs"]
    return {
        name: [
            step
            for given in job["steps"]
            for step in (shared if given.get("uses") == "./.github/actions/prepare" else [given])
        ]
        for name, job in found.items()
    }


def test_workflow_runs_gate_and_tests_by_targets_that_are_there(jobs) -> None:
    targets = set(re.findall(r"^([a-z]+):", (PROJECT_ROOT / "Makefile").read_text(), re.M))
    wanted = {
        name: re.findall(r"make (\w+)", " ".join(step.get("run", "") for step in steps))
        for name, steps in jobs.items()
    }
    assert wanted == {"gate": ["setup", "gate"], "test": ["setup", "test"]}
    assert {target for found in wanted.values() for target in found} <= targets


def test_workflow_caches_by_the_locks_that_are_there(jobs) -> None:
    for steps in jobs.values():
        (key,) = (step["with"]["key"] for step in steps if "cache@" in step.get("uses", ""))
        locks = re.findall(r"'([^']+)'", key)
        assert locks and all((PROJECT_ROOT / lock).is_file() for lock in locks)


def test_workflow_reads_no_secret_and_may_write_nothing() -> None:
    text = WORKFLOW.read_text() + PREPARE.read_text()
    assert "secrets." not in text
    assert yaml.safe_load(WORKFLOW.read_text())["permissions"] == {"contents": "read"}


def test_a_failed_gate_is_on_the_summary_and_fails_its_job(jobs, tmp_path) -> None:
    """The job's own commands, where `make gate` finds a worse model."""
    # What GitHub runs for `shell: bash`, and only for it, has pipefail.
    assert yaml.safe_load(WORKFLOW.read_text())["defaults"]["run"]["shell"] == "bash"
    make = tmp_path / "make"
    make.write_text("#!/bin/sh\necho 'receipts: WORSE'\necho 'millrace: worse' >&2\nexit 6\n")
    make.chmod(0o755)
    summary = tmp_path / "summary.md"
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin", "GITHUB_STEP_SUMMARY": str(summary)}
    _, gate, show = [step["run"] for step in jobs["gate"] if "run" in step]
    codes = [
        subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text],
            cwd=tmp_path, env=environ, capture_output=True, timeout=30, check=False,
        ).returncode
        for text in (gate, show)
    ]  # fmt: skip
    assert codes == [6, 0]
    assert "receipts: WORSE\nmillrace: worse" in summary.read_text()
