"""Aid cases as a sheet of the workbook 走访联络."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hongxia.workbook.columns import columns_of, number
from hongxia.workbook.declare import Column, Figure, Finding, Kind, Row, Sheet
from hongxia.workbook.reconcile import Loading
from services.outreach.aid import rules
from services.outreach.aid.model import AidCase
from services.outreach.aid.schema import OUTCOMES, AidSchema
from services.outreach.cadres.rows import CadreRows

_REVIEWED_ON = Column(
    "审批日期",
    "reviewed_on",
    Kind.DATE,
    "本年度内，不早于申请日期。",
    "Date of the decision, not before the application.",
    example="2022-01-18",
    within_year=True,
    not_future=True,
)
_OUTCOME = Column(
    "审批结果",
    "outcome",
    Kind.CHOICE,
    "批准或不予批准。",
    "Approved or declined.",
    example="批准",
    choices=OUTCOMES.by_label,
)


def _columns() -> tuple[Column, ...]:
    """The fields of a case, with the decision behind the application."""
    found = columns_of(AidSchema)
    applied = next(index for index, column in enumerate(found) if column.field == "applied_on") + 1
    return (number("帮扶编号", "aid_no", "BF-001"), *found[:applied], _REVIEWED_ON, _OUTCOME, *found[applied:])


SHEET = Sheet(
    title_zh="帮扶",
    name="aid_cases",
    key=("aid_no",),
    help_zh="一件帮扶申请一行。批准的由系统自动从“帮扶资金”预算项目拨付，不要再填入预算执行表的“支出”。按行的顺序拨付，余额不足即拒付；拒付后须另立一件。",
    help_en=(
        "One row for one application. What is approved is paid by the system from the budget line marked 帮扶资金: "
        "do not enter it again in the sheet 支出. It is paid in the order of rows, as far as the balance goes; what "
        "was refused is final, and paid only as a new case."
    ),
    columns=_columns(),
    figures=(
        Figure(
            "outreach.aid.persons",
            "帮扶特殊困难离退休干部",
            "Distinct `干部编号` over rows with `审批结果` 批准, without those whose payment finance refused.",
            rule_zh="`审批结果`为批准的各行中，不重复的`干部编号`个数；财务拒付的不计。",
        ),
        Figure(
            "finance.aid.paid",
            "帮扶经费",
            "Sum of `金额（元）` over rows with `审批结果` 批准, paid by finance from the line marked 帮扶资金. If the "
            "balance of that line does not cover a payment, it is refused and does not count; the figure says so.",
            rule_zh=(
                "`审批结果`为批准的各行`金额（元）`合计，由标为`帮扶资金`的项目拨付。"
                "该项目余额不足的不予拨付，"
                "不计入，并在该指标上注明。"
            ),
        ),
    ),
)


def consistent(sheets: Mapping[str, Sequence[Row]]) -> Iterable[Finding]:
    """Check that the cells of a row agree with its decision."""
    for row in sheets["aid_cases"]:
        values: Any = row.values
        applied, reviewed, pay_on = values["applied_on"], values["reviewed_on"], values["pay_on"]
        if str(reviewed) < str(applied):
            message = f"审批日期 {reviewed} 早于申请日期 {applied}"
            yield Finding("aid_cases", row.number, "reviewed_on", message)
        if values["outcome"] == "approved":
            if values["amount_fen"] is None:
                yield Finding("aid_cases", row.number, "amount_fen", "批准的帮扶应填写金额")
            if pay_on and str(pay_on) < str(reviewed):
                message = f"拨付日期 {pay_on} 早于审批日期 {reviewed}"
                yield Finding("aid_cases", row.number, "pay_on", message)
        elif pay_on:
            yield Finding(
                "aid_cases",
                row.number,
                "pay_on",
                f"未批准的帮扶不应有拨付日期（{pay_on}）；已批准的，审批结果请填“批准”",
            )


class AidRows(CadreRows):
    """Each row is a case with its decision."""

    sheet = SHEET
    model = AidCase

    def values(self, loading: Loading, row: Row) -> dict[str, Any]:
        """Return the row's values; what is approved has a day of payment, what is declined has no amount."""
        values = super().values(loading, row)
        if values["outcome"] == "declined":
            return {**values, "amount_fen": None, "pay_on": None}
        return {**values, "pay_on": values["pay_on"] or values["reviewed_on"]}

    def shown(self, record: AidCase, names: Iterable[str]) -> dict[str, Any]:
        """Return what a row of the case would say now; what finance answered changes nothing in it."""
        shown = super().shown(record, [name for name in names if name != "outcome"])
        outcome = {"applied": None, "declined": "declined"}.get(record.state, "approved")
        return {**shown, "outcome": outcome}

    def create(self, loading: Loading, record_id: str, values: dict[str, Any], row: Row) -> AidCase:
        """Record the application and the decision. What is declined uses up no aid, so it may be a second one."""
        approved = values["outcome"] == "approved"
        case = rules.apply(
            loading.session,
            record_id,
            {name: values[name] for name in ("cadre_id", "cause", "applied_on")},
            self.cadre(loading, values),
            loading.today,
            year=values["reviewed_on"].year,
            counts=approved,
        )
        self._decide(loading, case, values)
        return case

    def amend(self, loading: Loading, record: AidCase, changes: dict[str, Any], row: Row) -> None:
        """Amend the case; another decision takes the first one back."""
        if "outcome" not in changes:
            rules.amend(loading.session, record, changes, "workbook", loading.today)
            return
        if record.state == "approved":
            rules.withdraw(loading.session, record, "entered-in-error", loading.today)
        if record.state != "applied":
            rules.reopen(loading.session, record, loading.today)
        values = self.values(loading, row)
        application = {name: values[name] for name in ("cadre_id", "cause", "applied_on")}
        rules.amend(loading.session, record, application, "workbook", loading.today)
        self._decide(loading, record, values)

    def _decide(self, loading: Loading, case: AidCase, values: dict[str, Any]) -> None:
        if values["outcome"] == "declined":
            rules.decline(loading.session, case, values["reviewed_on"], loading.today)
            return
        granted = {name: values[name] for name in ("amount_fen", "reviewed_on", "pay_on")}
        rules.approve(loading.session, case, granted, loading.today)
