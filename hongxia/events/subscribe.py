"""A source's feed over HTTP, as a consumer pulls it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import requests

from hongxia.events.envelope import Event, NotAnEvent, parse
from hongxia.events.feed import Contradicted, FeedAway, Gone, Head
from hongxia.events.heads import Place

ANOTHER_HISTORY = "urn:hongxia:problem:another-history"
"""The type of the problem with which a source answers a reader that holds another history."""


class HttpFeed:
    """The feed of one source at its address; `token` gives a bearer token for each request, `verify` is the file of the
    CA that the source's certificate is to be signed by (True: one that the system trusts), `timeout` is in seconds.
    """

    def __init__(self, url: str, token: Callable[[], str], verify: str | bool = True, timeout: float = 30.0) -> None:
        self._url = url
        self._token = token
        self._timeout = timeout
        # Handed over with each request: what stands in the session gives way to REQUESTS_CA_BUNDLE.
        self._verify = verify
        self._session = requests.Session()

    def page(self, after: int, limit: int, chain: str | None = None) -> list[Event]:
        """See Feed. Raises FeedAway, Gone, Contradicted, NotAnEvent."""
        holds = {} if chain is None else {"chain": chain}
        status, document = self._get("/events", {"after": after, "limit": limit, **holds}, 200, 409, 410)
        if status == 409 and _contradicts(document):
            raise Contradicted(f"{self._url} has another history at position {after}")
        if status == 410 and isinstance(document, dict) and isinstance(document.get("first"), int):
            raise Gone(document["first"])
        if status != 200 or not isinstance(document, list):
            raise FeedAway("the answer is no feed's")
        return [_event(item) for item in document]

    def head(self, holds: Place | None = None) -> Head:
        """See Feed. Raises FeedAway. A source that contradicts what we hold says where its head is all the same."""
        query = {} if holds is None else {"after": holds[0], "chain": holds[1]}
        status, document = self._get("/events/head", query, 200, 409)
        if status == 409 and not _contradicts(document):
            raise FeedAway("the answer is no feed's")
        try:
            head = Head(document["position"], document["chain"], document["unnumbered"], document["first"])
        except (KeyError, TypeError):
            raise FeedAway("the answer is no feed's") from None
        if not isinstance(head.position, int) or not isinstance(head.chain, str):
            raise FeedAway("the answer is no feed's")
        return head

    def _get(self, path: str, query: dict[str, Any], *expected: int) -> tuple[int, Any]:
        """The status and the JSON of the answer; whatever has none, or another status, is no feed."""
        headers = {"Authorization": f"Bearer {self._token()}"}
        options: dict[str, Any] = {"timeout": self._timeout, "verify": self._verify}
        try:
            response = self._session.get(self._url + path, params=query, headers=headers, **options)
            if response.status_code not in expected:
                raise FeedAway(f"{self._url} answered {response.status_code}")
            return response.status_code, response.json()
        except (OSError, RecursionError) as error:  # a RequestException is an OSError, and so is a CA file that is gone
            raise FeedAway(type(error).__name__) from error


def _contradicts(problem: Any) -> bool:
    return isinstance(problem, dict) and problem.get("type") == ANOTHER_HISTORY


def _event(item: Any) -> Event:
    """One event of a page. Raises NotAnEvent."""
    try:
        return parse(orjson.dumps(item))
    except orjson.JSONEncodeError as error:
        raise NotAnEvent(str(error)) from None
