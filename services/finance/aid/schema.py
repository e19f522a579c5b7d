"""What finance records of an approved aid case."""

from __future__ import annotations

from marshmallow import Schema

from hongxia.codes import Codes
from hongxia.lifecycle import NEW, Lifecycle
from hongxia.schema.derive import RecordSchema
from hongxia.schema.fields import Code, Day, Id, Text, Yuan

REFUSALS = Codes({"no-money": "项目余额不足"})

LIFECYCLE = Lifecycle(
    "aid-payment",
    "帮扶拨付",
    Codes(
        paid="已拨付",
        refused="不予拨付",
        waiting="等待项目",
        returned="银行退回",
        withdrawn="已撤销申请",
        proposed="待第二人确认撤回",
        reversed="已撤回",
    ),
    {
        (NEW, "pay"): "paid",
        (NEW, "refuse"): "refused",
        (NEW, "wait"): "waiting",
        (NEW, "withdraw"): "withdrawn",
        ("waiting", "wait"): "waiting",
        ("waiting", "pay"): "paid",
        ("waiting", "refuse"): "refused",
        ("waiting", "withdraw"): "withdrawn",
        ("refused", "pay"): "paid",
        ("refused", "refuse"): "refused",
        ("refused", "wait"): "waiting",
        ("paid", "return"): "returned",
        ("returned", "pay"): "paid",
        ("returned", "refuse"): "refused",
        ("returned", "wait"): "waiting",
        ("returned", "withdraw"): "withdrawn",
        ("paid", "propose-reversal"): "proposed",
        ("proposed", "drop-reversal"): "paid",
        ("proposed", "confirm-reversal"): "reversed",
        ("withdrawn", "pay"): "paid",
        ("withdrawn", "refuse"): "refused",
        ("withdrawn", "wait"): "waiting",
    },
)


class AidPaymentSchema(RecordSchema):
    """Finance's answer to an approved aid case, under the id of the case. `pay_on` is the day that the approval asks
    for, or that of a return after it, `answered_on` that of the last answer, `refused` the reason of a refusal.
    """

    lifecycle = LIFECYCLE

    amount = Yuan(attribute="amount_fen", label="金额（元）", help_en="amount", published=True, dump_only=True)
    pay_on = Day(label="拨付日期", dump_only=True)
    answered_on = Day(label="答复日期", dump_only=True)
    expenditure_id = Id(label="凭证", dump_only=True, allow_none=True)
    refused = Code(REFUSALS, label="不予拨付的原因", dump_only=True, allow_none=True)
    proposed_by = Text(label="提出撤回的人", dump_only=True, allow_none=True)


class ReturnIn(Schema):
    """The voucher that takes a payment back which the bank returned, or that was made in error."""

    voucher_no = Text(longest=32, label="冲销凭证编号")
    spent_on = Day(label="日期")
    summary = Text(longest=200, required=False, label="摘要")


class PayIn(Schema):
    """The day on which a returned payment is made again."""

    pay_on = Day(label="拨付日期")
