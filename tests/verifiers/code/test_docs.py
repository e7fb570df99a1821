"""The examples of docs/JUDGES.md for the code judge: what is read, and what is not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from verifiers.code.judge import judge
from verifiers.sandbox import policy
from verifiers.types import Json

pytestmark = pytest.mark.skipif(
    bool(policy.check().missing()), reason=f"no sandbox here: {'; '.join(policy.check().missing())}"
)
PAGE = Path(__file__).resolve().parents[3] / "docs" / "JUDGES.md"
SECTION = PAGE.read_text(encoding="utf-8").partition("## 3. Code")[2].partition("## 4. ")[0]
(BLOCK,) = re.findall(r"^```jsonl\n(.*?)^```$", SECTION, re.DOTALL | re.MULTILINE)
EXAMPLES = [json.loads(line) for line in BLOCK.splitlines()]


def test_there_are_examples_of_each_kind() -> None:
    assert {example["is"] for example in EXAMPLES} == {"correct", "wrong", "bad_reference"}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["answer"][:40])
def test_each_example_is_judged_as_the_page_says(example: Json) -> None:
    reference = {
        "kind": "asserts",
        "entry_point": example.get("entry_point", "f"),
        "tests": example.get("tests", "def check(f):\n    assert f(1) == 2\n    assert f(5) == 6\n"),
        "prompt_prefix": example.get("prefix", ""),
    }
    said = judge(example["answer"], reference, finish_reason="stop")
    assert (said.failure_kind or said.status.value) == example["is"], said
