"""Somebody has a token without the role for an import; they want the service to take in 20 MB a request even so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hongxia.http.endpoint import MOST_RAW
from hongxia.runtime.importing import FORM
from hongxia.workbook.write import XLSX
from services.registry.app import RegistryService
from services.registry.workbook import CADRES
from tests.unit.web_builders import Web, running, token


class Body:
    """A request's body that notes whether anybody reads it."""

    def __init__(self) -> None:
        self.is_read = False

    def read(self, size: int = -1) -> bytes:
        self.is_read = True
        return b""

    readline = read


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """The registry."""
    with running(RegistryService, tmp_path_factory.mktemp("registry")) as (_, mounts):
        yield Web(mounts["registry"])


def sent(web: Web, name: str, kind: str, **headers: str | None) -> tuple[int, bool]:
    """The answer's status, and whether the body was read."""
    body = Body()
    headers = {"CONTENT_TYPE": kind, "CONTENT_LENGTH": str(MOST_RAW), **headers}
    answer = web("POST", f"/workbooks/{name}", body=body, **headers)
    assert answer.is_problem
    return answer.status, body.is_read


@pytest.mark.parametrize("kind", [XLSX, f"{FORM}; boundary=x"])
@pytest.mark.parametrize("role", ["subscriber", "operator", "auditor"])
def test_a_body_is_not_read_for_who_may_not_import_this_workbook(web: Web, kind: str, role: str) -> None:
    assert sent(web, CADRES.name, kind, HTTP_AUTHORIZATION=f"Bearer {token(role)}") == (403, False)


def test_a_body_is_not_read_for_a_workbook_that_there_is_not(web: Web) -> None:
    assert sent(web, "nothing", XLSX) == (404, False)


def test_a_body_is_not_read_without_a_token(web: Web) -> None:
    assert sent(web, CADRES.name, XLSX, HTTP_AUTHORIZATION=None) == (401, False)


def test_a_body_is_read_for_who_may_import_it(web: Web, tmp_path: Path) -> None:
    [role, *_] = next(book.roles for book in RegistryService.definition.workbooks if book.workbook is CADRES)
    assert sent(web, CADRES.name, XLSX, HTTP_AUTHORIZATION=f"Bearer {token(role)}") == (400, True)
