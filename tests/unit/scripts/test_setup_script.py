"""`make setup` on machines that lack something: what it says. Real script, small machines."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pipelines.settings import PROJECT_ROOT

TOOLS = ("bash", "awk", "cat", "date", "dirname", "env", "grep", "id", "mktemp", "rm", "tail", "tr")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The scripts and the lock in a folder of their own."""
    folder = tmp_path / "clone"
    shutil.copytree(PROJECT_ROOT / "scripts", folder / "scripts")
    (folder / "requirements.txt").write_text("uv==1 --hash=sha256:0\n")
    (folder / "pyproject.toml").write_text("")
    return folder


def machine(tmp_path: Path, python: str = "exit 1", apt: bool = False, user: int = 1000) -> Path:
    """A PATH with the basic tools, a `python3.11` that runs `python`, and apt or not."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found
        (folder / tool).symlink_to(found)
    scripts = {"python3.11": python, "id": f"echo {user}"} | ({"apt-get": "exit 1"} if apt else {})
    for name, body in scripts.items():
        (folder / name).unlink(missing_ok=True)
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    return folder


def set_up(clone: Path, path: Path, **environ: str) -> str:
    done = subprocess.run(
        ["bash", "scripts/setup.sh"],
        cwd=clone,
        env={"PATH": str(path), "HOME": str(clone), **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2, done.stdout + done.stderr
    return done.stderr


def test_setup_names_python_when_there_is_no_3_11(clone: Path, tmp_path: Path) -> None:
    says = set_up(clone, machine(tmp_path))
    assert "Python 3.11 is needed" in says
    assert "apt-get install python3.11" in says


# A Python 3.11 as Debian ships it: complete but for the part that venv needs.
NO_VENV = 'case "$2" in *ensurepip*) exit 1;; *) exit 0;; esac'


def test_setup_gives_the_command_when_venv_is_missing(clone: Path, tmp_path: Path) -> None:
    says = set_up(clone, machine(tmp_path, NO_VENV, apt=True))
    assert "no venv module. Run: sudo apt-get install -y python3.11-venv" in says


def test_setup_installs_venv_when_it_is_root(clone: Path, tmp_path: Path) -> None:
    says = set_up(clone, machine(tmp_path, NO_VENV, apt=True, user=0))
    assert "Run: sudo" not in says  # it tried: this machine's apt-get fails


def test_setup_names_another_way_when_there_is_no_apt(clone: Path, tmp_path: Path) -> None:
    assert "pyenv install 3.11" in set_up(clone, machine(tmp_path, NO_VENV))


def test_scripts_drop_the_callers_python_settings_and_keep_its_registry(clone: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", "source scripts/env.sh && env"],
        cwd=clone,
        env=os.environ
        | {
            "PYTHONPATH": "/elsewhere",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PIP_USER": "1",
            "UV_OFFLINE": "1",
            "VIRTUAL_ENV": "/elsewhere",
            "PIP_INDEX_URL": "https://registry.example/simple",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    found = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    assert not {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PIP_USER", "UV_OFFLINE"} & found.keys()
    assert "VIRTUAL_ENV" not in found
    # uv does not read pip's settings: it is told.
    assert found["UV_DEFAULT_INDEX"] == found["PIP_INDEX_URL"] == "https://registry.example/simple"
