"""nameko's HTTP entrypoint with our endpoint around the method, and one web server for one or for five services."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from time import perf_counter
from typing import Any

from nameko.web.handlers import HttpRequestHandler
from nameko.web.server import HttpOnlyProtocol, WebServer, WsgiApp
from werkzeug.exceptions import BadHost, HTTPException
from werkzeug.exceptions import MethodNotAllowed as WerkzeugMethodNotAllowed
from werkzeug.routing import IntegerConverter, Map
from werkzeug.wrappers import Request, Response

from hongxia.http.endpoint import CORRELATION, Call, Route, answer, correlation_of
from hongxia.http.problems import BadRequest, MethodNotAllowed, NotFound, Problem
from hongxia.runtime import green
from hongxia.runtime.host import Host

MOUNTS = "hongxia.mounts"
"""The key in nameko's configuration of a dict that takes the web applications instead of a port of their own."""

_ROUTE = "hongxia_route"

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Number(IntegerConverter):
    """`<int:…>` in an address: digits that fit into 64 bits. At a longer number there is nothing."""

    regex = "[0-9]{1,18}"


class Application(WsgiApp):  # type: ignore[misc]
    """nameko's, with problem documents for what no route answers."""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ, shallow=True)
        try:
            adapter = self.url_map.bind_to_environ(environ)
            provider, request.path_values = adapter.match()  # type: ignore[attr-defined]
            response: Response = provider.handle_request(request)
        except WerkzeugMethodNotAllowed as error:
            allowed = ", ".join(sorted(error.valid_methods or ()))
            response = _problem(request, MethodNotAllowed(f"此地址只支持 {allowed}", headers={"Allow": allowed}))
        except BadHost:
            response = _problem(request, BadRequest("请求头 Host 不是有效的主机名"))
        except HTTPException:
            response = _problem(request, NotFound("没有这个地址"))
        return response(environ, start_response)


def _problem(request: Request, problem: Problem) -> Response:
    response = problem.response()
    response.headers[CORRELATION] = correlation_of(request)
    return response


class QuietProtocol(HttpOnlyProtocol):  # type: ignore[misc]
    """Reads requests, and writes nothing about those that it does not understand: their lines may hold names."""

    def log_message(self, _format: str, *_values: object) -> None:
        """Write nothing; the base class writes the line as it came to standard error."""


class Server(WebServer):  # type: ignore[misc]
    """nameko's web server; where several services share a process it hands its application over instead."""

    _starting: bool

    def make_url_map(self) -> Map:
        """See nameko."""
        url_map = Map(converters={"int": Number})
        for provider in self._providers:
            rule = provider.get_url_rule()
            rule.endpoint = provider
            url_map.add(rule)
        return url_map

    def get_wsgi_app(self) -> Wsgi:
        """See nameko."""
        application: Wsgi = Application(self)
        return application

    def start(self) -> None:
        """Listen, or be mounted."""
        mounts = self.container.config.get(MOUNTS)
        if mounts is not None:
            mounts[self.container.service_name] = self.get_wsgi_app()
        elif not self._starting:
            self._starting = True
            self._sock = green.listen(self.bind_addr)
            # nameko's own work-around for kombu issue 838
            self._sock.settimeout(None)
            self._serv = self.get_wsgi_server(self._sock, self.get_wsgi_app(), QuietProtocol)
            self._gt = self.container.spawn_managed_thread(self.run)

    def stop(self) -> None:
        """Stop listening, if it did."""
        if self._gt is not None:
            super().stop()


class Endpoint(HttpRequestHandler):  # type: ignore[misc]
    """nameko's HTTP entrypoint on our server."""

    server = Server()

    def response_from_exception(self, exc: Exception) -> Response:
        """A fault outside the endpoint itself (a signature that does not fit, a container that is going down)."""
        return Problem().response()


def route(method: str, url: str, **described: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a method of a service an endpoint; the keywords are those of hongxia.http.endpoint.Route.

    The method takes `self`, a Call, and the values in the address.
    """
    described.setdefault("needs_version", method == "PATCH")
    declared = Route(method, url, **described)

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def answered(self: Any, request: Request, **path: str) -> Response:
            host: Host = self.host
            started = perf_counter()
            response = answer(host, declared, request, lambda call: function(self, call, **path))
            _observe(host, declared, request, response, perf_counter() - started)
            return response

        setattr(answered, _ROUTE, declared)
        entrypoint: Callable[..., Any] = Endpoint.decorator(method, url)(answered)
        return entrypoint

    return decorate


def _observe(host: Host, declared: Route, request: Request, response: Response, seconds: float) -> None:
    labels = (declared.url, declared.method)
    host.metrics.requests.labels(*labels, response.status_code).inc()
    host.metrics.duration.labels(*labels).observe(seconds)
    host.log.info(
        "request",
        route=declared.url,
        method=declared.method,
        status=response.status_code,
        ms=round(seconds * 1000, 1),
        correlationid=correlation_of(request),
    )


def routes_of(service: type) -> list[Route]:
    """The routes that a service class declares or inherits."""
    members = (getattr(service, name) for name in dir(service))
    return [getattr(member, _ROUTE) for member in members if hasattr(member, _ROUTE)]


__all__ = ["Call", "Endpoint", "Server", "route", "routes_of"]
