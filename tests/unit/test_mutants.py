"""The tool that tests the tests: operators, sample, bound in time, and what it says of tests that see nothing."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
import threading
from itertools import count
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tests.mutants import by_name, equivalent, races, report, running, sampling, tree
from tests.mutants.covering import AT_IMPORT, Covering, NothingRecorded, record
from tests.mutants.earlier import Earlier, Remembering
from tests.mutants.groups import GROUPS, Group
from tests.mutants.operators import Mutant, locks_of, mutants_of
from tests.mutants.recorder import OUTPUT
from tests.mutants.running import Launcher, Outcome, Ran, run
from tests.mutants.session import Bench, Result, Verdict, run_all


def made(source: str, operator: str | None = None) -> list[str]:
    """What becomes of a source, for each mutant of an operator."""
    source = dedent(source)
    mutants = mutants_of("services/x.py", source)
    return [m.applied(source.encode()).decode().strip() for m in mutants if operator in (None, m.operator)]


def unlocked(source: str) -> list[str]:
    source = dedent(source)
    return [m.applied(source.encode()).decode().strip() for m in locks_of("services/x.py", source)]


@pytest.mark.parametrize(
    ("operator", "source", "mutants"),
    [
        ("comparison", "a < b", ["(a <= b)"]),
        ("comparison", "a <= b != c", ["(a < b != c)", "(a <= b == c)"]),
        ("comparison", "a is None", ["(a is not None)"]),
        ("comparison", "x = a not in b", ["x = (a in b)"]),
        ("boolean", "f(again=True)", ["f(again=False)"]),
        ("constant", "x = 2", ["x = 3", "x = 1"]),
        ("constant", "x = 0", ["x = 1"]),
        ("not", "x = not a", ["x = (a)"]),
        ("not", "if a: b", ["if (not (a)): b"]),
        ("condition", "if a: b", ["if True: b", "if False: b"]),
        ("condition", "while a: b", ["while False: b"]),
        ("condition", "while True: b", []),
        ("condition", "x = [a for a in b if a]", ["x = [a for a in b if True]", "x = [a for a in b if False]"]),
        ("return", "def f():\n    return a", ["def f():\n    return None"]),
        ("return", "def f():\n    return None", []),
        ("call", "tell(visit)", ["pass"]),
        ("statement", "visit.version += 1", ["pass"]),
        ("statement", "visit.state = a", ["pass"]),
        ("raise", "raise Refused()", ["pass"]),
        ("arithmetic", "x = a + b * c", ["x = (a - b * c)", "x = a + (b // c)"]),
        ("arithmetic", "n -= a", ["n += a"]),
        ("arithmetic", "x = 'a' + b", []),
        ("and-or", "x = a and b", ["x = (a or b)"]),
        ("default", "def f(a, b='x'): pass", ["def f(a, b='xX'): pass"]),
    ],
)
def test_an_operator_makes_these_mutants(operator, source, mutants):
    assert made(source, operator) == mutants


@pytest.mark.parametrize(
    "source",
    [
        '"""A text of 3 < 4."""',
        "def f(a: int | None) -> list[int] | None: ...",
        "x: Literal[1]",
        "@dataclass(frozen=True, slots=True)\nclass A: ...",
        "Handle = Callable[[], int | None]",
        "import a",
        "__all__ = [a + b]",
        "self.log.info('x', n=1)",
        "logger.warning(a + 1)",
        "if TYPE_CHECKING: a(1)",
        "f'{a + 1}'",
        "mirror.lock(session, a)",
    ],
)
def test_what_no_test_has_to_notice_is_left_alone(source):
    assert made(source) == []


def test_an_edit_hits_the_right_place_after_chinese_text_and_in_a_statement_of_several_lines():
    source = """
        def f(人数):
            return g("走访", 人数 < 1,
                     "干部")
        """
    assert made(source, "comparison") == ['def f(人数):\n    return g("走访", (人数 <= 1),\n             "干部")']


def test_a_mutants_name_and_digest_stay_while_other_lines_change():
    one = mutants_of("services/x.py", "def f(a):\n    return a < 1\n")
    moved = mutants_of("services/x.py", "B = 1\n\n\ndef f(a):\n    return a < 1\n")
    changed = mutants_of("services/x.py", "def f(a):\n    return a < 2\n")
    key = "services.x:f:comparison:1"
    digests = [next(m.digest for m in mutants if m.key == key) for mutants in (one, moved, changed)]
    assert digests[0] == digests[1] != digests[2]


def test_every_mutant_of_the_code_can_be_compiled():
    for file in sorted((tree.ROOT / "hongxia" / "events").glob("*.py")):
        source = file.read_text(encoding="utf-8")
        for mutant in mutants_of(file.name, source) + locks_of(file.name, source):
            ast.parse(mutant.applied(source.encode()))


@pytest.mark.parametrize(
    ("source", "mutants"),
    [
        ("q = select(A).with_for_update(read=True).limit(1)", ["q = select(A).limit(1)"]),
        ("a = session.get(A, i, with_for_update=lock)", ["a = session.get(A, i, with_for_update=False)"]),
        ("a = visits.get(session, i, lock=True)", ["a = visits.get(session, i, lock=False)"]),
        ("a = visits.get(session, i, lock=False)", []),
        ("a = records.by_ids(session, A, i, locked=True)", ["a = records.by_ids(session, A, i, locked=False)"]),
        ("cadres.locked(session, i)", ["pass"]),
        ("a = records.lock(session, A, i)", ["a = records.get(session, A, i)"]),
        ("session.execute(select(func.pg_advisory_xact_lock(1)))", ["pass"]),
        ("locked = bool(c.scalar(text('SELECT pg_try_advisory_lock(1)')))", ["locked = True"]),
        ("visit = cadres.locked(session, i)", []),
    ],
)
def test_each_lock_is_taken_away_where_it_is_taken(source, mutants):
    assert unlocked(source) == mutants


def test_every_row_lock_of_the_code_has_a_mutant():
    written = sum(
        file.read_text(encoding="utf-8").count("with_for_update(")
        for name in ("hongxia", "services")
        for file in (tree.ROOT / name).rglob("*.py")
    )
    removed = [m for m in GROUPS["locks"].mutants(tree.ROOT) if "with_for_update(" in m.before]
    assert len(removed) == written > 0


def test_a_lock_is_judged_by_its_own_races_first_and_then_by_all_those_of_its_service():
    locks = {f"{mutant.path} {mutant.before}": mutant for mutant in GROUPS["locks"].mutants(tree.ROOT)}
    own, of_service, every = races.stages(
        locks["services/finance/balance.py return records.lock(session, BudgetLine, line_id)"], tree.ROOT
    )
    assert own[0].startswith("tests/races/test_finance.py::")
    assert "tests/races/test_finance.py" in of_service
    assert every == ["tests/races"]
    platform = locks["hongxia/events/cursor.py lock(session, source)"]  # a call of what takes the lock
    own, every = races.stages(platform, tree.ROOT)
    assert {test.split("::")[0] for test in own} == {"tests/races/test_platform.py"}
    assert every == ["tests/races", "tests/conformance"]


def test_tests_are_guessed_by_the_names_of_their_files_the_nearest_first():
    near, wide = by_name.stages(mutants_of("services/outreach/visits/rules.py", "A = 1")[0], tree.ROOT)
    assert "tests/unit/test_outreach_visits.py" in near
    assert {"tests/unit/test_outreach_aid.py", "tests/contract/test_contracts.py"} <= set(wide)
    assert not set(near) & set(wide)
    relay, *_, routes = by_name.stages(mutants_of("hongxia/events/relay.py", "A = 1")[0], tree.ROOT)
    assert {"tests/unit/test_events_relay.py", "tests/conformance/test_relay.py"} <= set(relay)
    assert "tests/unit/test_service_routes.py" in routes
    importing, *_ = by_name.stages(mutants_of("hongxia/runtime/http.py", "A = 1")[0], tree.ROOT)
    assert "tests/unit/test_runtime_embedded.py" in importing, "no test is named after it"


def mutants(lines: int) -> list[Mutant]:
    """Two mutants a line."""
    return mutants_of("services/x.py", "".join(f"x = {number + 2}\n" for number in range(lines)))


def test_a_seed_determines_the_sample_and_every_line_comes_once_before_one_comes_twice():
    first, again, other = (sampling.sample(mutants(20), seed) for seed in (1, 1, 2))
    assert first == again != other
    assert sorted(m.line for m in first[:20]) == list(range(1, 21))
    assert sorted(first, key=lambda m: m.key) == sorted(mutants(20), key=lambda m: m.key)


def test_groups_take_turns():
    names = [name for name, _ in sampling.taking_turns({"a": mutants(2), "b": mutants(1)})]
    assert names == ["a", "b", "a", "b", "a", "a"]


GROUP = Group("services", ("services/*.py",), 0.9, tests=("tests/unit",))


def seeing(outcome: Outcome):
    return lambda group, mutant: Verdict(outcome)


def test_no_mutant_is_begun_when_the_time_is_over():
    ticks = count()
    queue = ((GROUP, mutant) for mutant in mutants(100))
    results = run_all(queue, [seeing(Outcome.KILLED)], 10, lambda: float(next(ticks)))
    assert 0 < len(results) <= 10  # each look at the clock is a second


def test_all_mutants_are_tested_when_there_is_time_and_workers_share_them():
    meeting = threading.Barrier(2, timeout=30)
    seen: list[Result] = []

    def test(group: Group, mutant: Mutant) -> Verdict:
        meeting.wait()  # ends only if two are at work at once
        return Verdict(Outcome.KILLED)

    results = run_all(
        ((GROUP, mutant) for mutant in mutants(3)), [test, lambda g, m: test(g, m)], 60, lambda: 0.0, seen.append
    )
    assert len(results) == len(seen) == 6


def share(*outcomes: Outcome, group: Group = GROUP, made: int = 100) -> report.Share:
    results = tuple(Result(group.name, mutant, o) for mutant, o in zip(mutants(50), outcomes, strict=False))
    return report.Share(group, made, 0, results)


def test_a_group_falls_short_below_its_share_and_when_nothing_was_tested():
    killed, survived = Outcome.KILLED, Outcome.SURVIVED
    assert not share(*[killed] * 8, Outcome.TIMED_OUT, survived).falls_short(None)
    assert share(*[killed] * 8, survived, Outcome.NOT_REACHED).falls_short(None)
    assert not share(*[killed] * 8, survived, survived).falls_short(0.8)
    assert share().falls_short(None)
    assert not share(survived, group=GROUPS["http"]).falls_short(None)


def test_every_lock_must_be_tested_and_noticed():
    locks = GROUPS["locks"]
    assert not share(Outcome.KILLED, Outcome.KILLED, group=locks, made=2).falls_short(0.5)
    assert share(Outcome.KILLED, group=locks, made=2).falls_short(0.5)
    assert share(Outcome.KILLED, Outcome.SURVIVED, group=locks, made=2).falls_short(0.5)


def test_the_report_names_place_and_line_of_a_survivor(tmp_path):
    found = share(Outcome.KILLED, Outcome.SURVIVED)
    lines = "\n".join([*report.table([found]), *report.survivors([found])])
    assert "services/x.py:1  services.x:<module>:constant:2" in lines
    assert "- x = 2\n  + x = 1" in lines
    assert "50.0%" in lines
    report.write(tmp_path / "a" / "results.json", 7, [found])
    written = json.loads((tmp_path / "a" / "results.json").read_text(encoding="utf-8"))
    assert (written["seed"], written["groups"]["services"]["share"]) == (7, 0.5)
    assert [survivor["after"] for survivor in written["groups"]["services"]["survivors"]] == ["x = 1"]


def test_equivalent_mutants_are_listed_with_a_reason_and_one_that_is_not_there_any_more_is_told(tmp_path):
    mutant = mutants(1)[0]
    file = tmp_path / "equivalent.txt"
    file.write_text(
        f"# comment\n{mutant.key} {mutant.digest} a bound that nobody reaches\ngone:f:not:1 0 why\n", "utf-8"
    )
    listed = equivalent.read(file)
    assert listed[mutant.key, mutant.digest] == "a bound that nobody reaches"
    assert equivalent.outdated(listed, [mutant]) == ["gone:f:not:1"]
    file.write_text(f"{mutant.key} {mutant.digest}\n", "utf-8")
    with pytest.raises(equivalent.BadList):
        equivalent.read(file)


def test_the_list_of_equivalent_mutants_can_be_read():
    equivalent.read()


def test_tests_are_selected_by_line_and_for_what_runs_at_import_by_file(tmp_path):
    (tmp_path / "tests/unit").mkdir(parents=True)
    texts = {"a": "from services.visits import rules", "b": "import hongxia", "c": "for name in services.names(): ..."}
    for name, text in texts.items():
        (tmp_path / f"tests/unit/test_{name}.py").write_text(text, "utf-8")
    tests = ["tests/unit/test_a.py::slow", "tests/unit/test_b.py::quick[1]", "tests/unit/test_b.py::fails"]
    tests.append("tests/unit/test_c.py::elsewhere")
    path = "services/visits/rules.py"
    lines = {path: {"1": [AT_IMPORT], "2": [0, 1, 2]}}
    covering = Covering(tests, dict(zip(tests, (2.0, 1.0, 0.1, 1.0), strict=True)), lines, frozenset(tests[2:3]))
    at_import, in_function, nowhere = mutants_of(path, "a = 0\nb = 0\nc = 0\n")
    assert covering.selected(in_function, tmp_path) == ["tests/unit/test_b.py::quick", "tests/unit/test_a.py::slow"]
    assert covering.selected(at_import, tmp_path) == ["tests/unit/test_a.py", "tests/unit/test_c.py"]
    assert covering.selected(nowhere, tmp_path) == []
    assert covering.within(["tests/e2e"]).selected(in_function, tmp_path) == []
    assert covering.expected(["tests/unit/test_b.py"]) == pytest.approx(1.1)


class SmallTree(tree.Tree):
    """A tree of one module and one test file, with the environment that runs now."""

    @property
    def python(self) -> Path:
        return Path(sys.executable)


def small_tree(directory: Path, test: str) -> SmallTree:
    made = SmallTree(directory)
    (made.path / "services").mkdir(parents=True)
    (made.path / "services" / "x.py").write_text("def f(a):\n    return a < 1\n", "utf-8")
    (made.path / "hongxia").mkdir()
    shutil.copytree(tree.ROOT / "tests" / "mutants", made.path / "tests" / "mutants")
    (made.path / "tests" / "test_x.py").write_text(dedent(test), "utf-8")
    made.compile("services")
    (made.path / "pytest.ini").write_text("[pytest]\npythonpath = .\n", "utf-8")
    return made


def results_in(small: SmallTree, most: int = 4) -> list[Result]:
    found = mutants_of("services/x.py", (small.path / "services" / "x.py").read_text("utf-8"))[:most]
    lines = {"services/x.py": {"2": [0]}}
    covering = Covering(["tests/test_x.py::test"], {"tests/test_x.py::test": 0.1}, lines)
    launcher = Launcher(small)
    try:
        bench = Bench(small, {GROUP.name: covering}, launcher)
        return run_all(((GROUP, mutant) for mutant in found), [bench], 60, lambda: 0.0)
    finally:
        launcher.close()


def test_a_launcher_answers_run_after_run_and_sees_each_file_as_it_is(tmp_path):
    small = small_tree(tmp_path, "from services.x import f\n\ndef test():\n    assert f(0)\n")
    module = small.path / "services" / "x.py"
    launcher = Launcher(small)
    try:
        assert launcher(small, ["tests/test_x.py"], 60, "-x").outcome is Outcome.SURVIVED
        module.write_text("def f(a):\n    return a < 0\n", "utf-8")
        assert launcher(small, ["tests/test_x.py"], 60, "-x").outcome is Outcome.KILLED
        module.write_text("import time\n\ndef f(a):\n    return time.sleep(600)\n", "utf-8")
        assert launcher(small, ["tests/test_x.py"], 3, "-x").outcome is Outcome.TIMED_OUT
    finally:
        launcher.close()


ALWAYS_GREEN = """
    from services.x import f

    def test():
        assert f
    """


def test_tests_that_are_always_green_kill_nothing_and_the_copy_is_as_before(tmp_path):
    small = small_tree(tmp_path, ALWAYS_GREEN)
    found = report.Share(GROUP, 4, 0, tuple(results_in(small)))
    assert (found.tested, found.killed, found.share) == (4, 0, 0.0)
    assert found.falls_short(None)
    assert (small.path / "services" / "x.py").read_text("utf-8") == "def f(a):\n    return a < 1\n"


def test_tests_that_look_at_the_bound_kill_every_mutant(tmp_path):
    small = small_tree(tmp_path, "from services.x import f\n\ndef test():\n    assert [f(0), f(1)] == [True, False]\n")
    assert {result.outcome for result in results_in(small)} == {Outcome.KILLED}


def test_tests_that_fail_without_a_fault_too_do_not_count_as_noticing_one(tmp_path):
    small = small_tree(tmp_path, "def test():\n    assert False\n")
    results = tuple(results_in(small, most=1))
    assert [(result.outcome, result.test) for result in results] == [(Outcome.NOT_JUDGED, "tests/test_x.py::test")]
    assert report.Share(GROUP, 4, 0, results).share == 0.0


def test_a_run_that_does_not_end_is_ended_with_all_that_it_started(tmp_path):
    test = """
        import subprocess, sys, time, pathlib

        def test():
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            pathlib.Path("child").write_text(str(child.pid))
            time.sleep(600)
        """
    small = small_tree(tmp_path, test)
    assert run(small, ["tests/test_x.py"], 5).outcome is Outcome.TIMED_OUT
    child = int((small.path / "child").read_text("utf-8"))
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(child)], capture_output=True, text=True, check=False).stdout
    assert state.strip() == "" or state.startswith("Z")


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (0, Outcome.SURVIVED),
        (1, Outcome.KILLED),
        (2, Outcome.KILLED),
        (5, Outcome.NOT_REACHED),
        (None, Outcome.TIMED_OUT),
    ],
)
def test_pytests_exit_code_says_what_the_tests_saw(code, outcome):
    assert Ran(code, "").outcome is outcome


def test_every_group_has_files():
    for group in GROUPS.values():
        assert group.mutants(tree.ROOT), group.name


@pytest.mark.parametrize("code", [2, None])
def test_what_a_broken_off_recording_noted_is_not_taken_for_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int | None
) -> None:
    def broken_off(_tree: Any, _tests: Any, _seconds: float, *_options: str, environ: dict[str, str]) -> Ran:
        Path(environ[OUTPUT]).write_text('{"seconds": {}, "failed": [], "lines": {}}', "utf-8")
        return Ran(code, "")

    monkeypatch.setattr(running, "run", broken_off)
    copy = tree.Tree(tmp_path)
    (copy.path / "tests" / "unit").mkdir(parents=True)
    (copy.path / "tests" / "unit" / "test_x.py").write_text("def test(): ...\n", "utf-8")
    for _ in range(2):
        with pytest.raises(NothingRecorded):
            record(copy, ["tests/unit"], tmp_path / "out")


def notes_of(copy: SmallTree, output: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Covering, list[str]]:
    """What is recorded, and which test files were run for it."""
    asked: list[str] = []

    def watched(small: tree.Tree, tests: Any, seconds: float, *options: str, environ: dict[str, str]) -> Ran:
        asked.extend(tests)
        return run(small, tests, seconds, *options, environ=environ)

    monkeypatch.setattr(running, "run", watched)
    return record(copy, ["tests"], output), asked


def test_only_test_files_that_are_new_or_changed_are_run_again_to_note_their_lines(tmp_path, monkeypatch):
    small = small_tree(tmp_path, "from services.x import f\n\ndef test():\n    assert f(0)\n")
    first, asked = notes_of(small, tmp_path / "out", monkeypatch)
    assert asked == ["tests/test_x.py"]
    assert first.lines["services/x.py"]["2"] == [0]
    (small.path / "tests" / "test_a.py").write_text("from services.x import f\n\ndef test():\n    f(1)\n", "utf-8")
    second, asked = notes_of(small, tmp_path / "out", monkeypatch)
    assert asked == ["tests/test_a.py"]
    assert [second.tests[number] for number in second.lines["services/x.py"]["2"]] == [
        "tests/test_a.py::test",
        "tests/test_x.py::test",
    ]
    assert second.lines["services/x.py"]["1"] == [AT_IMPORT]
    (small.path / "services" / "x.py").write_text("def f(a):\n    return a < 2\n", "utf-8")
    assert notes_of(small, tmp_path / "out", monkeypatch)[1] == ["tests/test_a.py", "tests/test_x.py"]


SOURCES = {"services/x.py": "1" * 64, "tests/test_x.py": "2" * 64, "tests/test_y.py": "3" * 64}
KILLED = Verdict(Outcome.KILLED, "tests/test_x.py::test[1]")


@pytest.mark.parametrize(
    ("verdict", "changed", "holds"),
    [
        (KILLED, {}, True),
        (KILLED, {"tests/test_y.py": "4" * 64, "tests/test_z.py": "5" * 64}, True),
        (KILLED, {"tests/test_x.py": "4" * 64}, False),
        (KILLED, {"services/x.py": "4" * 64}, False),
        (KILLED, {"tests/builders.py": "4" * 64}, False),
        (Verdict(Outcome.SURVIVED), {}, True),
        (Verdict(Outcome.SURVIVED), {"tests/test_z.py": "5" * 64}, False),
        (Verdict(Outcome.TIMED_OUT), {"tests/test_z.py": "5" * 64}, False),
        (Verdict(Outcome.NOT_JUDGED, "tests/test_x.py::test"), {}, False),
    ],
)
def test_what_an_earlier_run_found_holds_while_what_it_rests_on_stays(tmp_path, verdict, changed, holds):
    mutant = mutants(1)[0]
    Earlier(tmp_path, tree.Sources(SOURCES)).add(GROUP, mutant, verdict)
    later = Earlier(tmp_path, tree.Sources(dict(sorted({**SOURCES, **changed}.items()))))
    assert later.get(GROUP, mutant) == (verdict if holds else None)


def test_a_mutant_that_an_earlier_run_has_tested_is_not_tested_again(tmp_path):
    asked: list[str] = []

    def test(group: Group, mutant: Mutant) -> Verdict:
        asked.append(mutant.key)
        return KILLED

    of_first, of_second = mutants(1), mutants(2)
    for queue in (of_first, of_second):
        earlier = Earlier(tmp_path, tree.Sources(SOURCES))
        results = run_all(((GROUP, mutant) for mutant in queue), [Remembering(test, earlier)], 60, lambda: 0.0)
        assert [(result.outcome, result.test) for result in results] == [KILLED] * len(queue)
    assert asked == [mutant.key for mutant in of_second]
    with (tmp_path / f"{tree.Sources(SOURCES).base}.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"group": "serv')  # the run was killed while it wrote
    assert Earlier(tmp_path, tree.Sources(SOURCES)).get(GROUP, of_second[-1]) == KILLED
