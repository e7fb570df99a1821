"""The layouts of rows that load by themselves, each with its reader; `docs/DATA.md` says what is read of each.

A layout is a function from a row to a `Problem` and one line of `LAYOUTS`.
"""

from __future__ import annotations

import difflib

from rlcore.data.layouts.cases import (
    code_contests_problem,
    codeforces_problem,
    livecodebench_problem,
    tests_problem,
)
from rlcore.data.layouts.cells import Layout
from rlcore.data.layouts.choices import CHOICE_KEYS, choice_problem
from rlcore.data.layouts.functions import humaneval_problem, kodcode_problem, leetcode_problem, mbpp_problem
from rlcore.data.layouts.mathematics import MATH_KEYS, gsm8k_problem, math_problem
from rlcore.data.layouts.own import own_problem
from rlcore.data.layouts.theorems import STATEMENTS, theorem_problem
from rlcore.data.layouts.trainers import (
    conversation_problem,
    nemo_gym_problem,
    open_instruct_problem,
    verification_problem,
    verl_problem,
)
from rlcore.data.sources.rows import Row

# As `difflib` counts it.
_ALIKE = 0.7
_ASKED = "question|problem|prompt|input|description"

# In this order: the first whose keys a row has.
LAYOUTS: dict[str, Layout] = {
    "verl": Layout("prompt reward_model", verl_problem),
    "open_instruct": Layout("messages|prompt ground_truth dataset", open_instruct_problem),
    "verification_info": Layout("prompt verification_info", verification_problem),
    "nemo_gym": Layout("responses_create_params verifier_metadata|expected_answer", nemo_gym_problem),
    "livecodebench": Layout("question_content public_test_cases", livecodebench_problem),
    "code_contests": Layout("description public_tests", code_contests_problem),
    "codeforces": Layout("description official_tests|generated_checker", codeforces_problem),
    "leetcode": Layout("query|problem_description entry_point test|input_output", leetcode_problem),
    "humaneval": Layout("prompt test entry_point", humaneval_problem),
    "mbpp": Layout("text|prompt test_list", mbpp_problem),
    "kodcode": Layout("question test", kodcode_problem),
    "tests": Layout(f"{_ASKED} input_output|test_cases|tests|unit_tests", tests_problem),
    "columns": Layout(f"{_ASKED} inputs outputs", tests_problem),
    "lean": Layout("|".join(STATEMENTS), theorem_problem),
    "choices": Layout(CHOICE_KEYS, choice_problem),
    "gsm8k": Layout("question answer", gsm8k_problem),
    "math": Layout(MATH_KEYS, math_problem),
    "conversations": Layout("conversations|0 conversations|1", conversation_problem),
    "problems": Layout("id prompt", own_problem),
}


def detect(row: Row) -> str:
    """The first layout whose keys a row has; one that has them as nulls comes behind.

    Raises:
        ValueError: none; with the row's keys, the nearest layout and what it lacks.
    """
    there = {key for key, value in row.values.items() if value is not None}
    for keys in (there, row.values.keys()):
        for name, layout in LAYOUTS.items():
            if not layout.missing(keys):
                return name
    named = sorted(map(str, row.values))
    distances = {name: _distance(layout.missing(there), name, named) for name, layout in LAYOUTS.items()}
    name = min(distances, key=lambda each: distances[each])
    name = "problems" if distances[name] == 1.0 else name
    lacks = ", ".join(key.replace("|", " or ") for key in LAYOUTS[name].missing(there))
    raise ValueError(f"keys {named} fit no format; the nearest is {name}, which lacks {lacks}: rename the columns")


def _distance(lacking: list[str], name: str, there: list[str]) -> float:
    """How far a row is from a layout: the share of its keys that is missing; one that is only misspelt counts half."""
    misspelt = sum(
        any(difflib.get_close_matches(key, there, n=1, cutoff=_ALIKE) for key in keys.split("|")) for keys in lacking
    )
    return (len(lacking) - misspelt / 2) / len(LAYOUTS[name].keys.split())
