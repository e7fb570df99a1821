"""What people reported: answers that were refused though right, or taken though wrong (`reported.jsonl`)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from verifiers.math.judge import judge
from verifiers.types import Status

CASES = [json.loads(line) for line in Path(__file__).with_name("reported.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_it_is_judged_as_wanted(case: dict[str, str]) -> None:
    verdict = judge(case["completion"], {"answer": case["gold"]}, finish_reason="stop")
    assert (verdict.status is Status.CORRECT) == (case["want"] == "yes"), verdict
