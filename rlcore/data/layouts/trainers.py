"""Layouts of trainers: verl, open-instruct, NeMo-Gym, Open-Reasoner-Zero, and `verification_info` of PrimeIntellect
and open-r1.
"""

from __future__ import annotations

from typing import Any

from rlcore.data.layouts import cells, prompts
from rlcore.data.sources.rows import Row
from verifiers.code.reference import read_reference
from verifiers.expected.labels import expected
from verifiers.expected.tests import unpacked
from verifiers.types import Problem

_TASKS = ("verifiable_code", "prime_rl_code", "verifiable_math", "prime_rl_math")


def verl_problem(row: Row) -> Problem:
    """verl: {data_source, prompt, reward_model: {ground_truth}, extra_info}; Eurus, DeepCoder, DAPO. `prompt` is a text
    or messages, the gold an answer, tests, or an object for the judge that `data.verifier` names.
    """
    model = unpacked(row.values.get("reward_model"))
    gold = model.get("ground_truth") if isinstance(model, dict) else None
    own = cells.tags(row, "data_source", "ability")
    return _problem(row, cells.prompt(row, "prompt"), gold, "reward_model.ground_truth", own)


def open_instruct_problem(row: Row) -> Problem:
    """open-instruct: {messages or prompt, ground_truth, dataset}."""
    named = row.values.get("dataset")
    named = named[0] if isinstance(named, list) and len(named) == 1 else named
    if isinstance(named, str) and "ifeval" in named.lower():
        raise ValueError("`dataset` is ifeval, whose constraints no judge here checks: drop the row")
    return _problem(
        row,
        cells.prompt(row, "messages", "prompt"),
        row.values.get("ground_truth"),
        "ground_truth",
        cells.tags(row, first=named),
    )


def verification_problem(row: Row) -> Problem:
    """{prompt, verification_info, task_type, gold_standard_solution}: PrimeIntellect's SYNTHETIC, open-r1's verifiable
    problems.
    """
    task = row.values.get("task_type")
    if isinstance(task, str) and task not in _TASKS:
        raise ValueError(f"`task_type` is {cells.shown(task)}: only {', '.join(_TASKS)} have a judge here")
    info = unpacked(row.values.get("verification_info"))
    gold = info.get("ground_truth", info) if isinstance(info, dict) else None
    solution = cells.first_solution(row.values.get("gold_standard_solution"))
    own = cells.tags(row, "source", "problem_id", first=task)
    return _problem(row, cells.prompt(row, "prompt"), gold, "verification_info", own, solution=solution)


def nemo_gym_problem(row: Row) -> Problem:
    """NeMo-Gym: {responses_create_params: {input}, verifier_metadata or expected_answer}."""
    asked = unpacked(row.values.get("responses_create_params"))
    asked = asked.get("input") if isinstance(asked, dict) else None
    key = "verifier_metadata" if cells.has(row, "verifier_metadata") else "expected_answer"
    asked_row = row._replace(values={"input": asked})
    own = cells.tags(row, "dataset", "source")
    return _problem(row, cells.prompt(asked_row, "input"), row.values.get(key), key, own)


def conversation_problem(row: Row) -> Problem:
    """Open-Reasoner-Zero: {conversations: [{from, value}, ..., {from: assistant, ground_truth: {value}}]}; a row of it
    is that list alone, or has the columns 0 and 1.
    """
    turns = cells.records(row.values.get("conversations") or [row.values.get("0"), row.values.get("1")])
    gold = turns[-1].get("ground_truth") if turns else None
    gold = gold.get("value") if isinstance(gold, dict) else gold
    asked = row._replace(values={"conversations": [turn for turn in turns if turn.get("ground_truth") is None]})
    return _problem(row, cells.prompt(asked, "conversations"), gold, "ground_truth of the last message", (row.name,))


def _problem(
    row: Row, asked: prompts.Prompt, gold: Any, key: str, tags: tuple[str, ...], *, solution: str = ""
) -> Problem:
    starter = cells.text_or_empty(row, "starter_code")
    try:
        found = expected(gold, said="\n".join((starter, solution, prompts.shown(asked))))
        if found is not None and found.verifier == "code":
            read_reference(found.reference)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None
    if found is None and isinstance(gold, dict) and gold:
        # For a judge that is named elsewhere.
        return Problem(id=row.id, prompt=asked, reference=gold, tags=tags)
    if found is None:
        raise ValueError(f"{key} is {cells.shown(gold)}: give the answer as text or an object")
    if found.verifier != "code":
        return Problem(id=row.id, prompt=asked, verifier=found.verifier, reference=found.reference, tags=tags)
    seconds = cells.number(row.values.get("time_limit"))
    return cells.code_problem(
        row,
        prompts.fitting(asked, found.reference, starter=starter),
        found.reference,
        solution=solution,
        seconds=seconds,
        tags=tags,
    )
