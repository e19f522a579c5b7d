"""The year of the printed report (report-2022.txt): its activities by their own names, its figures.

Where the report says “近5000” or “400多人”, a figure that fits was chosen.
The bureau and its people are made up.
"""

from __future__ import annotations

from demo.plan import CarePlan, HealthPlan, LinePlan, Plan, SessionPlan, WorksPlan

UNIT = "中共南滨市红霞区委员会老干部局"

_COLLEGE = "红霞生辉——荔湾老干部大学堂"

SESSIONS = (
    SessionPlan(f"{_COLLEGE}：学习贯彻党的十九届六中全会精神", "college", "centre", 3, 52, venue="老干部党校"),
    SessionPlan(f"{_COLLEGE}：学习贯彻省第十三次党代会精神", "college", "centre", 6, 47, venue="老干部党校"),
    SessionPlan(f"{_COLLEGE}：国防教育专题宣讲", "college", "centre", 8, 55, 12, venue="老干部党校"),
    SessionPlan(f"{_COLLEGE}：学习贯彻党的二十大精神", "college", "centre", 11, 61, 20, venue="老干部党校"),
    SessionPlan(f"{_COLLEGE}：健康养生（因疫情取消）", "college", "centre", 4, held=False),
    SessionPlan(
        "“我看中国特色社会主义新时代”专题调研座谈会",
        "research",
        "centre",
        4,
        24,
        topic="我看中国特色社会主义新时代",
    ),
    SessionPlan(
        "“我看中国特色社会主义新时代”专题调研走访",
        "research",
        "district",
        5,
        11,
        topic="我看中国特色社会主义新时代",
    ),
    SessionPlan("“建言党的二十大”专题调研座谈会", "research", "centre", 6, 26, topic="建言党的二十大"),
    SessionPlan("“建言党的二十大”线上征询", "research", "centre", 7, 18, 5, topic="建言党的二十大"),
    SessionPlan("“社区养老”专题调研（改期后取消）", "research", "centre", 9, topic="社区养老", held=False),
    SessionPlan("“新春送福 喜迎冬奥”活动", "culture_sports", "district", 1, 16, 80, venue="永庆坊社区"),
    SessionPlan(
        "“百场粤剧精品进粤博”老干部粤剧曲艺团演出",
        "culture_sports",
        "province",
        5,
        28,
        120,
        venue="粤剧博物馆广福台",
    ),
    SessionPlan(
        "“喜迎党的二十大 银映红棉出新彩——大美荔湾·走进古村落”专场活动",
        "culture_sports",
        "city",
        6,
        45,
        150,
        venue="古村落",
    ),
    SessionPlan(
        "以“大美荔湾”为主题的学区情区史教育系列实践活动",
        "culture_sports",
        "centre",
        7,
        58,
        venue="老干部活动中心",
    ),
    SessionPlan("七一金秋敬老月文体活动", "culture_sports", "centre", 10, 66, venue="老干部活动中心"),
    SessionPlan("老干部迎新棋牌赛（因疫情取消）", "culture_sports", "centre", 12, held=False),
    SessionPlan("省老年人柔力球交流（因疫情取消）", "culture_sports", "province", 11, held=False),
    SessionPlan("关工委“从小学党史”主题教育", "youth", "district", 3, 9, 160),
    SessionPlan("关工委社会主义核心价值观宣讲", "youth", "district", 5, 8, 210),
    SessionPlan("关工委暑期青少年理想信念教育", "youth", "district", 8, 12, 95),
    SessionPlan("关工委青少年工作调查研究", "youth", "district", 9, 10, 6),
    SessionPlan("区属单位老干部工作人员培训班", "staff_training", "centre", 4, 0, 64),
    SessionPlan("老干部工作信息统计业务培训", "staff_training", "centre", 11, 0, 58),
)

WORKS = WorksPlan(
    call="喜迎二十大诗词征文",
    poems_call=34,
    essays_call=3,
    calligraphy_call=4,
    poems=18,
    essays=5,
    calligraphy=22,
    paintings=16,
    reflections=159,
    reflections_from_month=11,
)

HEALTH = HealthPlan(batches=14, persons=843, checked_twice=12, drives=2, days=6, units=54, attended=606, vaccinated=288)

CARE = CarePlan(
    birthdays=80,
    party_jubilees=130,
    birthday_and_jubilee=10,
    treatment_themed=46,
    treatment_routine=4,
    treatment_in_hospital=2,
    five_visits_people=437,
    festival_visits=60,
    routine_visits=80,
    missed_contacts_percent=0,
    aid_persons=22,
    aid_declined=4,
    aid_fen=19_500_000,
    suggestions=57,
    suggestions_open=2,
)

LINES = (
    LinePlan("YS-01", "工资福利支出", "basic", 618_000_000, ((9, 20, 5_500_000),)),
    LinePlan("YS-02", "对个人和家庭的补助", "basic", 224_650_050),
    LinePlan("YS-03", "商品和服务支出", "basic", 112_449_950, ((9, 20, 3_000_000),)),
    LinePlan("YS-11", "离退休干部服务管理经费", "project", 238_600_000),
    LinePlan("YS-12", "重大节日慰问经费", "project", 192_000_000),
    LinePlan("YS-13", "老干部学习文体活动经费", "project", 128_800_000, ((11, 10, -2_000_000),)),
    LinePlan("YS-14", "关心下一代工作经费", "project", 58_600_000),
    LinePlan("YS-15", "老干部健康体检经费", "project", 146_000_000, ((11, 10, 2_000_000),)),
    LinePlan("YS-16", "帮扶特殊困难离退休干部资金", "project", 20_000_000, ((11, 10, -500_000),), pays_aid=True),
    LinePlan("YS-17", "“有呼必应、红霞生辉”服务平台运行维护费", "project", 56_300_000, ((11, 10, 500_000),)),
)

PLAN_2022 = Plan(
    year=2022,
    unit=UNIT,
    cadres=1_060,
    newcomers=18,
    deaths=21,
    died_before=9,
    sessions=SESSIONS,
    lessons=125,
    lessons_cancelled=3,
    lesson_attendance=4_748,
    lesson_others=215,
    works=WORKS,
    health=HEALTH,
    care=CARE,
    lines=LINES,
)
