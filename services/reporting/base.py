"""What the rooms of reporting share: who may read, how a route is declared, and what is kept between requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema

from hongxia.http.endpoint import Call
from hongxia.roles import OFFICE, OPERATOR
from hongxia.runtime.host import Host
from hongxia.runtime.http import route
from services.reporting.figures.answers import FigureCache
from services.reporting.figures.schema import NoQuery
from services.reporting.proof.completeness import Reading, SourceState, compared
from services.reporting.proof.heads import Heads

READERS = (OFFICE, OPERATOR)

Act = Callable[..., Any]


@dataclass(frozen=True)
class Shared:
    """What one request leaves to the next: the sources' heads, and the figures while no event changes them."""

    heads: Heads
    figures: FigureCache


class ReportingBase:
    """Base of the classes of routes. `host` and `shared` are the service's."""

    host: Host
    shared: Shared

    def states(self, call: Call, read: Iterable[Reading]) -> dict[str, SourceState]:
        """Return the readings beside the heads, which are asked for once the snapshot is closed: no call is made within
        a transaction.
        """
        call.session.rollback()
        return {r.source: compared(r, self.shared.heads.of(r.source, r.position)) for r in read}


def figure(
    url: str, summary: str, returns: type[Schema], query: type[Schema] = NoQuery, *, many: bool = False
) -> Callable[[Act], Act]:
    """GET something that is read of a year; query parameters that it does not know are refused."""
    return route("GET", url, summary=summary, roles=READERS, query=query, returns=returns, many=many)


def work(url: str, summary: str, returns: type[Schema], roles: tuple[str, ...] = READERS) -> Callable[[Act], Act]:
    """POST something that takes a while and has transactions of its own, or only reads."""
    return route(
        "POST",
        url,
        summary=summary,
        roles=roles,
        query=NoQuery,
        returns=returns,
        writes=False,
        keeps=tuple(returns._declared_fields),
    )
