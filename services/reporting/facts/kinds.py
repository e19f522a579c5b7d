"""The kinds of fact: what figures are counted from, by the source that owns them.

The fields of a kind are data fields of its events, all of them coarse codes, numbers and dates; none names or describes
a person. A field that an event has anew is kept once it is named here.
"""

from __future__ import annotations

from services.reporting.facts.declare import Kind, Per, day, flag, number, optional, text, times_away

# ---- registry

UNIT = Kind("unit", "原单位", "registry", "units/{entity}", standing=True, fields=(text("code"), text("label")))
STREET = Kind("street", "街道", "registry", "streets/{entity}", standing=True, fields=(text("code"), text("label")))
CADRE = Kind(
    "cadre",
    "干部",
    "registry",
    "cadres/{entity}",
    on="registered_on",
    standing=True,
    fields=(
        text("retirement_category"),
        text("rank"),
        text("treatment"),
        optional("medical_treatment"),
        optional("reimbursement"),
        text("unit", listed=UNIT.name),
        text("street", listed=STREET.name),
        optional("liaison"),
        text("age_band"),
        flag("advanced_age"),
        flag("hardship"),
        flag("living_alone"),
        flag("resettled"),
        day("deceased_on", needed=False),
        times_away("away"),
    ),
)
MILESTONE = Kind(
    "milestone",
    "寿辰与党龄",
    "registry",
    "cadres/{parent}",
    person=text("cadre_id"),
    parent=text("cadre_id"),
    fields=(text("milestone"), text("month")),
)

# ---- outreach

VISIT = Kind(
    "visit",
    "走访",
    "outreach",
    "visits/{entity}",
    on="visited_on",
    person=text("cadre_id"),
    amount=number("people"),
    fields=(text("form"), text("category"), text("occasion"), flag("five_must"), number("minutes", needed=False)),
)
CONTACT = Kind(
    "contact",
    "每月联系",
    "outreach",
    "contacts/{entity}",
    on="contacted_on",
    person=text("cadre_id"),
    fields=(text("month"), text("method")),
)
STAY = Kind(
    "stay",
    "住院",
    "outreach",
    "stays/{entity}",
    on="admitted_on",
    person=text("cadre_id"),
    fields=(day("reported_on", needed=False), day("discharged_on", needed=False)),
)
OBLIGATION = Kind(
    "obligation",
    "五必访任务",
    "outreach",
    "obligations/{entity}",
    on="raised_on",
    person=text("cadre_id"),
    fields=(
        text("kind"),
        day("due_on"),
        optional("visit_id"),
        day("met_on", needed=False),
        flag("on_time", needed=False),
    ),
)
AID_CASE = Kind("aid_case", "帮扶", "outreach", "aid-cases/{entity}", per=Per.STATE)
AID_APPROVAL = Kind(
    "aid_approval",
    "帮扶批准",
    "outreach",
    "aid-cases/{entity}",
    on="approved_on",
    person=text("cadre_id"),
    amount=number("amount_fen"),
    fields=(day("pay_on"),),
    per=Per.STATE,
)
SUGGESTION = Kind(
    "suggestion",
    "意见建议",
    "outreach",
    "suggestions/{entity}",
    on="received_on",
    fields=(
        text("category"),
        text("channel"),
        day("assigned_on", needed=False),
        day("resolved_on", needed=False),
    ),
)

# ---- activities

SESSION = Kind(
    "session",
    "场次",
    "activities",
    "sessions/{entity}",
    on="held_on",
    amount=number("others_count"),
    fields=(text("programme"), text("title"), text("host"), optional("topic"), text("state")),
)
ATTENDANCE = Kind(
    "attendance",
    "考勤",
    "activities",
    "attendances/{entity}",
    on="attended_on",
    person=text("cadre_id"),
    parent=text("session_id"),
    fields=(text("programme"),),
)
WORK = Kind(
    "work",
    "作品",
    "activities",
    "works/{entity}",
    on="collected_on",
    person=optional("cadre_id"),
    fields=(text("genre"), optional("call")),
)
HEALTH_CHECK = Kind("health_check", "体检批次", "activities", "health-checks/{entity}", on="held_on")
CHECK = Kind(
    "check",
    "体检人员",
    "activities",
    "checks/{entity}",
    on="checked_on",
    person=text("cadre_id"),
    parent=text("batch_id"),
)
ACTIVITIES_UNIT = Kind(
    "activities_unit", "参加单位", "activities", "units/{entity}", standing=True, fields=(text("code"), text("label"))
)
DRIVE = Kind("drive", "接种专场", "activities", "drives/{entity}", fields=(text("title"),))
ROSTER = Kind(
    "roster",
    "接种名册",
    "activities",
    "rosters/{entity}",
    on="on",
    parent=text("drive_id"),
    amount=number("attended"),
    fields=(text("unit", listed=ACTIVITIES_UNIT.name), number("vaccinated")),
)

# ---- finance

BUDGET = Kind(
    "budget",
    "预算项目",
    "finance",
    "budget-lines/{entity}",
    on="approved_on",
    year="year",
    amount=number("initial_fen"),
    fields=(text("line_no"), text("name"), text("expenditure_class"), flag("pays_aid")),
)
ADJUSTMENT = Kind(
    "adjustment",
    "预算调整",
    "finance",
    "adjustments/{entity}",
    on="adjusted_on",
    year="year",
    parent=text("line_id"),
    amount=number("amount_fen"),
    fields=(text("expenditure_class"),),
)
EXPENDITURE = Kind(
    "expenditure",
    "支出",
    "finance",
    "expenditures/{entity}",
    on="spent_on",
    year="year",
    parent=text("line_id"),
    amount=number("amount_fen"),
    fields=(text("expenditure_class"),),
)
REVERSAL = Kind(
    "reversal",
    "支出冲销",
    "finance",
    "expenditures/{entity}",
    on="spent_on",
    year="year",
    parent=text("line_id"),
    amount=number("amount_fen"),
    negative=True,
    corrects="corrects_year",
    fields=(text("expenditure_class"), text("reverses"), number("corrects_year")),
)
AID_ANSWER = Kind("aid_answer", "帮扶拨付", "finance", "aid-payments/{entity}", per=Per.STATE)
AID_PAYMENT = Kind(
    "aid_payment",
    "帮扶拨付",
    "finance",
    "aid-payments/{entity}",
    on="paid_on",
    parent=text("line_id"),
    amount=number("amount_fen"),
    fields=(text("expenditure_id"),),
    per=Per.EVENT,
)
AID_RETURN = Kind(
    "aid_return",
    "帮扶款退回",
    "finance",
    "aid-payments/{entity}",
    amount=number("amount_fen"),
    negative=True,
    per=Per.EVENT,
)

# ---- every source

LISTS = (UNIT, STREET, ACTIVITIES_UNIT)
"""The lists that the bureau keeps: what the codes in other facts are called."""

CONTRADICTIONS = {
    source: Kind(
        f"{source}_contradiction",
        "矛盾",
        source,
        "contradictions/{entity}",
        on="on",
        fields=(text("kind"), text("record"), text("record_id")),
    )
    for source in ("registry", "outreach", "activities", "finance")
}
"""Records that contradict one another, by the service that owns them."""
