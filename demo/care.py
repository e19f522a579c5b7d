"""Rows of the workbook 走访联络: visits, monthly contacts, aid, suggestions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random

from demo.chance import chance, in_month, month_end, parts, working_day
from demo.people import Person
from demo.plan import CarePlan, Plan
from hongxia.workbook.declare import Value

Record = dict[str, Value]

ROUND_AGES = (70, 80, 90, 100)

SUMMARIES = (
    ("legal", "公众号“小张说法”法律咨询：房屋继承"),
    ("legal", "公众号“小张说法”法律咨询：意定监护"),
    ("health", "希望荔湾区医疗志愿服务队到小区义诊"),
    ("health", "行动不便，申请社区家庭病床"),
    ("health", "希望体检增加骨密度项目"),
    ("home_care", "希望协调加装电梯"),
    ("home_care", "希望增加社区长者饭堂午餐品种"),
    ("learning", "希望增加智能手机使用课程"),
    ("learning", "希望线上课程可以回看"),
    ("treatment", "询问护理费发放标准"),
    ("treatment", "询问异地就医报销手续"),
    ("other", None),
)


def make_care(plan: Plan, seed: int, people: Sequence[Person]) -> dict[str, list[Record]]:
    """All sheets of the workbook."""
    steady = [person for person in people if person.served_all(plan.year)]
    return {
        "visits": _visits(plan, chance(seed, "visits"), people, steady),
        "contacts": _contacts(plan, chance(seed, "contacts"), people),
        "aid_cases": _aid_cases(plan, chance(seed, "aid"), steady),
        "suggestions": _suggestions(plan, chance(seed, "suggestions")),
    }


def _visits(plan: Plan, rng: Random, people: Sequence[Person], steady: Sequence[Person]) -> list[Record]:
    visits = [
        *_themed_visits(plan, rng, steady),
        *_must_visits(plan, rng, people, steady),
        *_other_visits(plan, rng, steady),
    ]
    visits.sort(key=lambda visit: (str(visit["visited_on"]), str(visit["cadre_id"]), str(visit["occasion"])))
    return [{"visit_no": f"ZF-{number:04}", **visit} for number, visit in enumerate(visits, start=1)]


def _visit(
    person: Person, on: date, form: str, category: str, occasion: str, people: int = 1, must: bool = False
) -> Record:
    return {
        "cadre_id": person.cadre_no,
        "name": person.name,
        "visited_on": on,
        "form": form,
        "category": category,
        "occasion": occasion,
        "five_must": must,
        "people": people,
    }


def _themed_visits(plan: Plan, rng: Random, steady: Sequence[Person]) -> Iterator[Record]:
    """“让爱来敲门”: some persons are called on twice, for a birthday in July and for a jubilee in autumn."""
    care, year = plan.care, plan.year
    pool = rng.sample(steady, len(steady))
    birthdays = [person for person in pool if person.turns(year) in ROUND_AGES][: care.birthdays]
    jubilarians = [person for person in pool if person.joined_party_on and person.joined_party_on.year <= year - 50]
    both = [person for person in birthdays if person in jubilarians][: care.birthday_and_jubilee]
    only = [person for person in jubilarians if person not in birthdays]
    promoted = [person for person in pool if person.row["treatment"] == "122" and person not in birthdays + only]
    promoted += [person for person in pool if person not in birthdays + jubilarians and person not in promoted]
    themed = promoted[: care.treatment_themed]
    routine = promoted[care.treatment_themed :][: care.treatment_routine]
    in_hospital = promoted[care.treatment_themed + care.treatment_routine :][: care.treatment_in_hospital]
    july = (date(year, 6, 20), date(year, 7, 8))
    autumn = (date(year, 10, 1), month_end(year, 10))
    for person in birthdays:
        yield _visit(person, working_day(rng, *july), "home", "love_knocks", "birthday", rng.randint(1, 2))
    for person in both + only[: care.party_jubilees - len(both)]:
        yield _visit(person, working_day(rng, *july), "home", "love_knocks", "party_50_years")
    for person in themed:
        yield _visit(person, working_day(rng, *autumn), "home", "love_knocks", "treatment_change")
    for person in themed[:3] + routine:
        yield _visit(person, in_month(rng, year, 11), "home", "routine", "treatment_change")
    for person in in_hospital:
        yield _visit(person, in_month(rng, year, 11), "hospital", "routine", "treatment_change")
    for person in pool[:6]:
        yield _visit(person, working_day(rng, *autumn), "home", "love_knocks", "routine")


def _must_visits(plan: Plan, rng: Random, people: Sequence[Person], steady: Sequence[Person]) -> Iterator[Record]:
    """五必访: families of the dead, hardship, and patients until the planned number of people is reached."""
    year, left = plan.year, plan.care.five_visits_people
    for person in people:
        if person.deceased_on and person.deceased_on.year == year and left >= 3:
            on = min(person.deceased_on + timedelta(days=rng.randint(1, 5)), date(year, 12, 31))
            left -= 3
            yield _visit(person, on, "home", "routine", "death", 3, must=True)
    for person in rng.sample(steady, 9):
        if left >= 2:
            left -= 2
            yield _visit(person, in_month(rng, year, rng.randint(1, 12)), "home", "routine", "hardship", 2, must=True)
    while left > 0:
        called_on = min(left, rng.choice((1, 2, 2, 3)))
        left -= called_on
        form = rng.choice(("hospital", "hospital", "hospital", "home"))
        on = in_month(rng, year, rng.randint(1, 12))
        yield _visit(rng.choice(steady), on, form, "routine", "illness", called_on, must=True)


def _other_visits(plan: Plan, rng: Random, steady: Sequence[Person]) -> Iterator[Record]:
    """Visits that no figure counts: festivals, daily calls, and some to patients outside 五必访."""
    care, year = plan.care, plan.year
    for person in rng.sample(steady, care.festival_visits):
        on = working_day(rng, date(year, 1, 17), date(year, 1, 29))
        yield _visit(person, on, "home", "festival", "festival", rng.randint(1, 2))
    for person in rng.sample(steady, care.routine_visits):
        occasion = "living_alone" if person.row["living_alone"] else "routine"
        yield _visit(person, in_month(rng, year, rng.randint(1, 12)), "home", "routine", occasion)
    for person in rng.sample(steady, 8):
        yield _visit(person, in_month(rng, year, rng.randint(1, 12)), "hospital", "routine", "illness", 2)


def _contacts(plan: Plan, rng: Random, people: Sequence[Person]) -> list[Record]:
    """A contact for every month due (less what the plan misses), second ones, some in months not due."""
    contacts: list[Record] = []
    for month in range(1, 13):
        first, last = date(plan.year, month, 1), month_end(plan.year, month)
        for person in people:
            if person.served_on(last):
                if rng.randrange(100) < plan.care.missed_contacts_percent:
                    continue
                start = max(first, person.registered_on)
                contacts.append(_contact(rng, person, working_day(rng, start, last)))
                if rng.random() < 0.03 and start < last:
                    contacts.append(_contact(rng, person, working_day(rng, start, last), again=True))
            elif person.served_on(first) and person.deceased_on and person.deceased_on > first:
                contacts.append(_contact(rng, person, first))
    contacts.sort(key=lambda contact: (str(contact["contacted_on"]), str(contact["cadre_id"])))
    return contacts


def _contact(rng: Random, person: Person, on: date, again: bool = False) -> Record:
    method = "in_person" if again else rng.choices(("phone", "wechat", "other"), (6, 4, 1))[0]
    return {"cadre_id": person.cadre_no, "name": person.name, "contacted_on": on, "method": method}


def _aid_cases(plan: Plan, rng: Random, steady: Sequence[Person]) -> list[Record]:
    care: CarePlan = plan.care
    chosen = rng.sample(steady, care.aid_persons + care.aid_declined)
    approved = chosen[: care.aid_persons]
    hundreds = parts(rng, care.aid_fen // 10_000, len(approved), least=20)
    amounts = [10_000 * part for part in hundreds]
    amounts[0] += care.aid_fen % 10_000
    cases = [
        _aid_case(plan.year, rng, person, "approved", amount) for person, amount in zip(approved, amounts, strict=True)
    ]
    cases += [_aid_case(plan.year, rng, person, "declined", None) for person in chosen[care.aid_persons :]]
    rng.shuffle(cases)
    return [{"aid_no": f"BF-{number:03}", **case} for number, case in enumerate(cases, start=1)]


def _aid_case(year: int, rng: Random, person: Person, outcome: str, amount: int | None) -> Record:
    reviewed = date(year, 1, rng.randint(17, 20))
    paid = reviewed + timedelta(days=rng.randint(4, 12)) if amount and rng.random() < 0.8 else None
    return {
        "cadre_id": person.cadre_no,
        "name": person.name,
        "applied_on": in_month(rng, year - 1, rng.randint(10, 12)),
        "reviewed_on": reviewed,
        "outcome": outcome,
        "amount_fen": amount,
        "pay_on": paid,
        "cause": rng.choices(("illness", "poverty", "misfortune", "other"), (6, 2, 1, 1))[0],
    }


def _suggestions(plan: Plan, rng: Random) -> list[Record]:
    received = sorted(in_month(rng, plan.year, rng.randint(1, 12)) for _ in range(plan.care.suggestions))
    still_open = set(rng.sample(range(len(received)), plan.care.suggestions_open))
    suggestions: list[Record] = []
    for number, on in enumerate(received):
        category, summary = SUMMARIES[number % len(SUMMARIES)]
        resolved = min(on + timedelta(days=rng.randint(0, 20)), date(plan.year, 12, 31))
        suggestions.append(
            {
                "suggestion_no": f"YJ-{number + 1:03}",
                "received_on": on,
                "channel": rng.choices(("platform", "phone", "visit", "meeting", "letter"), (6, 2, 2, 1, 1))[0],
                "category": category,
                "summary": summary,
                "resolved_on": None if number in still_open else resolved,
            }
        )
    return suggestions
