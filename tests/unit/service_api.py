"""A service's routes, called as over HTTP, without a server."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from werkzeug.routing import Map, Rule
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from hongxia.database import Database
from hongxia.dates import fixed_clock
from hongxia.roles import ADMIN
from hongxia.runtime.host import Host
from hongxia.runtime.http import routes_of
from hongxia.runtime.service import Service
from hongxia.settings import Settings
from tests import keys

OWN = ""
"""In the place of a role: the one that the API was opened with."""


class ServiceApi:
    """The routes of a service on a database, at one moment, for somebody with `role`."""

    def __init__(self, service: type[Service], database: Database, now: datetime, role: str = ADMIN) -> None:
        settings = Settings("sqlite://", "memory://", "", *keys.pair(service.name), "", "ERROR", fixed_clock(now))
        self.role = role
        self.service: Any = service()
        self.service.host = Host(service.name, service.definition, settings)
        self.service.host.database = database
        members = (getattr(service, name) for name in dir(service))
        self.methods = {member.hongxia_route: member for member in members if hasattr(member, "hongxia_route")}
        self.map = Map([Rule(route.url, methods=[route.method], endpoint=route) for route in routes_of(service)])

    def __call__(self, method: str, path: str, body: Any = None, *, role: str | None = OWN, **headers: str) -> Response:
        """Send a request as somebody with a role, or without a token."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if role is not None:
            sent["Authorization"] = f"Bearer {token(role or self.role)}"
        content = {"data": body} if isinstance(body, bytes) else {"json": body}
        request = Request(EnvironBuilder(path, method=method, headers=sent, **content).get_environ())
        route, values = self.map.bind_to_environ(request.environ).match()
        request.path_values = values  # type: ignore[attr-defined] # as the runtime's Application does
        response: Response = self.methods[route](self.service, request, **values)
        return response


def token(role: str = ADMIN) -> str:
    """A token. Expiry is held against the system's clock, whatever the service's own says."""
    return keys.token(role)
