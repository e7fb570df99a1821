"""The filter stage on a scripted policy: the band, and each family apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scripted_run import scripted_run

from rlcore.data.origin import family
from rlcore.report.log import read_metrics
from rlcore.rl.filter import filter_problems
from verifiers.types import Problem

FILTER = {"samples": 2, "min_pass_rate": 0.5, "min_kept": 1, "max_pass_rate": 1.0}


def speaks_english(problem: Problem) -> tuple[str, ...]:
    return (f" Answer: {problem.reference['answer']}" if "variant=en" in problem.tags else " Answer: 999",)


def test_families_are_counted_apart(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    data = {"source": "word_problems:en+zh", "size": 30}
    with scripted_run(folder, speaks_english, filter=FILTER, data=data) as (run, judging):
        problems = run.dataset.train.problems
        result = filter_problems(run)
    english = sum("variant=en" in problem.tags for problem in problems)
    chinese = len(problems) - english
    assert english > 5 and chinese > 5 and result["kept"] == english
    assert result["by_family"] == {
        "word_problems.en": {"problems": english, "kept": english, "pass_rate_mean": 1.0},
        "word_problems.zh": {"problems": chinese, "kept": 0, "pass_rate_mean": 0.0},
    }
    [record] = read_metrics(folder / "metrics.jsonl")
    assert {name: value for name, value in record["values"].items() if "word" in name} == {
        "filter/pass_rate/word_problems.en": 1.0,
        "filter/kept/word_problems.en": english,
        "filter/pass_rate/word_problems.zh": 0.0,
        "filter/kept/word_problems.zh": 0,
    }
    reasons = [json.loads(line) for line in (folder / "filter_reasons.jsonl").read_text().splitlines()]
    assert {one["problem_id"]: one["family"] for one in reasons} == {one.id: family(one) for one in problems}
    assert {(one["family"], one["reason"]) for one in reasons} == {
        ("word_problems.en", "kept"),
        ("word_problems.zh", "too hard"),
    }
    assert judging.families == {"word_problems.en", "word_problems.zh"}, "the reward service is told the same names"


def test_one_family_has_no_metrics_of_its_own_and_too_few_stop_the_run(tmp_path: Path) -> None:
    data = {"source": "word_problems:en", "size": 20}
    with scripted_run(tmp_path / "few", speaks_english, filter=FILTER | {"max_pass_rate": 0.9}, data=data) as (run, _):
        with pytest.raises(ValueError, match=r"kept 0 problems, fewer than filter\.min_kept=1"):
            filter_problems(run)
        assert not (tmp_path / "few" / "filter.json").exists()
    with scripted_run(tmp_path / "all", speaks_english, filter=FILTER, data=data) as (run, _):
        filter_problems(run)
    [record] = read_metrics(tmp_path / "all" / "metrics.jsonl")
    assert not [name for name in record["values"] if name.count("/") > 1]
