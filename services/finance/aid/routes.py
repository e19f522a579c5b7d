"""The routes of aid payments."""

from __future__ import annotations

from hongxia.http.endpoint import Call
from hongxia.runtime.routes import act, listing, read
from services.finance.aid import rules
from services.finance.aid.model import AidPayment
from services.finance.aid.schema import AidPaymentSchema, PayIn, ReturnIn
from services.finance.base import ACCOUNTANT, READERS

ONE = "/aid-payments/<id>"


class AidPaymentRoutes:
    """Payments of aid: listed, read, returned by the bank, paid again, reversed by two persons."""

    list_aid_payments = listing("/aid-payments", "帮扶拨付列表", READERS, AidPaymentSchema, AidPayment, by="pay_on")
    get_aid_payment = read(ONE, "帮扶拨付结果", READERS, AidPaymentSchema, AidPayment)

    @act(f"{ONE}/return", "登记银行退回的帮扶款", ACCOUNTANT, AidPaymentSchema, AidPayment, body=ReturnIn)
    def take_return(self, call: Call, payment: AidPayment) -> AidPayment:
        """The bank gave the money back."""
        return rules.take_return(call.session, payment, call.body, call.today)

    @act(f"{ONE}/pay", "重新拨付退回的帮扶款", ACCOUNTANT, AidPaymentSchema, AidPayment, body=PayIn)
    def pay_again(self, call: Call, payment: AidPayment) -> AidPayment:
        """The money is paid again."""
        return rules.pay_again(call.session, payment, call.body["pay_on"], call.today)

    @act(f"{ONE}/propose-reversal", "提出撤回帮扶款", ACCOUNTANT, AidPaymentSchema, AidPayment, body=ReturnIn)
    def propose_reversal(self, call: Call, payment: AidPayment) -> AidPayment:
        """The first of two persons."""
        return rules.propose_reversal(call.session, payment, call.body, call.actor.subject, call.today)

    @act(f"{ONE}/confirm-reversal", "确认撤回帮扶款", ACCOUNTANT, AidPaymentSchema, AidPayment)
    def confirm_reversal(self, call: Call, payment: AidPayment) -> AidPayment:
        """The second of two persons."""
        return rules.confirm_reversal(call.session, payment, call.actor.subject, call.today)

    @act(f"{ONE}/drop-reversal", "不再撤回帮扶款", ACCOUNTANT, AidPaymentSchema, AidPayment)
    def drop_reversal(self, call: Call, payment: AidPayment) -> AidPayment:
        """The proposal is dropped."""
        return rules.drop_reversal(call.session, payment, call.today)
