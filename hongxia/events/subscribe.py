"""A source's feed over HTTP, as a consumer pulls it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import requests

from hongxia.events.envelope import Event, parse
from hongxia.events.feed import FeedAway, Gone, Head


class HttpFeed:
    """The feed of one source at its address; `token` gives a bearer token for each request."""

    def __init__(self, url: str, token: Callable[[], str], verify: str | bool = True, timeout: float = 30.0) -> None:
        self._url = url
        self._token = token
        self._timeout = timeout
        self._session = requests.Session()
        self._session.verify = verify

    def page(self, after: int, limit: int) -> list[Event]:
        """See Feed. Raises FeedAway, Gone, NotAnEvent."""
        response = self._get("/events", {"after": after, "limit": limit})
        if response.status_code == 410:
            raise Gone(int(response.json()["first"]))
        self._expect_ok(response)
        return [parse(json.dumps(event, ensure_ascii=False).encode()) for event in response.json()]

    def head(self) -> Head:
        """See Feed. Raises FeedAway."""
        response = self._get("/events/head", {})
        self._expect_ok(response)
        body = response.json()
        return Head(body["position"], body["chain"], body["unnumbered"], body["first"])

    def _get(self, path: str, query: dict[str, Any]) -> requests.Response:
        headers = {"Authorization": f"Bearer {self._token()}"}
        try:
            return self._session.get(self._url + path, params=query, headers=headers, timeout=self._timeout)
        except requests.RequestException as error:
            raise FeedAway(type(error).__name__) from error

    def _expect_ok(self, response: requests.Response) -> None:
        if response.status_code != 200:
            raise FeedAway(f"{self._url} answered {response.status_code}")
