"""The browser's keeping of the token."""

from __future__ import annotations

from werkzeug.http import dump_cookie

from hongxia.http import auth
from hongxia.http.endpoint import Call, Reply


def begin(call: Call) -> Reply:
    """Have the browser keep the token of this request, out of reach of scripts and of other sites."""
    token = call.request.headers["Authorization"].partition(" ")[2].strip()
    body = {"subject": call.actor.subject, "roles": sorted(call.actor.roles)}
    return Reply(body, headers={"Set-Cookie": _cookie(call, token), "Cache-Control": "no-store"})


def end(call: Call) -> Reply:
    """Have the browser forget it."""
    return Reply({"status": "forgotten"}, headers={"Set-Cookie": _cookie(call, "", max_age=0)})


def _cookie(call: Call, value: str, max_age: int | None = None) -> str:
    secure = "https" in (call.request.scheme, call.request.headers.get("X-Forwarded-Proto"))
    return dump_cookie(auth.COOKIE, value, max_age=max_age, path="/", httponly=True, samesite="Strict", secure=secure)
