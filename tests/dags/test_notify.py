"""Every channel is told of every transition once: real notifiers, receivers on loopback."""

import json
import socket
import threading
from collections.abc import Iterator
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from aiosmtpd.controller import Controller
from factories.airflow import result_of
from moto.server import ThreadedMotoServer
from moto.sns.models import sns_backends

pytestmark = pytest.mark.airflow

TOKEN = "T0/B0/a-secret-token"
HOSTILE = 'amount moved <b>much</b> {{ 7 * 7 }} <!channel> & "é"\r\nBcc: eve@example.org'
REGION, ACCOUNT = "eu-central-1", "123456789012"

_LOOK = """
import json, sys
from datetime import UTC, datetime, timedelta
from millrace_airflow import notify
from pipelines import settings
from pipelines.errors import TransientError
from pipelines.opsdb import deliveries, incidents
from pipelines.opsdb.database import OpsDb

headline, now = sys.argv[1], datetime.now(UTC)
db = OpsDb.open(settings.load())
seen = {"headline": headline, "causes": ["the merchant <script>"], "moved": []}

def tell():
    try:
        return notify.tell("receipts")
    except TransientError as error:
        return {"error": str(error)}

def begin(kind, at):
    with db.write() as session:
        return incidents.begin(session, "receipts", kind, severity="low", since="2018-06-10",
                               window="2018-06-11", now=at, **seen).incident_id

long_ago = now - timedelta(days=30)
over, still = begin("volume", long_ago), begin("system", long_ago)
with db.write() as session:
    incidents.close(session, over, "2018-06-12", long_ago)
first = begin("drift", now)
with db.write() as session:
    incidents.follow(session, first, "a training was asked for (retrain request 4).")
told = [tell(), tell(), tell()]
with db.write() as session:
    incidents.see(session, first, severity="high", window="2018-06-12", now=now, **seen)
    incidents.close(session, first, "2018-06-13", now)
told += [tell(), tell()]
with db.read() as session:
    rows = [row | {"delivered_at": bool(row["delivered_at"])}
            for row in deliveries.of_incident(session, first)]
print("RESULT" + json.dumps({"told": told, "rows": rows, "first": first, "still": still}))
"""


class Mailbox:
    """Takes mail as a server does."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.messages.append(message_from_bytes(envelope.content))
        return "250 OK"


class Webhook(ThreadingHTTPServer):
    """Slack's side of a webhook, which is down when it is asked first."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Take)
        self.paths: list[str] = []
        self.bodies: list[dict[str, Any]] = []


class _Take(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.paths.append(self.path)
        down = len(self.server.paths) == 1
        if not down:
            self.server.bodies.append(body)
        self.send_response(500 if down else 200)
        self.end_headers()
        self.wfile.write(b"out of order" if down else b"ok")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    yield box, port
    server.stop()


@pytest.fixture(scope="module")
def webhook() -> Iterator[Webhook]:
    server = Webhook()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture(scope="module")
def topic() -> Iterator[tuple[str, str]]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    client = boto3.client("sns", region_name=REGION, endpoint_url=url, **keys)
    yield url, client.create_topic(Name="alarms")["TopicArn"]
    server.stop()


@pytest.fixture(scope="module")
def seen(
    airflow_env: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
    mailbox: tuple[Mailbox, int],
    webhook: Webhook,
    topic: tuple[str, str],
) -> dict[str, Any]:
    folder: Path = tmp_path_factory.mktemp("told")
    mail = {"disable_ssl": True, "disable_tls": True, "retry_limit": 0}
    connections = {
        "MAIL": {"conn_type": "smtp", "host": "127.0.0.1", "port": mailbox[1], "extra": mail},
        "SLACK": {
            "conn_type": "slackwebhook",
            "host": f"http://127.0.0.1:{webhook.server_port}",
            "password": TOKEN,
        },
        "AWS": {
            "conn_type": "aws",
            "login": "a",
            "password": "b",
            "extra": {"endpoint_url": topic[0], "region_name": REGION},
        },
    }
    to = ["oncall@example.org", "lead@example.org"]
    channels = [
        {"kind": "smtp", "name": "mail", "connection": "mail", "to": to, "sender": "m@example.org"},
        {"kind": "slack", "name": "slack", "connection": "slack"},
        {"kind": "sns", "name": "sns", "connection": "aws", "topic": topic[1]},
    ]
    environ = airflow_env | {
        "MILLRACE_OPSDB_URI": f"sqlite:///{folder / 'opsdb.db'}",
        "MILLRACE_NOTIFIERS": json.dumps(channels),
        **{f"AIRFLOW_CONN_{name}": json.dumps(one) for name, one in connections.items()},
    }
    return result_of(_LOOK, environ, HOSTILE)


def test_a_channel_that_failed_is_told_by_the_next_try_and_the_others_are_not_told_again(
    seen: dict[str, Any], mailbox: tuple[Mailbox, int], webhook: Webhook
) -> None:
    failed, again, nothing, later, end = seen["told"]
    assert "slack: AirflowException: " in failed["error"]
    assert "mail:" not in failed["error"] and "sns:" not in failed["error"]
    # The one that is still open, and the new one; what was over long ago is not told any more.
    assert again["told"] == {"mail": 0, "slack": 2, "sns": 0}
    assert nothing["told"] == end["told"] == {"mail": 0, "slack": 0, "sns": 0}
    assert later["told"] == {"mail": 2, "slack": 2, "sns": 2}
    assert len(mailbox[0].messages) == len(webhook.bodies) == 4


def test_every_delivery_is_on_record_when_it_is_made(seen: dict[str, Any]) -> None:
    assert [(row["what"], row["channel"]) for row in seen["rows"]] == [
        (what, channel)
        for what in ("opened", "worse", "closed")
        for channel in ("mail", "slack", "sns")
    ]
    assert all(row["delivered_at"] and row["note"] is None for row in seen["rows"])


def test_no_secret_of_a_connection_is_told_when_a_channel_fails(
    seen: dict[str, Any], webhook: Webhook
) -> None:
    assert webhook.paths[0] == f"/{TOKEN}"
    assert TOKEN not in json.dumps(seen)


def test_mail_has_text_and_escaped_html_and_the_hostile_headline_is_only_text(
    seen: dict[str, Any], mailbox: tuple[Mailbox, int]
) -> None:
    message = next(one for one in mailbox[0].messages if "drift" in str(one["Subject"]))
    assert message.get_content_type() == "multipart/alternative"
    assert message["To"] == "oncall@example.org, lead@example.org" and message["Bcc"] is None
    subject = str(make_header(decode_header(message["Subject"])))
    assert subject == "[millrace] ALARM receipts: drift, low, since 2018-06-10"
    plain, html = (
        part.get_payload(decode=True).decode() for part in message.walk() if not part.is_multipart()
    )
    first = plain.splitlines()[0]
    assert first == 'amount moved <b>much</b> {{ 7 * 7 }} <!channel> & "é" Bcc: eve@example.org'
    assert "What follows: a training was asked for (retrain request 4)." in plain
    assert "/millrace/monitor/receipts" in plain and "/millrace/runbooks/drift" in plain
    assert "&lt;b&gt;much" in html and "<b>" not in html and "<script>" not in html
    assert "&lt;script&gt;" in html and "{{ 7 * 7 }}" in html


def test_slack_and_sns_get_the_same_words_and_call_nobody_by_a_value(
    seen: dict[str, Any], webhook: Webhook, mailbox: tuple[Mailbox, int]
) -> None:
    slack = [one["text"] for one in webhook.bodies if ": drift," in one["text"]]
    assert [text.split()[1] for text in slack] == ["ALARM", "WORSE", "OVER"]
    assert "<!channel>" not in slack[0] and "&lt;!channel&gt;" in slack[0]
    (topic,) = sns_backends[ACCOUNT][REGION].topics.values()
    sent = [one for one in topic.sent_notifications if ": drift," in one[2]]
    assert [one[2].split()[1] for one in sent] == ["ALARM", "WORSE", "OVER"]
    plain = next(
        part.get_payload(decode=True).decode()
        for message in mailbox[0].messages
        if ": drift," in str(message["Subject"])
        for part in message.walk()
        if part.get_content_type() == "text/plain"
    )
    assert plain in {json.loads(one[1])["default"] if one[1][:1] == "{" else one[1] for one in sent}
