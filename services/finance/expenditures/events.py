"""The events of expenditure."""

from __future__ import annotations

from hongxia.events.declare import EventType
from hongxia.schema.derive import amended_data_of, data_of, event_data
from hongxia.schema.fields import Count, Id
from services.finance.expenditures.schema import ExpenditureSchema

EXPENDITURE_POSTED = EventType(
    "finance.expenditure.posted", 1, data_of(ExpenditureSchema), "支出已记账", "A voucher was posted to a budget line."
)
EXPENDITURE_AMENDED = EventType(
    "finance.expenditure.amended", 1, amended_data_of(ExpenditureSchema), "支出凭证已修改", "A voucher was amended."
)
_REVERSAL = event_data(
    "ReversalData",
    "A voucher that reverses another whole; `amount_fen` is positive and counts against the total.",
    ExpenditureSchema,
    reverses=Id(help_en="the voucher that is reversed"),
    corrects_year=Count(help_en="the year of the voucher that is reversed"),
)
EXPENDITURE_REVERSED = EventType(
    "finance.expenditure.reversed", 1, _REVERSAL, "支出已冲销", "A voucher was reversed, whole, by another."
)
REVERSAL_AMENDED = EventType(
    "finance.expenditure.reversal-amended",
    1,
    event_data(
        "ReversalAmendedData",
        "A reversal as it stands after an amendment.",
        ExpenditureSchema,
        reverses=Id(help_en="the voucher that is reversed"),
        corrects_year=Count(help_en="the year of the voucher that is reversed"),
        **{name: amended_data_of(ExpenditureSchema)._declared_fields[name] for name in ("changed", "reason")},
    ),
    "冲销凭证已修改",
    "A voucher that reverses another was amended.",
)

EVENTS = (EXPENDITURE_POSTED, EXPENDITURE_AMENDED, EXPENDITURE_REVERSED, REVERSAL_AMENDED)
