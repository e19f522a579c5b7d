"""The description of what every service has: each answer with its content, each header that is sent or honoured."""

from __future__ import annotations

from typing import Any

import pytest

from hongxia.events.envelope import BATCH_CONTENT_TYPE
from hongxia.http.openapi import document
from hongxia.http.problems import CONTENT_TYPE
from hongxia.runtime.http import routes_of
from hongxia.runtime.service import XLSX, Service
from services.finance.app import FinanceService


@pytest.fixture(scope="module")
def paths() -> dict[str, Any]:
    return document("finance", "财务", "1", routes_of(FinanceService))["paths"]


def headers(operation: dict[str, Any]) -> set[str]:
    return {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "header"}


def test_every_answer_of_the_common_routes_has_a_content(paths: dict[str, Any]) -> None:
    for route in (route for route in routes_of(Service) if route.status != 204):
        operation = paths[route.url.replace("<", "{").replace(">", "}")][route.method.lower()]
        assert operation["responses"][str(route.status)]["content"], route.url


def test_a_list_that_has_no_pages_is_an_array(paths: dict[str, Any]) -> None:
    for url in ("/cursors", "/workbooks"):
        schema = paths[url]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        assert (schema["type"], list(schema["items"])) == ("array", ["$ref"])


def test_the_feed_is_a_batch_with_an_etag_and_may_be_gone(paths: dict[str, Any]) -> None:
    feed = paths["/events"]["get"]
    assert list(feed["responses"]["200"]["content"]) == [BATCH_CONTENT_TYPE]
    assert "ETag" in feed["responses"]["200"]["headers"]
    assert "If-None-Match" in headers(feed)
    assert "304" in feed["responses"]
    assert "first" in feed["responses"]["410"]["content"][CONTENT_TYPE]["schema"]["properties"]


def test_a_template_is_a_workbook(paths: dict[str, Any]) -> None:
    assert list(paths["/workbooks/{name}/template"]["get"]["responses"]["200"]["content"]) == [XLSX]


def test_what_is_made_has_a_location_and_a_version(paths: dict[str, Any]) -> None:
    made = paths["/budget-lines"]["post"]["responses"]["201"]
    assert set(made["headers"]) == {"Location", "ETag"}
    assert "headers" not in paths["/budget-lines"]["get"]["responses"]["200"]


def test_every_post_and_nothing_else_takes_an_idempotency_key(paths: dict[str, Any]) -> None:
    for url, operations in paths.items():
        for method, operation in operations.items():
            assert ("Idempotency-Key" in headers(operation)) == (method == "post"), (method, url)
