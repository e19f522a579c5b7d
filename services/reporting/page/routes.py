"""The routes of the dashboard."""

from __future__ import annotations

from hongxia.http.auth import Refused
from hongxia.http.endpoint import Call, Reply
from hongxia.http.login import LoginCodes
from hongxia.http.problems import NotFound, Unauthorized
from hongxia.runtime.http import route
from services.reporting.figures.routes import FigureRoutes
from services.reporting.page import dashboard, session
from services.reporting.page.schema import CodeIn, CodeOut, FileQuery, SessionOut


class PageRoutes(FigureRoutes):
    """The page, its files, and the browser's keeping of the token."""

    @route("GET", "/", summary="看板", public=True)
    def dashboard(self, call: Call) -> Reply:
        """The dashboard, or where to show a token."""
        return dashboard.page(self.host.verifier, call, lambda year: self.answered(call, year))

    @route("GET", "/static/<name>", summary="看板所用的文件", query=FileQuery)
    def static_file(self, call: Call, name: str) -> Reply:
        """Script, style and chart library of the dashboard."""
        return dashboard.static(name)

    @route("POST", "/session", summary="让浏览器记住令牌", returns=SessionOut, writes=False)
    def open_session(self, call: Call) -> Reply:
        """Have the browser keep the token that came with this request."""
        return session.begin(call)

    @route("DELETE", "/session", summary="让浏览器忘记令牌", cookie=True, writes=False)
    def close_session(self, call: Call) -> Reply:
        """Have the browser forget the token."""
        return session.end(call)

    @route(
        "POST", "/login-codes", summary="签发一次性登录码（仅内嵌运行时）", returns=CodeOut, status=201, writes=False
    )
    def issue_login_code(self, call: Call) -> dict[str, str]:
        """A code for a link that logs in with the token of this request, once and within a minute."""
        token = call.request.headers["Authorization"].partition(" ")[2].strip()
        return {"code": self._login_codes().issue(token)}

    @route(
        "POST",
        "/login",
        summary="以一次性登录码登录（仅内嵌运行时）",
        public=True,
        body=CodeIn,
        returns=SessionOut,
        writes=False,
    )
    def log_in(self, call: Call) -> Reply:
        """Have the browser keep the token that a code stands for."""
        token = self._login_codes().redeem(call.body["code"])
        if token is None:
            raise Unauthorized("登录链接已用过或已过期，请填写访问口令，或运行 hongxia link 再要一个链接")
        try:
            actor = self.host.verifier.verify(f"Bearer {token}")
        except Refused as refused:
            raise Unauthorized(str(refused)) from None
        return session.kept(call, actor, token)

    def _login_codes(self) -> LoginCodes:
        """The codes of the embedded process. Raises NotFound where the services run by themselves."""
        if self.host.login_codes is None:
            raise NotFound("登录链接只在内嵌运行时可用，请填写访问口令")
        return self.host.login_codes
