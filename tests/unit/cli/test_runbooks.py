"""Every alert has its runbook, no runbook is without an alert, and their commands exist."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
import yaml

from pipelines.cli.main import app
from pipelines.monitoring.verdict import Kind
from pipelines.settings import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "docs" / "runbooks"
RULES = PROJECT_ROOT / "infra" / "prometheus" / "rules.yml"
RUNBOOKS = sorted(path.stem for path in FOLDER.glob("*.md"))
SECTIONS = ("Means.", "See what happened", "Do", "Closes", "Who decides.")
_COMMAND = re.compile(r"`(millrace [^`]+)`")


def kinds_of_incidents() -> set[str]:
    return set(get_args(Kind))


def alert_rules() -> Iterator[dict]:
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        yield from (rule for rule in group["rules"] if "alert" in rule)


def commands() -> Iterator[tuple[str, str]]:
    for name in RUNBOOKS:
        text = " ".join((FOLDER / f"{name}.md").read_text().split())
        yield from ((name, found) for found in _COMMAND.findall(text))


def fault(words: list[str]) -> str | None:
    """Why there is no such command line; None where there is."""
    command: Any = typer.main.get_command(app)
    given = words[1:]
    while hasattr(command, "commands"):
        if not given or given[0] not in command.commands:
            return f"no command {' '.join(words)}"
        command, given = command.commands[given[0]], given[1:]
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    names = [one for one in given if one.startswith("--")]
    if strange := {*names} - {name for one in options for name in one.opts}:
        return f"no option {strange}"
    flags = {name for one in options if one.is_flag for name in one.opts}
    count = len(given) - len(names) - sum(one not in flags for one in names)
    if not sum(one.required for one in arguments) <= count <= len(arguments):
        return f"{count} arguments for {[one.name for one in arguments]}"
    missing = {one.opts[0] for one in options if one.required} - {*names}
    return f"without {missing}" if missing else None


def test_every_kind_of_incident_and_every_alert_rule_has_a_runbook_and_no_other_is_there():
    linked = {Path(rule["annotations"]["runbook"]).stem for rule in alert_rules()}
    assert kinds_of_incidents() | linked == set(RUNBOOKS)


def test_every_alert_rule_links_its_runbook_and_says_what_is_wrong():
    for rule in alert_rules():
        said = rule["annotations"]
        assert said["runbook"].endswith(f"docs/runbooks/{Path(said['runbook']).stem}.md")
        assert said["summary"], rule["alert"]


@pytest.mark.parametrize("name", RUNBOOKS)
def test_runbook_says_what_it_means_what_to_see_and_do_when_it_closes_and_who_decides(name):
    text = (FOLDER / f"{name}.md").read_text()
    assert text.startswith(f"# {name}: ")
    places = [text.find(f"**{section}**") for section in SECTIONS]
    assert -1 not in places and places == sorted(places)
    assert f"`runbooks/{name}`" not in text


@pytest.mark.parametrize(("name", "line"), sorted(set(commands())))
def test_command_of_a_runbook_exists_with_its_options(name, line):
    assert fault(shlex.split(line)) is None


def test_a_run_of_a_runbook_names_a_dag_and_its_parameters():
    described = (PROJECT_ROOT / "docs" / "DAGs.md").read_text()
    runs = [shlex.split(line) for _, line in commands() if line.startswith("millrace run ")]
    assert runs
    for _, _, family, _, *more in runs:
        (section, *_) = re.findall(rf"### `{family}__.*?(?=\n#|\Z)", described, re.DOTALL)
        for given in more[1::2]:
            assert f"| `{given.partition('=')[0]}` |" in section, (family, given)


def test_runbooks_that_are_named_in_a_runbook_exist():
    for name in RUNBOOKS:
        text = " ".join((FOLDER / f"{name}.md").read_text().split())
        for words in re.findall(r"runbooks? ((?:`[a-z-]+`(?:,| and)? ?)+)", text):
            assert set(re.findall(r"`([a-z-]+)`", words)) <= set(RUNBOOKS), (name, words)


def test_commands_that_do_not_exist_are_found():
    assert fault(["millrace", "monitr"])
    assert fault(["millrace", "run", "train"])
    assert fault(["millrace", "run", "train", "MODEL", "--parm", "a=1"])
    assert fault(["millrace", "approve", "MODEL", "1"])
    assert fault(["millrace", "run", "train", "MODEL", "--param", "a=1"]) is None
