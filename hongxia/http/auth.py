"""Bearer tokens: JWTs that an issuer signs with its own Ed25519 key, and that name a subject and its roles.

docs/adr/0018-tokens.md says why they are as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
from werkzeug.wrappers import Request

from hongxia.dates import system_clock
from hongxia.http.failures import Failures
from hongxia.http.problems import Forbidden, TooManyFailures, Unauthorized
from hongxia.keys import ALGORITHM, OPERATOR, PublicKeys, SigningKey
from hongxia.revoked import LONGEST_LIFE, Revoked
from hongxia.roles import ADMIN, ROLES, SUBSCRIBER

EVERY_SERVICE = "hongxia"
"""The audience of a token that opens every service. The operator alone may issue it."""

COOKIE = "hongxia_token"
"""Where a browser keeps the token of the one who looks at pages."""

LEEWAY = timedelta(seconds=60)
"""How long after its end a token still opens: clocks of those who mint tokens and those who verify them differ."""

CLOCK_SET_BACK = timedelta(days=1)
"""How far a clock may be set back without refusing the tokens that were minted before."""

LONGEST_SERVICE_LIFE = timedelta(minutes=10)
"""The longest life of a token that a service issues to itself."""

LONGEST_TOKEN = 4096
"""Characters; a token with all roles has about 500."""

REASONS = (*("missing", "malformed", "key", "signature", "claims", "audience", "roles", "life", "expired", "revoked"),)
"""Why a token opens nothing, as the metric has it."""

_REQUIRED = ["iss", "sub", "aud", "roles", "iat", "exp", "jti"]
_OPTIONS: Any = {"require": _REQUIRED, "verify_aud": False, "verify_iat": False}
"""`iat` may lie in the future where a clock was set back (RFC 7519 asks for no refusal); `aud` is checked here."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who calls: an opaque subject, and roles."""

    subject: str
    roles: frozenset[str]

    def must_have(self, roles: Collection[str]) -> None:
        """Raises Forbidden unless the actor has one of the roles; `admin` has them all."""
        if ADMIN not in self.roles and not self.roles & set(roles):
            raise Forbidden("当前令牌没有办理此事的角色")


class Refused(Exception):
    """A token opens nothing. `reason` is the label of the metric; the text is Chinese and names no content of it."""

    def __init__(self, reason: str, detail: str = "访问令牌无效") -> None:
        super().__init__(detail)
        self.reason = reason


def mint(
    key: SigningKey,
    subject: str,
    roles: Collection[str],
    audience: str,
    now: datetime,
    lifetime: timedelta,
    jti: str,
) -> str:
    """Return a token of the key's owner for a subject with roles, valid at an audience from now on for a lifetime.

    `audience` is a service's name or EVERY_SERVICE. What the owner may not grant is refused only where it is verified.
    """
    claims = {
        "iss": key.owner,
        "sub": subject,
        "aud": audience,
        "roles": sorted(roles),
        "iat": now,
        "exp": now + lifetime,
        "jti": jti,
    }
    return jwt.encode(claims, key.private, algorithm=ALGORITHM, headers={"kid": key.kid})


def presented(request: Request, *, by_cookie: bool) -> str | None:
    """The Authorization of a request: the header, or where it may be so the browser's cookie. What changes something
    takes the header alone, which no foreign page can make a browser send.
    """
    header = request.headers.get("Authorization")
    cookie = request.cookies.get(COOKIE) if by_cookie else None
    return f"Bearer {cookie}" if cookie and header is None else header


class Verifier:
    """Verifies the tokens that one service is shown; counts and slows down those that it refuses."""

    def __init__(
        self,
        service: str,
        public_keys: Callable[[], PublicKeys],
        revoked: Callable[[], Revoked] = Revoked,
        *,
        failures: Failures | None = None,
        count: Callable[[str], object] = lambda _reason: None,
    ) -> None:
        """`public_keys` and `revoked` return what holds now; `count` is called with the reason of each refusal."""
        self._service = service
        self._public_keys = public_keys
        self._revoked = revoked
        self._failures = failures or Failures()
        self._count = count

    def actor(self, request: Request, *, by_cookie: bool) -> Actor:
        """Return who calls. Raises Unauthorized, or TooManyFailures, after a delay if the peer fails again and again.

        A valid token is never delayed, whoever else fails from the same address.
        """
        authorization = presented(request, by_cookie=by_cookie)
        try:
            return self.verify(authorization)
        except Refused as refused:
            self._count(refused.reason)
            # Who shows no token guesses none.
            if refused.reason != "missing" and not self._failures.wait(_peer(request)):
                raise TooManyFailures() from None
            raise Unauthorized(str(refused)) from None

    def verify(self, authorization: str | None) -> Actor:
        """Return the actor that an Authorization header names. Raises Refused.

        Expiry is held against the system's clock, also where a test's clock stands still.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Refused("missing", "请求没有带访问令牌（Authorization: Bearer …）")
        owner, claims = self._signed_claims(token.strip())
        subject, jti, roles = _stated(claims)
        self._check_audience(owner, claims["aud"])
        _check_grant(owner, subject, roles)
        _check_life(owner, claims, system_clock())
        if self._revoked().holds(jti, subject):
            raise Refused("revoked", "访问令牌已被吊销")
        return Actor(subject, roles)

    def _signed_claims(self, token: str) -> tuple[str, dict[str, Any]]:
        """The owner of the key that signed the token, and its claims."""
        if len(token) > LONGEST_TOKEN:
            raise Refused("malformed")
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = self._public_keys().find(kid) if isinstance(kid, str) else None
            if key is None:
                raise Refused("key", "访问令牌的签名密钥不是本系统的，或已更换")
            claims = jwt.decode(
                token, key.public, algorithms=[ALGORITHM], issuer=key.owner, leeway=LEEWAY, options=_OPTIONS
            )
        except jwt.ExpiredSignatureError:
            raise Refused("expired", "访问令牌已过期") from None
        except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError, jwt.InvalidKeyError):
            raise Refused("signature") from None
        except (jwt.MissingRequiredClaimError, jwt.InvalidIssuerError):
            raise Refused("claims") from None
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError, RecursionError):
            raise Refused("malformed") from None  # PyJWT lets parsers' errors pass
        return key.owner, claims

    def _check_audience(self, owner: str, stated: Any) -> None:
        audiences = [stated] if isinstance(stated, str) else stated
        if not isinstance(audiences, list) or not all(isinstance(audience, str) for audience in audiences):
            raise Refused("claims")
        accepted = {self._service, EVERY_SERVICE} if owner == OPERATOR else {self._service}
        if not accepted & set(audiences):
            raise Refused("audience", f"访问令牌不是发给服务 {self._service} 的")


def grantable(owner: str) -> Collection[str]:
    """Return the roles that an issuer may grant: the operator all, a service only what it takes to read feeds."""
    return ROLES if owner == OPERATOR else (SUBSCRIBER,)


def _stated(claims: Mapping[str, Any]) -> tuple[str, str, frozenset[str]]:
    """Subject, jti and roles, if they are of the right types."""
    subject, jti, roles = claims["sub"], claims["jti"], claims["roles"]
    texts = [subject, jti, *roles] if isinstance(roles, list) else [None]
    if not all(isinstance(text, str) and 0 < len(text) <= 200 and text.isprintable() for text in texts):
        raise Refused("claims")
    return subject, jti, frozenset(roles)


def _check_grant(owner: str, subject: str, roles: frozenset[str]) -> None:
    if unknown := roles - set(ROLES):
        raise Refused("roles", f"访问令牌含有 {len(unknown)} 个本系统没有的角色")
    if roles - set(grantable(owner)) or (owner != OPERATOR and subject != owner):
        raise Refused("roles", "访问令牌授予了签发者无权授予的角色")


def _check_life(owner: str, claims: Mapping[str, Any], now: datetime) -> None:
    """A token lives no longer than its issuer may let it: a list of revoked tokens need not be kept for ever."""
    issued, end = claims["iat"], claims["exp"]
    if not all(isinstance(moment, int) and not isinstance(moment, bool) for moment in (issued, end)):
        raise Refused("claims")
    longest = LONGEST_LIFE if owner == OPERATOR else LONGEST_SERVICE_LIFE
    if end - issued > longest.total_seconds() or end > (now + longest + CLOCK_SET_BACK).timestamp():
        raise Refused("life", "访问令牌的有效期过长，超过了签发者的上限")


def _peer(request: Request) -> tuple[str, str]:
    """The address that is connected, and the one that it says it speaks for: the gateway states its caller."""
    return request.remote_addr or "", request.headers.get("X-Forwarded-For", "")[-64:]
