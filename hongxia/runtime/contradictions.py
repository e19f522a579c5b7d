"""The routes of a service's contradictions; the same in every service."""

from __future__ import annotations

from typing import Any

from hongxia.contradictions import Contradictions, ExplanationIn
from hongxia.http.endpoint import Call
from hongxia.runtime.routes import Roles, act, listing, read


def routes_of_contradictions(contradictions: Contradictions, readers: Roles, explainers: Roles) -> Any:
    """Return the class of routes to be put into a service's assembly."""
    schema, model = contradictions.schema, contradictions.model

    class ContradictionRoutes:
        """Records that contradict one another: listed, read, explained."""

        equal = ("kind", "scope", "record")
        list_contradictions = listing("/contradictions", "矛盾列表", readers, schema, model, by="on", equal=equal)
        get_contradiction = read("/contradictions/<id>", "矛盾", readers, schema, model)

        @act("/contradictions/<id>/explain", "说明矛盾", explainers, schema, model, body=ExplanationIn)
        def explain_contradiction(self, call: Call, contradiction: Any) -> Any:
            """Somebody says why it may stand."""
            return contradictions.explain(call.session, contradiction, call.body["explanation"])

    return ContradictionRoutes
