"""What is recorded of an aid case."""

from __future__ import annotations

from marshmallow import Schema

from hongxia.codes import Codes
from hongxia.lifecycle import NEW, Lifecycle
from hongxia.schema.derive import RecordSchema
from hongxia.schema.fields import CadreRef, Code, Count, Day, Flag, Id, Text, Yuan

CAUSES = Codes(illness="重大疾病", poverty="生活困难", misfortune="突发变故", other="其他")

OUTCOMES = Codes(approved="批准", declined="不予批准")
"""How the workbook tells a leader's decision."""

SETTLEMENTS = Codes(paid="已拨付", refused="拒付")

WITHDRAWALS = Codes(
    {
        "deceased": "申请前已去世",
        "by-applicant": "本人撤回",
        "entered-in-error": "录入错误",
        "other": "其他",
    }
)

LIFECYCLE = Lifecycle(
    "aid",
    "帮扶",
    Codes(
        applied="已申请",
        approved="已批准",
        declined="不予批准",
        withdrawn="已撤回",
        paid="已拨付",
        refused="拒付",
        returned="已退回",
        reversed="已冲销",
    ),
    {
        (NEW, "apply"): "applied",
        ("applied", "amend"): "applied",
        ("applied", "approve"): "approved",
        ("applied", "decline"): "declined",
        ("applied", "withdraw"): "withdrawn",
        ("applied", "pay"): "paid",
        ("approved", "amend"): "approved",
        ("approved", "withdraw"): "withdrawn",
        ("approved", "pay"): "paid",
        ("approved", "refuse"): "refused",
        ("declined", "amend"): "declined",
        ("declined", "reopen"): "applied",
        ("declined", "pay"): "paid",
        ("withdrawn", "amend"): "withdrawn",
        ("withdrawn", "reopen"): "applied",
        ("withdrawn", "pay"): "paid",
        ("paid", "amend"): "paid",
        ("paid", "return"): "returned",
        ("paid", "reverse"): "reversed",
        ("refused", "amend"): "refused",
        ("refused", "pay"): "paid",
        ("returned", "amend"): "returned",
        ("returned", "approve"): "approved",
        ("returned", "pay"): "paid",
        ("returned", "withdraw"): "withdrawn",
        ("reversed", "amend"): "reversed",
    },
)
"""What pays, refuses, returns and reverses is finance's to say. It may have paid what was withdrawn a moment before
(and opened again, or declined, since), pays anew what the bank returned, and may answer an amended approval after it
refused the first one.
"""


class AidSchema(RecordSchema):
    """An application for aid and what became of it."""

    lifecycle = LIFECYCLE

    cadre_id = CadreRef(
        help="干部名册中的编号。同一干部同一年度只批准一次帮扶。",
        help_en="The cadre's number in the workbook 干部名册, which is imported before. One approved case a cadre and "
        "year; a declined one does not count.",
    )
    applied_on = Day(
        label="申请日期",
        help="可早于本年度（不早于1990年），不晚于干部的去世日期。",
        help_en="Date of application; may lie before the year (not before 1990), but not after the cadre's death.",
        example="2021-11-20",
        not_future=True,
    )
    reviewed_on = Day(
        label="审批日期",
        help="本年度内，不早于申请日期。",
        help_en="Date of the decision, not before the application.",
        example="2022-01-18",
        required=False,
        creatable=False,
        column=False,
    )
    amount = Yuan(
        label="金额（元）",
        help="批准的必填；不予批准的可不填。",
        help_en="Amount approved, in yuan; required if approved, may be empty if declined.",
        example="8000.00",
        attribute="amount_fen",
        required=False,
        creatable=False,
    )
    pay_on = Day(
        label="拨付日期",
        help="不早于审批日期，可在下一年度；不填则为审批日期。不予批准的不填。",
        help_en="Date of payment, not before the decision, perhaps in the next year; if empty, the date of the "
        "decision. Empty if declined.",
        example="2022-01-25",
        required=False,
        creatable=False,
    )
    cause = Code(CAUSES, label="事由类别", help="因何帮扶。", help_en="Cause.", example="重大疾病")
    year = Count(label="年度", help="计入哪一年度：申请的年度，审批后为审批的年度。", dump_only=True)
    waiting = Flag(label="等待预算", help="已批准，财务待有预算项目后拨付。", dump_only=True)
    settled_on = Day(label="财务答复日期", dump_only=True, allow_none=True)
    returned_on = Day(label="退回日期", help="银行最近一次退回帮扶款的日期。", dump_only=True, allow_none=True)
    expenditure_id = Id(label="支出凭证", dump_only=True, allow_none=True)
    refusal = Text(label="拒付原因", dump_only=True, allow_none=True)
    withdrawal = Code(WITHDRAWALS, label="撤回原因", dump_only=True, allow_none=True)


class ApprovalIn(Schema):
    """What a leader grants; without `pay_on` it is paid on the day of the approval."""

    amount = Yuan(label="金额（元）", attribute="amount_fen")
    approved_on = Day(label="审批日期", attribute="reviewed_on")
    pay_on = Day(label="拨付日期", required=False)


class DeclineIn(Schema):
    """A leader's refusal."""

    declined_on = Day(label="审批日期", attribute="reviewed_on")


class WithdrawalIn(Schema):
    """Why a case is withdrawn."""

    reason = Code(WITHDRAWALS, label="撤回原因")
