"""The examples of docs/JUDGES.md for the gym judge: what is read, and what is not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from verifiers.gym.judge import judge
from verifiers.types import Json

pytest.importorskip("reasoning_gym")
PAGE = Path(__file__).resolve().parents[3] / "docs" / "JUDGES.md"
SECTION = PAGE.read_text(encoding="utf-8").partition("## 10. ")[2]
(BLOCK,) = re.findall(r"^```jsonl\n(.*?)^```$", SECTION, re.DOTALL | re.MULTILINE)
EXAMPLES = [json.loads(line) for line in BLOCK.splitlines()]
BOARD = [[1, 2, 3, 4], [3, 4, 1, 2], [2, 1, 4, 3], [4, 3, 2, 1]]
ENTRIES: dict[str, Json] = {
    "countdown": {"answer": "94*4 - 61 - 6", "metadata": {"numbers": [94, 61, 6, 4], "target": 309}},
    "mini_sudoku": {
        "answer": "\n".join(" ".join(map(str, row)) for row in BOARD),
        "metadata": {"solution": BOARD},
    },
    "simple_integration": {
        "answer": "x**3/3 + 2*x + C",
        "metadata": {"variable": "x", "integrand": "x**2 + 2"},
    },
    "propositional_logic": {"answer": "P", "metadata": {"premises": ["P"], "variables": ["P"]}},
}


def test_there_are_examples_of_each_kind() -> None:
    assert {example["is"] for example in EXAMPLES} == {"correct", "wrong", "no_answer", "bad_reference"}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["answer"][:40])
def test_each_example_is_judged_as_the_page_says(example: Json) -> None:
    reference = {"family": example["family"], "entry": {"question": "?", **ENTRIES[example["family"]]}}
    said = judge(example["answer"], reference, finish_reason="stop")
    assert (said.failure_kind or said.status.value) == example["is"], said
