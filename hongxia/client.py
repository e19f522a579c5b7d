"""A client of the services' public HTTP APIs, for the command line."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import requests

from hongxia.settings import DEFAULT_URL, Misconfigured, service_url, trusted, value_of

TIMEOUT = 600.0


class ClientError(Exception):
    """A service answered with a problem, or not at all; the text is Chinese and ready to print."""

    def __init__(self, message: str, problem: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.problem = problem or {}


class Client:
    """Speaks to all services; knows where they are and which token to show."""

    def __init__(self, urls: str, token: str, verify: str | bool = True) -> None:
        self.urls = urls
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._verify = verify

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Client:
        """HONGXIA_URL, HONGXIA_TOKEN (or the token that an embedded `hongxia serve` wrote), HONGXIA_CA.

        Raises Misconfigured if there is no token, or one of them can't be one.
        """
        token = value_of(environ, "HONGXIA_TOKEN") or _local_token(environ)
        if not token:
            raise Misconfigured(
                "没有访问令牌：请设置 HONGXIA_TOKEN；hongxia serve 在本机运行时，请在它的目录中运行或设置 HONGXIA_DATA"
            )
        if not token.isascii():
            raise Misconfigured("HONGXIA_TOKEN 不是访问令牌：令牌只含字母、数字与 . _ -")
        return cls(environ.get("HONGXIA_URL") or DEFAULT_URL, token, trusted(environ))

    def get(self, service: str, path: str, **query: Any) -> Any:
        """The JSON that a GET answers. Raises ClientError."""
        return _document(service, self.request("GET", service, path, params=query))

    def post(self, service: str, path: str, **options: Any) -> Any:
        """The JSON that a POST answers. Raises ClientError."""
        return _document(service, self.request("POST", service, path, **options))

    def pages(self, service: str, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """All items of a paged list. Raises ClientError."""
        cursor: str | None = None
        while True:
            page = self.get(service, path, **query, **({"cursor": cursor} if cursor else {}))
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def request(self, method: str, service: str, path: str, **options: Any) -> requests.Response:
        """One request. Raises ClientError."""
        url = service_url(self.urls, service) + path
        try:
            response = self._session.request(method, url, timeout=TIMEOUT, verify=self._verify, **options)
        except requests.RequestException as error:
            raise ClientError(f"服务 {service} 连不上（{url}）：{type(error).__name__}") from None
        if not response.ok:
            raise ClientError(*_told(service, response))
        return response


def _document(service: str, response: requests.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        raise ClientError(f"{response.url} 答复的不是 JSON，那里不是服务 {service}：请检查 HONGXIA_URL") from None


def _told(service: str, response: requests.Response) -> tuple[str, dict[str, Any]]:
    try:
        problem = dict(response.json())
    except ValueError:
        problem = {}
    detail = problem.get("detail") or f"HTTP {response.status_code}"
    return f"服务 {service}：{detail}", problem


def _local_token(environ: Mapping[str, str]) -> str | None:
    path = Path(environ.get("HONGXIA_DATA") or ".hongxia") / "token"
    return path.read_text(encoding="utf-8").strip() if path.is_file() else None
