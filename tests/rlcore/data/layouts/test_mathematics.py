r"""Rows in the shapes that public sets of math problems have: the gold is found, and the judge takes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from layout_rows import loaded, source, verdict

from verifiers.types import Message, Status

Row = dict[str, Any]

MATH: Row = {
    "problem": "What is $\\frac{1}{3}$ of 7?",
    "level": "Level 1",
    "type": "Prealgebra",
    "solution": "A third of 7 is \\boxed{3} no, it is $\\boxed{\\frac{7}{3}}$.",
}
NUMINA: Row = {
    "source": "olympiads",
    "problem": "Find $x$ with $2x = 7$.",
    "solution": "Divide: $x = \\boxed{\\frac{7}{2}}$.",
    "messages": [{"role": "user", "content": "Find $x$."}, {"role": "assistant", "content": "\\boxed{1}"}],
}
NUMINA_15: Row = {
    "problem": "Find $x$ with $2x = 7$.",
    "solution": "Divide by 2.",
    "answer": "\\frac{7}{2}",
    "problem_type": "Algebra",
    "question_type": "math-word-problem",
    "source": "cn_contest",
    "uuid": "1c4",
    "problem_is_valid": "Yes",
}
DAPO: Row = {
    "data_source": "math_dapo",
    "prompt": [{"content": "Solve it.\n\n2+5?\n\nRemember to put your answer on its own line.", "role": "user"}],
    "ability": "MATH",
    "reward_model": {"ground_truth": "7", "style": "rule-lighteval/MATH_v2"},
    "extra_info": {"index": "9a9b6eb4-a1cb-49d1-8c1e-62eaf2f74079"},
}

# Layout, row, the gold, a right and a wrong answer.
ROWS: list[tuple[str, Row, str, str, str]] = [
    ("MATH", MATH, "\\frac{7}{3}", "\\boxed{7/3}", "\\boxed{3}"),
    (
        "MATH, nested",
        MATH | {"solution": "so $\\boxed{\\sqrt{1+\\frac{1}{4}}}$"},
        "\\sqrt{1+\\frac{1}{4}}",
        "\\boxed{\\sqrt{5}/2}",
        "\\boxed{5/4}",
    ),
    ("MATH, fbox", MATH | {"solution": "\\fbox{12}"}, "12", "\\boxed{12}", "\\boxed{1}"),
    (
        "MATH-500",
        MATH | {"answer": "\\frac{7}{3}", "unique_id": "test/a/1.json", "level": 2},
        "\\frac{7}{3}",
        "\\boxed{7/3}",
        "\\boxed{3}",
    ),
    ("MATH, a sign before the box", MATH | {"solution": "it is $-\\boxed{5}$"}, "-5", "\\boxed{-5}", "\\boxed{5}"),
    (
        "AIME 1983-2024",
        {"ID": "1983-1", "Year": 1983, "Problem Number": 1, "Question": "2^3 60?", "Answer": "060", "Part": None},
        "060",
        "\\boxed{60}",
        "\\boxed{6}",
    ),
    (
        "AIME 2024",
        {"ID": "2024-II-4", "Problem": "m+n?", "Solution": "...", "Answer": 33},
        "33",
        "\\boxed{33}",
        "\\boxed{3}",
    ),
    (
        "AIME 2024 lower case",
        {"id": 60, "problem": "m+n?", "solution": "...", "answer": "204", "url": "u", "year": "2024"},
        "204",
        "\\boxed{204}",
        "\\boxed{20}",
    ),
    ("AIME 2025", {"problem": "b?", "answer": "70", "id": "0"}, "70", "\\boxed{70}", "\\boxed{71}"),
    ("AIME as a table writes it", {"problem": "b?", "answer": 70.0}, "70", "\\boxed{70}", "\\boxed{71}"),
    ("AMC", {"id": 1, "problem": "b?", "answer": 14.5, "url": "u"}, "14.5", "\\boxed{14.5}", "\\boxed{14}"),
    ("NuminaMath-CoT", NUMINA, "\\frac{7}{2}", "\\boxed{3.5}", "\\boxed{1}"),
    ("NuminaMath-1.5", NUMINA_15, "\\frac{7}{2}", "\\boxed{3.5}", "\\boxed{2}"),
    (
        "DeepScaleR",
        {"problem": "b?", "answer": "-\\frac{2}{3}", "solution": "so"},
        "-\\frac{2}{3}",
        "\\boxed{-2/3}",
        "\\boxed{2/3}",
    ),
    (
        "OpenMathReasoning",
        {"problem": "b?", "expected_answer": "$12$", "problem_type": "has_answer_extracted", "generated_solution": "x"},
        "12",
        "\\boxed{12}",
        "\\boxed{1}",
    ),
    (
        "DeepMath",
        {"question": "b?", "final_answer": "0", "difficulty": 5.0, "topic": "t", "r1_solution_1": "x"},
        "0",
        "\\boxed{0}",
        "\\boxed{1}",
    ),
    (
        "OlympiadBench",
        {"question": "b?", "solution": ["x"], "final_answer": ["$\\frac{1}{2}$"], "is_multiple_answer": False},
        "\\frac{1}{2}",
        "\\boxed{0.5}",
        "\\boxed{2}",
    ),
    (
        "MetaMath",
        {"query": "b?", "response": "so \\boxed{1,234}", "type": "GSM_AnsAug"},
        "1234",
        "\\boxed{1234}",
        "\\boxed{1}",
    ),
    (
        "MetaMath without a box",
        {"query": "b?", "response": "So 1 + 2.\nThe answer is: \\frac{1}{2}", "original_question": "b?"},
        "\\frac{1}{2}",
        "\\boxed{0.5}",
        "\\boxed{2}",
    ),
    ("GSM8K", {"question": "b?", "answer": "2+2=<<2+2=4>>4\n#### 1,004"}, "1004", "\\boxed{1004}", "\\boxed{4}"),
    ("DAPO's own columns", {"prompt": "b?", "solution": "34", "ability": "MATH"}, "34", "\\boxed{34}", "\\boxed{3}"),
    ("s1K", {"question": "b?", "solution": " 1,128\n", "cot_type": "math"}, "1128", "\\boxed{1128}", "\\boxed{1}"),
    (
        "Open-Reasoner-Zero",
        {"0": {"from": "human", "value": "b?"}, "1": {"from": "assistant", "ground_truth": {"value": "18"}}},
        "18",
        "\\boxed{18}",
        "\\boxed{8}",
    ),
    (
        "messages of ShareGPT",
        {"conversations": [{"from": "human", "value": "b?"}, {"from": "gpt", "ground_truth": "18"}]},
        "18",
        "\\boxed{18}",
        "\\boxed{8}",
    ),
    (
        "a conversation beside the answer",
        {"problem": "b?", "answer": "18", "conversations": [{"from": "gpt", "value": "so 8"}]},
        "18",
        "\\boxed{18}",
        "\\boxed{8}",
    ),
    ("SVAMP", {"Body": "b", "Question": "b?", "Answer": 18.0, "Type": "t"}, "18", "\\boxed{18}", "\\boxed{8}"),
    ("a list as Python writes it", {"problem": "b?", "answer": "['18']"}, "18", "\\boxed{18}", "\\boxed{8}"),
    ("GSM8K with a number", {"question": "b?", "answer": 18}, "18", "\\boxed{18}", "\\boxed{8}"),
    (
        "a worked answer with a box",
        {"question": "b?", "answer": "We add, so \\boxed{18}."},
        "18",
        "\\boxed{18}",
        "\\boxed{8}",
    ),
    ("a formula with spaces", {"question": "b?", "answer": "2 x + 1"}, "2 x + 1", "\\boxed{1 + 2x}", "\\boxed{2x}"),
    ("DAPO", DAPO, "7", "Answer: 7", "Answer: 8"),
    (
        "verl GSM8K",
        DAPO
        | {
            "data_source": "openai/gsm8k",
            "reward_model": {"ground_truth": "72", "style": "rule"},
            "extra_info": {"answer": "#### 72", "index": 0},
        },
        "72",
        "#### 72",
        "#### 7",
    ),
    ("Skywork", DAPO | {"reward_model": {"ground_truth": '["7"]', "style": "rule"}}, "7", "\\boxed{7}", "\\boxed{8}"),
    (
        "Eurus math",
        DAPO
        | {
            "data_source": "numina_olympiads",
            "ability": "math",
            "reward_model": {"ground_truth": "(0, 1]", "style": "rule"},
        },
        "(0, 1]",
        "\\boxed{(0,1]}",
        "\\boxed{[0,1]}",
    ),
    (
        "verl, a set",
        DAPO | {"reward_model": {"ground_truth": "\\{1, 2\\}", "style": "rule"}},
        "\\{1, 2\\}",
        "\\boxed{\\{2, 1\\}}",
        "\\boxed{\\{1\\}}",
    ),
    (
        "open-instruct GSM8K",
        {"messages": [{"role": "user", "content": "b?"}], "ground_truth": "18", "dataset": "gsm8k"},
        "18",
        "\\boxed{18}",
        "\\boxed{8}",
    ),
    (
        "open-instruct, lists",
        {"messages": [{"role": "user", "content": "b?"}], "ground_truth": ["18"], "dataset": ["math"]},
        "18",
        "\\boxed{18}",
        "\\boxed{8}",
    ),
    (
        "SYNTHETIC math",
        {
            "problem_id": "m1",
            "task_type": "verifiable_math",
            "prompt": "b?",
            "verification_info": json.dumps({"ground_truth": "18"}),
            "metadata": "{}",
        },
        "18",
        "\\boxed{18}",
        "\\boxed{8}",
    ),
    (
        "NeMo-Gym math",
        {"responses_create_params": {"input": [{"role": "user", "content": "b?"}]}, "expected_answer": "18"},
        "18",
        "\\boxed{18}",
        "\\boxed{8}",
    ),
    ("an id, a prompt and an answer", {"id": "a", "prompt": "b?", "answer": "18"}, "18", "\\boxed{18}", "\\boxed{8}"),
]


@pytest.mark.parametrize(("row", "gold", "right", "wrong"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_the_gold_is_found(tmp_path: Path, row: Row, gold: str, right: str, wrong: str, kind: str) -> None:
    [problem], dropped = loaded(source(tmp_path, [row], kind))
    assert not dropped and problem.verifier == "math" and problem.reference == {"answer": gold}
    assert verdict(problem, right).status is Status.CORRECT
    assert verdict(problem, wrong).status is Status.WRONG


def test_conversations_alone_and_stories(tmp_path: Path) -> None:
    path = tmp_path / "orz.json"
    turns = [{"from": "human", "value": "b?"}, {"from": "assistant", "ground_truth": {"value": "18"}}]
    path.write_text(json.dumps([turns, turns]), encoding="utf-8")
    problems, _ = loaded(str(path))
    assert [problem.prompt for problem in problems] == [(Message(role="user", content="b?"),)] * 2
    [problem], _ = loaded(source(tmp_path, [{"Body": "Two and two.", "Question": "b?", "Answer": 4}], "jsonl"))
    assert problem.prompt == "Two and two.\nb?"


def test_a_table_of_commas(tmp_path: Path) -> None:
    rows = [{"ID": "1", "Question": 'A "b",\nc?', "Answer": "060"}, {"ID": "2", "Question": "d?", "Answer": ""}]
    name = source(tmp_path, rows, "csv")
    [problem], [dropped] = loaded(name)
    assert (problem.prompt, problem.reference, problem.id) == ('A "b",\nc?', {"answer": "060"}, "rows-1")
    assert dropped.place == f"{name}, row 2" and "no answer" in dropped.reason


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (MATH | {"solution": "It is 7/3."}, "no answer: give one in `answer`, or in the last \\boxed{} of `solution`"),
        (MATH | {"solution": "It is \\boxed{7} or \\boxed{8"}, "no answer"),
        (MATH | {"solution": None}, "no answer"),
        (MATH | {"problem": " "}, "`problem` is ' '"),
        (NUMINA_15 | {"answer": "proof"}, "the answer is 'proof': only a problem with a final answer can be judged"),
        (NUMINA_15 | {"answer": "notfound"}, "only a problem with a final answer"),
        (NUMINA_15 | {"answer": ["1", "2"]}, "the answer is ['1', '2']: give one text or number"),
        (NUMINA_15 | {"answer": True}, "the answer is True"),
        # What a model wrote is no gold.
        ({"problem": "b?", "expected_answer": None, "generated_solution": "\\boxed{7}"}, "no answer"),
        (MATH | {"solution": "7 or 8"}, "no answer"),
        ({"conversations": [{"from": "human", "value": "b?"}, {"from": "gpt", "value": "\\boxed{7}"}]}, "is None"),
        ({"question": "b?", "answer": "proof"}, "only a problem with a final answer"),
        ({"question": "b?", "answer": [1, 2]}, "`answer` is [1, 2]"),
    ],
)
def test_a_problem_without_a_final_answer_is_dropped(tmp_path: Path, row: Row, reason: str) -> None:
    [_], [dropped] = loaded(source(tmp_path, [NUMINA_15, row], "jsonl"))
    assert reason in dropped.reason
