"""What a generated year is to hold: numbers and names, before any row is made.

`plan_2022` has the year of the printed report; `any_plan` draws another from a seed, with other figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class SessionPlan:
    """One session by its title; `month` 1-12. `attendance` is by name, `others` on top of it."""

    title: str
    programme: str
    host: str
    month: int
    attendance: int = 0
    others: int = 0
    venue: str | None = None
    topic: str | None = None
    held: bool = True


@dataclass(frozen=True)
class LinePlan:
    """One budget line, in fen. `adjustments` are (month, day, fen); all that is not `unspent` is spent."""

    number: str
    name: str
    expenditure_class: str
    initial: int
    adjustments: tuple[tuple[int, int, int], ...] = ()
    unspent: int = 0
    pays_aid: bool = False

    @property
    def adjusted(self) -> int:
        return self.initial + sum(amount for _, _, amount in self.adjustments)


@dataclass(frozen=True)
class CarePlan:
    """Visits, contacts, aid and suggestions. Counts are of persons unless they say otherwise."""

    birthdays: int
    party_jubilees: int
    birthday_and_jubilee: int
    treatment_themed: int
    treatment_routine: int
    treatment_in_hospital: int
    five_visits_people: int
    festival_visits: int
    routine_visits: int
    missed_contacts_percent: int
    aid_persons: int
    aid_declined: int
    aid_fen: int
    suggestions: int
    suggestions_open: int


@dataclass(frozen=True)
class WorksPlan:
    """Works by genre, in answer to the call and outside it."""

    call: str
    poems_call: int
    essays_call: int
    calligraphy_call: int
    poems: int
    essays: int
    calligraphy: int
    paintings: int
    reflections: int
    reflections_from_month: int


@dataclass(frozen=True)
class HealthPlan:
    """Check-ups and vaccination. `days` are spread over the drives; with `shared_day` two drives meet."""

    batches: int
    persons: int
    checked_twice: int
    drives: int
    days: int
    units: int
    attended: int
    vaccinated: int
    shared_day: bool = False


@dataclass(frozen=True)
class Plan:
    """A bureau's year."""

    year: int
    unit: str
    cadres: int
    newcomers: int
    deaths: int
    died_before: int
    sessions: tuple[SessionPlan, ...]
    lessons: int
    lessons_cancelled: int
    lesson_attendance: int
    lesson_others: int
    works: WorksPlan
    health: HealthPlan
    care: CarePlan
    lines: tuple[LinePlan, ...]


def any_plan(year: int, unit: str, rng: Random, cadres: int = 1_000) -> Plan:
    """A year that nobody planned: every count drawn from the seed, some of them zero."""
    lessons = rng.randint(20, 60)
    drives = rng.choice((0, 2, 3))
    days = rng.randint(drives, 3 * drives)
    units = rng.randint(10, 50) if drives else 0
    attended = rng.randint(units * 3, units * 12)
    return Plan(
        year=year,
        unit=unit,
        cadres=cadres,
        newcomers=rng.randint(5, cadres // 40),
        deaths=rng.randint(5, cadres // 40),
        died_before=rng.randint(2, 10),
        sessions=tuple(_any_sessions(year, rng)),
        lessons=lessons,
        lessons_cancelled=rng.randint(1, 5),
        lesson_attendance=lessons * rng.randint(5, 30) + rng.randint(0, lessons),
        lesson_others=rng.randint(0, 300),
        works=WorksPlan(
            call=f"{year}年“银龄心声”作品征集",
            poems_call=rng.randint(5, 40),
            essays_call=rng.randint(0, 9),
            calligraphy_call=rng.randint(1, 6),
            poems=rng.randint(3, 20),
            essays=rng.randint(1, 6),
            calligraphy=rng.randint(3, 20),
            paintings=rng.randint(3, 20),
            reflections=rng.randint(20, 120),
            reflections_from_month=rng.randint(1, 10),
        ),
        health=HealthPlan(
            batches=rng.randint(4, 18),
            persons=rng.randint(cadres // 3, cadres * 8 // 10),
            checked_twice=rng.randint(1, 20),
            drives=drives,
            days=days,
            units=units,
            attended=attended,
            vaccinated=rng.randint(0, attended),
            shared_day=drives > 0,
        ),
        care=_any_care(rng, cadres),
        lines=tuple(_any_lines(rng)),
    )


def _any_care(rng: Random, cadres: int) -> CarePlan:
    share = cadres // 50
    persons = rng.randint(5, share)
    return CarePlan(
        birthdays=rng.randint(share, 2 * share),
        party_jubilees=rng.randint(share, 3 * share),
        birthday_and_jubilee=rng.randint(1, share // 4),
        treatment_themed=rng.randint(1, share),
        treatment_routine=rng.randint(1, 9),
        treatment_in_hospital=rng.randint(1, 5),
        five_visits_people=rng.randint(150, 400),
        festival_visits=rng.randint(10, 60),
        routine_visits=rng.randint(20, 90),
        missed_contacts_percent=rng.randint(1, 8),
        aid_persons=persons,
        aid_declined=rng.randint(1, 5),
        aid_fen=persons * 400_000 + rng.randint(0, 3_000_000),
        suggestions=rng.randint(20, 70),
        suggestions_open=rng.randint(1, 9),
    )


def _any_sessions(year: int, rng: Random) -> list[SessionPlan]:
    def some(title: str, programme: str, hosts: tuple[str, ...], least: int, most: int) -> list[SessionPlan]:
        return [
            SessionPlan(
                title=f"{year}年{title}（{number}）",
                programme=programme,
                host=rng.choice(hosts),
                month=rng.randint(1, 12),
                attendance=rng.randint(0, 40),
                others=rng.choice((0, 0, rng.randint(1, 60))),
                held=number == 1 or rng.random() > 0.2,
                topic=rng.choice(("养老服务调研", "基层党建调研", "社区治理调研")) if programme == "research" else None,
            )
            for number in range(1, rng.randint(least, most) + 1)
        ]

    return [
        *some("老干部大讲堂", "college", ("centre",), 2, 9),
        *some("专题调研座谈", "research", ("centre", "district"), 2, 8),
        *some("重阳文艺汇演", "culture_sports", ("centre",), 1, 5),
        *some("老年人运动会", "culture_sports", ("district", "city", "province"), 1, 6),
        *some("青少年主题教育", "youth", ("centre", "district"), 1, 6),
        *some("老干部工作人员培训", "staff_training", ("centre",), 1, 3),
    ]


def _any_lines(rng: Random) -> list[LinePlan]:
    def line(number: int, name: str, expenditure_class: str, pays_aid: bool = False) -> LinePlan:
        initial = rng.randint(20_000_000, 400_000_000)
        change = rng.choice((0, initial // 40, -initial // 50))
        return LinePlan(
            number=f"YS-{number:02}",
            name=name,
            expenditure_class=expenditure_class,
            initial=initial,
            adjustments=((rng.randint(9, 11), rng.randint(1, 28), change),) if change else (),
            unspent=rng.choice((0, rng.randint(1, initial // 20))),
            pays_aid=pays_aid,
        )

    return [
        line(1, "人员经费", "basic"),
        line(2, "公用经费", "basic"),
        line(3, "离退休干部服务管理经费", "project"),
        line(4, "活动中心运行经费", "project"),
        line(5, "困难帮扶资金", "project", pays_aid=True),
    ]
