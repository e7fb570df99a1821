"""Twenty-odd kinds of zero, judged for real, and the words that a person reads about each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.explain import explain
from verifiers.pool import Job, JudgePool
from verifiers.types import Json, Status, Verdict


@pytest.fixture(scope="module")
def pool() -> Iterator[JudgePool]:
    with JudgePool(2, 5.0) as running:
        yield running


def python(program: str) -> str:
    return f"```python\n{program}\n```"


def lean(proof: str) -> str:
    return f"```lean\n{proof}\n```"


NUMBER: Json = {"answer": "42"}
CALLS: Json = {
    "kind": "calls",
    "entry_point": "f",
    "cases": [{"args": [1], "expected": 2}, {"args": [2], "expected": 3}],
}
STDIN: Json = {
    "kind": "stdin",
    "cases": [{"stdin": "1\n", "stdout": "2\n"}],
    "limits": {"cpu_seconds": 0.5, "wall_seconds": 2},
}
AND: Json = {"statement": "theorem t (p q : Prop) (h : p ∧ q) : q ∧ p"}

COUNTDOWN: Json = {
    "family": "countdown",
    "entry": {"question": "", "answer": "3*4 - 5", "metadata": {"numbers": [3, 4, 5], "target": 7}},
}
LADDER: Json = {
    "family": "word_ladder",
    "entry": {"question": "", "answer": "COLD,CORD,WORD", "metadata": {"start_word": "COLD", "end_word": "WORD"}},
}
INTEGRAL: Json = {
    "family": "simple_integration",
    "entry": {"question": "", "answer": "x**2 + C", "metadata": {"variable": "x", "integrand": "2*x"}},
}
# To be simplified.
SLOW = " + ".join(f"sin(x)**{n}*cos(x+{n})**19*tan(x)**7" for n in range(9))

ZEROS = [
    ("gym", " ", COUNTDOWN, "stop", "no_answer", "It states no final answer, or several."),
    ("gym", "<answer>3*4", COUNTDOWN, "length", "truncated", "Cut off before its final answer."),
    ("gym", "<answer>3 + 4</answer>", COUNTDOWN, "stop",
     "wrong", "It is nothing that an answer to countdown can look like."),
    ("gym", "<answer>COLD,CORD,QORD,WORD</answer>", LADDER, "stop",
     "wrong", "The scorer of word_ladder does not give it a full score."),
    ("gym", "1 + " * 9_000, COUNTDOWN, "stop", "rejected", "It is too long to be judged."),
    ("gym", f"<answer>{SLOW}</answer>", INTEGRAL, "stop",
     "timeout", "Scoring its answer took too long."),
    ("math", "no idea", NUMBER, "stop", "no_answer", "It never states a final answer."),
    ("math", "The answer is 3, or the answer is 4", NUMBER, "stop",
     "no_answer", "It states several answers, or none that is clear."),
    ("math", "So 4", NUMBER, "length", "truncated", "Cut off before its final answer."),
    ("math", r"\boxed{41}", NUMBER, "stop", "wrong", "Another answer was expected."),
    ("math", rf"\boxed{{{'9' * 1500}}}", NUMBER, "stop", "rejected", "Its answer is too large to be compared."),
    ("code", "nothing", STDIN, "stop", "no_answer", "There is no program in it."),
    ("code", "```python\ndef f(", CALLS, "length", "truncated", "Cut off before the end of its program."),
    ("code", python("print(3)"), STDIN, "stop", "wrong", "Test 1 of 1 gives another result."),
    ("code", python("print(2)\n1 / 0"), STDIN, "stop", "wrong", "The program fails in test 1 of 1."),
    ("code", python("print(3)"), STDIN | {"checker": {"source": "import sys\nprint('2' in open(sys.argv[3]).read())"}},
     "stop", "wrong", "The data set's checker does not take the output of test 1 of 1."),
    ("code", python("print(2) # \ud800"), STDIN, "stop", "rejected", "It is no text: half a character is in it."),
    ("math", "\ud800 \\boxed{42}", NUMBER, "stop", "rejected", "It is no text: half a character is in it."),
    # On a busy machine the wall clock must not come first.
    ("code", python("while 1: pass"), STDIN | {"limits": {"cpu_seconds": 0.5, "wall_seconds": 60}}, "stop",
     "timeout", "The program computes for too long."),
    ("code", python("import time; time.sleep(9)"), STDIN, "stop", "timeout", "The program waits for too long."),
    ("code", python("x = 'a' * 10**10"), STDIN, "stop", "rejected", "The program needs too much memory."),
    ("code", python("while 1: print('x' * 9999)"), STDIN, "stop", "rejected", "The program writes too much."),
    ("code", python("def f(x): return 2"), CALLS, "stop", "wrong", "Test 2 of 2 gives another result."),
    ("code", python("def f(x): raise KeyError(x)"), CALLS, "stop", "wrong", "The program raises KeyError."),
    ("code", python("def f(x) return"), CALLS, "stop", "wrong", "The program fails before its first test."),
    ("code", python("import os\ndef f(x): os._exit(0)"), CALLS, "stop",
     "wrong", "The program ends before the tests are done."),
    ("lean", lean("theorem u : True := trivial"), AND, "stop", "no_answer", "There is no proof of this theorem in it."),
    ("lean", "```lean\nby exact ⟨h.2", AND, "length", "truncated", "Cut off before the end of its proof."),
    ("lean", lean("by\n  constructor\n  exact h.2"), AND, "stop",
     "wrong", "The proof ends before all goals are closed."),
    ("lean", lean("by exact h"), AND, "stop", "wrong", "A term of the proof has another type than the goal needs."),
    ("lean", lean("by exact And.symmetric h"), AND, "stop", "wrong", "The proof names something that is not there."),
    ("lean", lean("by\n  exact ⟨h.2, h.1⟩\naxiom x : False"), AND, "stop",
     "rejected", "The proof uses what no proof may use: a second command"),
    ("lean", lean("by repeat (first | skip)"), AND, "stop", "timeout", "Lean works on the proof for too long."),
]  # fmt: skip


@pytest.mark.parametrize(("verifier", "text", "reference", "finish_reason", "status", "headline"), ZEROS)
def test_a_zero_is_explained(
    pool: JudgePool, verifier: str, text: str, reference: Json, finish_reason: str, status: str, headline: str
) -> None:
    job = Job.model_validate(
        {"verifier": verifier, "text": text, "reference": reference, "finish_reason": finish_reason}
    )
    verdict = pool.judge([job])[0]
    assert (verdict.status.value, verdict.reward) == (status, 0.0), verdict
    said = explain(verdict)
    assert said.headline.startswith(headline)
    assert verdict.detail in said.why
    assert said.remedy.endswith((".", ")"))


def test_a_failure_is_no_zero(pool: JudgePool) -> None:
    verdict = pool.judge([Job(verifier="math", text=r"\boxed{1}", reference={"answer": ""})])[0]
    said = explain(verdict)
    assert said.headline == "The problem itself cannot be judged."
    assert said.why.endswith("The sample is masked: it is not a zero and counts nowhere.")


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.ERROR])
def test_every_status_of_any_judge_has_words(status: Status) -> None:
    reward = 0.5 if status is Status.PARTIAL else None
    assert explain(Verdict.of(status, reward=reward, verifier="mine.py:judge", detail="{odd} [detail")).headline
