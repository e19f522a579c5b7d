"""Reporting's API: figures with their states, what stands behind them, the dashboard and its cookie."""

from __future__ import annotations

import re

import pytest

from hongxia.database import Database
from hongxia.http import auth
from hongxia.http.guards import GUARDS
from hongxia.roles import OFFICE, OPERATOR
from services.reporting.figures import answers
from services.reporting.proof import digest
from tests.unit.reporting_builders import (
    Api,
    Source,
    answer,
    approved,
    cadre,
    contact,
    contradiction,
    new_database,
    session_event,
    visit,
)
from tests.unit.service_api import token


@pytest.fixture
def sources() -> list[Source]:
    return [Source(name) for name in ("activities", "finance", "outreach", "registry")]


@pytest.fixture
def database(sources: list[Source]) -> Database:
    database = new_database()
    outreach, registry = sources[2], sources[3]
    cadre(registry, 1)
    contact(outreach, 1, "2022-01-10")
    for number in range(1, 6):
        visit(outreach, f"v{number}", number, five_must=True, people=2)
    for source in sources:
        source.read(database)
    return database


@pytest.fixture
def api(database: Database, sources: list[Source]) -> Api:
    return Api(database, *sources)


def test_a_years_figures_come_with_their_states_and_sources(api: Api) -> None:
    answer = api("GET", "/years/2022/indicators", role=OFFICE).json
    items = {item["code"]: item for item in answer["items"]}
    assert len(items) == 30
    visits = items["outreach.five_visits.persons"]
    assert (visits["value"], visits["unit"], visits["target"], visits["state"]) == ("10", "人", "400", "complete")
    assert visits["printed_as"] == "400多人"
    assert [(source["position"], source["head_position"]) for source in visits["sources"]] == [(6, 6)]
    coverage = items["outreach.contact.coverage"]
    assert (coverage["numerator"], coverage["denominator"], coverage["value"]) == (1, 12, "8.33")
    assert items["finance.execution_rate"]["value"] is None
    assert items["finance.execution_rate"]["value_reason"]


def test_aid_that_finance_refused_is_told_beside_the_figure_that_leaves_it_out(
    api: Api, database: Database, sources: list[Source]
) -> None:
    finance, outreach = sources[1], sources[2]
    address = "/years/2022/indicators/finance.aid.paid"
    assert api("GET", address).json["remark"] is None
    case = approved(outreach, "a", 1)
    answer(finance, case, "refused", "2022-01-25")
    for source in (finance, outreach):
        source.read(database)
    figure = api("GET", address).json
    assert (figure["value"], figure["state"], figure["remark"]) == ("0.00", "complete", "另有 1 件不予拨付，未计入")


def test_figures_follow_what_comes_in(api: Api, database: Database, sources: list[Source]) -> None:
    address = "/years/2022/indicators/outreach.five_visits.persons"
    all_of_them = "/years/2022/indicators"
    for people in (0, 3, 8):
        if people:
            visit(sources[2], f"more{people}", 1, five_must=True, people=people)
            sources[2].read(database)
        value = api("GET", address).json["value"]
        items = {item["code"]: item["value"] for item in api("GET", all_of_them).json["items"]}
        assert items["outreach.five_visits.persons"] == value
    assert value == "21"


def test_a_parked_event_shows_in_the_figures_that_it_may_concern_and_in_no_other(
    api: Api, database: Database, sources: list[Source]
) -> None:
    visit(sources[2], "broken", 1, people="two")
    session_event(sources[0], "lesson")
    for source in sources:
        source.read(database)
    items = {item["code"]: item for item in api("GET", "/years/2022/indicators").json["items"]}
    assert items["outreach.five_visits.persons"]["state"] == "parked"
    assert "1 条记录" in items["outreach.five_visits.persons"]["reason"]
    assert items["activities.reflections"]["state"] == "complete"


def test_a_source_that_can_not_be_reached_is_catching_up(database: Database, sources: list[Source]) -> None:
    session_event(sources[0], "lesson")
    sources[0].read(database)
    api = Api(database, sources[0], sources[1])
    states = {item["code"]: item["state"] for item in api("GET", "/years/2022/indicators").json["items"]}
    assert states["outreach.five_visits.persons"] == "catching_up"
    assert states["activities.reflections"] == "complete"


def test_a_figure_opens_page_by_page_to_its_events_and_their_records(api: Api) -> None:
    address = "/years/2022/indicators/outreach.five_visits.persons/events"
    first = api("GET", f"{address}?limit=3").json
    rest = api("GET", f"{address}?limit=3&cursor={first['next_cursor']}").json
    assert [event["position"] for event in first["items"] + rest["items"]] == [2, 3, 4, 5, 6]
    assert rest["next_cursor"] is None
    event = first["items"][0]
    assert event["title"] == "走访已登记"
    assert {"label": "走访形式", "value": "家访"} in event["labelled"]
    assert event["data"]["people"] == 2
    assert event["record"] == {"service": "outreach", "path": f"/visits/{event['subject']}"}


def test_growth_is_told_up_to_the_month_that_has_begun(api: Api) -> None:
    months = api("GET", "/years/2022/indicators/outreach.five_visits.persons/months").json["months"]
    assert [month["value"] for month in months] == ["0"] * 6 + ["10"] * 6
    assert len(api("GET", "/years/2023/indicators/outreach.five_visits.persons/months").json["months"]) == 1


def test_the_digest_can_be_made_anew_from_the_facts(api: Api) -> None:
    found, cursor = [], ""
    while cursor is not None:
        page = api("GET", f"/years/2022/facts?limit=2&cursor={cursor}").json
        found += page["items"]
        cursor = page["next_cursor"]
    shown = api("GET", "/years/2022/digest").json
    assert digest.of_lines(digest.line(fact) for fact in found).digest == shown["digest"]
    assert shown["facts"] == len(found) == 7
    assert [cursor["source"] for cursor in shown["cursors"]] == ["activities", "finance", "outreach", "registry"]


def test_verification_and_rebuild_answer_equal_digests(api: Api) -> None:
    assert api("POST", "/years/2022/verification").json["equal"] is True
    years = api("POST", "/rebuild", role=OPERATOR).json["years"]
    assert [year["before"] == year["after"] for year in years] == [True]
    assert api("POST", "/rebuild", role=OFFICE).status_code == 403


def test_one_verification_or_rebuild_is_done_at_a_time(api: Api) -> None:
    with api.service.host.heavy_work.turn():
        for path in ("/years/2022/verification", "/rebuild"):
            answer = api("POST", path)
            assert (answer.status_code, answer.headers["Retry-After"]) == (429, "10")
    assert api("POST", "/years/2022/verification").status_code == 200
    assert api("POST", "/years/1/verification").status_code == 404  # and one that fails is over, too
    assert api("POST", "/rebuild").status_code == 200


def test_only_years_with_something_to_count_are_listed(api: Api) -> None:
    assert api("GET", "/years").json == {"years": [2022]}


@pytest.mark.parametrize(
    ("path", "slug"),
    [
        ("/years/1889/indicators", "unknown-year"),
        ("/years/99999/digest", "unknown-year"),
        ("/years/99999/facts", "unknown-year"),
        ("/years/2022/indicators/outreach.nothing", "unknown-indicator"),
        ("/years/2022/indicators/outreach.nothing/events", "unknown-indicator"),
        ("/static/app.py", "not-found"),
    ],
)
def test_what_is_not_there_is_a_404(api: Api, path: str, slug: str) -> None:
    answer = api("GET", path)
    assert (answer.status_code, answer.json["type"]) == (404, f"urn:hongxia:problem:{slug}")


@pytest.mark.parametrize(
    "path",
    [
        "/years?year=2022",
        "/years/2022/indicators?street=x",
        "/years/2022/indicators/outreach.five_visits.persons?street=x",
        "/years/2022/indicators/outreach.five_visits.persons/months?month=3",
        "/years/2022/indicators/outreach.five_visits.persons/events?kind=visit",
        "/years/2022/beyond?code=x",
        "/years/2022/digest?kind=visit",
    ],
)
def test_a_query_parameter_that_is_not_known_is_refused_by_its_name(api: Api, path: str) -> None:
    answer = api("GET", path)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["parameter"] == path.rpartition("?")[2].partition("=")[0]


def test_the_indicators_beyond_the_report_are_answered_apart_and_open_like_the_others(api: Api) -> None:
    codes = [item["code"] for item in api.json("/years/2022/beyond")["items"]]
    assert codes == ["outreach.obligations.on_time", "outreach.obligations.missed"]
    assert api("GET", f"/years/2022/indicators/{codes[0]}/events").status_code == 200


def test_money_is_printed_with_two_decimals_beside_its_exact_value(
    api: Api, database: Database, sources: list[Source]
) -> None:
    answer_to = approved(sources[2], "a", 1, amount_fen=11_199_999)
    answer(sources[1], answer_to, "paid", "2022-01-18", amount_fen=11_199_999)
    for source in sources:
        source.read(database)
    item = api.json("/years/2022/indicators/finance.aid.paid")
    assert (item["value"], item["printed"]) == ("11.199999", "11.20")
    html = api("GET", "/?year=2022").get_data(as_text=True)
    assert 'title="准确值 11.199999 万元">11.20</b>' in html


def test_the_pages_of_the_office_use_none_of_the_builders_words(api: Api) -> None:
    pages = [api("GET", "/?year=2022").get_data(as_text=True), api("GET", "/", role=None).get_data(as_text=True)]
    script = api("GET", "/static/dashboard.js").get_data(as_text=True)
    for text in (*pages, script):
        assert [word for word in ("令牌", "链值", "事件", "版本", "未被改动") if word in text] == []


def test_the_page_names_open_contradictions_and_where_they_are_listed(
    api: Api, database: Database, sources: list[Source]
) -> None:
    assert "<a data-service" not in api("GET", "/?year=2022").get_data(as_text=True)
    contradiction(sources[2], sources[2].events[0].subject)
    sources[2].read(database)
    html = api("GET", "/?year=2022").get_data(as_text=True)
    assert '<a data-service="outreach" href="#" data-path="/contradictions?state=open' in html
    assert "走访联络 1 处" in html


def test_codes_of_the_bureaus_lists_are_shown_by_their_labels(
    api: Api, database: Database, sources: list[Source]
) -> None:
    sources[3].publish("unit.listed", "u", {"code": "u1234abcd", "label": "区教育局"})
    sources[3].publish("unit.amended", "u", {"code": "u1234abcd", "label": "区教育局（原教委）"}, version=2)
    sources[3].read(database)
    with database.read() as session:
        assert answers.listed_labels(session) == {"unit": {"u1234abcd": "区教育局（原教委）"}}


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "cursor=nonsense", "kinds=visit"])
def test_a_query_that_is_wrong_is_refused(api: Api, query: str) -> None:
    assert api("GET", f"/years/2022/facts?{query}").status_code == 422


def test_nothing_is_told_without_a_token(api: Api) -> None:
    for path in ("/years", "/years/2022/indicators", "/years/2022/facts", "/static/dashboard.js"):
        assert api("GET", path, role=None).status_code == 401


def test_without_a_token_the_dashboard_asks_for_one_and_shows_no_figure(api: Api) -> None:
    answer = api("GET", "/", role=None)
    assert (answer.status_code, answer.mimetype) == (401, "text/html")
    assert "访问口令" in answer.get_data(as_text=True)
    assert "指标" not in answer.get_data(as_text=True)
    assert api("GET", "/", role="liaison").status_code == 403


def test_a_session_keeps_the_token_out_of_reach_of_scripts_and_other_sites(api: Api) -> None:
    answer = api("POST", "/session", role=None, Authorization=f"Bearer {token(OFFICE)}")
    assert answer.json == {"subject": "somebody", "roles": ["office"]}
    cookie = answer.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Secure" not in cookie
    behind_tls = api("POST", "/session", role=None, Authorization=f"Bearer {token()}", X_Forwarded_Proto="https")
    assert "Secure" in behind_tls.headers["Set-Cookie"]


def test_a_session_is_refused_for_a_token_that_is_none(api: Api) -> None:
    answer = api("POST", "/session", role=None, Authorization="Bearer nonsense")
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers


def test_the_cookie_counts_for_reading_and_never_for_changing(api: Api) -> None:
    cookie = f"{auth.COOKIE}={token()}"
    assert api("GET", "/years", role=None, Cookie=cookie).status_code == 200
    assert api("POST", "/rebuild", role=None, Cookie=cookie).status_code == 401
    assert api("GET", "/years", role=None, Cookie=f"{auth.COOKIE}=nonsense").status_code == 401


def test_the_dashboard_shows_every_figure_and_loads_nothing_from_outside(api: Api) -> None:
    answer = api("GET", "/?year=2022", role=None, Cookie=f"{auth.COOKIE}={token(OFFICE)}")
    html = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert html.count("data-code=") == 30
    assert "http:" not in html
    assert "https:" not in html
    assert 'src="/' not in html
    assert 'href="/' not in html
    policy = answer.headers["Content-Security-Policy"]
    assert {"default-src 'none'", "frame-ancestors 'none'"} <= {*policy.split("; ")}
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_pages_files_are_served_to_whoever_has_a_token(api: Api) -> None:
    for name, kind in (("dashboard.css", "text/css"), ("echarts-6.1.0.simple.min.js", "text/javascript")):
        answer = api("GET", f"/static/{name}", role="liaison")
        assert (answer.status_code, answer.mimetype) == (200, kind)
        assert {*GUARDS} <= {*answer.headers.keys()}


def test_the_page_names_its_files_by_addresses_that_are_served(api: Api) -> None:
    cookie = f"{auth.COOKIE}={token(OFFICE)}"
    html = api("GET", "/?year=2022", role=None, Cookie=cookie).get_data(as_text=True)
    addresses = re.findall(r'(?:src|href)="(static/[^"]+)"', html)
    assert len(addresses) == 3
    assert {api("GET", f"/{address}", role=None, Cookie=cookie).status_code for address in addresses} == {200}
