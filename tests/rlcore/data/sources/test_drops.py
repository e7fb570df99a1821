"""Rows that are none: each costs itself, with its place and reason, and too many of them stop the run."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from rlcore.data.origin import labelled
from rlcore.data.problems import load_problems
from rlcore.data.screening import Screening
from rlcore.data.sources.drops import Dropped, Drops
from verifiers.types import Problem

GSM8K: list[dict[str, Any]] = [{"question": f"{n}+1?", "answer": f"#### {n + 1}"} for n in range(3)]
VERL: list[dict[str, Any]] = [
    {"prompt": f"{n}+1?", "reward_model": {"ground_truth": str(n + 1)}, "data_source": "sums"} for n in range(3)
]
OWN: list[dict[str, Any]] = [
    {"id": f"p{n}", "prompt": f"{n}+1?", "reference": {"answer": str(n + 1)}} for n in range(3)
]


def lines(*rows: object) -> bytes:
    return b"".join((row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows)


def load(path: Path, **options: Any) -> tuple[list[Problem], list[Dropped]]:
    drops = options.pop("drops", Drops())
    screening = Screening(enabled=False)
    problems = load_problems(str(path), size=5, seed=0, drops=drops, screening=screening, **options)
    return problems, [row for _, row in drops.rows]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b'{"question": "a", ', "not JSON in UTF-8"),
        (b'{"question": "caf\xe9", "answer": "#### 1"}', "not JSON in UTF-8"),
        (b"[" * 100_000, "not JSON in UTF-8"),
        (b'{"question": "a", "answer": ' + b"1" * 5000 + b"}", "not JSON in UTF-8"),
        ([1], "a list, not an object: write one JSON object per line"),
        ("a text", "a str, not an object"),
        (None, "a NoneType, not an object"),
        ({"question": "a"}, "`answer` is None: give a text"),
        ({"question": 7, "answer": "#### 1"}, "`question` is 7: give a text"),
        ({"question": " ", "answer": "#### 1"}, "`question` is ' '"),
        ({"question": "a", "answer": "She has five."}, "no gold answer in `answer`: end it with '#### ANSWER'"),
        ({"question": "a", "answer": "so ####  "}, "no gold answer"),
        ({"question": "\ud800", "answer": "#### 1"}, "no valid Unicode"),
        ({"foo": 1}, "`question` is None"),
    ],
)
def test_a_bad_gsm8k_row(tmp_path: Path, bad: object, reason: str) -> None:
    path = tmp_path / "school.jsonl"
    path.write_bytes(lines(GSM8K[0], bad, *GSM8K[1:]))
    problems, (dropped,) = load(path)
    assert [problem.id for problem in problems] == ["school-1", "school-3", "school-4"]
    assert dropped.place == f"{path}, line 2" and reason in dropped.reason


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"prompt": "a"}, "reward_model.ground_truth is None"),
        ({"prompt": "a", "reward_model": "4"}, "reward_model.ground_truth is None"),
        ({"prompt": "a", "reward_model": {}}, "reward_model.ground_truth is None"),
        ({"prompt": "a", "reward_model": {"ground_truth": {}}}, "ground_truth is {}"),
        ({"prompt": "a", "reward_model": {"ground_truth": [4]}}, "ground_truth is [4]"),
        ({"prompt": "a", "reward_model": {"ground_truth": True}}, "ground_truth is True"),
        ({"prompt": "a", "reward_model": {"ground_truth": "  "}}, "ground_truth is '  '"),
        (b'{"prompt": "a", "reward_model": {"ground_truth": NaN}}', "ground_truth is nan"),
        ({"prompt": "", "reward_model": {"ground_truth": "1"}}, "`prompt` is ''"),
        ({"prompt": [{"role": "user"}], "reward_model": {"ground_truth": "1"}}, "`prompt` is no list of messages"),
        ({"prompt": [], "reward_model": {"ground_truth": "1"}}, "`prompt` is no list of messages"),
        ({"prompt": ["a"], "reward_model": {"ground_truth": "1"}}, "`prompt` is no list of messages"),
        ({"prompt": [{"role": "user", "content": ""}], "reward_model": {"ground_truth": "1"}}, "no list of messages"),
        ({"reward_model": {"ground_truth": "1"}}, "`prompt` is None"),
        ({"prompt": "a", "reward_model": {"ground_truth": {"tests": ["\udfff"]}}}, "no valid Unicode"),
    ],
)
def test_a_bad_verl_row(tmp_path: Path, bad: object, reason: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(*VERL, bad))
    problems, (dropped,) = load(path)
    assert len(problems) == 3
    assert dropped.place == f"{path}, line 4" and reason in dropped.reason


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (OWN[0] | {"refrence": {}}, "unknown key 'refrence'; did you mean 'reference'?"),
        (OWN[0] | {"reward": 1}, "unknown key 'reward' The fields are id, prompt, verifier, reference, tags"),
        (OWN[0] | {"id": 7}, "not a problem (id: "),
        (OWN[0] | {"reference": "4"}, "not a problem (reference: "),
        (OWN[0] | {"tags": "x"}, "not a problem (tags: "),
        (OWN[0] | {"prompt": None}, "not a problem (prompt"),
        (OWN[0] | {"prompt": [{"role": "user", "text": "a"}]}, "not a problem (prompt"),
        (OWN[0] | {"id": ""}, "an empty id or prompt"),
        (OWN[0] | {"prompt": "\n"}, "an empty id or prompt"),
        (OWN[0] | {"prompt": []}, "an empty id or prompt"),
        ({"prompt": "a"}, "not a problem (id: "),
        (OWN[0], "the id 'p0' occurs twice, first in {path}, line 1"),
        (OWN[0] | {"id": "q", "verifier": "maths"}, "unknown verifier 'maths'; did you mean 'math'?"),
        (OWN[0] | {"id": "q", "verifier": "nowhere.py:judge"}, "there is no file"),
        (OWN[0] | {"id": "q\ud83d"}, "no valid Unicode"),
        (OWN[0] | {"id": "q", "reference": {"answer": "\ud83d"}}, "no valid Unicode"),
        (b'{"id": "q", "prompt": "a", "reference": {"answer": ' + b"[" * 40 + b"]" * 40 + b"}}", "nested deeper than"),
    ],
)
def test_a_bad_row_of_our_own_form(tmp_path: Path, bad: object, reason: str) -> None:
    path = tmp_path / "own.jsonl"
    path.write_bytes(lines(*OWN, bad))
    problems, (dropped,) = load(path)
    assert [problem.id for problem in problems] == ["p0", "p1", "p2"]
    assert dropped.place == f"{path}, line 4" and reason.format(path=path) in dropped.reason


def test_the_first_row_that_fits_a_format_decides(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines({"promt": "a", "id": "x"}, b"{", *OWN))
    problems, dropped = load(path)
    assert problems == [labelled(Problem.model_validate(row), "rows") for row in OWN]
    assert [row.id for row in dropped] == ["x", ""]
    assert "keys ['id', 'promt'] fit no format" in dropped[0].reason and "rename the columns" in dropped[0].reason


def test_bad_cells_of_a_parquet_file(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    questions = pyarrow.Array.from_buffers(
        pyarrow.string(),
        4,
        pyarrow.array([b"1+1?", b"caf\xe9", b"2+2?", b"?"], pyarrow.binary()).buffers(),
    )
    table = pyarrow.table({"question": questions, "answer": ["#### 2", "#### 3", None, "#### 4"]})
    parquet.write_table(table, tmp_path / "rows.parquet")
    problems, dropped = load(tmp_path / "rows.parquet")
    assert [problem.id for problem in problems] == ["rows-1", "rows-4"]
    assert [row.place for row in dropped] == [f"{tmp_path}/rows.parquet, row {number}" for number in (2, 3)]
    assert "not UTF-8" in dropped[0].reason and "`answer` is None" in dropped[1].reason


def test_what_json_cannot_hold_is_no_reference(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    golds = [{"answer": b"4"}, {"answer": b"5"}]
    rows = [{"prompt": "2+2?", "reward_model": {"ground_truth": gold}} for gold in golds]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "rows.parquet")
    with pytest.raises(ValueError, match=r"2 of 2 rows dropped, none is left .*the reference is not JSON"):
        load(tmp_path / "rows.parquet")


def test_all_reasons_are_written_down_and_the_first_are_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, written = tmp_path / "rows.jsonl", tmp_path / "dropped.jsonl"
    path.write_bytes(lines(*GSM8K, {"question": "a"}, "x", *([{"answer": "#### 1"}] * 3)))
    with caplog.at_level(logging.WARNING):
        load(path, drops=Drops(written, max_share=0.7))
    rows = [json.loads(line) for line in written.read_text().splitlines()]
    assert [row["place"] for row in rows] == [f"{path}, line {number}" for number in range(4, 9)]
    assert rows[0]["source"] == str(path) and rows[0]["id"] == "rows-4" and "`answer` is None" in rows[0]["reason"]
    (message,) = [record.getMessage() for record in caplog.records]
    assert f"{path}: 5 of 8 rows dropped, 62.5% ({path}, line 4: `answer` is None" in message
    assert str(written) in message and "line 7" not in message and "\n" not in message


def test_more_than_a_share_stops(tmp_path: Path) -> None:
    path, written = tmp_path / "rows.jsonl", tmp_path / "dropped.jsonl"
    path.write_bytes(lines(*GSM8K, {"question": "a"}))
    assert len(load(path, drops=Drops(max_share=0.25))[0]) == 3
    with pytest.raises(ValueError) as error:
        load(path, drops=Drops(written, max_share=0.2))
    message = str(error.value)
    assert "1 of 4 rows dropped, more than data.max_dropped_share=0.2" in message
    assert f"{path}, line 4: `answer` is None" in message and str(written) in message
    assert message.endswith("mend the rows, or raise data.max_dropped_share") and "\n" not in message
    assert len(written.read_text().splitlines()) == 1


def test_nothing_left_and_nothing_there_are_two_things(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines({"foo": 1}, {"foo": 2}))
    with pytest.raises(ValueError, match=r"2 of 2 rows dropped, none is left \(.*line 1: keys \['foo'\] fit no format"):
        load(path)
    path.write_bytes(b"\n\n")
    with pytest.raises(ValueError, match="no problems in it: give a source with at least one row"):
        load(path)


def test_a_long_reason_is_one_short_line_in_a_message() -> None:
    said = str(Dropped("here", "Lean says\n  " + "x" * 1000))
    assert said.startswith("here: Lean says x") and len(said) < 300 and "\n" not in said


@pytest.mark.parametrize(
    "answer",
    ["9 (apples)", "x=5, y=6", "1, 2, 3", r"2, 4, 8, \ldots", "20 (cows); 30 (hens)", r"\frac{1}{2} \text{ m}", "5"],
)
def test_a_whole_answer_without_a_mark(tmp_path: Path, answer: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines({"question": "a", "answer": answer}))
    (problem,) = load_problems(str(path), size=5, seed=0)
    assert problem.reference == {"answer": answer}


@pytest.mark.parametrize(
    "answer",
    ["16 - 3 = 13. Then 13 * 2 = 26", "3 apples. He ate 2", "She has 5", "5 + 3\n= 8 eggs", "3 is what is left!So 3"],
)
def test_a_solution_without_a_mark_is_no_answer(tmp_path: Path, answer: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(GSM8K[0], {"question": "a", "answer": answer}))
    _, (dropped,) = load(path)
    assert "no gold answer in `answer`" in dropped.reason
