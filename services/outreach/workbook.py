"""The workbook 走访联络: visits, monthly contacts, aid cases, suggestions."""

from __future__ import annotations

from hongxia.definition import Importable
from hongxia.workbook.declare import Workbook
from services.outreach.aid import sheet as aid
from services.outreach.base import LEADER
from services.outreach.cadres.rows import finish
from services.outreach.contacts import sheet as contacts
from services.outreach.suggestions import sheet as suggestions
from services.outreach.visits import sheet as visits

OUTREACH = Workbook(
    name="outreach",
    title_zh="走访联络",
    service="outreach",
    order=3,
    sheets=(visits.SHEET, contacts.SHEET, aid.SHEET, suggestions.SHEET),
    checks=(aid.consistent, suggestions.resolved_after_receipt),
    help_zh="走访慰问、每月敬爱连线、帮扶和意见建议。",
    help_en="Visits, monthly contact, aid cases and suggestions.",
)

IMPORTABLE = Importable(
    OUTREACH,
    (visits.VisitRows(), contacts.ContactRows(), aid.AidRows(), suggestions.SuggestionRows()),
    # An imported row may approve aid, which takes a leader.
    (LEADER,),
    finish,
)
