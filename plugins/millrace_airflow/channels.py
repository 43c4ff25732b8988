"""Channels that are told of alarms, as the setting `MILLRACE_NOTIFIERS` names them.

No secret stands in a setting: address and credentials are in the Airflow connection of that name.
"""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from pipelines.errors import MisconfiguredError
from pipelines.settings import Settings

if TYPE_CHECKING:
    from airflow.sdk import BaseNotifier

    from pipelines.monitoring.response.alert import Alert

SECONDS = 20
"""How long a webhook may take; a mail server's time is set in its connection."""
_SUBJECT_LETTERS = 100
"""What SNS takes of a subject."""


class _Channel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
    """Says on record which channel has been told; another name is another channel, which is told
    of what is open anew."""


class Mail(_Channel):
    """E-mail, as text and HTML, over an Airflow connection of the type `smtp`."""

    kind: Literal["smtp"]
    connection: str = "smtp_default"
    to: Annotated[list[str], Field(min_length=1)]
    """Addresses."""
    sender: str | None = None
    """Address it comes from; null takes the connection's `from_email`."""

    def notifier(self, alert: "Alert") -> "BaseNotifier":
        """Airflow's own, with the words of the alert."""
        from millrace_airflow.mail import TextAndHtmlNotifier

        return TextAndHtmlNotifier(
            text=alert.text,
            to=self.to,
            from_email=self.sender,
            subject=alert.subject,
            html_content=alert.html,
            smtp_conn_id=self.connection,
        )


class Slack(_Channel):
    """A Slack channel, over an incoming webhook in an Airflow connection `slackwebhook`."""

    kind: Literal["slack"]
    connection: str = "slack_default"

    def notifier(self, alert: "Alert") -> "BaseNotifier":
        """Airflow's own, with the words of the alert."""
        from airflow.providers.slack.notifications.slack_webhook import SlackWebhookNotifier

        return SlackWebhookNotifier(
            slack_webhook_conn_id=self.connection,
            text=_for_slack(f"*{alert.subject}*\n{alert.text}"),
            unfurl_links=False,
            timeout=SECONDS,
        )


class Sns(_Channel):
    """A topic of Amazon SNS, over an Airflow connection `aws`, or boto3's own credentials."""

    kind: Literal["sns"]
    topic: Annotated[str, Field(pattern=r"^arn:[^:]+:sns:[^:]*:[^:]*:.+$")]
    """ARN of the topic."""
    connection: str | None = "aws_default"
    """Null takes the credentials of the machine's role."""
    region: str | None = None
    """Null takes the connection's."""

    def notifier(self, alert: "Alert") -> "BaseNotifier":
        """Airflow's own, with the words of the alert."""
        from airflow.providers.amazon.aws.notifications.sns import SnsNotifier

        plain = alert.subject.encode("ascii", "replace").decode()
        return SnsNotifier(
            aws_conn_id=self.connection,
            target_arn=self.topic,
            message=alert.text,
            subject=plain[:_SUBJECT_LETTERS],
            region_name=self.region,
        )


Channel = Mail | Slack | Sns

_ALL = TypeAdapter(tuple[Annotated[Channel, Field(discriminator="kind")], ...])


def channels(settings: Settings) -> tuple[Channel, ...]:
    """The channels of this home; raises MisconfiguredError, which says what does not fit."""
    try:
        found = _ALL.validate_python(settings.notifiers)
    except ValidationError as error:
        # Without what was given: somebody may have put a secret there.
        faults = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        said = "; ".join(faults)
        raise MisconfiguredError(
            f"MILLRACE_NOTIFIERS does not fit: {said}. It is a JSON list of channels such as "
            '[{"kind": "smtp", "name": "on-call", "to": ["oncall@example.org"]}].'
        ) from None
    names = [one.name for one in found]
    if doubled := sorted({one for one in names if names.count(one) > 1}):
        raise MisconfiguredError(
            f"MILLRACE_NOTIFIERS has {', '.join(doubled)} more than once; each channel needs a "
            "name of its own, for by it is known what it has been told."
        )
    return found


def _for_slack(text: str) -> str:
    """Slack reads these three as its own; a value of the data must not call a channel."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
