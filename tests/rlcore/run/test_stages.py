"""What a run says of its policy, measured on a scripted one: each family apart, the first source's at the top."""

from __future__ import annotations

import json
from pathlib import Path

from scripted_run import scripted_run

from rlcore.data.problems import load_problems
from rlcore.report.log import read_metrics
from rlcore.report.page import families
from rlcore.report.record import read_run
from rlcore.run.stages import measure, summarise, table
from verifiers.types import Problem

EVAL = {"problems": 8, "samples": 2, "sweep_samples": 1, "temperatures": [0.0, 1.0], "ks": [1, 2]}


def knows_chinese(problem: Problem) -> list[str]:
    return [f" Answer: {problem.reference['answer']}" if "variant=zh" in problem.tags else " Answer: 999"]


def test_languages_of_one_family_and_sums_are_measured_apart(tmp_path: Path) -> None:
    problems = load_problems("word_problems:zh+en", size=40, seed=0) + load_problems("arithmetic", size=20, seed=0)
    names = ["word_problems.en", "word_problems.zh", "arithmetic"]
    folder = tmp_path / "run"
    with scripted_run(folder, problems, knows_chinese, eval=EVAL, stages=["eval"]) as resources:
        measure(resources, "before")
        summarise(resources)
    summary = json.loads((folder / "summary.json").read_text())
    assert list(summary["by_family"]) == names
    assert [summary["by_family"][name]["pass_at_1_before"] for name in names] == [0.0, 1.0, 0.0]
    assert [summary["by_family"][name]["held_out"] for name in names] == [8, 8, 8]
    assert summary["pass_at_1_before"] == 0.0 and summary["held_out"] == 8, "the top level is the first family's"
    [record] = read_metrics(folder / "metrics.jsonl")
    assert {name: record["values"][f"eval/{name}/pass_at_2"] for name in names} == dict(
        zip(names, (0.0, 1.0, 0.0), strict=True)
    )
    assert [one.name for one in families(read_run(folder))] == names
    assert "eval before: word_problems.zh pass@1 1.000 on 8 problems" in resources.said
    labels = {label.family for item in resources.reward_client.asked for label in item.samples}
    assert labels == set(names), "the reward service is told the same names"


def test_the_table_is_as_wide_as_its_title() -> None:
    entry = {"pass_at_1": 0.5, "ci": [0.4, 0.6]}
    result = {"temperatures": {"0.0": entry}, "pass_at_k": {"2": {"value": 0.75, "ci": [0.7, 0.8]}}, "held_out": 500}
    assert table("sums", {"before": result}).splitlines() == [
        "",
        "sums: 500 held out            before         after",
        "greedy                  0.500 ±0.100             -",
        "pass@2 T=1              0.750 ±0.050             -",
    ]
    wide = table("reasoning_gym.simple_equations", {"before": result, "after": result}).splitlines()[1:]
    assert len(set(map(len, wide))) == 1 and wide[0].startswith("reasoning_gym.simple_equations: 500 held out ")
