"""Reviewers as the demo plays them: they work in the reviewers' pages and know the truth.

They sign in with their passwords and send what a browser sends. Now and then they err, at a
stated rate, as people do.
"""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

import httpx

from pipelines.errors import TransientError

ERROR_RATE = 0.03
"""Share of the fields on which a played reviewer is wrong."""
Truth = Mapping[str, Mapping[str, str]]
"""By document what really stands in its fields; a field that is missing is absent."""
Same = Callable[[str, str], str]
"""Of a field and a value in any spelling what is compared."""


class PlayedReviewer:
    """One named reviewer at work."""

    def __init__(
        self, url: str, name: str, password: str, *, truth: Truth, same: Same, seed: int
    ) -> None:
        self.name = name
        self.documents = 0
        self._truth = truth
        self._same = same
        self._random = Random(f"{seed}/{name}")  # noqa: S311 - a play, not a secret
        # A proxy of the environment does not reach this machine's own loopback.
        self._http = httpx.Client(base_url=url, follow_redirects=True, trust_env=False, timeout=30)
        page = self._http.post("/sign-in", data={"name": name, "password": password})
        found = re.search(r'<meta name="csrf-token" content="([^"]+)"', page.text)
        if found is None:
            raise TransientError(
                f"{name} could not sign in at {url}, which answered {page.status_code}. See "
                "`millrace status` for the log of the service `review`."
            )
        self._http.headers["X-CSRF-Token"] = found[1]

    def work(self, model: str) -> bool:
        """Answers the next document of the queue; False where there is none."""
        given = self._http.post("/work/next", json={"model": model, "skip": []})
        if given.status_code == httpx.codes.NO_CONTENT:
            return False
        item = given.raise_for_status().json()
        told = self._truth[item["document"]]
        judgements = [self._judge(one, told) for one in item["fields"] if one["asked"]]
        answer = {"judgements": judgements, "nonce": secrets.token_hex(12)}
        self._http.post(f"/work/{item['task']}/answer", json=answer).raise_for_status()
        self.documents += 1
        return True

    def _judge(self, field: Mapping[str, Any], told: Mapping[str, str]) -> dict[str, Any]:
        truth, value = told.get(field["name"]), field["value"]
        if self._random.random() < ERROR_RATE:
            # What people do when they err: they accept what stands there, or miss it.
            verdict, truth = ("right", value) if value else ("absent", None)
        elif self._agree(field["name"], truth, value):
            verdict = "right"
        else:
            verdict = "absent" if truth is None else "wrong"
        said = truth if verdict == "wrong" else None
        return {"field": field["name"], "verdict": verdict, "value": said}

    def _agree(self, field: str, truth: str | None, value: str | None) -> bool:
        if truth is None or value is None:
            return truth is value
        return self._same(field, truth) == self._same(field, value)


def work_off(reviewers: Sequence[PlayedReviewer], model: str) -> int:
    """Lets the reviewers answer in turn until nothing is left for any; how many documents."""
    at_work = list(reviewers)
    while at_work:
        at_work = [one for one in at_work if one.work(model)]
    return sum(one.documents for one in reviewers)
