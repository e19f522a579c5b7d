"""One request from its bytes to its answer: who may, what was sent, one transaction, what comes back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from marshmallow import Schema, ValidationError
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from hongxia import ids
from hongxia.database import Database, is_collision, is_infrastructure
from hongxia.dates import Clock, day_of
from hongxia.events.context import Context
from hongxia.events.declare import source_urn
from hongxia.http import auth, idempotency
from hongxia.http.auth import Actor
from hongxia.http.idempotency import Key
from hongxia.http.problems import (
    BadRequest,
    Conflict,
    FieldError,
    Invalid,
    KeyRequired,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Problem,
    TooLarge,
    Unavailable,
    UnsupportedMedia,
    from_validation,
)
from hongxia.http.refusals import problem_of
from hongxia.http.values import faults
from hongxia.paging import Page
from hongxia.rules import Refusal
from hongxia.values import fits, is_address_part, is_storable

JSON = "application/json"
MOST_JSON = 1024 * 1024
MOST_RAW = 20 * 1024 * 1024
CORRELATION = "X-Correlation-ID"

_CORRELATION_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_NUMBER = re.compile(r"[0-9]{1,18}")
"""What fits into 64 bits, as a header gives it."""


@dataclass(frozen=True, slots=True)
class Route:
    """What an endpoint is: its address, who may call it, what it takes and gives.

    `roles` empty and `public` false: any valid token. `writes`: the method runs in a transaction that may write;
    by default whatever is no GET. `raw`: the content types of a body that is no JSON. `cookie`: see `by_cookie`.
    `many`: a page of what `returns` says; `array`: all of it, as a plain array. For the description only: `produces`,
    the JSON Schema by content type of an answer that no `returns` describes; `also`, further answers by status, in
    OpenAPI's words; `etag`: it sends an ETag that is no record's version. `needs_key`: a new record has no natural key,
    so the request must bear an Idempotency-Key, unless the body's field `number` gives the record one. `asks`: the
    codes of the questions that the query parameter `confirm` answers. `admits`: asks for the role where that depends on
    the address (host, actor, values in the address); it raises a Problem before any of the body is read.
    """

    method: str
    url: str
    summary: str
    roles: tuple[str, ...] = ()
    body: type[Schema] | None = None
    query: type[Schema] | None = None
    returns: type[Schema] | None = None
    many: bool = False
    array: bool = False
    status: int = 200
    public: bool = False
    raw: tuple[str, ...] = ()
    writes: bool = True
    needs_version: bool = False
    cookie: bool = False
    produces: Mapping[str, Any] = field(default_factory=dict, hash=False)
    also: Mapping[int, Any] = field(default_factory=dict, hash=False)
    etag: bool = False
    needs_key: bool = False
    number: str = ""
    asks: tuple[str, ...] = ()
    admits: Callable[[Any, Actor, Mapping[str, Any]], None] | None = None

    @property
    def by_cookie(self) -> bool:
        """Whether the browser's cookie counts as the token: where nothing is changed, or only the cookie itself."""
        return self.method == "GET" or self.cookie


@dataclass(slots=True)
class Call:
    """A request as a service's method sees it; `body` and `query` are loaded and valid."""

    session: Session
    actor: Actor
    context: Context
    body: Any = None
    query: dict[str, Any] = field(default_factory=dict)
    if_match: int | None = None
    confirmed: tuple[str, ...] = ()
    request: Request = field(repr=False, default=None)  # type: ignore[assignment]

    @property
    def now(self) -> datetime:
        """The moment of the request, UTC."""
        return self.context.now

    @property
    def today(self) -> date:
        """The date in Asia/Shanghai."""
        return day_of(self.now)

    def must_match(self, version: int) -> None:
        """Raises PreconditionFailed if the caller changes another version than the current one."""
        if self.if_match is not None and self.if_match != version:
            raise PreconditionFailed(f"当前版本为 {version}，请求修改的是版本 {self.if_match}")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is more than its body: a status, headers, or another content type than JSON."""

    body: Any
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str | None = None


class EndpointHost(Protocol):
    """What the endpoint needs of the service that it belongs to."""

    name: str
    database: Database
    clock: Clock
    verifier: auth.Verifier

    def failed(self, route: Route, error: Exception) -> None:
        """Note an error that nobody expected."""


NO_ONE = Actor("anonymous", frozenset())


def answer(host: EndpointHost, route: Route, request: Request, act: Callable[[Call], Any]) -> Response:
    """Run `act` for a request; every error becomes a problem document, and then nothing was changed."""
    correlation = correlation_of(request)
    try:
        response = _answer(host, route, request, correlation, act)
    except Problem as problem:
        response = problem.response()
    except Refusal as refusal:
        response = problem_of(refusal, route.body).response()
    except Exception as error:  # noqa: BLE001 - the one place where any error becomes an answer
        host.failed(route, error)
        response = _problem_of(error).response()
    response.headers[CORRELATION] = correlation
    return response


def _problem_of(error: Exception) -> Problem:
    if is_collision(error):
        return Conflict("与同时提交的另一项更改冲突，请重新读取后再试", slug="collision")
    return Unavailable("数据库暂时不可用，请稍后重试") if is_infrastructure(error) else Problem()


def correlation_of(request: Request) -> str:
    """The correlation id that the caller sent, or a new one; kept on the request, so that it is one and the same."""
    known: str | None = request.environ.get("hongxia.correlation")
    if known is None:
        sent = request.headers.get(CORRELATION, "")
        known = sent if _CORRELATION_ID.fullmatch(sent) else ids.new_id()
        request.environ["hongxia.correlation"] = known
    return known


def _answer(
    host: EndpointHost, route: Route, request: Request, correlation: str, act: Callable[[Call], Any]
) -> Response:
    actor = NO_ONE if route.public else host.verifier.actor(request, by_cookie=route.by_cookie)
    if route.roles:
        actor.must_have(route.roles)
    _check_address(request)
    if route.admits:
        route.admits(host, actor, getattr(request, "path_values", {}))
    raw = _read_body(route, request)
    query, confirmed = _query(route, request)
    body = _loaded_body(route, request, raw)
    if_match = _if_match(route, request)
    now = host.clock()
    context = Context(source_urn(host.name), now, correlation, actor=actor.subject)
    key = _key(route, request, actor, raw, body)

    def run(session: Session) -> Response:
        return _response(route, act(Call(session, actor, context, body, query, if_match, confirmed, request)))

    if key is None:
        with _session(host.database, route, context) as session:
            return run(session)
    if not route.writes:
        return _once_beside(host.database, key, context, run)
    with host.database.begin(context) as session:
        return _once(session, key, now, run)


def _query(route: Route, request: Request) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The query as its schema has it, and the questions that `confirm` answers. Raises Invalid."""
    sent = request.args.to_dict()
    confirmed = tuple(word for word in sent.pop("confirm", "").split(",") if word) if route.asks else ()
    unknown = [word for word in confirmed if word not in route.asks]
    if unknown:
        problem = FieldError(f"可确认的事项为：{'、'.join(route.asks)}", parameter="confirm")
        raise Invalid(f"confirm 中的 {'、'.join(unknown)} 不是可确认的事项", errors=[problem])
    if route.query is None and route.public:
        return {}, confirmed
    return _loaded(route.query or Schema, sent, query=True), confirmed


def _key(route: Route, request: Request, actor: Actor, raw: bytes, body: Any) -> Key | None:
    header = request.headers.get("Idempotency-Key")
    if header is None and route.needs_key and not (route.number and body.get(route.number)):
        raise KeyRequired()
    if header is None or route.method != "POST":
        return None
    mark = idempotency.fingerprint(request.method, request.full_path, raw)
    return Key(actor.subject, idempotency.checked_key(header), mark)


def _once(session: Session, key: Key, now: datetime, run: Callable[[Session], Response]) -> Response:
    """The key is taken and the answer kept in the transaction of what it tells."""
    known = idempotency.claim(session, key, now)
    if known is not None:
        return known
    response = run(session)
    idempotency.keep(session, key, response)
    return response


def _once_beside(database: Database, key: Key, context: Context, run: Callable[[Session], Response]) -> Response:
    """For a route that has transactions of its own, or none: the answer is kept when all is done.

    The key is not held meanwhile, so two requests at once both do the work; both get the answer of the first to end.
    An answer that sets a cookie holds a token, which is kept nowhere; it is simply given anew.
    """
    with database.read() as session:
        known = idempotency.earlier(session, key)
    if known is not None:
        return known
    with database.read() as session:
        response = run(session)
    if "Set-Cookie" in response.headers:
        return response
    with database.begin(context) as session:
        return _once(session, key, context.now, lambda _session: response)


@contextmanager
def _session(database: Database, route: Route, context: Context) -> Iterator[Session]:
    reads = route.method == "GET" or not route.writes
    with database.read() if reads else database.begin(context) as session:
        yield session


def _check_address(request: Request) -> None:
    """Raises NotFound or Invalid if the address holds a text or a number that no database can keep."""
    values: Mapping[str, Any] = getattr(request, "path_values", {})
    texts = [value for value in values.values() if isinstance(value, str)]
    numbers = [value for value in values.values() if isinstance(value, int)]
    if not (all(map(is_address_part, texts)) and all(map(fits, numbers))):
        raise NotFound()
    try:
        wrong = [name for name, value in request.args.items(multi=True) if not is_storable(value)]
    except UnicodeDecodeError:
        raise BadRequest("查询参数不是 UTF-8 编码") from None
    if wrong:
        raise Invalid("查询参数含有不能保存的字符", errors=[FieldError("不能保存", parameter=name) for name in wrong])


def _read_body(route: Route, request: Request) -> bytes:
    if request.method in ("GET", "HEAD"):
        return b""
    if request.headers.get("Transfer-Encoding"):
        raise BadRequest("请以 Content-Length 注明长度，不支持分块传输")
    most = MOST_RAW if route.raw else MOST_JSON
    length = _content_length(request)
    if length > most:
        raise TooLarge(f"内容过大：最多 {most // 1024 // 1024} MB")
    try:
        data = request.get_data(cache=False)
    except (HTTPException, OSError):  # the client went away before it had sent all
        data = b""
    if len(data) != length:
        raise BadRequest("请求内容不完整")
    return data


def _content_length(request: Request) -> int:
    sent = request.headers.get("Content-Length", "").strip() or "0"
    if not sent.isascii() or not sent.isdecimal():
        raise BadRequest("Content-Length 无效", errors=[FieldError("应为字节数", parameter="Content-Length")])
    if not _NUMBER.fullmatch(sent):
        raise TooLarge("内容过大")
    return int(sent)


def _loaded_body(route: Route, request: Request, raw: bytes) -> Any:
    if route.raw:
        if request.mimetype not in route.raw:
            raise UnsupportedMedia(f"内容类型应为 {'、'.join(route.raw)}")
        return raw
    if route.body is None:
        if raw.strip() not in (b"", b"{}"):
            raise BadRequest("此请求不需要内容")
        return None
    if request.mimetype != JSON:
        raise UnsupportedMedia(f"内容类型应为 {JSON}")
    try:
        document = json.loads(raw, parse_float=Decimal, parse_constant=_no_constant)
        wrong = list(faults(document))
    except (ValueError, RecursionError):
        raise BadRequest("内容不是有效的 JSON", slug="not-json") from None
    if wrong:
        raise Invalid("内容含有不能保存的文字或数值", errors=wrong)
    return _loaded(route.body, document)


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _loaded(schema: type[Schema], document: Any, *, query: bool = False) -> Any:
    try:
        loaded = schema().load(document)
    except ValidationError as error:
        raise from_validation(error, query=query) from None
    wrong = list(faults(loaded))  # a number may have been sent as a text
    if wrong and query:
        wrong = [FieldError(fault.detail, parameter=str(fault.pointer).removeprefix("#/")) for fault in wrong]
    if wrong:
        raise Invalid("内容含有不能保存的文字或数值", errors=wrong)
    return loaded


def _if_match(route: Route, request: Request) -> int | None:
    header = request.headers.get("If-Match", "").strip()
    if not header or header == "*":
        if route.needs_version and header != "*":
            raise PreconditionRequired()
        return None
    version = header.removeprefix("W/").strip('"')
    if not _NUMBER.fullmatch(version):
        raise BadRequest("If-Match 无效", errors=[FieldError('应为读取时得到的 ETag，例如 "3"', parameter="If-Match")])
    return int(version)


def _response(route: Route, result: Any) -> Response:
    if isinstance(result, Response):
        return result
    reply = result if isinstance(result, Reply) else Reply(result)
    status = reply.status or route.status
    if reply.content_type:
        return Response(reply.body, status, dict(reply.headers), content_type=reply.content_type)
    body = _dumped(route, reply.body)
    response = Response(json.dumps(body, ensure_ascii=False), status, dict(reply.headers), content_type=JSON)
    version = body.get("version") if isinstance(body, dict) else None
    if isinstance(version, int):
        response.headers["ETag"] = f'"{version}"'
    return response


def _dumped(route: Route, result: Any) -> Any:
    if isinstance(result, Page):
        schema = route.returns() if route.returns else None
        items = schema.dump(result.items, many=True) if schema else list(result.items)
        return {"items": items, "next_cursor": result.next_cursor}
    return route.returns(many=route.array).dump(result) if route.returns else result


__all__ = ["Call", "EndpointHost", "Page", "Reply", "Route", "answer", "correlation_of"]
