import json
import re
from pathlib import Path
from typing import Any

import pytest

from rlcore.data.problems import load_problems
from rlcore.data.screening import Screening
from rlcore.data.split import without
from verifiers.types import Message, Problem


def write(path: Path, *rows: object) -> str:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), "utf-8")
    return str(path)


def load(source: str, **options: Any) -> list[Problem]:
    """Read, not screened: what judges say of references is test_screening's."""
    return load_problems(source, size=5, seed=0, screening=Screening(enabled=False), **options)


def test_arithmetic() -> None:
    problems = load("arithmetic")
    assert len(problems) == 5 and {problem.verifier for problem in problems} == {"math"}


def test_gsm8k_lines(tmp_path: Path) -> None:
    source = write(
        tmp_path / "school.jsonl",
        {"question": "Two and two?", "answer": "2+2=<<2+2=4>>4\n#### 4"},
        "",
        {"question": "Money?", "answer": "#### 1,234,567.5"},
        {"question": "Part?", "answer": "2/6"},
    )
    problems = load(source)
    assert [problem.id for problem in problems] == ["school-1", "school-3", "school-4"]
    assert [problem.reference["answer"] for problem in problems] == ["4", "1234567.5", "2/6"]
    assert problems[0].prompt == "Two and two?" and problems[0].tags == ("school", "family=school")


def test_own_lines_round_trip(tmp_path: Path) -> None:
    wanted = [
        Problem(id="a", prompt="1+1?", reference={"answer": "2"}, tags=("x",)),
        Problem(
            id="b",
            prompt=(Message(role="user", content="f?"),),
            verifier="code",
            reference={"tests": []},
            tags=("family=their own", "y"),
        ),
    ]
    source = write(tmp_path / "own.jsonl", *(problem.model_dump_json() for problem in wanted))
    found = load(source)
    assert [problem.tags for problem in found] == [("x", "family=own"), ("y", "family=their_own")]
    assert [problem.model_copy(update={"tags": ()}) for problem in found] == [
        problem.model_copy(update={"tags": ()}) for problem in wanted
    ]
    judge = tmp_path / "judge.py"
    judge.write_text("def mine(completion, reference):\n    return 1.0\n")
    assert {problem.verifier for problem in load(source, verifier=f"{judge}:mine")} == {f"{judge}:mine"}


def test_verl_parquet(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rows = [
        {
            "data_source": "openai/gsm8k",
            "prompt": [{"role": "system", "content": "Think."}, {"role": "user", "content": f"{n}+1?"}],
            "ability": "math",
            "reward_model": {"style": "rule", "ground_truth": str(n + 1)},
            "extra_info": {"index": n, "split": "train"},
        }
        for n in range(3)
    ]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "rows.parquet")
    problems = load(str(tmp_path / "rows.parquet"))
    assert [problem.id for problem in problems] == ["rows-1", "rows-2", "rows-3"]
    assert problems[2].prompt == (Message(role="system", content="Think."), Message(role="user", content="2+1?"))
    assert problems[2].reference == {"answer": "3"} and problems[2].tags == ("openai/gsm8k", "math", "family=rows")

    source = write(tmp_path / "verl.jsonl", {"prompt": "2+2?", "reward_model": {"ground_truth": 4}})
    assert load(source, format="verl")[0].reference == {"answer": "4"}


def test_hugging_face_folders(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    rows = [{"question": f"{n}+{n}?", "answer": f"#### {2 * n}"} for n in range(4)]
    datasets.Dataset.from_list(rows).save_to_disk(tmp_path / "saved")
    assert [problem.id for problem in load(f"hf:{tmp_path}/saved")] == [f"saved-train-{n}" for n in (1, 2, 3, 4)]
    datasets.DatasetDict(test=datasets.Dataset.from_list(rows[:2])).save_to_disk(tmp_path / "splits")
    assert len(load(f"hf:{tmp_path}/splits:test")) == 2
    with pytest.raises(ValueError, match=r"splits:dev: cannot be loaded .*NAME_OR_FOLDER"):
        load(f"hf:{tmp_path}/splits:dev")
    with pytest.raises(ValueError, match=r"cannot be loaded .*without a network give a folder"):
        load(f"hf:{tmp_path}/nowhere")


def test_reasoning_gym() -> None:
    pytest.importorskip("reasoning_gym")
    problems = load("reasoning_gym:chain_sum")
    assert len(problems) == 5 and {problem.verifier for problem in problems} == {"math"}
    assert problems == load("reasoning_gym:chain_sum")
    for problem in problems:
        assert eval(str(problem.prompt).partition(":")[2].rstrip(" =")) == int(problem.reference["answer"])
    assert problems[0].tags == ("variant=chain_sum", "family=reasoning_gym.chain_sum")
    with pytest.raises(ValueError, match=r"no family 'chain_sums' that can be judged; the nearest are chain_sum"):
        load("reasoning_gym:chain_sums")
    with pytest.raises(ValueError, match=r"data\.size"):
        load_problems("reasoning_gym:chain_sum", size=0, seed=0)


def test_sources_that_do_not_exist(tmp_path: Path) -> None:
    for source in ("arithmatic", "problems.txt", "hf:", "leandojo:"):
        with pytest.raises(ValueError, match=r"unknown data source .*write arithmetic"):
            load(source)
    for name in ("gone.jsonl", "gone.json", "gone.csv", "gone.parquet"):
        with pytest.raises(ValueError, match=rf"{name}: no such file .*correct the path"):
            load(str(tmp_path / name))
    (tmp_path / "fake.parquet").write_text("no")
    with pytest.raises(ValueError, match="not a Parquet file"):
        load(str(tmp_path / "fake.parquet"))
    with pytest.raises(ValueError, match=r"unknown data\.format 'csv'"):
        load(write(tmp_path / "a.jsonl", {"a": 1}), format="csv")
    with pytest.raises(ValueError, match=r"unknown verifier 'maths'; did you mean 'math'\?"):
        load("arithmetic", verifier="maths")
    with pytest.raises(ValueError, match=r"gone\.py.*there is no file there"):
        load("arithmetic", verifier=f"{tmp_path}/gone.py:judge")


def screened(path: Path) -> list[Problem]:
    return load_problems(str(path), size=5, seed=0)


def test_all_of_gsm8k(shared_data: Path, caplog: pytest.LogCaptureFixture) -> None:
    train, test = (screened(shared_data / "gsm8k" / f"{name}.jsonl") for name in ("train", "test"))
    assert (len(train), len(test)) == (7473, 1319)
    assert all(re.fullmatch(r"-?\d+(\.\d+)?", problem.reference["answer"]) for problem in train + test)
    assert train[0].reference == {"answer": "72"}
    assert without(train, test) == (train, 0), "a test problem is also one to train on"
    assert not caplog.records, "nothing was dropped"


def test_all_of_cmath(shared_data: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert len(screened(shared_data / "cmath" / "test.jsonl")) == 600
    assert not caplog.records, "nothing was dropped"
