"""The routes of suggestions."""

from __future__ import annotations

from hongxia import ids
from hongxia.http.endpoint import Call
from hongxia.rules import ENTERED_TWICE
from hongxia.runtime.routes import act, amend, create, listing, read
from hongxia.schema.derive import VoidIn
from services.outreach.base import LEADER, LIAISON, READERS
from services.outreach.suggestions import rules
from services.outreach.suggestions.model import Suggestion
from services.outreach.suggestions.schema import AssignmentIn, ResolutionIn, SuggestionSchema

BOTH = (LIAISON, LEADER)


class SuggestionRoutes:
    """Suggestions: received, listed, read, amended, assigned, resolved, voided."""

    list_suggestions = listing(
        "/suggestions",
        "意见建议列表",
        READERS,
        SuggestionSchema,
        Suggestion,
        by="received_on",
        equal=("category", "channel"),
    )
    get_suggestion = read("/suggestions/<id>", "意见建议", READERS, SuggestionSchema, Suggestion)

    @create("/suggestions", "登记意见建议", LIAISON, SuggestionSchema, key=True, asks=(ENTERED_TWICE,))
    def receive_suggestion(self, call: Call) -> Suggestion:
        """It came in."""
        return rules.receive(call.session, ids.new_id(), call.body, call.today, call.confirmed)

    @amend("/suggestions/<id>", "修改意见建议", LIAISON, SuggestionSchema, Suggestion)
    def amend_suggestion(self, call: Call, suggestion: Suggestion, reason: str) -> Suggestion:
        """Anything that was recorded of it; an empty date of resolution opens it again."""
        return rules.amend(call.session, suggestion, call.body, reason, call.today)

    @act("/suggestions/<id>/assign", "交办意见建议", BOTH, SuggestionSchema, Suggestion, body=AssignmentIn)
    def assign_suggestion(self, call: Call, suggestion: Suggestion) -> Suggestion:
        """Somebody is to answer it."""
        return rules.assign(call.session, suggestion, **call.body, today=call.today)

    @act("/suggestions/<id>/resolve", "办结意见建议", BOTH, SuggestionSchema, Suggestion, body=ResolutionIn)
    def resolve_suggestion(self, call: Call, suggestion: Suggestion) -> Suggestion:
        """It was dealt with."""
        return rules.resolve(call.session, suggestion, call.body["resolved_on"], call.today)

    @act("/suggestions/<id>/void", "作废意见建议", LIAISON, SuggestionSchema, Suggestion, body=VoidIn)
    def void_suggestion(self, call: Call, suggestion: Suggestion) -> Suggestion:
        """It does not count any more."""
        return rules.void(call.session, suggestion, call.body["reason"])
