"""Alert rules and dashboards against what is really exported."""

import json
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import promql_parser as promql
import pytest
import yaml
from factories.operations import NOW
from factories.telemetry import fill
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from pipelines.contracts.correction import RetrainState
from pipelines.contracts.monitoring import Decision, Severity
from pipelines.contracts.review import Reason
from pipelines.contracts.telemetry import RunState, StepState
from pipelines.contracts.verdict import Decision as GateDecision
from pipelines.opsdb.database import OpsDb
from pipelines.opsdb.migrate import upgrade
from pipelines.review.requests import Requests
from pipelines.settings import PROJECT_ROOT, Settings
from pipelines.telemetry.metrics.exporter import registry

INFRA = PROJECT_ROOT / "infra"
RULES = yaml.safe_load((INFRA / "prometheus" / "rules.yml").read_text())
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
DASHBOARDS = sorted((INFRA / "grafana" / "dashboards").glob("*.json"))
KINDS = {"drift", "quality", "volume", "system", "stop"}
OWN = {"up": {"job", "instance"}}
"""Metrics of Prometheus itself."""
VALUES = {
    "state": {*get_args(RunState), *get_args(StepState), *get_args(RetrainState)},
    "decision": {*get_args(Decision), *get_args(GateDecision)},
    "severity": set(get_args(Severity)),
    "reason": set(get_args(Reason)),
    "kind": KINDS,
    "direction": {"in", "out", "quarantined"},
}
"""Values that a label may have."""


def _tasks() -> dict[str, set[str]]:
    """Tasks of each family of DAGs."""
    found: dict[str, set[str]] = defaultdict(set)
    for section in (PROJECT_ROOT / "docs" / "DAGs.md").read_text().split("\n### `")[1:]:
        [tasks] = re.findall(r"^- Tasks: (.*)", section, re.MULTILINE)
        found[section.partition("__")[0]] |= set(re.findall(r"`(\w+)`", tasks))
    return dict(found)


TASKS = _tasks()


@pytest.fixture(scope="module")
def exported(tmp_path_factory) -> dict[str, set[str]]:
    """Labels by name of sample, from the scrape of a home in which everything has happened."""
    settings = Settings(
        home=tmp_path_factory.mktemp("home"), probes={"review": "http://127.0.0.1:1/"}
    )
    settings.root.joinpath("opsdb").mkdir()
    upgrade(settings.operations_uri)
    fill(OpsDb.open(settings))
    reviews = Requests()
    reviews.seconds.labels("/work/next", "POST", "2xx").observe(0.1)
    scrapes = (registry(settings, lambda: NOW + timedelta(hours=1)), reviews.registry)
    text = "".join(generate_latest(one).decode() for one in scrapes)
    found: dict[str, set[str]] = {name: set(labels) for name, labels in OWN.items()}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def expressions() -> Iterator[tuple[str, str]]:
    for rule in ALERTS:
        yield rule["alert"], rule["expr"]
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel["targets"]:
                yield f"{path.stem}: {panel['title']}", target["expr"]


def nodes(expression: promql.Expr) -> Iterator[Any]:
    """All parts of an expression."""
    yield expression
    for name in ("lhs", "rhs", "expr", "param", "args", "vector_selector"):
        below = getattr(expression, name, None)
        for one in below if isinstance(below, list) else [below]:
            if isinstance(one, promql.Expr):
                yield from nodes(one)


def faults(text: str, exported: dict[str, set[str]]) -> list[str]:
    """What an expression names that is not exported."""
    found, labels = [], set()
    parts = list(nodes(promql.parse(text)))
    selectors = [
        part.vector_selector if isinstance(part, promql.MatrixSelector) else part
        for part in parts
        if isinstance(part, promql.VectorSelector | promql.MatrixSelector)
    ]
    assert selectors, text
    for selector in {id(one): one for one in selectors}.values():
        known = exported.get(selector.name)
        if known is None:
            found.append(f"no metric {selector.name}")
            continue
        labels |= known
        for matcher in selector.matchers.matchers:
            if matcher.name not in known:
                found.append(f"{selector.name} has no label {matcher.name}")
        matched = {one.name: one.value for one in selector.matchers.matchers}
        families = {*_given(matched, "family")} & {*TASKS} or {*TASKS}
        may = VALUES | {"family": {*TASKS}, "task": set().union(*(TASKS[one] for one in families))}
        for name in may.keys() & matched.keys():
            if strange := _given(matched, name) - may[name]:
                found.append(f"{name} is never {strange}")
    for part in parts:
        if isinstance(part, promql.AggregateExpr) and part.modifier is not None:
            found += [f"grouped by {one}" for one in set(part.modifier.labels) - labels]
    return found


def _given(matched: dict[str, str], name: str) -> set[str]:
    return set(matched.get(name, "").split("|")) - {"", "$model", "$family", "$name"}


@pytest.mark.parametrize(("where", "text"), list(expressions()), ids=lambda one: str(one)[:40])
def test_expression_parses_and_names_what_is_exported(where, text, exported):
    assert faults(text, exported) == [], where


@pytest.mark.parametrize(
    "text",
    [
        "millrace_gone > 0",
        'millrace_service_up{model="x"}',
        "sum by (nobody) (rate(millrace_runs_total[1h]))",
        'millrace_runs_total{state="sleeping"}',
        'millrace_runs_total{family="scoring"}',
        'millrace_step_rows_total{family="ingest", task="judge"}',
        'rate(millrace_runs_total{nothing="x"}[1h])',
    ],
)
def test_expression_over_something_else_is_noticed(text, exported):
    assert faults(text, exported)


def test_every_exported_metric_is_shown_or_watched(exported):
    named = {
        selector.name
        for _, text in expressions()
        for selector in nodes(promql.parse(text))
        if isinstance(selector, promql.VectorSelector)
    }
    shown = {re.sub(r"_(total|sum|count|bucket|created)$", "", name) for name in named}
    have = {re.sub(r"_(total|sum|count|bucket|created)$", "", name) for name in exported}
    assert have <= shown


def test_every_kind_of_incident_has_its_alert_and_every_alert_what_people_need():
    assert len({rule["alert"] for rule in ALERTS}) == len(ALERTS)
    runbooks = {Path(rule["annotations"]["runbook"]).stem for rule in ALERTS}
    assert runbooks >= KINDS
    for rule in ALERTS:
        severity = rule["labels"]["severity"]
        assert severity in get_args(Severity) or severity == "{{ $labels.severity }}", rule["alert"]
        assert rule["labels"]["model"], rule["alert"]
        assert rule["annotations"]["summary"], rule["alert"]
        assert (PROJECT_ROOT / rule["annotations"]["runbook"]).is_file(), rule["alert"]


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_dashboard_is_whole(path: Path):
    found = json.loads(path.read_text())
    assert found["uid"] == f"millrace-{path.stem}"
    assert len({panel["id"] for panel in found["panels"]}) == len(found["panels"])
    sources = {target["datasource"]["uid"] for one in found["panels"] for target in one["targets"]}
    (provided,) = yaml.safe_load(
        (INFRA / "grafana/provisioning/datasources/prometheus.yml").read_text()
    )["datasources"]
    assert sources == {provided["uid"]}
    for panel in found["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
    named = set(re.findall(r"\$(\w+)", json.dumps([one["targets"] for one in found["panels"]])))
    assert named <= {one["name"] for one in found["templating"]["list"]}


def test_prometheus_reads_the_rules_and_the_port_of_the_settings():
    found = yaml.safe_load((INFRA / "prometheus" / "prometheus.yml").read_text())
    (job,) = found["scrape_configs"]
    port = Settings.model_fields["metrics_port"].default
    assert job["static_configs"] == [{"targets": [f"127.0.0.1:{port}"]}]
    assert found["rule_files"] == ["rules.yml"]
    assert job["job_name"] == "millrace"


def test_promtool_finds_nothing_wrong():
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("promtool is not installed; the expressions are parsed above")
    for kind, name in (("rules", "rules.yml"), ("config", "prometheus.yml")):
        done = subprocess.run(
            [tool, "check", kind, str(INFRA / "prometheus" / name)],
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
