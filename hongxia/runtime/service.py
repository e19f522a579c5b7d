"""What every service has: health, metrics, contract, feed, cursors, parked events, workbooks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache, partial
from http import HTTPStatus
from typing import Any, ClassVar, cast

import orjson
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.http import quote_etag

from hongxia import __version__, metrics
from hongxia.database import pending_revision
from hongxia.definition import Definition, Importable
from hongxia.events import cursor, feed, gauges, parked, readers
from hongxia.events.broker import broker_errors, connect, connection, discard, farewell
from hongxia.events.chain import GENESIS
from hongxia.events.envelope import BATCH_CONTENT_TYPE
from hongxia.events.tables import cursor as cursors
from hongxia.events.transport import BrokerAway
from hongxia.http.auth import Actor
from hongxia.http.endpoint import JSON, Call, Reply, Route
from hongxia.http.openapi import PROBLEM, document
from hongxia.http.problems import CONTENT_TYPE as PROBLEM_CONTENT_TYPE
from hongxia.http.problems import Conflict, FieldError, GoneAway, NotFound, TooMany, Unavailable
from hongxia.http.schemas import (
    LONGEST_POLL_MS,
    FeedQuery,
    HeadOut,
    HeadQuery,
    HealthOut,
    ImportedOut,
    ImportQuery,
    OwnCursorOut,
    ParkedOut,
    ReaderOut,
    ReadyOut,
    ReplayedOut,
    ResetOut,
    WorkbookOut,
)
from hongxia.paging import Page
from hongxia.roles import OFFICE, OPERATOR, SUBSCRIBER
from hongxia.runtime import green, importing
from hongxia.runtime.consume import consumers_of
from hongxia.runtime.host import Host, HostProvider
from hongxia.runtime.http import route, routes_of
from hongxia.runtime.limits import MOST_POLLS, TooManyPolls
from hongxia.schema.derive import PageQuery
from hongxia.workbook.write import XLSX, write

POLL_SECONDS = 0.5
"""How often a long poll looks by itself: for what another replica has numbered."""
READY_SECONDS = 3.0
"""How long database and broker may take to answer; whoever asks for readiness does not wait long."""


_BATCH = {"type": "array", "items": {"type": "object", "description": "CloudEvents 1.0，见 contracts/asyncapi.yaml"}}
_BINARY = {"type": "string", "format": "binary"}
_GONE = {
    "description": "所问位置之前的事件已不再保存；first 为仍保存的第一个位置",
    "content": {
        PROBLEM_CONTENT_TYPE: {
            "schema": {**PROBLEM, "properties": {**PROBLEM["properties"], "first": {"type": "integer"}}}
        }
    },
}
_UNREADY = {"description": "尚未就绪", "content": {JSON: {"schema": ReadyOut}}}


def _importable(definition: Definition, name: str) -> Importable:
    for importable in definition.workbooks:
        if importable.workbook.name == name:
            return importable
    raise NotFound(f"没有名为 {name} 的工作簿")


def _may_import(host: Host, actor: Actor, address: Mapping[str, Any]) -> None:
    """Ask for the role of the workbook. Raises NotFound, Forbidden."""
    actor.must_have(_importable(host.definition, address["name"]).roles)


class Service:
    """Base of the five services; a subclass adds its name, its definition, its routes and its consumers."""

    name: ClassVar[str]
    definition: ClassVar[Definition]

    host: Host = HostProvider()

    @route("GET", "/healthz", summary="进程是否存活", public=True, returns=HealthOut)
    def healthz(self, call: Call) -> dict[str, str]:
        """Alive: this process answers."""
        return {"status": "ok", "service": self.name, "version": __version__}

    @route(
        "GET",
        "/readyz",
        summary="数据库与消息服务器是否可用",
        public=True,
        returns=ReadyOut,
        also={503: _UNREADY},
    )
    def readyz(self, call: Call) -> Reply:
        """Ready: database (with the migrations that this code wants) and broker, named one by one."""
        checks = self.host.readiness.get(lambda: _checks(self.host))
        ready = all(state == "ok" for state in checks.values())
        status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        return Reply({"status": "ok" if ready else "unavailable", **checks}, status)

    @route(
        "GET",
        "/metrics",
        summary="Prometheus 指标",
        public=True,
        produces={metrics.CONTENT_TYPE: {"type": "string"}},
    )
    def metrics(self, call: Call) -> Reply:
        """The service's metrics."""
        gauges.observe(call.session, self.host.metrics, call.now, self.host.consumers)
        return Reply(self.host.metrics.render(), content_type=metrics.CONTENT_TYPE)

    @route(
        "GET",
        "/openapi.json",
        summary="接口说明（OpenAPI 3.1）",
        public=True,
        produces={JSON: {"type": "object"}},
    )
    def openapi(self, call: Call) -> Reply:
        """The API's own description."""
        return Reply(_described(cast(Any, type(self))), content_type=JSON)

    @route("GET", "/token", summary="令牌是否有效", status=204)
    def token(self, call: Call) -> Reply:
        """Nothing, for a token that is good: the gateway asks before it reads a large body."""
        return Reply(b"", content_type=JSON)

    @route(
        "GET",
        "/events",
        summary="事件流（HTTP Feeds）",
        roles=(SUBSCRIBER, OPERATOR),
        query=FeedQuery,
        produces={BATCH_CONTENT_TYPE: _BATCH},
        also={304: {"description": "与 If-None-Match 所指的相同"}, 410: _GONE},
        etag=True,
    )
    def events(self, call: Call) -> Reply:
        """The log after a position. A full page changes only if the log is put back to an older state; its ETag tells,
        being the chain of its last event.
        """
        asked = call.query

        def read() -> list[bytes]:
            with self.host.database.read() as session:
                return feed.page(session, after, asked["limit"], view)

        view = feed.View(asked["type"], asked["digests"], frozenset(filter(None, asked["without"].split(","))))
        news = self.host.numbered.listener()
        try:
            after = self._after(call)
            self._note_statement(call)
            call.session.rollback()
            seconds = min(asked["timeout"], LONGEST_POLL_MS) / 1000
            with self.host.polls.by(call.actor.subject if seconds else None):
                page = feed.wait_for_page(read, news, seconds, POLL_SECONDS)
        except TooManyPolls:
            detail = f"同一持有人最多同时等待 {MOST_POLLS} 个事件流请求，请等其中一个结束后再试"
            raise TooMany(detail) from None
        except feed.Gone as gone:
            raise GoneAway(f"位置 {gone.first} 之前的事件已不再保存", extra={"first": gone.first}) from None
        if len(page) < asked["limit"]:
            return _batch(page, {})
        chain = orjson.loads(page[-1])["chain"]
        headers = {"ETag": quote_etag(chain)}
        if call.request.if_none_match.contains(chain):
            return Reply(b"", HTTPStatus.NOT_MODIFIED, headers, BATCH_CONTENT_TYPE)
        return _batch(page, headers)

    def _after(self, call: Call) -> int:
        last = call.query["lastEventId"]
        if last is None:
            return call.query["after"] or 0
        try:
            return feed.position_of(call.session, str(last))
        except feed.UnknownEvent:
            problem = FieldError("本事件流没有这个事件", parameter="lastEventId")
            raise NotFound("lastEventId 无效", errors=[problem]) from None

    def _note_statement(self, call: Call) -> None:
        """Keep what the reader says that it holds. Raises Conflict if that is not this history."""
        position, chain = call.query["after"], call.query["chain"]
        if chain is None:
            return
        try:
            comparable = readers.check(call.session, position, chain)
        except readers.AnotherHistory as another:
            here = f"本来源在该位置的链值是 {another.known}" if another.known else "本来源还没有到该位置"
            detail = f"读者所述位置 {position} 的链值 {chain} 不在本来源的历史中：{here}"
            raise Conflict(detail, slug="another-history", extra=self._head(call)) from None
        call.session.rollback()
        if comparable:
            readers.note(self.host.database, call.context, call.actor.subject, position, chain)

    def _head(self, call: Call) -> dict[str, Any]:
        head = feed.head(call.session)
        signed = self.host.sign_head(head.position, head.chain, call.now)
        return {**asdict(signed), "unnumbered": head.unnumbered, "first": head.first}

    @route(
        "GET",
        "/events/head",
        summary="事件流的末端，由本来源签名",
        roles=(SUBSCRIBER, OPERATOR),
        query=HeadQuery,
        returns=HeadOut,
    )
    def events_head(self, call: Call) -> dict[str, Any]:
        """Position and chain of the last event, signed."""
        self._note_statement(call)
        return self._head(call)

    @route("GET", "/keys", summary="验证签名所用的公钥（JWK 集）", public=True, produces={JSON: {"type": "object"}})
    def keys(self, call: Call) -> Reply:
        """The public keys of all owners of this installation."""
        return Reply(self.host.public_keys.jwks().encode(), content_type="application/jwk-set+json")

    @route("GET", "/readers", summary="读者最近所述的位置", roles=(OPERATOR,), returns=ReaderOut, array=True)
    def list_readers(self, call: Call) -> list[readers.Statement]:
        """What each reader stated last, and how far it is behind."""
        return readers.listed(call.session)

    @route(
        "DELETE",
        "/readers/<subject>",
        summary="删除不再读取的读者，答复其余读者",
        roles=(OPERATOR,),
        returns=ReaderOut,
        array=True,
    )
    def forget_reader(self, call: Call, subject: str) -> list[readers.Statement]:
        """Drop a reader that reads no more, so that the feed need not keep events for it; the others are left."""
        if not readers.forget(call.session, subject):
            raise NotFound(f"没有名为 {subject} 的读者")
        return readers.listed(call.session)

    @route(
        "GET",
        "/cursors",
        summary="读到各来源的哪个位置",
        roles=(SUBSCRIBER, OPERATOR, OFFICE),
        returns=OwnCursorOut,
        array=True,
    )
    def cursors(self, call: Call) -> list[dict[str, Any]]:
        """This service's cursors, one a source that it reads."""
        counts = parked.counts(call.session)
        rows = {row.source: row._asdict() for row in call.session.execute(select(cursors))}
        blank = {"position": 0, "chain": GENESIS, "head_position": 0, "head_chain": GENESIS}
        unread = dict.fromkeys(("diverged", "last_event", "head_seen"))
        found = []
        for source in sorted(self.host.consumers):
            row = rows.get(source) or {"source": source, **blank, **unread}
            found.append({**row, "parked": counts.get(source, 0)})
        return found

    @route(
        "POST",
        "/cursors/<source>/reset",
        summary="从头重读一个来源",
        roles=(OPERATOR,),
        returns=ResetOut,
        writes=False,
        keeps=("source", "status"),
    )
    def reset_cursor(self, call: Call, source: str) -> dict[str, str]:
        """After a divergence, once somebody has decided that the source's history as it is now shall count.

        What was learnt from a source is not dropped where its feed no longer has all that is to be learnt anew. It is
        asked before the transaction is opened, because it may take a while to answer.
        """
        if source not in self.host.consumers:
            raise NotFound(f"本服务不读取来源 {source}")
        call.session.rollback()
        try:
            first = self.host.feed(source).head().first
        except feed.FeedAway:
            raise Unavailable(f"来源 {source} 的事件流连不上，未作任何更改") from None
        if first > 1:
            detail = f"来源 {source} 的事件流已不保存位置 {first} 之前的事件，无法从头重读；未作任何更改"
            raise Conflict(detail, slug="feed-incomplete", extra={"first": first})
        with self.host.database.begin(call.context) as session:
            cursor.reread(session, source)
            self.definition.clear(session, source)
        return {"source": source, "status": "rereading"}

    @route(
        "GET",
        "/parked",
        summary="搁置的事件",
        roles=(OPERATOR, OFFICE),
        query=PageQuery,
        returns=ParkedOut,
        many=True,
    )
    def parked_events(self, call: Call) -> Page:
        """The events that could not be applied, and why."""
        return parked.page(call.session, call.query)

    @route(
        "POST",
        "/parked/replay",
        summary="重放搁置的事件",
        roles=(OPERATOR,),
        returns=ReplayedOut,
        writes=False,
        keeps=("applied", "still_parked"),
    )
    def replay_parked(self, call: Call) -> parked.Replayed:
        """Try every parked event again, each in a transaction of its own."""
        handlers = {source: consumer.handle for source, consumer in self.host.consumers.items()}
        return parked.replay(self.host.database, self.host.context(), handlers.__getitem__)

    @route("GET", "/workbooks", summary="可导入的工作簿", returns=WorkbookOut, array=True)
    def workbooks(self, call: Call) -> list[dict[str, Any]]:
        """What this service imports; `order` sorts all services' workbooks for an import."""
        found = [importable.workbook for importable in self.definition.workbooks]
        return [{"name": book.name, "title": book.title_zh, "order": book.order} for book in found]

    @route("GET", "/workbooks/<name>/template", summary="空白模板", produces={XLSX: _BINARY})
    def template(self, call: Call, name: str) -> Reply:
        """An empty workbook to fill in."""
        return Reply(write(_importable(self.definition, name).workbook, None, ""), content_type=XLSX)

    @route(
        "POST",
        "/workbooks/<name>",
        summary="导入工作簿",
        query=ImportQuery,
        raw=(XLSX, importing.FORM),
        returns=ImportedOut,
        writes=False,
        keeps=("workbook", "year", "dry_run", "digest", "sheets"),
        admits=_may_import,
    )
    def import_workbook(self, call: Call, name: str) -> dict[str, Any]:
        """All of the file or none of it; a file that was imported before changes nothing.

        A dry run may bring along what comes before the file: see hongxia.runtime.importing.
        """
        handlers = {source: partial(handle, self) for source, handle in consumers_of(type(self)).items()}
        return importing.answer(
            self.host, call, _importable(self.definition, name), self.definition.workbooks, handlers
        )


@cache
def _described(service: Any) -> bytes:
    """The OpenAPI document of a service class, made once: it takes tens of milliseconds, and anybody may ask for it."""
    return dump_openapi(service).encode()


def _checks(host: Host) -> dict[str, str]:
    asked = {"database": lambda: _database_state(host), "broker": lambda: _broker_state(host)}
    answers = green.within(READY_SECONDS, *asked.values())
    return {name: answer or "away: no answer" for name, answer in zip(asked, answers, strict=True)}


def _batch(page: Sequence[bytes], headers: dict[str, str]) -> Reply:
    return Reply(b"[" + b",".join(page) + b"]", headers=headers, content_type=BATCH_CONTENT_TYPE)


def _database_state(host: Host) -> str:
    try:
        host.database.ping()
        wanted = pending_revision(host.database, host.definition.migrations)
    except SQLAlchemyError as error:
        return f"away: {type(error).__name__}"
    return f"migration {wanted} is missing" if wanted else "ok"


def _broker_state(host: Host) -> str:
    if host.publisher_blocked():
        return "blocked: memory or disk alarm"
    if host.publisher_connected():
        return "ok"
    link = connection(host.settings.amqp_uri)
    try:
        with broker_errors(link):
            connect(link)
    except BrokerAway as error:
        discard(link)
        return f"away: {error}"
    farewell(link)
    return "ok"


def roles_of(service: type[Service]) -> set[str]:
    """The roles that a service class asks for, on its routes or for its workbooks."""
    declared: list[Route | Importable] = [*routes_of(service), *service.definition.workbooks]
    return {role for item in declared for role in item.roles}


def dump_openapi(service: type[Service]) -> str:
    """The OpenAPI document of a service class, without running it; for the committed contracts."""
    routes = routes_of(service)
    return json.dumps(
        document(service.name, service.definition.title, __version__, routes), ensure_ascii=False, indent=2
    )
