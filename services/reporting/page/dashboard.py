"""The dashboard as HTML, and its files. No page loads anything from outside."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape

from hongxia.dates import SHANGHAI
from hongxia.http import auth
from hongxia.http.endpoint import Call, Reply
from hongxia.http.problems import Forbidden, NotFound, Unauthorized
from hongxia.roles import OFFICE, OPERATOR
from services.reporting.figures import answers
from services.reporting.figures.schema import IndicatorsOut
from services.reporting.labels import service_title
from services.reporting.proof.completeness import COMPLETE, STATES

FOLDER = Path(__file__).parent
HTML = "text/html; charset=utf-8"
FILES = {
    "dashboard.css": "text/css; charset=utf-8",
    "dashboard.js": "text/javascript; charset=utf-8",
    "echarts-6.1.0.simple.min.js": "text/javascript; charset=utf-8",
}
READERS = (OFFICE, OPERATOR)

NOT_KNOWN = "口令无效或已过期，请重新填写"
NOT_ALLOWED = "这个口令不能查看报表，请向管理员申请"

Answered = Callable[[int], dict[str, Any]]


def page(verifier: auth.Verifier, call: Call, answered: Answered) -> Reply:
    """Return the page of a year (`?year=`, else the newest that has facts); without a valid token the one that asks
    for it.
    """
    try:
        verifier.actor(call.request, by_cookie=True).must_have(READERS)
    except Unauthorized:
        token = auth.presented(call.request, by_cookie=True)
        return _login(NOT_KNOWN if token else "", 401, {"WWW-Authenticate": "Bearer"})
    except Forbidden:
        return _login(NOT_ALLOWED, 403, {})
    years = answers.years(call.session) or [call.today.year]
    asked = call.request.args.get("year", "")
    year = int(asked) if asked.isdecimal() and len(asked) == 4 else years[-1]
    call.session.rollback()
    data = IndicatorsOut().dump(answered(year))
    services = {source["source"]: service_title(source["source"]) for source in data["sources"]}
    words = {"services": services, "states": dict(STATES)}
    template = _templates().get_template("dashboard.html")
    html = template.render(**_shown(data), years=sorted({*years, year}), labels=words, data=data, version=_version())
    return Reply(html, headers=_guarded(""), content_type=HTML)


def _shown(data: dict[str, Any]) -> dict[str, Any]:
    """What the page says above the table, and the table's rows by service."""
    items = [{**item, "progress": progress(item)} for item in data["items"]]
    aimed = [item for item in items if item["progress"] is not None]
    return {
        "year": data["year"],
        "groups": [
            (service, [item for item in items if item["service"] == service])
            for service in dict.fromkeys(item["service"] for item in items)
        ],
        "sources": data["sources"],
        "contradictions": [found for found in data["contradictions"] if found["open"]],
        "count": len(items),
        "complete": sum(item["state"] == COMPLETE for item in items),
        "aimed": len(aimed),
        "reached": sum(item["progress"] >= 100 for item in aimed),
        "records": sum(source["position"] for source in data["sources"]),
    }


def progress(item: dict[str, Any]) -> int | None:
    """How much of the target is reached, in whole percent rounded down; None without target or value."""
    if item["target"] is None or item["value"] is None:
        return None
    return int(Decimal(item["value"]) * 100 / Decimal(item["target"]))


def static(name: str) -> Reply:
    """A file of the page. Raises NotFound."""
    if name not in FILES:
        raise NotFound("没有这个文件")
    headers = {"Cache-Control": "private, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Reply((FOLDER / "static" / name).read_bytes(), headers=headers, content_type=FILES[name])


def _login(detail: str, status: int, headers: dict[str, str]) -> Reply:
    nonce = secrets.token_urlsafe(16)
    html = _templates().get_template("login.html").render(detail=detail, nonce=nonce)
    return Reply(html, status, {**_guarded(nonce), **headers}, HTML)


def _guarded(nonce: str) -> dict[str, str]:
    """Headers that keep everything foreign out of the page."""
    inline = f" 'nonce-{nonce}'" if nonce else ""
    policy = (
        f"default-src 'none'; script-src 'self'{inline}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


@cache
def _templates() -> Environment:
    found = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=select_autoescape(),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {"number": with_commas, "moment": moment}
    return found


@cache
def _version() -> str:
    """Changes with the page's files, so that browsers may keep them for ever."""
    return sha256(b"".join((FOLDER / "static" / name).read_bytes() for name in FILES)).hexdigest()[:12]


def with_commas(value: str | int) -> str:
    """A decimal with commas between thousands; its digits stay as they are."""
    whole, dot, rest = str(value).partition(".")
    return f"{int(whole):,}{dot}{rest}" if whole.lstrip("-").isdecimal() else str(value)


def moment(value: str | None) -> str:
    """A moment as it is read in Shanghai."""
    return datetime.fromisoformat(value).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S") if value else "—"
