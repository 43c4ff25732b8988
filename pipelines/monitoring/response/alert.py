"""What people are told of an incident: the same words in every channel, short and plain.

Read on a telephone in the night: what is wrong, since when, why, what happens by itself, and where
to look. Values of the data are in it (a column, a merchant), so each channel escapes it.
"""

from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from pipelines.contracts.monitoring import Happening, Incident, Transition

_HEAD: dict[Happening, str] = {"opened": "ALARM", "worse": "WORSE", "closed": "OVER"}
_MOST_CAUSES, _MOST_MOVED = 5, 5
_MOST_LETTERS = 300
"""Of one sentence: a hostile value must not push the links off the screen."""


@dataclass(frozen=True)
class Links:
    """Where the pages of this home are."""

    base: str
    """Address of Airflow, under which Millrace's pages are."""

    def timeline(self, model: str) -> str:
        """The model's timeline page."""
        return f"{self.base.rstrip('/')}/millrace/monitor/{quote(model, safe='')}"

    def runbook(self, kind: str) -> str:
        """What an alert of this kind means and what to do."""
        return f"{self.base.rstrip('/')}/millrace/runbooks/{quote(kind, safe='')}"


@dataclass(frozen=True)
class Alert:
    """One message; every line of it is plain text."""

    subject: str
    lines: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    """Name and address."""

    @property
    def text(self) -> str:
        """For people and machines that read plain text."""
        found = [f"{name}: {address}" for name, address in self.links]
        return "\n".join([*self.lines, "", *found, ""])

    @property
    def html(self) -> str:
        """The same for a mail reader, all values escaped."""
        lines = "".join(f"<p>{escape(line)}</p>\n" for line in self.lines if line)
        links = "".join(
            f'<li><a href="{escape(address)}">{escape(name)}</a></li>\n'
            for name, address in self.links
        )
        return f"<!doctype html>\n<html><body>\n{lines}<ul>\n{links}</ul>\n</body></html>\n"


def alert(told: Transition, incident: Incident, links: Links, *, paused: bool) -> Alert:
    """The message of one transition; `incident` says what followed from it until now, and `paused`
    whether the model's scoring stands still."""
    paused = paused and told.kind == "stop"
    write = _closed if told.what == "closed" else _alarm
    lines = write(told, incident, paused)
    about = f"{told.kind}, {told.severity}, since {incident.since}"
    return Alert(
        subject=f"[millrace] {_HEAD[told.what]} {told.model}: {about}",
        lines=tuple(_short(line) for line in lines),
        links=(
            ("Timeline", links.timeline(told.model)),
            (f"Runbook: {told.kind}", links.runbook(told.kind)),
        ),
    )


def _alarm(told: Transition, incident: Incident, paused: bool) -> list[str]:
    what = "got worse" if told.what == "worse" else "became an alarm"
    causes = [f"- {one}" for one in told.causes[:_MOST_CAUSES]]
    return [
        told.headline,
        "",
        f"Severity: {told.severity}. Past its limit since {incident.since}; it {what} with the "
        f"window {told.window}. Incident {incident.incident_id}.",
        *_moved(incident),
        "Likely causes:" if causes else "Likely cause: none was found; see the timeline.",
        *causes,
        f"What follows: {_follows(incident, paused)}",
        f"See how it stands: millrace monitor status {told.model}",
    ]


def _moved(incident: Incident) -> list[str]:
    if len(incident.moved) < 2:
        return []  # the headline has it
    more = len(incident.moved) - _MOST_MOVED
    others = f" and {more} more" if more > 0 else ""
    return [f"Moved, the most important first: {', '.join(incident.moved[:_MOST_MOVED])}{others}."]


def _closed(told: Transition, incident: Incident, paused: bool) -> list[str]:
    left = f"Scoring is still paused: {_resume(told.model)}" if paused else "Nothing is left to do."
    return [
        f"It is over: {told.headline}",
        "",
        f"Incident {incident.incident_id} lasted from {incident.since} to {incident.last}; the "
        f"window {told.window} ended it. {left}",
        *([f"What followed: {incident.follows}"] if incident.follows else []),
    ]


def _follows(incident: Incident, paused: bool) -> str:
    if paused:
        return f"scoring is paused, nothing is answered. {_resume(incident.model)}"
    if incident.follows:
        return incident.follows
    return "nothing by itself. A person decides; the runbook says what can be done."


def _resume(model: str) -> str:
    return f"When the inputs are right again: millrace monitor resume {model} --as NAME --why …"


def _short(line: str) -> str:
    """One line without control characters, not endless."""
    plain = " ".join("".join(one if one.isprintable() else " " for one in line).split())
    return plain if len(plain) <= _MOST_LETTERS else f"{plain[: _MOST_LETTERS - 1]}…"
