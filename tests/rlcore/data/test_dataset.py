"""The problems of a run from its files: what is trained on, held out, and dropped."""

from __future__ import annotations

import json
from pathlib import Path

from rlcore.config.reading import parse
from rlcore.data.dataset import read_dataset


def rows(path: Path, pairs: list[tuple[str, object]]) -> str:
    path.write_text("".join(json.dumps({"question": q, "answer": a}) + "\n" for q, a in pairs), encoding="utf-8")
    return str(path)


def test_a_file_and_its_held_out_file(tmp_path: Path) -> None:
    """Of 4 rows one has no answer, and one is held out too; both are said, neither is trained on."""
    train = rows(tmp_path / "train.jsonl", [("1+1?", "#### 2"), ("1+2?", "#### 3"), ("1+3?", None), ("1+4?", "#### 5")])
    held_out = rows(tmp_path / "test.jsonl", [("1+2?", "#### 3"), ("2+2?", "#### 4")])
    config = parse({"data": {"source": train, "held_out": held_out, "max_dropped_share": 0.5}})
    said: list[str] = []
    found = read_dataset(config, tmp_path, said.append)
    assert sorted(problem.prompt for problem in found.train.problems) == ["1+1?", "1+4?"]
    assert sorted(problem.prompt for problem in found.held_out) == ["1+2?", "2+2?"]
    assert found.problems == [*found.train.problems, *found.held_out]
    assert found.verifiers == ["math"]
    assert found.dropped == 1
    assert len((tmp_path / "dropped_rows.jsonl").read_text(encoding="utf-8").splitlines()) == 1
    assert "data: 1 training problems are also held out: removed from training" in said
