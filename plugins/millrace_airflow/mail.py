"""E-mail as text and HTML: Airflow's notifier, whose hook sends HTML alone, with both."""

from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from functools import cached_property
from typing import Any

from airflow.providers.smtp.hooks.smtp import SmtpHook
from airflow.providers.smtp.notifications.smtp import SmtpNotifier


class _TextAndHtmlHook(SmtpHook):
    """Puts the plain text before the HTML, as RFC 2046 wants alternatives: the best last."""

    def __init__(self, text: str, **more: Any) -> None:
        super().__init__(**more)
        self._text = text

    def _build_mime_message(self, *given: Any, **more: Any) -> tuple[MIMEMultipart, list[str]]:
        message, recipients = super()._build_mime_message(*given, **more)
        html = message.get_payload()
        message.set_payload([MIMEText(self._text, "plain", "utf-8"), *html])
        return message, recipients


class TextAndHtmlNotifier(SmtpNotifier):
    """Airflow's SmtpNotifier with `text` beside `html_content`."""

    def __init__(self, *, text: str, **more: Any) -> None:
        super().__init__(mime_subtype="alternative", **more)
        self.text = text

    @cached_property
    def hook(self) -> SmtpHook:
        """Connects as Airflow's own does."""
        return _TextAndHtmlHook(self.text, smtp_conn_id=self.smtp_conn_id, auth_type=self.auth_type)
