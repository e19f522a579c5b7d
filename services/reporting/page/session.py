"""The browser's keeping of the token."""

from __future__ import annotations

from werkzeug.http import dump_cookie

from hongxia.http import auth
from hongxia.http.auth import Actor
from hongxia.http.endpoint import Call, Reply


def begin(call: Call) -> Reply:
    """Have the browser keep the token of this request, out of reach of scripts and of other sites."""
    token = call.request.headers["Authorization"].partition(" ")[2].strip()
    return kept(call, call.actor, token)


def kept(call: Call, actor: Actor, token: str) -> Reply:
    """Have the browser keep a token, and answer whose it is."""
    body = {"subject": actor.subject, "roles": sorted(actor.roles)}
    return Reply(body, headers={"Set-Cookie": _cookie(call, token)})


def end(call: Call) -> Reply:
    """Have the browser forget it."""
    return Reply({"status": "forgotten"}, headers={"Set-Cookie": _cookie(call, "", max_age=0)})


def _cookie(call: Call, value: str, max_age: int | None = None) -> str:
    secure = auth.came_by_tls(call.request)
    name = auth.cookie_name(call.request)
    return dump_cookie(name, value, max_age=max_age, path="/", httponly=True, samesite="Strict", secure=secure)
