"""The routes of proof: facts, digests, verification, rebuild."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select

from hongxia.http.endpoint import Call
from hongxia.http.problems import TooMany
from hongxia.paging import Page, paginate
from hongxia.roles import OPERATOR
from hongxia.runtime import green
from hongxia.runtime.limits import Busy
from services.reporting.base import ReportingBase, figure, work
from services.reporting.facts import rebuild
from services.reporting.facts.generations import live, snapshot
from services.reporting.facts.model import Fact
from services.reporting.figures.answers import known
from services.reporting.proof import digest, verification
from services.reporting.proof.completeness import readings
from services.reporting.proof.schema import DigestOut, FactOut, FactsQuery, RebuiltOut, VerifiedOut

BUSY_SECONDS = 10
"""When somebody who found the log in use should try again."""


class ProofRoutes(ReportingBase):
    """What anybody needs to hold a year's figures against the histories that they come from."""

    @figure("/years/<int:year>/facts", "年度事实", FactOut, FactsQuery, many=True)
    def facts(self, call: Call, year: int) -> Page:
        """The facts that a year's digest covers, in its order."""
        query = select(Fact).where(Fact.generation == live(call.session), digest.in_year(known(year)))
        if call.query["kind"]:
            query = query.where(Fact.kind == call.query["kind"])
        return paginate(call.session, query, [Fact.kind, Fact.entity, Fact.step], call.query)

    @figure("/years/<int:year>/digest", "年度摘要", DigestOut)
    def year_digest(self, call: Call, year: int) -> dict[str, Any]:
        """One hash over all facts of a year, and how far each source had been read."""
        snapshot(call.session)
        found = digest.of_year(call.session, live(call.session), known(year), green.sleep)
        cursors = readings(call.session, self.host.consumers)
        return {"year": year, "digest": found.digest, "facts": found.facts, "cursors": cursors}

    @work("/years/<int:year>/verification", "以日志核对年度", VerifiedOut)
    def verify_year(self, call: Call, year: int) -> verification.Verified:
        """Hold a year against the log; changes nothing."""
        with self._alone():
            snapshot(call.session)
            return verification.verify(call.session, known(year), list(self.host.consumers), green.sleep)

    @work("/rebuild", "由日志重建全部事实", RebuiltOut, roles=(OPERATOR,))
    def rebuild_facts(self, call: Call) -> rebuild.Rebuilt:
        """Derive every fact anew, beside live traffic."""
        call.session.rollback()
        with self._alone():
            return rebuild.rebuild(self.host.database, call.context, green.sleep)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Have the whole log to oneself. Raises TooMany while somebody else reads it."""
        try:
            with self.host.heavy_work.turn():
                yield
        except Busy:
            raise TooMany("正在为他人核对或重建，请稍后再试", retry_after=BUSY_SECONDS) from None
