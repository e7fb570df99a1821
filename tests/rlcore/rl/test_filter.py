"""The filter stage on a scripted policy: the band, and each family apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scripted_run import scripted_run

from rlcore.data.origin import family
from rlcore.data.problems import load_problems
from rlcore.report.log import read_metrics
from rlcore.rl.filter import filter_problems
from verifiers.types import Problem

FILTER = {"samples": 2, "min_pass_rate": 0.5, "min_kept": 1}


def knows_english(problem: Problem) -> list[str]:
    return [f" Answer: {problem.reference['answer']}" if "variant=en" in problem.tags else " Answer: 999"]


def test_families_are_counted_apart(tmp_path: Path) -> None:
    problems = load_problems("word_problems:en+zh", size=20, seed=0)
    english = sum("variant=en" in problem.tags for problem in problems)
    with scripted_run(tmp_path / "run", problems, knows_english, filter=FILTER | {"max_pass_rate": 1.0}) as resources:
        result = filter_problems(resources)
    assert result["by_family"] == {
        "word_problems.en": {"problems": english, "kept": english, "pass_rate_mean": 1.0},
        "word_problems.zh": {"problems": 20 - english, "kept": 0, "pass_rate_mean": 0.0},
    }
    assert 0 < english < 20 and result["kept"] == english
    [record] = read_metrics(tmp_path / "run" / "metrics.jsonl")
    assert {name: value for name, value in record["values"].items() if "word" in name} == {
        "filter/pass_rate/word_problems.en": 1.0,
        "filter/kept/word_problems.en": english,
        "filter/pass_rate/word_problems.zh": 0.0,
        "filter/kept/word_problems.zh": 0,
    }
    reasons = [json.loads(line) for line in (tmp_path / "run" / "filter_reasons.jsonl").read_text().splitlines()]
    assert {one["problem_id"]: one["family"] for one in reasons} == {one.id: family(one) for one in problems}
    assert {(one["family"], one["reason"]) for one in reasons} == {
        ("word_problems.en", "kept"),
        ("word_problems.zh", "too hard"),
    }
    assert {label.family for item in resources.reward_client.asked for label in item.samples} == {
        "word_problems.en",
        "word_problems.zh",
    }


def test_one_family_has_no_metrics_of_its_own_and_too_few_stop_the_run(tmp_path: Path) -> None:
    problems = load_problems("word_problems:en", size=10, seed=0)
    with scripted_run(tmp_path / "run", problems, knows_english, filter=FILTER) as resources:
        with pytest.raises(ValueError, match=r"kept 0 problems, fewer than filter\.min_kept=1"):
            filter_problems(resources)
        assert not (tmp_path / "run" / "filter.json").exists()
    with scripted_run(tmp_path / "other", problems, knows_english, filter=FILTER | {"max_pass_rate": 1.0}) as resources:
        filter_problems(resources)
    [record] = read_metrics(tmp_path / "other" / "metrics.jsonl")
    assert not [name for name in record["values"] if name.count("/") > 1]
