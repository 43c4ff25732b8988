"""Channels as the setting names them: what does not fit is said, and what was given is not."""

import json

import pytest

from millrace_airflow.channels import channels
from pipelines.errors import MisconfiguredError
from pipelines.settings import Settings

MAIL = {"kind": "smtp", "name": "on-call", "to": ["oncall@example.org"]}
TOPIC = {"kind": "sns", "name": "topic", "topic": "arn:aws:sns:eu-central-1:123456789012:alarms"}
SLACK = {"kind": "slack", "name": "desk", "connection": "slack_fraud"}


def test_channels_are_read_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("MILLRACE_NOTIFIERS", json.dumps([MAIL, TOPIC, SLACK]))
    found = channels(Settings(home=tmp_path))
    assert [(one.name, one.kind, one.connection) for one in found] == [
        ("on-call", "smtp", "smtp_default"),
        ("topic", "sns", "aws_default"),
        ("desk", "slack", "slack_fraud"),
    ]


def test_nobody_is_told_when_no_channel_is_named(tmp_path):
    assert channels(Settings(home=tmp_path)) == ()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({**MAIL, "password": "hunter2"}, "password: Extra inputs are not permitted"),
        ({**MAIL, "to": []}, "at least 1 item"),
        ({**MAIL, "kind": "pager"}, "does not match any of the expected tags"),
        ({**TOPIC, "topic": "hunter2"}, "topic: String should match"),
        ({**SLACK, "name": "the desk"}, "name: String should match"),
    ],
    ids=["secret", "nobody", "kind", "topic", "name"],
)
def test_channel_that_does_not_fit_is_refused_without_what_was_given(tmp_path, given, said):
    with pytest.raises(MisconfiguredError) as refused:
        channels(Settings(home=tmp_path, notifiers=(given,)))
    assert said in str(refused.value) and "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None and refused.value.__suppress_context__


def test_two_channels_of_one_name_are_refused(tmp_path):
    with pytest.raises(MisconfiguredError, match="has on-call more than once"):
        channels(Settings(home=tmp_path, notifiers=(MAIL, {**SLACK, "name": "on-call"})))
