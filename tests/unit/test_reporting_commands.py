"""What the commands find: figures out of bounds, and whatever differs when a year is verified from outside."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from hongxia.client import ClientError
from hongxia.database import Database
from hongxia.keys import PublicKeys
from services.reporting.commands import show_figures
from services.reporting.facts.model import Fact
from services.reporting.proof.checks import checks
from tests.keys import public_keys, sign_as, signing_key
from tests.unit.events_builders import NOW
from tests.unit.reporting_builders import Api, Source, cadre, contact, new_database, visit, work

CONSUMERS = {"reporting": ("activities", "finance", "outreach", "registry"), "outreach": ("registry",)}


class Services:
    """All services as a client sees them: reporting's real API, and feeds of made-up sources."""

    def __init__(self) -> None:
        self.sources = {name: Source(name) for name in ("activities", "finance", "outreach", "registry", "reporting")}
        self.database: Database = new_database()
        self.api = Api(self.database, *self.sources.values())
        self.cursors: dict[str, dict[str, Any]] = {}
        self.signers: dict[str, str] = {}
        self.keys: dict[str, PublicKeys] = {}

    def level(self) -> None:
        """Let everybody read everything."""
        for name in CONSUMERS["reporting"]:
            self.sources[name].read(self.database)
        self.cursors = {
            f"{consumer}/{source}": {
                "source": source,
                "position": len(self.sources[source].events),
                "chain": self.sources[source].chain,
                "diverged": None,
                "parked": 0,
            }
            for consumer, sources in CONSUMERS.items()
            for source in sources
        }

    def get(self, service: str, path: str, **query: Any) -> Any:
        """See hongxia.client.Client."""
        source = self.sources[service]
        if path == "/events/head":
            head = source.head
            signed = sign_as(self.signers.get(service, service))(head.position, head.chain, NOW)
            return {**asdict(signed), "unnumbered": 0, "first": 1}
        if path == "/keys":
            return json.loads(self.keys.get(service, public_keys()).jwks())
        if path == "/events":
            events = source.events[query["after"] : query["after"] + 2]
            return [{**json.loads(event.body)} for event in events]
        if path == "/cursors":
            return [cursor for key, cursor in self.cursors.items() if key.startswith(f"{service}/")]
        return self.api("GET", path).json

    def post(self, _service: str, path: str) -> Any:
        """See hongxia.client.Client."""
        return self.api("POST", path).json

    def pages(self, _service: str, path: str, **_query: Any) -> Iterator[Any]:
        """See hongxia.client.Client."""
        yield from self.api("GET", path).json["items"]


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Services:
    found = Services()
    monkeypatch.setattr("hongxia.services.names", lambda: sorted(found.sources))
    cadre(found.sources["registry"], 1)
    for month in range(1, 7):
        contact(found.sources["outreach"], 1, f"2022-0{month}-10")
        visit(found.sources["outreach"], f"v{month}", month)
    found.level()
    return found


def faults(services: Services) -> list[str]:
    """What a verification of 2022 finds wrong."""
    return [check.text for check in checks(services, 2022) if not check.good]  # type: ignore[arg-type]


def test_a_year_of_which_nothing_is_missing_verifies(services: Services) -> None:
    assert faults(services) == []
    assert sum(1 for _ in checks(services, 2022)) == 5 + 5 + 5 + 1 + 4 + 1  # type: ignore[arg-type]


def altered(services: Services) -> None:
    source = services.sources["outreach"]
    source.events[4] = replace(source.events[4], body=source.events[4].body.replace(b"phone", b"phony"))


def dropped(services: Services) -> None:
    del services.sources["outreach"].events[4]


def behind(services: Services) -> None:
    services.cursors["outreach/registry"] |= {"position": 0, "chain": "0" * 64}


def elsewhere(services: Services) -> None:
    services.cursors["reporting/outreach"]["chain"] = "e" * 64


def stopped(services: Services) -> None:
    services.cursors["reporting/outreach"]["diverged"] = "chain"


def waiting(services: Services) -> None:
    services.cursors["reporting/outreach"]["parked"] = 2


def signed_by_another(services: Services) -> None:
    services.signers["outreach"] = "finance"


def with_other_keys(services: Services) -> None:
    services.keys["outreach"] = PublicKeys.of(signing_key("finance"))


def tampered(services: Services) -> None:
    with work(services.database) as session:
        session.execute(update(Fact).where(Fact.kind == "visit").values(amount=50))


@pytest.mark.parametrize(
    ("done", "told"),
    [
        (altered, "outreach：位置 5 的链值与重算不符"),
        (dropped, "outreach：位置 5 缺失"),
        (behind, "outreach 读 registry：在位置 0，来源末端在 1"),
        (elsewhere, "reporting 读 outreach：位置 12 的链值与来源不符"),
        (stopped, "reporting 读 outreach：已停止，历史不一致（chain）"),
        (waiting, "reporting 读 outreach：搁置了 2 个事件"),
        (signed_by_another, "outreach：末端位置 12 的签名不是该来源的"),
        (with_other_keys, "各服务公布的公钥不一致"),
        (tampered, "由日志重新得出的2022年度摘要不一致"),
    ],
)
def test_whatever_differs_is_told(services: Services, done: Callable[[Services], None], told: str) -> None:
    done(services)
    assert any(told in fault for fault in faults(services)), faults(services)


def item(code: str, value: str | None) -> dict[str, Any]:
    return {"code": code, "name": "走访", "value": value}


def test_figures_out_of_bounds_are_named() -> None:
    bounds = {code: (Decimal(1), Decimal("2.5")) for code in ("a", "b", "c", "d")}
    found = show_figures._out_of_bounds(bounds, [item("a", "2.50"), item("b", "3"), item("c", None)])
    assert [fault.split()[0] for fault in found] == ["b", "c", "d：没有这项指标"]


def test_bounds_are_read_from_three_columns_and_others_are_let_be(tmp_path: Path) -> None:
    path = tmp_path / "bounds.csv"
    path.write_text("code,name_zh,low,high\na,走访,1,2.50\n", encoding="utf-8-sig")
    assert show_figures._bounds(path) == {"a": (Decimal(1), Decimal("2.5"))}
    path.write_text("code,low\na,1\n", encoding="utf-8")
    with pytest.raises(ClientError):
        show_figures._bounds(path)


def test_keys_that_somebody_has_kept_count_more_than_those_that_are_published(services: Services) -> None:
    kept = PublicKeys.of(*(signing_key(name) for name in services.sources if name != "outreach"))
    found = [check.text for check in checks(services, 2022, kept) if not check.good]  # type: ignore[arg-type]
    assert found == ["outreach：末端位置 12 的签名不是该来源的"]
