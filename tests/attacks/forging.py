"""Tokens as an attacker makes them, and a service that is shown them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import MetaData
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from hongxia.dates import system_clock
from hongxia.definition import Definition
from hongxia.http.endpoint import Route, answer
from hongxia.keys import SigningKey
from hongxia.roles import ADMIN, OFFICE, OPERATOR, SUBSCRIBER
from hongxia.runtime.host import Host
from hongxia.settings import Settings
from tests import keys

LEFT_OUT = object()
"""In the place of a claim: there is none."""


def claims(**changed: Any) -> dict[str, Any]:
    """What the operator's token for an administrator says, with some claims changed."""
    now = int(datetime.now(UTC).timestamp())
    stated = {
        "iss": "operator",
        "sub": "somebody",
        "aud": "hongxia",
        "roles": [ADMIN],
        "iat": now,
        "exp": now + 300,
        "jti": "j-1",
        **changed,
    }
    return {name: value for name, value in stated.items() if value is not LEFT_OUT}


def signed(key: SigningKey, kid: str | None = None, **changed: Any) -> str:
    """A token that a key signed, with its own kid or another one. PyJWT would refuse to write some of the claims."""
    header = {"alg": "EdDSA", "typ": "JWT", "kid": key.kid if kid is None else kid}
    body = f"{part(header)}.{part(claims(**changed))}"
    return f"{body}.{part(key.sign(body.encode()))}"


def part(content: Mapping[str, Any] | bytes) -> str:
    """A part of a token."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


HEAD = Route("GET", "/events/head", summary="", roles=(SUBSCRIBER, OPERATOR))
"""What a service's key may read."""

CADRES = Route("GET", "/cadres", summary="", roles=("records", "liaison", "office"))
PARKED = Route("GET", "/parked", summary="", roles=(OPERATOR, OFFICE))


class Door:
    """The requests that a service answers, with all that decides about tokens, and without a web server."""

    def __init__(self, service: str, settings: Settings | None = None) -> None:
        settings = settings or Settings("sqlite://", "memory://", "", *keys.pair(service), "", "ERROR", system_clock)
        definition = Definition("", MetaData(), "")
        self.host = Host(service, definition, replace(settings, database_url="sqlite://"))

    def ask(self, token: str, route: Route = PARKED, *, behind: str = "") -> Response:
        """What whoever shows a token is answered; `behind` is the caller that the gateway states."""
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": behind}
        environ = EnvironBuilder(route.url, headers=headers, environ_overrides={"REMOTE_ADDR": "10.0.0.9"})
        return answer(self.host, route, Request(environ.get_environ()), lambda _call: {})

    def status(self, token: str, route: Route = PARKED) -> int:
        """The status of that answer."""
        return self.ask(token, route).status_code
