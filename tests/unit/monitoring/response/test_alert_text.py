"""What people are told of an incident: read on a telephone, at night."""

from datetime import UTC, datetime

from pipelines.contracts.monitoring import Incident, Transition
from pipelines.monitoring.response.alert import Links, alert

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
LINKS = Links("https://airflow.example.org/")


def message(what="opened", paused=False, **different):
    own = {
        "incident_id": 4, "model": "card_fraud", "kind": "drift", "severity": "high",
        "headline": "card_fraud: amount moved from 53.6 to 58.9 on average, since 2018-06-10",
        "causes": ["Customers of the terminals T1 and T2."],
    } | different  # fmt: skip
    follows = own.pop("follows", "A training was asked for: request 4.")
    moved = [f"input/{one}" for one in own.pop("moved", "a")]
    told = Transition(transition_id=1, what=what, window="2018-06-11", at=NOW, **own)
    incident = Incident(
        since="2018-06-10", last="2018-06-12", opened_at=NOW, closed_at=None, moved=moved,
        follows=follows, **own,
    )  # fmt: skip
    return alert(told, incident, LINKS, paused=paused)


def test_alarm_says_what_moved_since_when_why_and_what_follows():
    found = message()
    assert found.subject == "[millrace] ALARM card_fraud: drift, high, since 2018-06-10"
    assert found.text == (
        "card_fraud: amount moved from 53.6 to 58.9 on average, since 2018-06-10\n"
        "\n"
        "Severity: high. Past its limit since 2018-06-10; it became an alarm with the window "
        "2018-06-11. Incident 4.\n"
        "Likely causes:\n"
        "- Customers of the terminals T1 and T2.\n"
        "What follows: A training was asked for: request 4.\n"
        "See how it stands: millrace monitor status card_fraud\n"
        "\n"
        "Timeline: https://airflow.example.org/millrace/monitor/card_fraud\n"
        "Runbook: drift: https://airflow.example.org/millrace/runbooks/drift\n"
    )


def test_alarm_says_that_a_person_decides_when_nothing_follows_by_itself():
    assert "What follows: nothing by itself. A person decides" in message(follows="").text
    assert "Likely cause: none was found" in message(causes=[]).text


def test_worse_and_over_are_told_apart_from_an_alarm():
    assert message("worse").subject.startswith("[millrace] WORSE card_fraud")
    over = message("closed")
    assert over.subject.startswith("[millrace] OVER card_fraud")
    assert "lasted from 2018-06-10 to 2018-06-12; the window 2018-06-11 ended it" in over.text
    assert "Nothing is left to do." in over.text


def test_paused_scoring_is_told_with_the_way_back_until_a_person_lets_it_go_on():
    resume = "millrace monitor resume card_fraud --as NAME --why …"
    began = message(kind="stop", paused=True, follows="").text
    assert "scoring is paused, nothing is answered" in began and resume in began
    over = message("closed", kind="stop", paused=True).text
    assert "Scoring is still paused" in over and resume in over
    assert "Nothing is left to do." not in over
    assert resume not in message("closed", kind="stop", paused=False).text
    assert resume not in message(kind="drift", paused=True).text


def test_hostile_values_stay_one_short_line_of_text():
    found = message(headline="a\r\nBcc: eve\x00\u202e " + "x" * 10_000, causes=["<script>alert(1)"])
    first = found.text.splitlines()[0]
    assert len(first) == 300 and first.endswith("…") and first.startswith("a Bcc: eve x")
    assert "\n" not in found.subject
    assert "<script>" not in found.html and "&lt;script&gt;" in found.html


def test_what_moved_is_named_when_it_is_more_than_the_headline_says():
    assert "Moved, the most important first: input/a, input/b." in message(moved="ab").text
    assert "input/d, input/e and 2 more." in message(moved="abcdefg").text
    assert "Moved" not in message(moved="a").text


def test_no_more_than_five_causes_are_told():
    assert message(causes=[f"cause {number}" for number in range(9)]).text.count("- cause") == 5
