"""Rows of the workbook 活动学习: sessions, attendance, works, health checks, vaccination."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from demo.care import Record
from demo.chance import chance, in_month, parts
from demo.people import UNITS, Person
from demo.plan import HealthPlan, Plan, SessionPlan

LESSONS = (
    "党史专题", "时事政策解读", "中医养生", "智能手机使用", "书法入门", "国画花鸟", "粤曲欣赏", "诗词格律",
    "摄影基础", "合唱训练", "太极拳", "营养与膳食", "法律常识", "岭南文化", "冠心病防治", "朗诵艺术",
)  # fmt: skip

POEM_TITLES = (
    "七律·颂党恩",
    "七绝·红棉",
    "沁园春·珠江",
    "浪淘沙·新程",
    "鹧鸪天·夕照",
    "水调歌头·盛会",
    "五律·登楼",
)
PICTURE_TITLES = ("红棉报春", "松鹤延年", "江山多娇", "荷塘清趣", "丹心向党", "古村新貌")

HOSPITALS = ("区中心医院", "区人民医院")


def make_learning(plan: Plan, seed: int, people: Sequence[Person]) -> dict[str, list[Record]]:
    """All sheets of the workbook."""
    sessions, attendances = _sessions(plan, chance(seed, "sessions"), people)
    batches, checked = _health_checks(plan, chance(seed, "health"), people)
    drives, rosters = _vaccination(plan, chance(seed, "vaccination"))
    return {
        "sessions": sessions,
        "attendances": attendances,
        "works": _works(plan, chance(seed, "works"), people),
        "health_checks": batches,
        "health_check_persons": checked,
        "vaccination_drives": drives,
        "vaccination_rosters": rosters,
    }


def _sessions(plan: Plan, rng: Random, people: Sequence[Person]) -> tuple[list[Record], list[Record]]:
    dated = [(in_month(rng, plan.year, planned.month), planned) for planned in (*plan.sessions, *_lessons(plan, rng))]
    dated.sort(key=lambda pair: (pair[0], pair[1].title))
    sessions: list[Record] = []
    attendances: list[Record] = []
    for number, (on, planned) in enumerate(dated, start=1):
        session_no = f"CC-{number:04}"
        sessions.append(_session(session_no, on, planned))
        if planned.held:
            present = [person for person in people if person.served_on(on)]
            attendances += [
                {"session_no": session_no, "cadre_id": person.cadre_no, "name": person.name}
                for person in rng.sample(present, planned.attendance)
            ]
    return sessions, attendances


def _session(session_no: str, on: date, planned: SessionPlan) -> Record:
    return {
        "session_no": session_no,
        "title": planned.title,
        "programme": planned.programme,
        "held_on": on,
        "host": planned.host,
        "venue": planned.venue,
        "state": "held" if planned.held else "cancelled",
        "topic": planned.topic,
        "others_count": planned.others if planned.held else None,
    }


def _lessons(plan: Plan, rng: Random) -> list[SessionPlan]:
    """Online lessons; spring and autumn term each begin with 开学第一课."""
    attendance = parts(rng, plan.lesson_attendance, plan.lessons, least=1)
    others = parts(rng, plan.lesson_others, plan.lessons)
    lessons = []
    for number in range(plan.lessons):
        title = f"线上课堂第{number + 1}讲：{LESSONS[number % len(LESSONS)]}"
        month = 3 + number * 9 // plan.lessons
        if number == 0:
            title = "春季“开学第一课”"
        elif number == plan.lessons // 2:
            title, month = "秋季“开学第一课”", 9
        host = "city" if number % 25 == 7 else "centre"
        lessons.append(SessionPlan(title, "online", host, month, attendance[number], others[number]))
    cancelled = range(1, plan.lessons_cancelled + 1)
    return lessons + [SessionPlan(f"线上课堂（取消{n}）", "online", "centre", 2 + n, held=False) for n in cancelled]


def _works(plan: Plan, rng: Random, people: Sequence[Person]) -> list[Record]:
    works = plan.works
    kinds: list[tuple[str, str | None, int]] = [
        ("poem", works.call, works.poems_call),
        ("essay", works.call, works.essays_call),
        ("calligraphy", works.call, works.calligraphy_call),
        ("poem", None, works.poems),
        ("essay", None, works.essays),
        ("calligraphy", None, works.calligraphy),
        ("painting", None, works.paintings),
        ("reflection", None, works.reflections),
    ]
    titles = {"poem": POEM_TITLES, "essay": ("我与新时代",), "reflection": ("学习交流心得",)}
    records: list[Record] = []
    for genre, call, count in kinds:
        for number in range(count):
            earliest = works.reflections_from_month if genre == "reflection" else 4
            on = in_month(rng, plan.year, rng.randint(min(earliest, 12), 12 if not call else 9))
            author = None if rng.random() < 0.04 else rng.choice([one for one in people if one.served_on(on)])
            choice = titles.get(genre, PICTURE_TITLES)
            records.append(
                {
                    "cadre_id": author.cadre_no if author else None,
                    "name": author.name if author else None,
                    "genre": genre,
                    "title": choice[number % len(choice)],
                    "collected_on": on,
                    "call": call,
                }
            )
    records.sort(key=lambda record: str(record["collected_on"]))
    return [{"work_no": f"ZP-{number:04}", **record} for number, record in enumerate(records, start=1)]


def _health_checks(plan: Plan, rng: Random, people: Sequence[Person]) -> tuple[list[Record], list[Record]]:
    """Everyone in one batch, some in a second one for a re-check."""
    health = plan.health
    days = sorted(in_month(rng, plan.year, rng.randint(4, 6)) for _ in range(health.batches))
    batches: list[Record] = [
        {"batch_no": f"TJ-{number:02}", "held_on": on, "hospital": HOSPITALS[number % 2]}
        for number, on in enumerate(days, start=1)
    ]
    present = [one for one in people if one.served_on(date(plan.year, 3, 31)) and one.served_on(date(plan.year, 7, 1))]
    chosen = rng.sample(present, health.persons)
    checked: list[Record] = []
    first = 0
    for batch, size in zip(batches, parts(rng, health.persons, health.batches, least=1), strict=True):
        checked += [_checked(batch, person) for person in chosen[first : first + size]]
        first += size
    again = chosen[: min(health.checked_twice, len(chosen))]
    first_batch = [record["cadre_id"] for record in checked if record["batch_no"] == "TJ-01"]
    checked += [_checked(batches[-1], person) for person in again if person.cadre_no in first_batch]
    return batches, checked


def _checked(batch: Record, person: Person) -> Record:
    return {"batch_no": batch["batch_no"], "cadre_id": person.cadre_no, "name": person.name}


def _vaccination(plan: Plan, rng: Random) -> tuple[list[Record], list[Record]]:
    """By units: each comes to one day, every seventh to a second one besides."""
    health = plan.health
    if not health.drives:
        return [], []
    drives: list[Record] = [
        {"drive_no": f"JZ-{number}", "title": f"第{number}次新冠疫苗接种专场"} for number in range(1, health.drives + 1)
    ]
    visits = _unit_visits(rng, health, _drive_days(plan.year, health))
    attended = parts(rng, health.attended, len(visits), least=1)
    vaccinated = [0] * len(visits)
    left = health.vaccinated
    while left:
        index = rng.randrange(len(visits))
        if vaccinated[index] < attended[index]:
            vaccinated[index] += 1
            left -= 1
    rosters: list[Record] = [
        {
            "drive_no": f"JZ-{drive}",
            "on": on,
            "unit": unit,
            "attended": attended[index],
            "vaccinated": vaccinated[index],
        }
        for index, (drive, on, unit) in enumerate(visits)
    ]
    return drives, rosters


def _drive_days(year: int, health: HealthPlan) -> list[tuple[int, date]]:
    """(drive, day). Drives are weeks apart, unless the plan lets the last begin with the one before."""
    days: list[tuple[int, date]] = []
    for index in range(health.days):
        drive, turn = index % health.drives + 1, index // health.drives
        start = date(year, 4, 11) + timedelta(days=35 * (drive - 1))
        if health.shared_day and drive == health.drives > 1:
            start = date(year, 4, 11) + timedelta(days=35 * (drive - 2))
        days.append((drive, start + timedelta(days=turn)))
    return days


def _unit_visits(rng: Random, health: HealthPlan, days: list[tuple[int, date]]) -> list[tuple[int, date, str]]:
    units = rng.sample(UNITS, health.units)
    visits = [(*days[index % len(days)], unit) for index, unit in enumerate(units)]
    visits += [(*days[(index + 1) % len(days)], unit) for index, unit in enumerate(units) if index % 7 == 0]
    if len(days) == 1:
        visits = visits[: len(units)]
    return sorted(visits)
