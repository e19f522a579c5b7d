"""Errors as RFC 9457 problem documents: named types, raised where the rule is, turned into a response in one place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from marshmallow import ValidationError
from werkzeug.wrappers import Response

from hongxia.http.chinese import in_chinese

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: `pointer` is a JSON pointer into the body ("#/people"), or else `parameter`
    names a query parameter or header. Never holds the value.
    """

    detail: str
    pointer: str | None = None
    parameter: str | None = None
    extra: Mapping[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """As it stands in the problem document."""
        place = {"pointer": self.pointer, "parameter": self.parameter}
        return {
            "detail": self.detail,
            **{k: v for k, v in place.items() if v is not None},
            **(self.extra or {}),
        }


class Problem(Exception):
    """An error as the caller gets it; `slug` makes the machine-readable type, `detail` is Chinese."""

    slug = "internal"
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    title = "服务内部错误"

    def __init__(
        self,
        detail: str = "",
        *,
        slug: str | None = None,
        errors: Sequence[FieldError] = (),
        pointer: str | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail or self.title
        self.slug = slug or self.slug
        self.errors = list(errors) or ([FieldError(self.detail, pointer)] if pointer else [])
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})

    def as_dict(self) -> dict[str, Any]:
        """The problem document."""
        body: dict[str, Any] = {
            "type": f"urn:hongxia:problem:{self.slug}",
            "title": self.title,
            "status": int(self.status),
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = [error.as_dict() for error in self.errors]
        return {**body, **self.extra}

    def response(self) -> Response:
        """The problem as a response."""
        body = json.dumps(self.as_dict(), ensure_ascii=False)
        return Response(body, status=self.status, headers=self.headers, content_type=CONTENT_TYPE)


class BadRequest(Problem):
    """The request can't be read at all."""

    slug, status, title = "bad-request", HTTPStatus.BAD_REQUEST, "请求无法读取"


class Unauthorized(Problem):
    """No valid token."""

    slug, status, title = "unauthorized", HTTPStatus.UNAUTHORIZED, "需要有效的访问令牌"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class Forbidden(Problem):
    """A valid token without the role that it takes."""

    slug, status, title = "forbidden", HTTPStatus.FORBIDDEN, "没有相应权限"


class TooManyFailures(Problem):
    """Wrong tokens come so fast from one address that it is only told to slow down."""

    slug, status, title = "too-many-failures", HTTPStatus.TOO_MANY_REQUESTS, "无效令牌过多，请稍后再试"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"Retry-After": "10", "Connection": "close"})


class NotFound(Problem):
    """There is no such thing."""

    slug, status, title = "not-found", HTTPStatus.NOT_FOUND, "没有找到"


class MethodNotAllowed(Problem):
    """The address is there, the method is not."""

    slug, status, title = "method-not-allowed", HTTPStatus.METHOD_NOT_ALLOWED, "不支持这种请求方法"


class Conflict(Problem):
    """It contradicts what is there already."""

    slug, status, title = "conflict", HTTPStatus.CONFLICT, "与已有数据冲突"


class GoneAway(Problem):
    """It was there and is not kept any more."""

    slug, status, title = "gone", HTTPStatus.GONE, "已不再保存"


class PreconditionFailed(Problem):
    """If-Match names another version than the current one."""

    slug, status, title = (
        "version-changed",
        HTTPStatus.PRECONDITION_FAILED,
        "记录已被他人修改，请重新读取后再改",
    )


class PreconditionRequired(Problem):
    """An update without If-Match."""

    slug, status, title = "version-required", HTTPStatus.PRECONDITION_REQUIRED, "修改须带 If-Match 请求头"


class KeyRequired(Problem):
    """A creation that nothing but its key would recognise when it is sent again."""

    slug, status, title = (
        "idempotency-key-required",
        HTTPStatus.PRECONDITION_REQUIRED,
        "新增这类记录须带 Idempotency-Key 请求头，以免重复登记",
    )


class TooLarge(Problem):
    """More bytes than are taken."""

    slug, status, title = "too-large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "内容过大"


class UnsupportedMedia(Problem):
    """A content type that is not taken."""

    slug, status, title = "unsupported-media-type", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "不支持的内容类型"


class Invalid(Problem):
    """Fields that are missing, unknown, or of a wrong type or value."""

    slug, status, title = "invalid", HTTPStatus.UNPROCESSABLE_ENTITY, "填写有误"


class Rule(Problem):
    """A rule of the field forbids it; give the rule's own `slug` and the pointer to the field."""

    slug, status, title = "rule", HTTPStatus.UNPROCESSABLE_ENTITY, "不符合业务规则"


class Unavailable(Problem):
    """Something that is needed is away; nothing was changed, try again."""

    slug, status, title = "unavailable", HTTPStatus.SERVICE_UNAVAILABLE, "暂时不可用，请稍后重试"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"Retry-After": "5"})


def from_validation(error: ValidationError, *, query: bool = False) -> Invalid:
    """marshmallow's messages as an Invalid problem, in Chinese, a pointer (or parameter) each."""
    found = list(_flatten(error.normalized_messages(), ()))
    errors = [
        FieldError(text, parameter=".".join(path)) if query else FieldError(text, pointer="/".join(("#", *path)))
        for path, text in found
    ]
    return Invalid("；".join(f"{'.'.join(path) or '内容'}：{text}" for path, text in found[:5]), errors=errors)


def _flatten(messages: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(messages, dict):
        for key, value in messages.items():
            yield from _flatten(value, path if key == "_schema" else (*path, str(key)))
    else:
        for message in messages if isinstance(messages, list) else [messages]:
            yield path, in_chinese(str(message))
