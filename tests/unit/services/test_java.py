"""The Java that Spark will start."""

from pathlib import Path

import pytest

from pipelines.errors import MisconfiguredError
from pipelines.services import java

INSTALL = ["apt-get", "install", "some-java"]


@pytest.fixture(autouse=True)
def _quick_install_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's own takes a second, because it asks the package manager."""
    monkeypatch.setattr(java, "install_command", lambda: INSTALL)


def fake_java(folder: Path, banner: str) -> Path:
    """A `java` that says it is another version."""
    binary = folder / "bin" / "java"
    binary.parent.mkdir(parents=True)
    binary.write_text(f"#!/bin/sh\necho '{banner}' >&2\n")
    binary.chmod(0o755)
    return binary


@pytest.mark.parametrize(
    ("banner", "version"),
    [('openjdk version "17.0.15" 2025-04-15', 17), ('openjdk version "21" 2023-09-19', 21)],
)
def test_java_is_found_when_it_is_new_enough(tmp_path: Path, banner: str, version: int) -> None:
    binary = fake_java(tmp_path, banner)
    assert java.find({"PATH": str(binary.parent)}) == java.Java(binary, version)


@pytest.mark.parametrize(
    "banner", ['openjdk version "11.0.2" 2019-01-15', 'java version "1.8.0_402"', "no version"]
)
def test_java_is_refused_with_the_command_when_it_is_too_old(tmp_path: Path, banner: str) -> None:
    binary = fake_java(tmp_path, banner)
    with pytest.raises(MisconfiguredError) as refused:
        java.find({"PATH": str(binary.parent)})
    assert str(binary) in str(refused.value)
    assert " ".join(INSTALL) in str(refused.value)


def test_java_1_8_is_called_8_when_it_is_refused(tmp_path: Path) -> None:
    binary = fake_java(tmp_path, 'java version "1.8.0_402"')
    with pytest.raises(MisconfiguredError, match="is Java 8;"):
        java.find({"PATH": str(binary.parent)})


def test_java_home_is_named_when_it_is_wrong(tmp_path: Path) -> None:
    new = fake_java(tmp_path / "new", 'openjdk version "21.0.1"')
    old = fake_java(tmp_path / "old", 'openjdk version "11.0.2"')
    for home in (tmp_path / "gone", old.parent.parent):
        with pytest.raises(MisconfiguredError, match=f"JAVA_HOME={home}.*unset JAVA_HOME"):
            java.find({"PATH": str(new.parent), "JAVA_HOME": str(home)})


def test_java_is_asked_for_when_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(MisconfiguredError, match="no java was found"):
        java.find({"PATH": str(tmp_path)})
