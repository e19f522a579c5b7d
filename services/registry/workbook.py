"""The cadre register as a workbook (干部名册)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hongxia.workbook.declare import Column, Figure, Finding, Kind, Row, Sheet, Workbook
from services.registry.particulars import order_faults, resident_number_problem

SEXES = {"男": "1", "女": "2"}  # GB/T 2261.1

POLITICAL_STATUSES = {  # GB/T 4762
    "中共党员": "01",
    "中共预备党员": "02",
    "共青团员": "03",
    "民革": "04",
    "民盟": "05",
    "民建": "06",
    "民进": "07",
    "农工党": "08",
    "致公党": "09",
    "九三学社": "10",
    "台盟": "11",
    "无党派": "12",
    "群众": "13",
}

RETIREMENT_CATEGORIES = {"离休": "1", "退休": "2"}  # GB/T 14946.1, A.62

LEVELS = {  # GB/T 12407-2008, for the rank and for the treatment enjoyed
    "国家级正职": "101",
    "国家级副职": "102",
    "省部级正职": "111",
    "省部级副职": "112",
    "厅局级正职": "121",
    "厅局级副职": "122",
    "县处级正职": "131",
    "县处级副职": "132",
    "乡科级正职": "141",
    "乡科级副职": "142",
    "科员": "150",
    "办事员": "160",
    "未定": "199",
}

_NATIONALITY_NAMES = """
汉族 蒙古族 回族 藏族 维吾尔族 苗族 彝族 壮族 布依族 朝鲜族 满族 侗族 瑶族 白族
土家族 哈尼族 哈萨克族 傣族 黎族 傈僳族 佤族 畲族 高山族 拉祜族 水族 东乡族 纳西族 景颇族
柯尔克孜族 土族 达斡尔族 仫佬族 羌族 布朗族 撒拉族 毛南族 仡佬族 锡伯族 阿昌族 普米族 塔吉克族 怒族
乌孜别克族 俄罗斯族 鄂温克族 德昂族 保安族 裕固族 京族 塔塔尔族 独龙族 鄂伦春族 赫哲族 门巴族 珞巴族 基诺族
"""

NATIONALITIES = {name: f"{number:02}" for number, name in enumerate(_NATIONALITY_NAMES.split(), start=1)}  # GB/T 3304


def _dates_in_order(sheets: Mapping[str, Sequence[Row]]) -> Iterable[Finding]:
    for row in sheets["cadres"]:
        for fault in order_faults(row.values):
            yield Finding("cadres", row.number, fault.field, fault.message_zh)


def _flag(title: str, field: str, help_zh: str, help_en: str) -> Column:
    return Column(title, field, Kind.YES_NO, help_zh, help_en, example="否", required=False, default=False)


CADRE_SHEET = Sheet(
    title_zh="干部",
    name="cadres",
    key=("cadre_no",),
    unique=(("resident_number",),),
    help_zh=(
        "本局服务管理的每一位离退休干部一行，包括本年去世的老同志；不重不漏。出生日期由身份证号得出。"
        "再次导入时，已登记的干部只登记新填的去世日期；其他内容有变动的，请在系统中修改，表中保持原样或与系统一致。"
    ),
    help_en=(
        "One row for every cadre whom the bureau serves, those who died in the year included. "
        "The birth date is taken from the resident number. Of a cadre registered before, a later import takes a newly "
        "filled `去世日期` as the death; everything else changes in the system, and a row that differs from what was "
        "imported and from the record is an error."
    ),
    columns=(
        Column(
            "干部编号",
            "cadre_no",
            Kind.TEXT,
            "本局自编，一人一号，长期不变；其他表格用它指明干部。",
            "The bureau's own number for the cadre: one each, never reused. All other workbooks name a cadre by it.",
            example="G0001",
            max_length=32,
        ),
        Column("姓名", "name", Kind.TEXT, "姓名。", "Name.", example="林晓霞", max_length=50),
        Column(
            "身份证号",
            "resident_number",
            Kind.TEXT,
            "18位公民身份号码，请以文本格式填写；核对位数、出生日期和校验码，不得重复。",
            "The 18-character resident number (GB 11643), as text. Length, birth date and check digit are checked, the "
            "region code is not; a number that occurs twice is an error.",
            example="990101194903150026",
            max_length=32,
            check=resident_number_problem,
        ),
        Column("性别", "sex", Kind.CHOICE, "男或女。", "Sex (GB/T 2261.1).", example="女", choices=SEXES),
        Column(
            "民族",
            "nationality",
            Kind.CHOICE,
            "可不填。",
            "Nationality (GB/T 3304).",
            example="汉族",
            required=False,
            choices=NATIONALITIES,
        ),
        Column(
            "政治面貌",
            "political_status",
            Kind.CHOICE,
            "按国家标准填写。",
            "Political status (GB/T 4762).",
            example="中共党员",
            choices=POLITICAL_STATUSES,
        ),
        Column(
            "离退休类别",
            "retirement_category",
            Kind.CHOICE,
            "离休或退休。",
            "Retirement category (GB/T 14946.1).",
            example="退休",
            choices=RETIREMENT_CATEGORIES,
        ),
        Column(
            "职级",
            "rank",
            Kind.CHOICE,
            "离退休时的职务层次。",
            "Rank at retirement (GB/T 12407).",
            example="县处级副职",
            choices=LEVELS,
        ),
        Column(
            "享受待遇",
            "treatment",
            Kind.CHOICE,
            "现享受的待遇层次，可与职级不同。",
            "Treatment enjoyed now (GB/T 12407); may differ from the rank.",
            example="县处级正职",
            choices=LEVELS,
        ),
        Column(
            "原单位",
            "unit",
            Kind.TEXT,
            "离退休前所在单位全称。",
            "Employing unit, in full.",
            example="区教育局",
        ),
        Column(
            "街道",
            "street",
            Kind.TEXT,
            "现居住的街道（镇）。",
            "Street (sub-district) of residence.",
            example="石桥街道",
        ),
        Column(
            "入党日期",
            "joined_party_on",
            Kind.DATE,
            "非党员不填。",
            "Date of joining the Party; empty for others.",
            example="1971-07-01",
            required=False,
            not_future=True,
        ),
        Column(
            "登记日期",
            "registered_on",
            Kind.DATE,
            "自何日起由本局服务管理，可早于本年度，不早于1949年10月1日。每月联系自登记当月起计。",
            "Since when this bureau serves the cadre; may lie before the year, not before 1949-10-01. Monthly contact "
            "is due from the month of this date on.",
            example="2012-05-01",
            not_future=True,
        ),
        Column(
            "联络员",
            "liaison",
            Kind.TEXT,
            "负责联系的联络员编号或岗位。",
            "The liaison's code or post (a name is not needed).",
            example="联络一组",
            required=False,
            max_length=50,
        ),
        _flag(
            "双高期",
            "advanced_age",
            "处于高龄期、高发病期填“是”。",
            "In the “double high” period: old age and illness.",
        ),
        _flag("特殊困难", "special_hardship", "有特殊困难填“是”。", "In special hardship."),
        _flag("独居", "living_alone", "独自居住填“是”。", "Lives alone."),
        _flag(
            "易地安置",
            "resettled",
            "经组织批准易地安置填“是”。",
            "Officially resettled elsewhere (易地安置).",
        ),
        Column(
            "去世日期",
            "deceased_on",
            Kind.DATE,
            "健在的不填，不早于登记日期。去世当月起不再计入每月联系。",
            "Date of death, not before `登记日期`; empty while living. From the month of death on, no monthly contact "
            "is due.",
            example="2022-08-09",
            required=False,
            not_future=True,
        ),
    ),
    figures=(
        Figure(
            "outreach.contact.coverage",
            "每月敬爱连线覆盖率",
            "Denominator: for each month of the year that has ended, every cadre who on its last day is registered "
            "(`登记日期` not later) and living (`去世日期` empty or later). See the sheet 每月联系 for the numerator.",
            rule_zh=(
                "分母：本年已结束的每个月，"
                "月末当天已登记（`登记日期`不晚于当天）且健在（`去世日期`为空或晚于当天）的每位干部各计一次。"
                "分子见“每月联系”表。"
            ),
        ),
    ),
)

CADRES = Workbook(
    name="cadres",
    title_zh="干部名册",
    service="registry",
    order=1,
    sheets=(CADRE_SHEET,),
    checks=(_dates_in_order,),
    help_zh="离退休干部名册。请先导入本表，再导入其他表格。",
    help_en="The register of cadres. It is imported first: the other workbooks name cadres by 干部编号.",
)
