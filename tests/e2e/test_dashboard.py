"""The dashboard in a real browser, on a deployment behind one address."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect, sync_playwright

from hongxia.roles import OFFICE
from tests.e2e.bureau import HONGXIA, READY_SECONDS, Bureau, token
from tests.servers import Process, Unavailable, chromium_program, ensure_installed, free_port

QUIET = ("background-networking", "component-update", "sync", "quic", "gpu")
ARGUMENTS = ["--headless", "--no-sandbox", "--no-first-run", *(f"--disable-{noise}" for noise in QUIET)]
PATIENCE = 30_000  # milliseconds: a page looks for news every five seconds


@pytest.fixture(scope="module")
def year(bureau: Bureau, workbooks: Path) -> Bureau:
    """The deployment with the year 2022 imported and read."""
    bureau.run("import", str(workbooks))
    bureau.wait_level()
    return bureau


@pytest.fixture(scope="module")
def origin(year: Bureau) -> str:
    """The one address of the deployment, as a browser sees it: /<service>/… is that service, the rest the dashboard."""
    return f"http://{year.addresses['reporting']}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        ensure_installed(rabbitmq=False, postgresql=False, chromium=True)
    except Unavailable as error:
        pytest.fail(str(error), pytrace=False)
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def stranger(browser: Browser, origin: str, year: Bureau) -> Iterator[Page]:
    """A page of someone who has shown no token yet; what a gateway does is done on the way out of the browser."""
    prefixed = re.compile(f"{origin}/({'|'.join(year.addresses)})(/.*)")

    def forward(route: Route) -> None:
        service, path = prefixed.fullmatch(route.request.url).groups()
        route.fulfill(response=route.fetch(url=f"http://{year.addresses[service]}{path}"))

    with browser.new_context() as context:
        context.route(prefixed, forward)
        yield context.new_page()
        context.unroute_all(behavior="ignoreErrors")


@pytest.fixture
def page(stranger: Page, origin: str) -> Page:
    """The dashboard, opened by someone of the office."""
    stranger.goto(origin)
    show_token(stranger, token(OFFICE))
    expect(stranger.locator("#list li")).not_to_have_count(0)  # only a page whose script runs hears a key
    return stranger


def show_token(page: Page, shown: str) -> None:
    page.get_by_label("访问口令").fill(shown)
    page.get_by_role("button", name="进入").click()


def row(page: Page, code: str) -> Locator:
    return page.locator(f'tr[data-code="{code}"]')


def part(where: Locator, name: str) -> Locator:
    return where.locator(f"[data-is={name}]")


def test_without_a_token_there_is_the_login_and_nothing_of_the_data(stranger: Page, origin: str, year: Bureau) -> None:
    answer = stranger.goto(origin)
    assert answer is not None
    assert answer.status == 401
    expect(stranger.get_by_label("访问口令")).to_be_visible()
    told = stranger.content()
    assert not [figure["name"] for figure in year.figures(2022).values() if figure["name"] in told]
    assert "data-code" not in told


def test_a_token_that_is_pasted_logs_in_and_stays_out_of_reach(stranger: Page, origin: str) -> None:
    stranger.goto(origin)
    show_token(stranger, token(OFFICE))
    expect(stranger).to_have_title("红霞 · 2022年度指标")
    expect(stranger).to_have_url(f"{origin}/")
    assert stranger.evaluate("document.cookie") == ""


def test_an_address_with_a_token_logs_nobody_in(stranger: Page, origin: str) -> None:
    stranger.goto(f"{origin}/#token={token(OFFICE)}")
    expect(stranger.get_by_label("访问口令")).to_be_visible()
    assert stranger.context.cookies() == []


def test_a_wrong_token_is_told_in_chinese(stranger: Page, origin: str) -> None:
    stranger.goto(origin)
    show_token(stranger, "wrong")
    expect(stranger.get_by_role("alert")).to_have_text("口令无效或已过期，请重新填写")
    expect(stranger).to_have_url(f"{origin}/")


@pytest.mark.parametrize("before", ["about:blank", "/"])
def test_the_link_of_the_embedded_services_logs_in_once(
    before: str, browser: Browser, tmp_path: Path, start_process: Callable[..., Process]
) -> None:
    address = f"127.0.0.1:{free_port()}"
    served = start_process("serve", [HONGXIA, "serve", "--address", address, "--data", tmp_path / "data"])
    found = served.wait_for(lambda: re.search(r"http://\S+/#code=[\w-]+", served.output()), READY_SECONDS, "a link")
    assert found is not None
    with browser.new_context() as mine, browser.new_context() as theirs:
        page, late = mine.new_page(), theirs.new_page()
        page.goto(before if before.startswith("about:") else f"http://{address}{before}")
        page.goto(found.group())
        expect(page.locator("#panel")).to_be_visible()
        expect(page).to_have_url(f"http://{address}/")
        assert page.evaluate("document.cookie") == ""
        late.goto(found.group())
        expect(late.get_by_role("alert")).to_contain_text("登录链接已用过或已过期")
        expect(late).to_have_url(f"http://{address}/")
        assert theirs.cookies() == []


def test_the_table_shows_the_thirty_figures_that_the_api_gives(page: Page, year: Bureau) -> None:
    read = "rows => rows.map(row => [row.dataset.code, row.querySelector('[data-is=value]').textContent])"
    shown = {code: value.replace(",", "") for code, value in page.locator("tr[data-code]").evaluate_all(read)}
    assert len(shown) == 30
    assert shown == {code: figure["printed"] for code, figure in year.figures(2022).items()}
    expect(page.locator("#complete")).to_have_text("30")


@pytest.mark.parametrize("path", ["/", "/reporting/"])
def test_a_figure_opens_to_its_events_and_these_to_their_records(
    path: str, page: Page, origin: str, year: Bureau
) -> None:
    page.goto(origin + path)
    row(page, "activities.college.sessions").click()
    expect(page.locator("#chosen")).to_have_text("老干部大学堂场次")
    expect(page.locator("#list li")).to_have_count(4)
    with page.expect_popup() as popup:
        page.get_by_role("link", name="查看记录").first.click()
    address = popup.value.url.removeprefix(f"{origin}/activities")
    assert address.startswith("/sessions/")
    assert json.loads(popup.value.locator("pre").inner_text()) == year.client.get("activities", address)


def test_the_chart_is_described_for_who_does_not_see_it(page: Page, year: Bureau) -> None:
    code = "activities.online.attendance"
    row(page, code).press("Enter")
    growth = year.client.get("reporting", f"/years/2022/indicators/{code}/months")["months"]
    told = "，".join(f"{int(month['month'][5:])}月 {month['value']}" for month in growth)
    chart = page.get_by_role("img")
    expect(chart).to_have_accessible_name(f"线上学习人次逐月累计（人次）：{told}；目标 4900")
    expect(chart.locator("canvas")).to_be_visible()


def test_each_source_shows_how_far_it_was_read(page: Page, year: Bureau) -> None:
    heads = {source: head for source, head in year.heads().items() if source != "reporting"}
    expect(page.locator(".source")).to_have_count(len(heads))
    for source, head in heads.items():
        card = page.locator(f"[data-source={source}]")
        for name in ("position", "head"):
            expect(part(card, name)).to_have_text(f"{head['position']:,}")
        expect(part(card, "chain")).to_have_text(head["chain"][:12])
        expect(part(card, "state")).to_have_text("完整")


def test_a_source_that_is_killed_is_told_and_its_figures_are_not_called_complete(page: Page, year: Bureau) -> None:
    card = page.locator("[data-source=outreach]")
    visits, budget = row(page, "outreach.five_visits.persons"), row(page, "finance.budget.total")
    year.processes["outreach"].kill()
    try:
        expect(part(visits, "state")).to_have_text("追赶中")
        expect(part(budget, "state")).to_have_text("完整")
        for _loaded in ("kept fresh", "anew"):
            expect(part(card, "state")).to_have_text("追赶中")
            expect(part(card, "head")).to_have_text("未知")
            expect(part(card, "reason")).to_have_text("来源连不上，不知是否读全")
            expect(page.locator("#complete")).not_to_have_text("30")
            page.reload()
    finally:
        year.start("outreach")
        year.wait_ready(["outreach"])
    expect(part(visits, "state")).to_have_text("完整")
    expect(part(card, "reason")).to_have_text("")


def test_a_page_that_gets_no_news_says_how_old_it_is(page: Page, year: Bureau) -> None:
    year.processes["reporting"].kill()
    try:
        expect(page.get_by_role("alert")).to_contain_text(re.compile(r"取不到新数据.*\d\d:\d\d"))
    finally:
        year.start("reporting")
        year.wait_ready(["reporting"])
    expect(page.get_by_role("alert")).to_be_hidden()


def test_on_paper_there_are_the_figures_and_no_buttons(page: Page) -> None:
    expect(page.locator("button:visible")).not_to_have_count(0)
    page.emulate_media(media="print")
    expect(page.locator("button:visible")).to_have_count(0)
    expect(page.locator("tr[data-code]:visible")).to_have_count(30)


def test_no_request_leaves_the_origin_and_nothing_is_amiss_in_the_console(page: Page, origin: str) -> None:
    asked: list[str] = []
    amiss: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: amiss.append(message.text))
    page.on("pageerror", lambda error: amiss.append(str(error)))
    page.reload()
    row(page, "outreach.five_visits.persons").click()
    page.get_by_role("button", name="再看一些").click()
    expect(page.locator("#list li")).to_have_count(60)
    with page.expect_response(re.compile("/years/2022/indicators$")):  # it looks for news by itself
        expect(page.get_by_role("alert")).to_be_hidden()
    assert len(asked) >= 8
    assert not [url for url in asked if not url.startswith((f"{origin}/", "data:"))]
    assert amiss == []


def test_who_leaves_is_asked_for_a_token_again(page: Page) -> None:
    page.get_by_role("button", name="退出").click()
    expect(page.get_by_label("访问口令")).to_be_visible()
    assert page.context.cookies() == []
    answer = page.reload()
    assert answer is not None
    assert answer.status == 401
