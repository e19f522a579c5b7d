"""The OpenAPI 3.1 document of a service, made from the same routes and schemas that answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema, fields

from hongxia.http.endpoint import JSON, Route
from hongxia.http.problems import CONTENT_TYPE
from hongxia.schema.fields import Yuan

_PARAMETER = re.compile(r"<(?:([a-z]+):)?([a-z_]+)>")

_CONVERTED = {"int": {"type": "integer"}, "uuid": {"type": "string", "format": "uuid"}, "": {"type": "string"}}
"""What werkzeug's converters let through."""

PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "example": "urn:hongxia:problem:invalid"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "detail": {"type": "string"},
                    "pointer": {"type": "string"},
                    "parameter": {"type": "string"},
                },
            },
        },
    },
}


def schema_plugin() -> MarshmallowPlugin:
    """apispec's marshmallow plugin, taught our own fields."""
    plugin = MarshmallowPlugin()
    if plugin.converter is not None:
        plugin.converter.add_attribute_function(_yuan_as_text)
    return plugin


def document(service: str, title: str, version: str, routes: Iterable[Route]) -> dict[str, Any]:
    """The OpenAPI document of a service."""
    plugin = schema_plugin()
    spec = APISpec(
        title=f"红霞 · {title}",
        version=version,
        openapi_version="3.1.0",
        plugins=[plugin],
        info={"description": f"The {service} service of Hongxia. Errors are problem documents (RFC 9457)."},
    )
    spec.components.security_scheme("token", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    spec.components.schema("Problem", PROBLEM)
    spec.components.response("Problem", {"description": "问题说明", "content": {CONTENT_TYPE: {"schema": "Problem"}}})
    for route in sorted(routes, key=lambda r: (r.url, r.method)):
        path = _PARAMETER.sub(r"{\2}", route.url)
        spec.path(path=path, operations={route.method.lower(): _operation(route)})
    return spec.to_dict()


def _yuan_as_text(self: Any, field: Any, **kwargs: Any) -> dict[str, Any]:
    if not isinstance(field, Yuan):
        return {}
    sign = "-?" if field.negative else ""
    return {"type": "string", "pattern": f"^{sign}[0-9]+(\\.[0-9]{{1,2}})?$", "description": "元"}


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": _operation_id(route),
        "parameters": _parameters(route),
        "responses": _responses(route),
        "security": [] if route.public else [{"token": []}],
    }
    if route.roles:
        operation["description"] = "角色：" + "、".join(route.roles)
    if route.body:
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": route.body}}}
    elif route.raw:
        binary = {"schema": {"type": "string", "format": "binary"}}
        operation["requestBody"] = {"required": True, "content": dict.fromkeys(route.raw, binary)}
    return operation


def _operation_id(route: Route) -> str:
    words = re.sub(r"[^a-z]+", "_", _PARAMETER.sub(r"\2", route.url)).strip("_")
    return f"{route.method.lower()}_{words or 'root'}"


def _parameters(route: Route) -> list[Any]:
    parameters: list[Any] = [
        {"in": "path", "name": name, "required": True, "schema": _CONVERTED[converter]}
        for converter, name in _PARAMETER.findall(route.url)
    ]
    if route.query:
        parameters.append({"in": "query", "schema": route.query})
    if route.method == "POST":
        parameters.append({"in": "header", "name": "Idempotency-Key", "schema": {"type": "string", "maxLength": 200}})
    if route.needs_version:
        parameters.append({"in": "header", "name": "If-Match", "required": True, "schema": {"type": "string"}})
    if route.etag:
        parameters.append({"in": "header", "name": "If-None-Match", "schema": {"type": "string"}})
    return parameters


def _responses(route: Route) -> dict[str, Any]:
    further = {str(status): response for status, response in route.also.items()}
    headers = {name: {"description": text, "schema": {"type": "string"}} for name, text in _headers(route)}
    success = {"description": "成功", **_content(route), **({"headers": headers} if headers else {})}
    return {str(route.status): success, **further, "default": "Problem"}


def _headers(route: Route) -> Iterator[tuple[str, str]]:
    version = route.returns._declared_fields.get("version") if route.returns else None
    if isinstance(version, fields.Integer) and not route.many and not route.array:
        yield "ETag", '版本，例如 "3"，修改时写入 If-Match'
    elif route.etag:
        yield "ETag", "内容未变则不变，可写入 If-None-Match"
    if route.status == 201:
        yield "Location", "新记录的地址，相对于请求的地址"


def _content(route: Route) -> dict[str, Any]:
    if route.produces:
        return {"content": {kind: {"schema": schema} for kind, schema in route.produces.items()}}
    if route.returns is None:
        return {}
    schema: Any = {"type": "array", "items": route.returns} if route.array else route.returns
    if route.many:
        items = {"type": "array", "items": route.returns}
        schema = {
            "type": "object",
            "properties": {"items": items, "next_cursor": {"type": ["string", "null"]}},
            "required": ["items", "next_cursor"],
        }
    return {"content": {JSON: {"schema": schema}}}


def json_schema(schema: type[Schema], title: str, description: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a marshmallow schema on its own, nested ones under $defs; for the contracts."""
    plugin = schema_plugin()
    spec = APISpec(title="", version="", openapi_version="3.1.0", plugins=[plugin])
    spec.components.schema("Data", schema=schema)
    schemas = spec.to_dict()["components"]["schemas"]
    data = schemas.pop("Data")
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "description": description,
    }
    return {**whole, **_with_own_refs(data), **({"$defs": _with_own_refs(schemas)} if schemas else {})}


def _with_own_refs(described: Any) -> Any:
    """The same with references into the schema itself, instead of into an OpenAPI document."""
    if isinstance(described, dict):
        return {
            name: value.replace("#/components/schemas/", "#/$defs/") if name == "$ref" else _with_own_refs(value)
            for name, value in described.items()
        }
    return [_with_own_refs(each) for each in described] if isinstance(described, list) else described
