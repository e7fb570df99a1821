"""Every expected answer of the data sets beside the checkout passes its own judge; and a sample of generated pairs."""

import json
from pathlib import Path
from random import Random

import pytest

from tests.bench.math_pairs import EQUAL, UNEQUAL, accepted, equal_pairs, unequal_pairs
from verifiers.math.judge import judge, reference_problem

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
# Exceptions by file and line, with the reason: there are none.
EXCEPTIONS: dict[tuple[str, int], str] = {}


@pytest.mark.parametrize("name", ["gsm8k/train", "gsm8k/test", "cmath/test"])
def test_every_expected_answer_passes(name: str) -> None:
    path = DATA / f"{name}.jsonl"
    if not path.exists():
        pytest.skip(f"{name}.jsonl is not in ../shared/data: put it there")
    wrong = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        solution = str(json.loads(line)["answer"])
        gold = solution.rpartition("####")[2].strip()
        texts = [f"\\boxed{{{gold}}}", f"The answer is {gold}.", f"答案是{gold}。"]
        texts += [solution] if "####" in solution else []
        verdicts = [judge(text, {"answer": gold}, finish_reason="stop") for text in texts]
        if reference_problem({"answer": gold}) or any(verdict.reward != 1.0 for verdict in verdicts):
            wrong[name, number] = gold
    assert wrong.keys() == {key for key in EXCEPTIONS if key[0] == name}, wrong


def test_generated_pairs() -> None:
    tried, correct, _ = accepted(unequal_pairs(Random(5), 8 * len(UNEQUAL)))
    assert len(tried) == len(UNEQUAL) and not correct.total(), correct
    tried, correct, _ = accepted(equal_pairs(Random(5), 8 * len(EQUAL)))
    assert len(tried) == len(EQUAL) and correct == tried, tried - correct
