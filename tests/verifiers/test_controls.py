"""What the verdict on a control job says of the reference."""

from __future__ import annotations

import pytest

from verifiers import registry
from verifiers.controls import control_job, is_sound, reference_fault
from verifiers.types import Json, Status, Verdict
from verifiers.worker import judge


@pytest.mark.parametrize(
    ("verdict", "fault"),
    [
        (Verdict.of(Status.CORRECT), None),
        (Verdict.of(Status.PARTIAL, reward=0.5), None),
        (Verdict.of(Status.WRONG), None),
        (Verdict.of(Status.REJECTED, detail="too large"), "is judged 'rejected': too large"),
        (Verdict.of(Status.TIMEOUT, detail="late"), "is judged 'timeout': late"),
        (Verdict.of(Status.NO_ANSWER), "is judged 'no_answer'"),
        (Verdict.failed("bad_reference", "no key"), "no key"),
        (Verdict.failed("control", "the judge raised TypeError: x"), "its judge fails on any answer: the judge raised"),
        # Not the reference's doing: it may be judged elsewhere, or another time.
        (Verdict.failed("control", "the judge raised SandboxUnavailable: no bubblewrap"), None),
        (Verdict.failed("control", "the judge raised SandboxFailed: died"), None),
        (Verdict.failed("no_lean", "none"), None),
        (Verdict.failed("no_compiler", "none"), None),
        (Verdict.failed("worker", "none starts"), None),
        (Verdict.failed("shutdown", "closed"), None),
    ],
)
def test_whose_fault_it_is(verdict: Verdict, fault: str | None) -> None:
    found = reference_fault(verdict.model_copy(update={"verifier": "math"}))
    assert found is None if fault is None else fault in str(found)


def test_a_users_function_may_say_anything_of_a_neutral_answer() -> None:
    rejected = Verdict.of(Status.REJECTED, verifier="judge.py:mine")
    raised = Verdict.failed("user_function", "it raises", verifier="judge.py:mine")
    assert is_sound(rejected) and reference_fault(rejected) is None
    assert not is_sound(raised) and reference_fault(raised) is None


@pytest.mark.parametrize("name", sorted(registry.VERIFIERS))
@pytest.mark.parametrize("reference", [{}, {"answer": []}, {"statement": None, "kind": 1}, {"language": ["cpp"]}])
def test_whatever_stands_in_a_reference_the_judge_says_that_it_is_bad(name: str, reference: Json) -> None:
    verdict = judge(control_job(name, reference))
    assert verdict.failure_kind == "bad_reference" and reference_fault(verdict)
