"""What a run says of its policy, measured on a scripted one: each family apart, the first source's at the top."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scripted_run import scripted_run

from rlcore.report.log import read_metrics
from rlcore.report.page import families
from rlcore.report.panels import sections
from rlcore.report.record import read_run
from rlcore.rl.evaluate import on_the_way
from rlcore.run.stages import measure, summarise, table
from verifiers.types import Problem

EVAL = {"problems": 8, "samples": 2, "sweep_samples": 1, "temperatures": [0.0, 1.0], "ks": [1, 2]}
MIXTURE = [{"source": "word_problems:zh+en", "size": 40, "held_out": 16}, {"source": "arithmetic", "size": 20}]


def speaks_chinese(problem: Problem) -> tuple[str, ...]:
    return (f" Answer: {problem.reference['answer']}" if "variant=zh" in problem.tags else " Answer: 999",)


def test_languages_of_one_family_and_sums_are_measured_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["word_problems.en", "word_problems.zh", "arithmetic"]
    data = {"mixture": MIXTURE, "held_out_share": 0.5}
    with scripted_run(tmp_path / "run", speaks_chinese, eval=EVAL, data=data) as (run, judging):
        measure(run, "before")
        summarise(run)
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert list(summary["by_family"]) == names
    assert [summary["by_family"][name]["pass_at_1_before"] for name in names] == [0.0, 1.0, 0.0]
    first = summary["by_family"]["word_problems.en"]
    assert {field: summary[field] for field in first} == first, "the top level is the first family's"
    [record] = read_metrics(tmp_path / "run" / "metrics.jsonl")
    assert [record["values"][f"eval/{name}/pass_at_2"] for name in names] == [0.0, 1.0, 0.0]
    assert [one.name for one in families(read_run(tmp_path / "run"))] == names
    assert "eval before: word_problems.zh pass@1 1.000 on" in capsys.readouterr().out
    assert judging.families == set(names), "the reward service is told the same names"


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


def test_a_measurement_on_the_way_is_of_temperature_1_alone(tmp_path: Path) -> None:
    data = {"mixture": MIXTURE, "held_out_share": 0.5}
    with scripted_run(tmp_path / "run", speaks_chinese, eval=EVAL, data=data) as (run, judging):
        values = on_the_way(run.sampler, run.config.eval, run.dataset.held_out, step=3)
        run.metrics.log("eval", 3, values)
    labels = [label for item in judging.asked for label in item.samples]
    assert len(labels) == len({label.group for label in labels}) > 16, "one sample for each problem"
    assert {label.step for label in labels} == {3}
    found = {name: values[f"eval/{name}/pass_at_1"] for name in ("word_problems.en", "word_problems.zh", "arithmetic")}
    assert found == {"word_problems.en": 0.0, "word_problems.zh": 1.0, "arithmetic": 0.0}
    [panel] = [
        panel
        for each in sections(read_run(tmp_path / "run"))
        for panel in each.panels
        if panel.title == "Held-out pass@1"
    ]
    assert [name for name, _ in panel.legend] == ["word_problems.en", "word_problems.zh", "arithmetic"]
