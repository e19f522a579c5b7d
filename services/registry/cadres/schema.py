"""What is recorded of a cadre: codes with their labels, the life cycle, every field once."""

from __future__ import annotations

import unicodedata
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from hongxia.codes import Codes
from hongxia.lifecycle import NEW, Lifecycle
from hongxia.schema.derive import PageQuery, RecordSchema, answer_of, body_of
from hongxia.schema.fields import Code, Day, Flag, Id, QueryFlag, Text, TimesAway
from services.registry.cadres.particulars import compact, resident_number_problem

SEXES = Codes({"1": "男", "2": "女"})  # GB/T 2261.1

POLITICAL_STATUSES = Codes(  # GB/T 4762
    {
        "01": "中共党员",
        "02": "中共预备党员",
        "03": "共青团员",
        "04": "民革",
        "05": "民盟",
        "06": "民建",
        "07": "民进",
        "08": "农工党",
        "09": "致公党",
        "10": "九三学社",
        "11": "台盟",
        "12": "无党派",
        "13": "群众",
    }
)
PARTY_MEMBER = "01"

RETIREMENT_CATEGORIES = Codes({"1": "离休", "2": "退休"})  # GB/T 14946.1, A.62

LEVELS = Codes(  # GB/T 12407-2008, for the rank, the treatment enjoyed and the medical treatment
    {
        "101": "国家级正职",
        "102": "国家级副职",
        "111": "省部级正职",
        "112": "省部级副职",
        "121": "厅局级正职",
        "122": "厅局级副职",
        "131": "县处级正职",
        "132": "县处级副职",
        "141": "乡科级正职",
        "142": "乡科级副职",
        "150": "科员",
        "160": "办事员",
        "199": "未定",
    }
)

REIMBURSEMENTS = Codes(
    full="实报实销",
    pooled="医药费统筹",
    public="公费医疗",
    insured="职工医疗保险",
    other="其他",
)

_NATIONALITY_NAMES = """
汉族 蒙古族 回族 藏族 维吾尔族 苗族 彝族 壮族 布依族 朝鲜族 满族 侗族 瑶族 白族
土家族 哈尼族 哈萨克族 傣族 黎族 傈僳族 佤族 畲族 高山族 拉祜族 水族 东乡族 纳西族 景颇族
柯尔克孜族 土族 达斡尔族 仫佬族 羌族 布朗族 撒拉族 毛南族 仡佬族 锡伯族 阿昌族 普米族 塔吉克族 怒族
乌孜别克族 俄罗斯族 鄂温克族 德昂族 保安族 裕固族 京族 塔塔尔族 独龙族 鄂伦春族 赫哲族 门巴族 珞巴族 基诺族
"""

NATIONALITIES = Codes(  # GB/T 3304
    {f"{number:02}": name for number, name in enumerate(_NATIONALITY_NAMES.split(), start=1)}
)

FLAGS = Codes(advanced_age="双高期", hardship="特殊困难", living_alone="独居", resettled="易地安置")
"""What needs care; the attributes of a cadre by that name are true or false."""

LIFECYCLE = Lifecycle(
    "cadre",
    "干部",
    Codes(living="健在", deceased="已去世", merged="已并入其他记录"),
    {
        (NEW, "register"): "living",
        ("living", "amend"): "living",
        ("deceased", "amend"): "deceased",
        ("living", "die"): "deceased",
        ("deceased", "withdraw-death"): "living",
        ("living", "merge"): "merged",
        ("deceased", "merge"): "merged",
        ("merged", "undo-merge"): "living",
        ("merged", "undo-merge-of-deceased"): "deceased",
    },
)


class CadreNumber(Text):
    """The bureau's own number; the same in full width."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        return unicodedata.normalize("NFKC", text) if text else text


class ResidentNumber(Text):
    """A resident number without a problem, as it is kept."""

    def __init__(self, **options: Any) -> None:
        super().__init__(longest=32, check=resident_number_problem, private=True, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return compact(super()._deserialize(value, attr, data, **kwargs))


class CadreSchema(RecordSchema):
    """A cadre whom the bureau serves or served. 原单位、街道、联络员在接口中为名单代码，在工作簿中为名称。"""

    lifecycle = LIFECYCLE

    cadre_no = CadreNumber(
        longest=32,
        label="干部编号",
        help="本局自编，一人一号；接口登记时不填则自动编号。",
        amendable=False,
        column=False,
        required=False,
    )
    name = Text(longest=50, label="姓名", help="姓名。", help_en="Name.", example="林晓霞", private=True)
    resident_number = ResidentNumber(
        label="身份证号",
        help="18位公民身份号码，请以文本格式填写；核对位数、出生日期和校验码，不得重复。",
        help_en="The 18-character resident number (GB 11643), as text. Length, birth date and check digit are checked, "
        "the region code is not; a number that occurs twice is an error.",
        example="990101194903150026",
    )
    birth_date = Day(label="出生日期", help="由身份证号得出。", dump_only=True)
    sex = Code(SEXES, label="性别", help="男或女。", help_en="Sex (GB/T 2261.1).", example="女")
    nationality = Code(
        NATIONALITIES,
        label="民族",
        help="可不填。",
        help_en="Nationality (GB/T 3304).",
        example="汉族",
        required=False,
    )
    political_status = Code(
        POLITICAL_STATUSES,
        label="政治面貌",
        help="按国家标准填写。",
        help_en="Political status (GB/T 4762).",
        example="中共党员",
    )
    retirement_category = Code(
        RETIREMENT_CATEGORIES,
        label="离退休类别",
        help="离休或退休。",
        help_en="Retirement category (GB/T 14946.1).",
        example="退休",
        published=True,
    )
    rank = Code(
        LEVELS,
        label="职级",
        help="离退休时的职务层次。",
        help_en="Rank at retirement (GB/T 12407).",
        example="县处级副职",
        published=True,
    )
    treatment = Code(
        LEVELS,
        label="享受待遇",
        help="现享受的待遇层次，可与职级不同。",
        help_en="Treatment enjoyed now (GB/T 12407); may differ from the rank.",
        example="县处级正职",
        published=True,
    )
    medical_treatment = Code(
        LEVELS,
        label="医疗待遇",
        help="享受的医疗待遇层次，可不填。",
        help_en="Level of medical treatment (GB/T 12407).",
        example="厅局级副职",
        published=True,
        required=False,
    )
    reimbursement = Code(
        REIMBURSEMENTS,
        label="医疗费报销标准",
        help="医疗费如何报销，可不填。",
        help_en="How medical costs are reimbursed.",
        example="公费医疗",
        published=True,
        required=False,
    )
    unit = Text(
        label="原单位",
        help="离退休前所在单位全称；名单中没有的，确认后加入名单。",
        help_en="Employing unit, in full; events hold its code from the bureau's list.",
        example="区教育局",
        published=True,
    )
    unit_label = fields.String(required=True, dump_only=True, allow_none=True)
    street = Text(
        label="街道",
        help="现居住的街道（镇）；名单中没有的，确认后加入名单。",
        help_en="Street (sub-district) of residence; events hold its code from the bureau's list.",
        example="石桥街道",
        published=True,
    )
    street_label = fields.String(required=True, dump_only=True, allow_none=True)
    joined_party_on = Day(
        label="入党日期",
        help="非党员不填。",
        help_en="Date of joining the Party; empty for others.",
        example="1971-07-01",
        required=False,
        not_future=True,
    )
    registered_on = Day(
        label="登记日期",
        help="自何日起由本局服务管理，可早于本年度，不早于1949年10月1日。每月联系自登记当月起计。",
        help_en="Since when this bureau serves the cadre; may lie before the year, not before 1949-10-01. Monthly "
        "contact is due from the month of this date on.",
        example="2012-05-01",
        published=True,
        not_future=True,
    )
    liaison = Text(
        label="联络员",
        help="负责联系的联络员编号或岗位；名单中没有的，确认后加入名单。",
        help_en="The liaison's code or post (a name is not needed); events hold the code from the bureau's list.",
        example="联络一组",
        published=True,
        required=False,
    )
    liaison_label = fields.String(required=True, dump_only=True, allow_none=True)
    advanced_age = Flag(
        label="双高期",
        help="处于高龄期、高发病期填“是”。",
        help_en="In the “double high” period: old age and illness.",
        example="否",
        published=True,
        required=False,
        load_default=False,
    )
    hardship = Flag(
        label="特殊困难",
        help="有特殊困难填“是”。",
        help_en="In special hardship.",
        example="否",
        published=True,
        required=False,
        load_default=False,
    )
    living_alone = Flag(
        label="独居",
        help="独自居住填“是”。",
        help_en="Lives alone.",
        example="否",
        published=True,
        required=False,
        load_default=False,
    )
    resettled = Flag(
        label="易地安置",
        help="经组织批准易地安置填“是”。",
        help_en="Officially resettled elsewhere (易地安置).",
        example="否",
        published=True,
        required=False,
        load_default=False,
    )
    deceased_on = Day(
        label="去世日期",
        help="健在的不填，不早于登记日期。去世当月起不再计入每月联系。",
        help_en="Date of death, not before `登记日期`; empty while living. From the month of death on, no monthly "
        "contact is due.",
        example="2022-08-09",
        published=True,
        amendable=False,
        required=False,
        not_future=True,
    )
    away = TimesAway(
        label="转出期间",
        help="由其他单位服务管理的各段时间，由先到后；登记、更正、作废均在调转中办理。",
        help_en="all times in which another bureau served the cadre, the earliest first; empty if there was none",
        published=True,
        dump_only=True,
    )
    age_band = Text(
        label="登记时年龄段",
        help_en="age at registration, by decades: 70-79; 100+",
        published=True,
        dump_only=True,
    )
    merged_into = Id(label="并入的记录", dump_only=True, allow_none=True)
    survivor = Id(label="现行记录", help="合并后代表此人的记录；未合并的为空。", dump_only=True, allow_none=True)


def document_no(label: str) -> Any:
    """Return the field of a document's number (文号)."""
    return Text(longest=60, label=f"{label}文号", required=False)


class RegistrationIn(body_of(CadreSchema)):  # type: ignore[misc]
    """A cadre to register, and the documents (文号) behind rank, treatment and the rest."""

    rank_document_no = document_no("职级")
    treatment_document_no = document_no("享受待遇")
    medical_treatment_document_no = document_no("医疗待遇")
    reimbursement_document_no = document_no("报销标准")


CadreOut = answer_of(CadreSchema)


class DuplicatesOut(Schema):
    """Two records that may be one person's: how they resemble, and the fields in which they differ."""

    resemblance = fields.String(required=True)
    differing = fields.List(fields.String(), required=True)
    cadres = fields.List(fields.Nested(CadreOut), required=True)


class CadresQuery(PageQuery):
    """Filters of the list; records that were merged are left out unless `state` or `cadre_no` asks for them. None names
    a person, because addresses end up in logs: for that there is the search.
    """

    cadre_no = CadreNumber(longest=32, required=False, load_default=None)
    state = fields.String(load_default=None, validate=validate.OneOf(list(LIFECYCLE.states)))
    retirement_category = Code(RETIREMENT_CATEGORIES, required=False)
    rank = Code(LEVELS, required=False)
    treatment = Code(LEVELS, required=False)
    unit = Text(required=False)
    street = Text(required=False)
    liaison = Text(required=False)
    advanced_age = QueryFlag(load_default=None)
    hardship = QueryFlag(load_default=None)
    living_alone = QueryFlag(load_default=None)
    resettled = QueryFlag(load_default=None)


class DuplicatesQuery(PageQuery):
    """A page of the pairs."""

    cursor = fields.String(load_default=None, validate=validate.Regexp(r"[0-9]{1,9}\Z"))


class SearchIn(Schema):
    """Who is looked for: a name, a part of one or pinyin; the whole resident number; the birth date."""

    name = Text(longest=50, label="姓名", help="姓名、姓名的一部分或拼音首字母。", required=False)
    resident_number = ResidentNumber(label="身份证号", required=False)
    birth_date = Day(label="出生日期", required=False)

    @validates_schema
    def _anything(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if not any(value is not None for value in data.values()):
            raise ValidationError("至少填写一项")
