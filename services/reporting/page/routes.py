"""The routes of the dashboard."""

from __future__ import annotations

from hongxia.http.endpoint import Call, Reply
from hongxia.runtime.http import route
from services.reporting.figures.routes import FigureRoutes
from services.reporting.page import dashboard, session
from services.reporting.page.schema import FileQuery, SessionOut


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
