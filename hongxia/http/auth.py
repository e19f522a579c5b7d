"""Bearer tokens: signed JWTs that name a subject and its roles."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt
from werkzeug.wrappers import Request

from hongxia.http.problems import Forbidden, Unauthorized
from hongxia.roles import ADMIN

ALGORITHM = "HS256"
ISSUER = "hongxia"
COOKIE = "hongxia_token"
"""Where a browser keeps the token of the one who looks at pages, if it came without TLS."""
TLS_COOKIE = f"__Host-{COOKIE}"
"""Where it keeps it behind TLS: with this prefix no other host of the domain, and no page without TLS, can set it."""

LEEWAY = timedelta(seconds=30)
"""How far the clocks of those who mint tokens and those who verify them may be apart."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who calls: an opaque subject, and roles."""

    subject: str
    roles: frozenset[str]

    def must_have(self, roles: Collection[str]) -> None:
        """Raises Forbidden unless the actor has one of the roles; `admin` has them all."""
        if ADMIN not in self.roles and not self.roles & set(roles):
            raise Forbidden("当前令牌没有办理此事的角色")


def mint(secret: str, subject: str, roles: Collection[str], now: datetime, lifetime: timedelta) -> str:
    """A token for a subject with roles, valid from now on for a lifetime."""
    claims = {"iss": ISSUER, "sub": subject, "roles": sorted(roles), "iat": now, "exp": now + lifetime}
    return jwt.encode(claims, secret, algorithm=ALGORITHM)


def presented(request: Request, *, by_cookie: bool) -> str | None:
    """The Authorization of a request: the header, or where it may be so the browser's cookie. What changes something
    takes the header alone, which no foreign page can make a browser send.
    """
    header = request.headers.get("Authorization")
    cookie = request.cookies.get(cookie_name(request)) if by_cookie else None
    return f"Bearer {cookie}" if cookie and header is None else header


def came_by_tls(request: Request) -> bool:
    """Whether the caller spoke TLS, with this process or with the gateway before it."""
    return "https" in (request.scheme, request.headers.get("X-Forwarded-Proto"))


def cookie_name(request: Request) -> str:
    """Return the name of the cookie that counts for a request."""
    return TLS_COOKIE if came_by_tls(request) else COOKIE


def verify(secret: str, authorization: str | None) -> Actor:
    """The actor that an Authorization header names. Raises Unauthorized.

    Expiry is held against the system's clock, also where a test's clock stands still.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized("请求没有带访问令牌（Authorization: Bearer …）")
    try:
        claims = jwt.decode(
            token.strip(),
            secret,
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            leeway=LEEWAY,
            options={"require": ["exp", "sub", "iss"]},
        )
    except jwt.ExpiredSignatureError:
        raise Unauthorized("访问令牌已过期") from None
    except (jwt.InvalidTokenError, ValueError, TypeError, RecursionError):  # PyJWT lets parsers' errors pass
        raise Unauthorized("访问令牌无效") from None
    roles = claims.get("roles")
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise Unauthorized("访问令牌无效")
    return Actor(str(claims["sub"]), frozenset(roles))
