"""Contacts as a sheet of the workbook 走访联络."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from hongxia.records import in_parts
from hongxia.workbook.columns import columns_of
from hongxia.workbook.declare import Figure, Row, Sheet
from hongxia.workbook.reconcile import Loading
from services.outreach.cadres.mirror import CADRES
from services.outreach.cadres.rows import CadreRows
from services.outreach.contacts import rules
from services.outreach.contacts.model import Contact
from services.outreach.contacts.schema import ContactSchema

SHEET = Sheet(
    title_zh="每月联系",
    name="contacts",
    key=rules.KEY,
    help_zh="每月敬爱连线：联系一次填一行。一个月联系多次，只算联系了一个月。",
    help_en="The monthly call: a row per contact. Several in a month count as one month contacted.",
    columns=columns_of(ContactSchema),
    figures=(
        Figure(
            "outreach.contact.coverage",
            "每月敬爱连线覆盖率",
            "Numerator: the cadre-months of the denominator (workbook 干部名册) in which the cadre has at least one "
            "row. A contact in a month that is not due counts in neither.",
            rule_zh=(
                "分子：分母（见“干部名册”工作簿）所计的干部和月份中，该干部当月至少有一行的。"
                "不应联系的月份有联系的，分子、分母都不计。"
            ),
        ),
    ),
)

_FOUND = "outreach.contacts"
_TAKEN = "outreach.contact_ids"


class ContactRows(CadreRows):
    """Each row is a contact; its key is all that it holds."""

    sheet = SHEET
    model = Contact

    def prepare(self, loading: Loading, rows: Sequence[Row]) -> None:
        """Read the contacts of the cadres that the rows name, under whatever number they were recorded."""
        super().prepare(loading, rows)
        named = {self.values(loading, row)["cadre_id"] for row in rows}
        survivors = CADRES.survivors(loading.session)
        found: dict[tuple[Any, ...], str] = loading.shared.setdefault(_FOUND, {})
        taken: set[str] = loading.shared.setdefault(_TAKEN, set())
        columns = (Contact.cadre_id, Contact.contacted_on, Contact.method, Contact.id, Contact.state)
        for part in in_parts(sorted(CADRES.same_entities(loading.session, named))):
            query = select(*columns).where(Contact.cadre_id.in_(part)).order_by(Contact.state.desc(), Contact.id.desc())
            for cadre_id, day, method, contact_id, _state in loading.session.execute(query):
                found[survivors.get(cadre_id, cadre_id), day, method] = contact_id
                taken.add(contact_id)

    def record_id(self, loading: Loading, row: Row) -> str:
        """Return the id of the contact with the row's key, or a new one made of the key."""
        values = self.values(loading, row)
        known = loading.shared[_FOUND].get(tuple(values[name] for name in rules.KEY))
        if known is not None:
            return str(known)
        serial = 1
        while rules.id_of(values, serial) in loading.shared[_TAKEN]:
            serial += 1
        return rules.id_of(values, serial)

    def values(self, loading: Loading, row: Row) -> dict[str, Any]:
        """Return the key, with the id of the cadre that the number stands for today."""
        return {**{name: row.values[name] for name in rules.KEY}, **super().values(loading, row)}

    def create(self, loading: Loading, record_id: str, values: dict[str, Any], row: Row) -> Contact:
        """Record the contact."""
        return rules.make(loading.session, record_id, values, self.cadre(loading, values), loading.today)

    def amend(self, loading: Loading, record: Contact, changes: dict[str, Any], row: Row) -> None:
        """Amend the contact."""
        rules.amend(loading.session, record, changes, "workbook", loading.today)
