"""Rows of files and data sets, and what a row of each format means.

Formats: `problems` (lines of `verifiers.types.Problem`), `gsm8k` ({question, answer}), `verl` ({data_source, prompt,
reward_model: {ground_truth}, extra_info}). A row that does not fit raises ValueError with its place and the remedy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from verifiers.types import Message, Problem

_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
_KEYS = {"gsm8k": {"question", "answer"}, "verl": {"prompt", "reward_model"}, "problems": {"id", "prompt"}}


class Row(NamedTuple):
    """One row and where it came from: `name` and `number` make ids, `place` starts every message about it."""

    name: str
    number: int
    place: str
    values: dict[str, Any]

    @property
    def id(self) -> str:
        return f"{self.name}-{self.number}"


def jsonl_rows(path: Path) -> Iterator[Row]:
    """The objects of a JSON Lines file, blank lines skipped. Numbers are line numbers from 1."""
    _must_exist(path)
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            place = f"{path}, line {number}"
            if not line.strip():
                continue
            try:
                values = json.loads(line)
            except ValueError as error:  # JSONDecodeError and UnicodeDecodeError
                raise ValueError(f"{place}: not JSON in UTF-8 ({error}): write one JSON object per line") from None
            if not isinstance(values, dict):
                raise ValueError(f"{place}: a {type(values).__name__}, not an object: write one JSON object per line")
            yield Row(path.stem, number, place, values)


def parquet_rows(path: Path) -> Iterator[Row]:
    """The rows of a Parquet file. Numbers are row numbers from 1."""
    import pyarrow
    from pyarrow import parquet

    _must_exist(path)
    try:
        file = parquet.ParquetFile(path)
    except pyarrow.ArrowInvalid as error:
        raise ValueError(f"{path}: not a Parquet file ({error}): write it again, or give JSON Lines") from None
    number = 0
    for batch in file.iter_batches():
        for values in batch.to_pylist():
            number += 1
            yield Row(path.stem, number, f"{path}, row {number}", values)


def hf_rows(name: str) -> Iterator[Row]:
    """The rows of `NAME_OR_FOLDER[@SUBSET][:SPLIT]`, a hub data set or a folder (`save_to_disk`'s or of data files).

    Without a split it is `train`. Numbers are row numbers from 1.
    """
    import datasets

    where, _, split = name.partition(":")
    where, _, subset = where.partition("@")
    split = split or "train"
    try:
        if any((Path(where) / mark).is_file() for mark in ("state.json", "dataset_dict.json")):
            loaded = datasets.load_from_disk(where)
            rows = loaded[split] if isinstance(loaded, datasets.DatasetDict) else loaded
        else:
            rows = datasets.load_dataset(where, subset or None, split=split)
    except (OSError, ValueError, KeyError, datasets.exceptions.DatasetsError) as error:
        raise ValueError(
            f"hf:{name}: cannot be loaded ({error}): write hf:NAME_OR_FOLDER[@SUBSET][:SPLIT] of a data set that "
            "exists; without a network give a folder or a .jsonl or .parquet file"
        ) from None
    stem = f"{Path(where).name}-{split}"
    for number, values in enumerate(rows, start=1):
        yield Row(stem, number, f"hf:{name}, row {number}", values)


def detect(row: Row) -> str:
    """The format whose keys a row has."""
    for name, keys in _KEYS.items():
        if keys <= row.values.keys():
            return name
    wanted = "; ".join(f"{name}: {', '.join(sorted(keys))}" for name, keys in _KEYS.items())
    raise ValueError(f"{row.place}: keys {sorted(row.values)} fit no format ({wanted}): rename the columns")


def gsm8k_problem(row: Row) -> Problem:
    """{question, answer}: the answer after the last `####`, or the whole answer where it is one word."""
    question, solution = _text(row, "question"), _text(row, "answer")
    _, marked, answer = solution.rpartition("####")
    answer = answer.strip()
    if not answer or (not marked and len(answer.split()) > 1):
        raise ValueError(f"{row.place}: no gold answer in `answer`: end it with '#### ANSWER'")
    if _THOUSANDS.fullmatch(answer):
        answer = answer.replace(",", "")
    return Problem(id=row.id, prompt=question, reference={"answer": answer}, tags=(row.name,))


def verl_problem(row: Row) -> Problem:
    """verl's row: prompt is a text or messages, the gold is reward_model.ground_truth."""
    model = row.values["reward_model"] if isinstance(row.values.get("reward_model"), dict) else {}
    gold = model.get("ground_truth")
    if isinstance(gold, str | int | float) and str(gold).strip():
        reference = {"answer": str(gold).strip()}
    elif isinstance(gold, dict) and gold:
        reference = gold
    else:
        raise ValueError(f"{row.place}: reward_model.ground_truth is {gold!r}: give the answer as text or an object")
    prompt = row.values.get("prompt")
    tags = tuple(str(row.values[key]) for key in ("data_source", "ability") if row.values.get(key))
    if isinstance(prompt, list):
        return Problem(id=row.id, prompt=_messages(row, prompt), reference=reference, tags=tags)
    return Problem(id=row.id, prompt=_text(row, "prompt"), reference=reference, tags=tags)


def own_problem(row: Row) -> Problem:
    """A line that is a `Problem`; lists become tuples."""
    try:
        problem = Problem.model_validate(row.values)
    except ValidationError as error:
        found = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise ValueError(
            f"{row.place}: not a problem ({found}): the fields are {', '.join(Problem.model_fields)}"
        ) from None
    if not problem.prompt or not problem.id:
        raise ValueError(f"{row.place}: an empty id or prompt: fill it in or drop the row")
    return problem


FORMATS: dict[str, Callable[[Row], Problem]] = {
    "problems": own_problem,
    "gsm8k": gsm8k_problem,
    "verl": verl_problem,
}


def _must_exist(path: Path) -> None:
    if not path.is_file():
        raise ValueError(f"{path}: no such file (looked from {Path.cwd()}): correct the path of the data source")


def _text(row: Row, key: str) -> str:
    value = row.values.get(key)
    if isinstance(value, str) and value.strip():
        return value
    raise ValueError(f"{row.place}: `{key}` is {value!r}: give a text that is not empty, or drop the row")


def _messages(row: Row, prompt: list[Any]) -> tuple[Message, ...]:
    try:
        messages = tuple(Message(role=item["role"], content=item["content"]) for item in prompt)
    except (TypeError, KeyError, ValidationError):
        messages = ()
    if messages:
        return messages
    raise ValueError(f"{row.place}: `prompt` is no list of messages: each is an object with the texts role and content")
