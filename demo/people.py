"""The cadres. Their names are made up, and their resident numbers can't exist.

A resident number begins with the region where it was given out. Ours begin with 99: GB/T 2260 gives no
province that code, so nobody ever had such a number, while birth date and check digit are right.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from stdnum.cn import ric

from demo.chance import chance, month_end, working_day
from demo.plan import Plan
from hongxia.workbook.declare import Value

NO_REGION = "99"

SURNAMES = "陈李张黄何梁林冯邓罗谢刘曾彭叶苏潘卢钟吴徐余方邱韩沈温麦区伍关简霍莫颜骆"
GIVEN = "秀兰桂英志明国华建文德光润泽晓霞振邦永康惠珍淑仪炳坤焕章松柏雅琴瑞云景行嘉宁培元若谷思远"

STREETS = ("石桥街道", "梧桐街道", "榕荫街道", "沙湾街道", "云亭街道", "竹溪街道", "南浦街道", "荷塘街道")

ORGANS = """
区委办公室 区人大办公室 区政府办公室 区政协办公室 区纪委监委 区委组织部 区委宣传部 区委统战部
区委政法委 区委编办 区直属机关工委 区总工会 团区委 区妇联 区科协 区文联
区侨联 区残联 区红十字会 区工商联 区法院 区检察院 区发展和改革局 区教育局
区科技和工信局 区民政局 区司法局 区财政局 区人力资源社保局 区住房和建设局 区水务局 区农业农村局
区文广旅体局 区卫生健康局 区退役军人局 区应急局 区审计局 区国资局 区市场监管局 区统计局
区医保局 区城管局 区信访局 区政务服务局 区投资促进局 区档案馆 区委党校 区图书馆
区文化馆 区第一中学 区实验小学 区中医院 区疾控中心 区妇幼保健院 区环卫中心 区公园管理中心
区公路养护中心 区供销社
"""
UNITS = tuple(ORGANS.split())


@dataclass(frozen=True)
class Person:
    """A cadre with the dates that decide what can happen to them, and the row of the register."""

    cadre_no: str
    name: str
    born: date
    joined_party_on: date | None
    registered_on: date
    deceased_on: date | None
    row: dict[str, Value]

    def served_on(self, day: date) -> bool:
        """Registered by then, and living."""
        return self.registered_on <= day and (self.deceased_on is None or day < self.deceased_on)

    def served_all(self, year: int) -> bool:
        """Served from the first day of the year to the last."""
        return self.served_on(date(year, 1, 1)) and self.served_on(date(year, 12, 31))

    def turns(self, year: int) -> int:
        """The age reached in that year."""
        return year - self.born.year


def make_people(plan: Plan, seed: int) -> list[Person]:
    """Everyone in the register: most of them since long, some new, some who died in the year or before it."""
    rng = chance(seed, "people")
    fates = ["new"] * plan.newcomers + ["dies"] * plan.deaths + ["dead"] * plan.died_before
    fates += ["lives"] * (plan.cadres - len(fates))
    rng.shuffle(fates)
    edges = _edge_dates(plan.year)
    taken: set[str] = set()
    return [
        _make_person(plan, rng, number, fate, edges.pop(fate, None), taken)
        for number, fate in enumerate(fates, start=1)
    ]


def _edge_dates(year: int) -> dict[str, date]:
    """The first newcomer registers, and the first death falls, on the last day of a month."""
    return {"new": month_end(year, 6), "dies": month_end(year, 8)}


def _make_person(plan: Plan, rng: Random, number: int, fate: str, edge: date | None, taken: set[str]) -> Person:
    year = plan.year
    veteran = fate != "new" and rng.random() < 0.04
    born = _birthday(rng, year, veteran, fate)
    sex = rng.choice(("1", "1", "2"))
    joined = _joined_party(rng, born, year, veteran)
    registered, deceased = _service_dates(rng, year, born, fate, edge)
    person_no = f"G{number:04}"
    name = rng.choice(SURNAMES) + "".join(rng.sample(GIVEN, rng.choice((1, 2, 2, 2))))
    rank = rng.choices(("121", "122", "131", "132", "141"), (1, 3, 14, 34, 8))[0]
    treatment = {"131": "122", "132": "131", "141": "132"}.get(rank, rank) if rng.random() < 0.35 else rank
    age = year - born.year
    row: dict[str, Value] = {
        "cadre_no": person_no,
        "name": name,
        "resident_number": _resident_number(rng, born, sex, taken),
        "sex": sex,
        "nationality": rng.choices(("01", "03", "08", None), (90, 2, 2, 6))[0],
        "political_status": "01" if joined else rng.choices(("13", "04", "05", "07", "12"), (6, 1, 1, 1, 1))[0],
        "retirement_category": "1" if veteran else "2",
        "rank": rank,
        "treatment": treatment,
        "medical_treatment": treatment if veteran else None,
        "reimbursement": "full" if veteran else "insured",
        "unit": rng.choice(UNITS),
        "street": rng.choice(STREETS),
        "joined_party_on": joined,
        "registered_on": registered,
        "liaison": f"联络{number % 16 + 1:02}岗",
        "advanced_age": age >= 80 and rng.random() < 0.6,
        "hardship": rng.random() < 0.06,
        "living_alone": rng.random() < 0.08,
        "resettled": rng.random() < 0.03,
        "deceased_on": deceased,
    }
    return Person(person_no, name, born, joined, registered, deceased, row)


def _birthday(rng: Random, year: int, veteran: bool, fate: str) -> date:
    if veteran:  # 离休 is for those who joined the revolution before October 1949
        oldest = max(year - 102, 1918)
        born_in = rng.randint(oldest, max(1932, oldest))
    elif fate == "new":
        born_in = year - rng.randint(60, 62)
    else:
        ages = list(range(61, 96))
        born_in = year - rng.choices(ages, [5 if age in (70, 80, 90) else 3 if age < 80 else 1 for age in ages])[0]
    return date(born_in, 1, 1) + timedelta(days=rng.randrange(365))


def _joined_party(rng: Random, born: date, year: int, veteran: bool) -> date | None:
    if not veteran and rng.random() > 0.82:
        return None
    joined_in = born.year + rng.randint(18, 38)
    joined_in = min(joined_in, 1949) if veteran else joined_in
    return date(min(joined_in, year - 1), rng.choice((1, 6, 7, 12)), rng.randint(1, 28))


def _service_dates(rng: Random, year: int, born: date, fate: str, edge: date | None) -> tuple[date, date | None]:
    retired_in = min(max(born.year + 60, 1990), year - 1)
    registered = date(rng.randint(retired_in, year - 1), rng.randint(1, 12), rng.randint(1, 28))
    if fate == "new":
        return edge or working_day(rng, date(year, 1, 4), date(year, 11, 30)), None
    if fate == "dies":
        return registered, edge or date(year, rng.randint(1, 12), rng.randint(1, 28))
    if fate == "dead":
        return date(year - 3, 1, 10), date(year - 1, rng.randint(1, 12), rng.randint(1, 28))
    return registered, None


def _resident_number(rng: Random, born: date, sex: str, taken: set[str]) -> str:
    while True:
        serial = 2 * rng.randrange(1, 450) + (sex == "1")
        stem = f"{NO_REGION}{rng.randint(1, 9):02}{rng.randint(1, 20):02}{born:%Y%m%d}{serial:03}"
        number = stem + ric.calc_check_digit(stem + "0")
        if number not in taken:
            taken.add(number)
            return number
