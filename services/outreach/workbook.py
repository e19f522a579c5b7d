"""Visits, monthly contact, aid and suggestions as a workbook (走访联络)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hongxia.workbook.declare import Column, Figure, Finding, Kind, Row, Sheet, Workbook

VISIT_FORMS = {"家访": "home", "医院探视": "hospital", "其他": "other"}

VISIT_CATEGORIES = {"日常走访": "routine", "节日慰问": "festival", "让爱来敲门": "love_knocks"}

VISIT_OCCASIONS = {
    "生病住院": "illness",
    "重大变故或困难": "hardship",
    "去世": "death",
    "高龄寿辰": "birthday",
    "光荣在党50年": "party_50_years",
    "重大节日": "festival",
    "独居": "living_alone",
    "待遇变化": "treatment_change",
    "日常": "routine",
}

CONTACT_METHODS = {"电话": "phone", "微信": "wechat", "当面": "in_person", "其他": "other"}

AID_OUTCOMES = {"批准": "approved", "不予批准": "declined"}

AID_CAUSES = {"重大疾病": "illness", "生活困难": "poverty", "突发变故": "misfortune", "其他": "other"}

SUGGESTION_CATEGORIES = {
    "医疗保健": "health",
    "待遇落实": "treatment",
    "学习活动": "learning",
    "居家养老": "home_care",
    "法律咨询": "legal",
    "其他": "other",
}

SUGGESTION_CHANNELS = {
    "服务平台": "platform",
    "电话": "phone",
    "走访": "visit",
    "座谈会": "meeting",
    "来信来访": "letter",
    "其他": "other",
}


def _cadre_no(more_zh: str = "", more_en: str = "") -> Column:
    return Column(
        "干部编号",
        "cadre_no",
        Kind.TEXT,
        f"干部名册中的编号。{more_zh}",
        f"The cadre's number in the workbook 干部名册, which is imported before.{more_en}",
        example="G0001",
        max_length=32,
    )


def _name() -> Column:
    return Column(
        "姓名",
        "name",
        Kind.TEXT,
        "仅供填表人核对，系统不读取、不保存。",
        "Helps the person filling in; never read or kept.",
        example="林晓霞",
        required=False,
        kept=False,
    )


def _aid_is_consistent(sheets: Mapping[str, Sequence[Row]]) -> Iterable[Finding]:
    for row in sheets["aid_cases"]:
        values = row.values
        if str(values["reviewed_on"]) < str(values["applied_on"]):
            yield Finding("aid_cases", row.number, "reviewed_on", "审批日期早于申请日期")
        if values["outcome"] == "approved":
            if values["amount_fen"] is None:
                yield Finding("aid_cases", row.number, "amount_fen", "批准的帮扶应填写金额")
            if values["paid_on"] and str(values["paid_on"]) < str(values["reviewed_on"]):
                yield Finding("aid_cases", row.number, "paid_on", "拨付日期早于审批日期")
        elif values["paid_on"]:
            yield Finding("aid_cases", row.number, "paid_on", "未批准的帮扶不应有拨付日期")


def _suggestions_are_resolved_after_receipt(sheets: Mapping[str, Sequence[Row]]) -> Iterable[Finding]:
    for row in sheets["suggestions"]:
        resolved = row.values["resolved_on"]
        if resolved and str(resolved) < str(row.values["received_on"]):
            yield Finding("suggestions", row.number, "resolved_on", "办结日期早于收到日期")


VISITS = Sheet(
    title_zh="走访",
    name="visits",
    key=("visit_no",),
    help_zh="一次走访一位干部填一行。一次出门走访三位，填三行。",
    help_en="One row for one call on one cadre; three cadres called on in one tour are three rows.",
    columns=(
        Column(
            "走访编号",
            "visit_no",
            Kind.TEXT,
            "本年内不重复。",
            "Unique in the year.",
            example="ZF-0001",
            max_length=32,
        ),
        _cadre_no(),
        _name(),
        Column(
            "走访日期",
            "visited_on",
            Kind.DATE,
            "本年度内，不晚于今天，不早于干部的登记日期。干部去世后的走访，事由只能是“去世”（慰问家属）。",
            "The date, not before the cadre's 登记日期. After the cadre's death only 事由 去世 is accepted (a call on "
            "the family).",
            example="2022-07-01",
            within_year=True,
            not_future=True,
        ),
        Column(
            "走访形式",
            "form",
            Kind.CHOICE,
            "在哪里走访。",
            "Where the call was paid.",
            example="家访",
            choices=VISIT_FORMS,
        ),
        Column(
            "走访类别",
            "category",
            Kind.CHOICE,
            "“让爱来敲门”指七一、金秋敬老月等专题上门慰问。",
            "The programme. 让爱来敲门 is the bureau's yearly round of themed calls (1 July, the autumn month of "
            "respect for the old).",
            example="让爱来敲门",
            choices=VISIT_CATEGORIES,
        ),
        Column(
            "事由",
            "occasion",
            Kind.CHOICE,
            "为何走访。",
            "Why.",
            example="光荣在党50年",
            choices=VISIT_OCCASIONS,
        ),
        Column(
            "五必访",
            "five_must",
            Kind.YES_NO,
            "属于本局“五必访”范围的填“是”。",
            "是 if the bureau counts this call among its five must-visits (五必访).",
            example="否",
        ),
        Column(
            "慰问人数",
            "people",
            Kind.INTEGER,
            "本次慰问的人数：老同志本人加家属，至少1人。",
            "People called on: the cadre and members of the family, at least 1.",
            example="1",
            minimum=1,
            maximum=99,
        ),
    ),
    figures=(
        Figure(
            "outreach.milestone_visits.persons",
            "“让爱来敲门”慰问人数",
            "Distinct `干部编号` over rows with `走访类别` 让爱来敲门 and `事由` 高龄寿辰, 光荣在党50年 or 待遇变化.",
            rule_zh=(
                "`走访类别`为让爱来敲门，且`事由`为高龄寿辰、光荣在党50年或待遇变化的各行中，不重复的`干部编号`个数。"
            ),
        ),
        Figure(
            "outreach.five_visits.persons",
            "“五必访”慰问住院老同志及家属",
            "Sum of `慰问人数` over rows with `五必访` 是.",
            rule_zh="`五必访`为是的各行`慰问人数`合计。",
        ),
        Figure(
            "outreach.treatment_change_visits.persons",
            "上门慰问待遇变化大的市副局级老领导",
            "Distinct `干部编号` over rows with `走访形式` 家访 and `事由` 待遇变化, whatever the `走访类别`.",
            rule_zh="`走访形式`为家访且`事由`为待遇变化的各行中，不重复的`干部编号`个数，不论`走访类别`。",
        ),
    ),
)

CONTACTS = Sheet(
    title_zh="每月联系",
    name="contacts",
    key=("cadre_no", "contacted_on", "method"),
    help_zh="每月敬爱连线：联系一次填一行。一个月联系多次，只算联系了一个月。",
    help_en="The monthly call: a row per contact. Several in a month count as one month contacted.",
    columns=(
        _cadre_no(),
        _name(),
        Column(
            "联系日期",
            "contacted_on",
            Kind.DATE,
            "本年度内，不晚于今天，不晚于干部的去世日期。",
            "The date, not after the cadre's death.",
            example="2022-03-10",
            within_year=True,
            not_future=True,
        ),
        Column(
            "方式",
            "method",
            Kind.CHOICE,
            "以何种方式联系。",
            "By what means.",
            example="电话",
            choices=CONTACT_METHODS,
        ),
    ),
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

AID_CASES = Sheet(
    title_zh="帮扶",
    name="aid_cases",
    key=("aid_no",),
    help_zh="一件帮扶申请一行。批准的由系统自动从“帮扶资金”预算项目拨付，不要再填入预算执行表的“支出”。按行的顺序拨付，余额不足即拒付；拒付后须另立一件。",
    help_en=(
        "One row for one application. What is approved is paid by the system from the budget line marked 帮扶资金: "
        "do not enter it again in the sheet 支出. It is paid in the order of rows, as far as the balance goes; what "
        "was refused is final, and paid only as a new case."
    ),
    columns=(
        Column(
            "帮扶编号",
            "aid_no",
            Kind.TEXT,
            "本年内不重复。",
            "Unique in the year.",
            example="BF-001",
            max_length=32,
        ),
        _cadre_no(
            "同一干部同一年度只批准一次帮扶。", " One approved case a cadre and year; a declined one does not count."
        ),
        _name(),
        Column(
            "申请日期",
            "applied_on",
            Kind.DATE,
            "可早于本年度（不早于1990年），不晚于干部的去世日期。",
            "Date of application; may lie before the year (not before 1990), but not after the cadre's death.",
            example="2021-11-20",
            not_future=True,
        ),
        Column(
            "审批日期",
            "reviewed_on",
            Kind.DATE,
            "本年度内，不早于申请日期。",
            "Date of the decision, not before the application.",
            example="2022-01-18",
            within_year=True,
            not_future=True,
        ),
        Column(
            "审批结果",
            "outcome",
            Kind.CHOICE,
            "批准或不予批准。",
            "Approved or declined.",
            example="批准",
            choices=AID_OUTCOMES,
        ),
        Column(
            "金额（元）",
            "amount_fen",
            Kind.YUAN,
            "批准的必填；不予批准的可不填。",
            "Amount approved, in yuan; required if approved, may be empty if declined.",
            example="8000.00",
            required=False,
            minimum=1,
        ),
        Column(
            "拨付日期",
            "paid_on",
            Kind.DATE,
            "不早于审批日期；不填则为审批日期。不予批准的不填。",
            "Date of payment, not before the decision; if empty, the date of the decision. Empty if declined.",
            example="2022-01-25",
            required=False,
            within_year=True,
            not_future=True,
        ),
        Column("事由类别", "cause", Kind.CHOICE, "因何帮扶。", "Cause.", example="重大疾病", choices=AID_CAUSES),
    ),
    figures=(
        Figure(
            "outreach.aid.persons",
            "帮扶特殊困难离退休干部",
            "Distinct `干部编号` over rows with `审批结果` 批准.",
            rule_zh="`审批结果`为批准的各行中，不重复的`干部编号`个数。",
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

SUGGESTIONS = Sheet(
    title_zh="意见建议",
    name="suggestions",
    key=("suggestion_no",),
    help_zh="“有呼必应”收到的意见建议，一条一行。",
    help_en="Requests and suggestions received (有呼必应), one row each.",
    columns=(
        Column(
            "意见编号",
            "suggestion_no",
            Kind.TEXT,
            "本年内不重复。",
            "Unique in the year.",
            example="YJ-001",
            max_length=32,
        ),
        Column(
            "收到日期",
            "received_on",
            Kind.DATE,
            "本年度内，不晚于今天。",
            "The date.",
            example="2022-04-06",
            within_year=True,
            not_future=True,
        ),
        Column(
            "渠道",
            "channel",
            Kind.CHOICE,
            "从何处收到。",
            "How it came in.",
            example="服务平台",
            choices=SUGGESTION_CHANNELS,
        ),
        Column(
            "类别",
            "category",
            Kind.CHOICE,
            "关于什么。",
            "What it is about.",
            example="医疗保健",
            choices=SUGGESTION_CATEGORIES,
        ),
        Column(
            "摘要",
            "summary",
            Kind.TEXT,
            "可不填。只存于本系统的走访联络服务，不对外发布。",
            "Gist; stays within the outreach service and is never published.",
            example="希望增加体检项目",
            required=False,
            max_length=500,
        ),
        Column(
            "办结日期",
            "resolved_on",
            Kind.DATE,
            "本年度内办结的填写，不早于收到日期；年底前未办结的不填。",
            "Date of resolution, not before `收到日期`; empty if not resolved by the end of the year.",
            example="2022-04-12",
            required=False,
            within_year=True,
            not_future=True,
        ),
    ),
    figures=(
        Figure("outreach.suggestions.received", "“有呼必应”收集意见建议", "Number of rows.", rule_zh="行数。"),
        Figure(
            "outreach.suggestions.resolved_rate",
            "意见建议办结率",
            "Rows with a `办结日期` divided by all rows.",
            rule_zh="有`办结日期`的行数除以总行数。",
        ),
    ),
)

OUTREACH = Workbook(
    name="outreach",
    title_zh="走访联络",
    service="outreach",
    order=3,
    sheets=(VISITS, CONTACTS, AID_CASES, SUGGESTIONS),
    checks=(_aid_is_consistent, _suggestions_are_resolved_after_receipt),
    help_zh="走访慰问、每月敬爱连线、帮扶和意见建议。",
    help_en="Visits, monthly contact, aid cases and suggestions.",
)
