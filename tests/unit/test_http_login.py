"""A link that logs in: its code stands for a token once, for a minute, and in the embedded process alone."""

from __future__ import annotations

import pytest
from werkzeug.wrappers import Response

from hongxia.http import auth
from hongxia.http.login import CODE_SECONDS, MOST_CODES, LoginCodes
from hongxia.http.problems import CONTENT_TYPE
from hongxia.roles import OFFICE
from services.reporting.app import ReportingService
from tests.unit.reporting_builders import NOW, new_database
from tests.unit.service_api import ServiceApi, token

Api = ServiceApi


class Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_code_works_once() -> None:
    codes = LoginCodes()
    code = codes.issue("token")
    assert [codes.redeem(code), codes.redeem(code)] == ["token", None]


def test_a_code_works_within_a_minute() -> None:
    clock = Clock()
    codes = LoginCodes(clock)
    early, late = codes.issue("early"), codes.issue("late")
    clock.seconds = CODE_SECONDS - 1
    assert codes.redeem(early) == "early"
    clock.seconds = CODE_SECONDS
    assert codes.redeem(late) is None


@pytest.mark.parametrize("code", ["", "nonsense", "\ud800", "x" * 1000])
def test_what_is_no_code_stands_for_nothing(code: str) -> None:
    codes = LoginCodes()
    codes.issue("token")
    assert codes.redeem(code) is None


def test_codes_that_nobody_redeems_do_not_pile_up() -> None:
    codes = LoginCodes()
    issued = [codes.issue(str(number)) for number in range(MOST_CODES + 1)]
    assert len(set(issued)) == len(issued)
    assert codes.redeem(issued[0]) is None
    assert codes.redeem(issued[-1]) == str(MOST_CODES)


@pytest.fixture
def api() -> Api:
    """Reporting as the embedded process runs it."""
    api = ServiceApi(ReportingService, new_database(), NOW, OFFICE)
    api.service.host.login_codes = LoginCodes()
    return api


def log_in(api: Api, code: str, **headers: str) -> Response:
    return api("POST", "/login", {"code": code}, role=None, **headers)


def test_a_code_is_exchanged_for_the_cookie_of_its_token_once(api: Api) -> None:
    code = api.service.host.login_codes.issue(token(OFFICE))
    first, second = log_in(api, code), log_in(api, code)
    assert (first.status_code, first.json["roles"]) == (200, [OFFICE])
    cookie = first.headers["Set-Cookie"].partition(";")[0]
    assert api("GET", "/years", role=None, Cookie=cookie).status_code == 200
    assert (second.status_code, second.mimetype, "Set-Cookie" in second.headers) == (401, CONTENT_TYPE, False)


def test_a_code_is_issued_to_whoever_has_a_token(api: Api) -> None:
    code = api("POST", "/login-codes").json["code"]
    assert log_in(api, code).status_code == 200
    assert api("POST", "/login-codes", role=None).status_code == 401


def test_a_code_of_a_token_that_counts_no_longer_logs_nobody_in(api: Api) -> None:
    answer = log_in(api, api.service.host.login_codes.issue("no token any more"))
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (401, False)


def test_services_that_run_by_themselves_know_no_codes(api: Api) -> None:
    api.service.host.login_codes = None
    assert (log_in(api, "code").status_code, api("POST", "/login-codes").status_code) == (404, 404)


def test_behind_tls_the_cookie_is_one_that_no_other_host_can_set(api: Api) -> None:
    answer = log_in(api, api.service.host.login_codes.issue(token()), X_Forwarded_Proto="https")
    name, _, rest = answer.headers["Set-Cookie"].partition("=")
    attributes = {part.strip() for part in rest.split(";")[1:]}
    assert name == f"__Host-{auth.COOKIE}"
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= attributes
    assert not [part for part in attributes if part.startswith("Domain")]


@pytest.mark.parametrize(("name", "status"), [(auth.TLS_COOKIE, 200), (auth.COOKIE, 401)])
def test_behind_tls_a_cookie_that_another_host_may_have_set_counts_for_nothing(
    api: Api, name: str, status: int
) -> None:
    cookie = f"{name}={token(OFFICE)}"
    assert api("GET", "/years", role=None, Cookie=cookie, X_Forwarded_Proto="https").status_code == status
