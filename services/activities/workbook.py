"""Sessions, attendance, works, health checks and vaccination drives as a workbook (活动学习)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hongxia.workbook.declare import Column, Figure, Finding, Kind, Row, Sheet, Workbook

PROGRAMMES = {
    "老干部大学堂": "college",
    "线上授课": "online",
    "文体活动": "culture_sports",
    "专题调研": "research",
    "关工委活动": "youth",
    "工作人员培训": "staff_training",
}

HOSTS = {"本中心": "centre", "区": "district", "市": "city", "省": "province"}

SESSION_STATES = {"已举办": "held", "已取消": "cancelled"}

GENRES = {
    "诗词": "poem",
    "征文": "essay",
    "学习心得": "reflection",
    "书法": "calligraphy",
    "绘画": "painting",
}


def _cadre_no(required: bool = True) -> Column:
    return Column(
        "干部编号",
        "cadre_no",
        Kind.TEXT,
        "干部名册中的编号。" if required else "干部名册中的编号；作者不在名册的不填。",
        "The cadre's number in the workbook 干部名册" + ("." if required else "; empty if the author is not in it."),
        example="G0001",
        required=required,
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


def _number(title: str, field: str, example: str, refers_to: str = "") -> Column:
    if refers_to:
        return Column(
            title,
            field,
            Kind.TEXT,
            "须在本工作簿的对应表中。",
            "The number.",
            example=example,
            max_length=32,
            refers_to=refers_to,
        )
    return Column(title, field, Kind.TEXT, "本年内不重复。", "Unique in the year.", example=example, max_length=32)


def _held_on(title: str, field: str, example: str) -> Column:
    return Column(
        title,
        field,
        Kind.DATE,
        "本年度内，不晚于今天。",
        "The date.",
        example=example,
        within_year=True,
        not_future=True,
    )


def _research_has_a_topic(sheets: Mapping[str, Sequence[Row]]) -> Iterable[Finding]:
    for row in sheets["sessions"]:
        if row.values["programme"] == "research" and not row.values["topic"]:
            yield Finding("sessions", row.number, "topic", "类型为“专题调研”的应填写专题")


def _nobody_attends_a_cancelled_session(sheets: Mapping[str, Sequence[Row]]) -> Iterable[Finding]:
    cancelled = {row.values["session_no"] for row in sheets["sessions"] if row.values["state"] == "cancelled"}
    for row in sheets["sessions"]:
        if row.values["state"] == "cancelled" and row.values["others_count"]:
            yield Finding("sessions", row.number, "others_count", "已取消的场次不应有参加人次")
    for row in sheets["attendances"]:
        if row.values["session_no"] in cancelled:
            yield Finding("attendances", row.number, "session_no", "该场次已取消，不应有考勤")


def _vaccinated_are_among_those_attending(sheets: Mapping[str, Sequence[Row]]) -> Iterable[Finding]:
    for row in sheets["vaccination_rosters"]:
        attended, vaccinated = row.values["attended"], row.values["vaccinated"]
        if isinstance(attended, int) and isinstance(vaccinated, int) and vaccinated > attended:
            yield Finding("vaccination_rosters", row.number, "vaccinated", "接种人数多于到场人数")


SESSIONS = Sheet(
    title_zh="场次",
    name="sessions",
    key=("session_no",),
    help_zh="每一场活动、每一节课、每一次调研一行；取消的保留并注明“已取消”，不计数，也不填考勤和其他参加人次。",
    help_en=(
        "One row for every session, lesson or research meeting; a cancelled one stays and counts nowhere, has no rows "
        "in 考勤 and no `其他参加人次`."
    ),
    columns=(
        _number("场次编号", "session_no", "CC-0001"),
        Column(
            "名称",
            "title",
            Kind.TEXT,
            "活动名称。",
            "Title.",
            example="红霞生辉——老干部大学堂第一讲",
            max_length=200,
        ),
        Column(
            "类型",
            "programme",
            Kind.CHOICE,
            "属于哪一类。",
            "The programme.",
            example="老干部大学堂",
            choices=PROGRAMMES,
        ),
        _held_on("日期", "held_on", "2022-03-15"),
        Column(
            "主办层级",
            "host",
            Kind.CHOICE,
            "由谁主办：本局活动中心填“本中心”，参加区、市、省举办的填相应层级。",
            "Who hosts: 本中心 is the bureau's own centre; 区, 市, 省 are activities of the district, city or "
            "province that the bureau's cadres join.",
            example="本中心",
            choices=HOSTS,
        ),
        Column("地点", "venue", Kind.TEXT, "可不填。", "Venue.", example="老干部活动中心", required=False),
        Column(
            "状态",
            "state",
            Kind.CHOICE,
            "已举办或已取消。",
            "Held or cancelled.",
            example="已举办",
            choices=SESSION_STATES,
        ),
        Column(
            "专题",
            "topic",
            Kind.TEXT,
            "类型为“专题调研”的必填：调研的题目。同一专题的多次调研，题目要写得一样。",
            "For 专题调研 required: the topic. Several meetings on one topic must spell it alike.",
            example="基层党建调研",
            required=False,
            max_length=200,
        ),
        Column(
            "其他参加人次",
            "others_count",
            Kind.INTEGER,
            "未在“考勤”中逐人登记的参加人次；没有的不填。",
            "Attendance that is not listed by name in 考勤; empty is 0.",
            example="0",
            required=False,
            default=0,
            minimum=0,
            maximum=1_000_000,
        ),
    ),
    figures=(
        Figure(
            "activities.college.sessions",
            "老干部大学堂场次",
            "Rows with `类型` 老干部大学堂 and `状态` 已举办.",
            rule_zh="`类型`为老干部大学堂且`状态`为已举办的行数。",
        ),
        Figure(
            "activities.research.topics",
            "专题调研",
            "Distinct `专题` over rows with `类型` 专题调研 and `状态` 已举办.",
            rule_zh="`类型`为专题调研且`状态`为已举办的各行中，不重复的`专题`个数。",
        ),
        Figure(
            "activities.events.hosted",
            "本中心文体活动",
            "Rows with `类型` 文体活动, `状态` 已举办 and `主办层级` 本中心.",
            rule_zh="`类型`为文体活动、`状态`为已举办且`主办层级`为本中心的行数。",
        ),
        Figure(
            "activities.events.joined",
            "参加省市区文体活动",
            "Rows with `类型` 文体活动, `状态` 已举办 and `主办层级` 区, 市 or 省.",
            rule_zh="`类型`为文体活动、`状态`为已举办且`主办层级`为区、市或省的行数。",
        ),
        Figure(
            "activities.online.lessons",
            "线上授课",
            "Rows with `类型` 线上授课 and `状态` 已举办, whatever the `主办层级`; a row is one lesson (节课).",
            rule_zh="`类型`为线上授课且`状态`为已举办的行数，不论`主办层级`；一行为一节课。",
        ),
        Figure(
            "activities.online.attendance",
            "线上学习人次",
            "Over the same rows: the number of rows of 考勤 that name the session, plus `其他参加人次`. Who attends "
            "two lessons counts twice.",
            rule_zh="以上各行：“考勤”表中写有该场次的行数，加上`其他参加人次`。一人参加两节课计两次。",
        ),
    ),
)

ATTENDANCES = Sheet(
    title_zh="考勤",
    name="attendances",
    key=("session_no", "cadre_no"),
    help_zh="一位干部参加一场填一行。干部去世后不能再有考勤。",
    help_en="One row for one cadre at one session. A cadre can't attend after the date of death.",
    columns=(_number("场次编号", "session_no", "CC-0001", refers_to="sessions"), _cadre_no(), _name()),
)

WORKS = Sheet(
    title_zh="作品",
    name="works",
    key=("work_no",),
    help_zh="收到的作品，一件一行。",
    help_en="Works received, one row each.",
    columns=(
        _number("作品编号", "work_no", "ZP-0001"),
        _cadre_no(required=False),
        _name(),
        Column("体裁", "genre", Kind.CHOICE, "作品的体裁。", "Genre.", example="诗词", choices=GENRES),
        Column(
            "题目",
            "title",
            Kind.TEXT,
            "可不填。",
            "Title.",
            example="七律·望江",
            required=False,
            max_length=200,
        ),
        _held_on("收到日期", "received_on", "2022-06-20"),
        Column(
            "征集活动",
            "call",
            Kind.TEXT,
            "应哪一次征集而作；不是应征作品的不填。",
            "The call that the work answers; empty if none.",
            example="庆祝建党诗词征文",
            required=False,
        ),
    ),
    figures=(
        Figure(
            "activities.works.poems_call",
            "征文活动诗词",
            "Rows with `体裁` 诗词 and a `征集活动`, whatever its name.",
            rule_zh="`体裁`为诗词且填有`征集活动`的行数，不论活动名称。",
        ),
        Figure(
            "activities.works.essays_call",
            "征文活动征文",
            "Rows with `体裁` 征文 and a `征集活动`, whatever its name.",
            rule_zh="`体裁`为征文且填有`征集活动`的行数，不论活动名称。",
        ),
        Figure(
            "activities.reflections",
            "学习交流心得",
            "Rows with `体裁` 学习心得, with a `征集活动` or without.",
            rule_zh="`体裁`为学习心得的行数，不论是否填有`征集活动`。",
        ),
        Figure(
            "activities.works.art",
            "创作诗词书画作品",
            "Rows with `体裁` 诗词, 书法 or 绘画 and an empty `征集活动`.",
            rule_zh="`体裁`为诗词、书法或绘画且`征集活动`为空的行数。",
        ),
    ),
)

HEALTH_CHECKS = Sheet(
    title_zh="体检批次",
    name="health_checks",
    key=("batch_no",),
    help_zh="实际进行的健康体检，一批一行。",
    help_en="Health-check batches that took place, one row each.",
    columns=(
        _number("批次编号", "batch_no", "TJ-01"),
        _held_on("日期", "held_on", "2022-05-10"),
        Column("医院", "hospital", Kind.TEXT, "体检医院。", "Hospital.", example="区中心医院"),
    ),
    figures=(Figure("activities.healthcheck.batches", "健康体检批次", "Number of rows.", rule_zh="行数。"),),
)

HEALTH_CHECK_PERSONS = Sheet(
    title_zh="体检人员",
    name="health_check_persons",
    key=("batch_no", "cadre_no"),
    help_zh="一位干部参加一批填一行。批次日期不晚于干部的去世日期。",
    help_en="One row for one cadre in one batch, whose date is not after the cadre's death.",
    columns=(_number("批次编号", "batch_no", "TJ-01", refers_to="health_checks"), _cadre_no(), _name()),
    figures=(
        Figure(
            "activities.healthcheck.persons",
            "健康体检人数",
            "Distinct `干部编号` over all rows: whoever was checked in two batches counts once.",
            rule_zh="全部行中不重复的`干部编号`个数：在两个批次体检的计一人。",
        ),
    ),
)

VACCINATION_DRIVES = Sheet(
    title_zh="接种专场",
    name="vaccination_drives",
    key=("drive_no",),
    help_zh="组织的接种专场，一次一行；一次专场可有多天。",
    help_en="Vaccination drives, one row each; a drive may last several days.",
    columns=(
        _number("专场编号", "drive_no", "JZ-1"),
        Column(
            "名称",
            "title",
            Kind.TEXT,
            "专场名称。",
            "Title.",
            example="第一次新冠疫苗接种专场",
            max_length=200,
        ),
    ),
    figures=(Figure("activities.vaccination.drives", "新冠疫苗接种专场", "Number of rows.", rule_zh="行数。"),),
)

VACCINATION_ROSTERS = Sheet(
    title_zh="接种名册",
    name="vaccination_rosters",
    key=("drive_no", "held_on", "unit_name"),
    help_zh="一个单位在一次专场的一天填一行，只填人数。参加人员不必在干部名册中。",
    help_en="One row for one unit on one day of a drive, in numbers; the people need not be in the register.",
    columns=(
        _number("专场编号", "drive_no", "JZ-1", refers_to="vaccination_drives"),
        _held_on("日期", "held_on", "2022-04-12"),
        Column(
            "单位名称",
            "unit_name",
            Kind.TEXT,
            "单位全称，前后写法要一致。",
            "The unit in full, always spelt alike.",
            example="区教育局",
        ),
        Column(
            "到场人数",
            "attended",
            Kind.INTEGER,
            "到场人数。",
            "People who came.",
            example="12",
            minimum=0,
            maximum=100_000,
        ),
        Column(
            "接种人数",
            "vaccinated",
            Kind.INTEGER,
            "现场接种人数，不多于到场人数。",
            "People vaccinated on site, not more than came.",
            example="6",
            minimum=0,
            maximum=100_000,
        ),
    ),
    figures=(
        Figure(
            "activities.vaccination.days",
            "接种专场天数",
            "Distinct pairs of `专场编号` and `日期`: a day on which two drives run counts twice.",
            rule_zh="不重复的`专场编号`与`日期`组合个数：同一天有两个专场的计两天。",
        ),
        Figure(
            "activities.vaccination.units",
            "参加接种专场单位",
            "Distinct `单位名称` over all rows.",
            rule_zh="全部行中不重复的`单位名称`个数。",
        ),
        Figure("activities.vaccination.attended", "参加接种专场人数", "Sum of `到场人数`.", rule_zh="`到场人数`合计。"),
        Figure("activities.vaccination.vaccinated", "现场接种人数", "Sum of `接种人数`.", rule_zh="`接种人数`合计。"),
    ),
)

ACTIVITIES = Workbook(
    name="activities",
    title_zh="活动学习",
    service="activities",
    order=4,
    sheets=(
        SESSIONS,
        ATTENDANCES,
        WORKS,
        HEALTH_CHECKS,
        HEALTH_CHECK_PERSONS,
        VACCINATION_DRIVES,
        VACCINATION_ROSTERS,
    ),
    checks=(
        _research_has_a_topic,
        _nobody_attends_a_cancelled_session,
        _vaccinated_are_among_those_attending,
    ),
    help_zh="学习授课、文体活动、作品征集、健康体检和疫苗接种。",
    help_en="Learning, activities, works, health checks and vaccination drives.",
)
