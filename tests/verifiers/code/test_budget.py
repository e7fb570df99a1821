"""What all cases of one answer may use together."""

from __future__ import annotations

from typing import Any

import pytest

from verifiers import registry
from verifiers.code.budget import Budget
from verifiers.code.judge import judge
from verifiers.code.reference import LimitsRequest
from verifiers.sandbox import policy
from verifiers.sandbox.types import Limits, Outcome
from verifiers.types import Status

QUICK = {"cpu_seconds": 1, "wall_seconds": 0.5}
CASES = 40


def used(cpu: float, wall: float) -> Outcome:
    return Outcome("exited", 0, b"", b"", cpu, wall, 0)


def spent(limits: Limits, cases: int, cpu: float, wall: float) -> str:
    """What a budget says once as many programs as there are cases have used so much each."""
    budget = Budget(limits, cases)
    for _ in range(cases):
        if said := budget.spent():
            return said
        budget.add(used(cpu, wall))
    return ""


@pytest.mark.parametrize(
    ("cases", "cpu", "wall", "word"),
    [
        # All of its CPU time in each case, on a machine so busy that it takes three times as long.
        (10, 1.99, 5.9, ""),
        # A third of it in every case of many.
        (100, 0.65, 1.9, ""),
        (100, 0.3, 0.9, ""),
        # What it costs to start one.
        (2000, 0.003, 0.015, ""),
        (100, 1.9, 1.9, "CPU time"),
        (20, 0.001, 5.9, "waiting"),
        (1000, 0.001, 0.2, "waiting"),
    ],
)
def test_honest_programs_are_not_cut_and_sleepers_are(cases: int, cpu: float, wall: float, word: str) -> None:
    said = spent(Limits(), cases, cpu, wall)
    assert word in said
    assert bool(said) is bool(word)


def test_one_program_is_never_cut_by_the_budget() -> None:
    highest = LimitsRequest(cpu_seconds=60, wall_seconds=120).limits()
    budget = Budget(highest, 1)
    assert not budget.spent()
    budget.add(used(60, 120))
    assert not budget.spent()


def test_an_answer_ends_by_its_budget_before_the_judge_is_late() -> None:
    """At the highest limits that a reference may ask for, on the busiest machine."""
    highest = LimitsRequest(cpu_seconds=60, wall_seconds=120).limits()
    budget = Budget(highest, 1000)
    longest = 3 * budget.cpu_seconds + budget.waiting_seconds + highest.wall_seconds
    compiler = 30
    assert longest + compiler < registry.wall_seconds("code", 5.0)


@pytest.mark.skipif(bool(policy.check().missing()), reason=f"no sandbox here: {'; '.join(policy.check().missing())}")
@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize("kind", ["stdin", "calls"])
def test_a_program_that_sleeps_in_each_case_is_timed_out(kind: str, partial: bool) -> None:
    reference: dict[str, Any] = {"kind": kind, "partial": partial, "limits": QUICK}
    if kind == "stdin":
        program = "import time\nprint(int(input()) + 1)\ntime.sleep(0.4)"
        reference["cases"] = [{"stdin": str(number), "stdout": str(number + 1)} for number in range(CASES)]
    else:
        # A program that has answered once, and ends so that the next case needs another one.
        program = "import os, time\nasked = []\ndef f(x):\n    asked.append(x)\n"
        program += "    if len(asked) == 2:\n        time.sleep(0.4)\n        os._exit(0)\n    return x + 1"
        reference |= {"entry_point": "f", "cases": [{"args": [n], "expected": n + 1} for n in range(CASES)]}
    said = judge(f"```python\n{program}\n```", reference, finish_reason="stop")
    if kind == "calls" and not partial:
        assert said.status is Status.WRONG
    else:
        assert said.status is (Status.PARTIAL if partial else Status.TIMEOUT), said
        # Of 40 sleeps of .4 s, some 9 s of waiting let 22 pass.
        assert (said.reward or 0.0) < 0.7
