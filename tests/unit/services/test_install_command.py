"""The command that installs Java on this system."""

import re
from pathlib import Path

import pytest

from pipelines.services import java


@pytest.mark.parametrize(
    ("candidates", "package"),
    [
        ({21: "21.0.2", 17: "17.0.1"}, "openjdk-21-jre-headless"),
        ({21: "(none)", 17: "17.0.1"}, "openjdk-17-jre-headless"),
        ({}, "openjdk-17-jre-headless"),
    ],
)
def test_debian_gets_the_newest_java_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, candidates: dict[int, str], package: str
) -> None:
    policy = "".join(
        f"openjdk-{version}-jre-headless:\n  Installed: (none)\n  Candidate: {candidate}\n"
        for version, candidate in candidates.items()
    )
    for name, output in (("apt-get", ""), ("apt-cache", policy)):
        (tmp_path / name).write_text(f"#!/bin/sh\ncat <<'END'\n{output}END\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert java.install_command()[-1] == package


def test_command_is_one_a_person_can_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert re.fullmatch(r"(sdk|brew) install .+", " ".join(java.install_command()))
