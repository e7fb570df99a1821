"""Rows of files and data sets, and what a row of each format means.

Formats: `problems` (lines of `verifiers.types.Problem`), `gsm8k` ({question, answer}), `verl` ({data_source, prompt,
reward_model: {ground_truth}, extra_info}). Rows are read one by one: one that is no row, or does not fit its format, is
`Dropped` with its place and reason and stops nothing. A source that cannot be read as a whole raises ValueError.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from rlcore.data.drops import Dropped, Placed
from verifiers.types import Message, Problem

_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
# An answer of several words that is no solution: it begins as a number, a formula or `x =` does, and is one sentence.
_WHOLE_ANSWER = re.compile(r"(?:[-+$€£¥\\(\[{.0-9]|[A-Za-z]\w*\s*=)[^\n]{0,200}")
_SECOND_SENTENCE = re.compile(r"[.!?。]\s*[^\W\d_]|[.!?。]\s+\S")
_KEYS = {"gsm8k": {"question", "answer"}, "verl": {"prompt", "reward_model"}, "problems": {"id", "prompt"}}
_NO_VALUE = "a cell holds text that is not UTF-8, or a date out of range: correct it"
_SHOWN_CHARS = 80
# `services.settings` allows 32, of which a request takes five.
_MAX_DEPTH = 26


class Row(NamedTuple):
    """One row and where it came from: `name` and `number` make ids, `place` is what people look for."""

    name: str
    number: int
    place: str
    values: dict[str, Any]

    @property
    def id(self) -> str:
        return f"{self.name}-{self.number}"


def jsonl_rows(path: Path) -> Iterator[Row | Dropped]:
    """The objects of a JSON Lines file, blank lines skipped. Numbers are line numbers from 1."""
    _must_exist(path)
    try:
        lines = path.open("rb")
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror}): give a file that this user may read") from None
    with lines:
        for number, line in enumerate(lines, start=1):
            place = f"{path}, line {number}"
            if not line.strip():
                continue
            try:
                values = json.loads(line)
            # JSONDecodeError and UnicodeDecodeError; brackets that are nested thousands deep.
            except (ValueError, RecursionError) as error:
                yield Dropped(place, f"not JSON in UTF-8 ({error}): write one JSON object per line")
                continue
            if isinstance(values, dict):
                yield Row(path.stem, number, place, values)
            else:
                kind = type(values).__name__
                yield Dropped(place, f"a {kind}, not an object: write one JSON object per line")


def parquet_rows(path: Path) -> Iterator[Row | Dropped]:
    """The rows of a Parquet file. Numbers are row numbers from 1."""
    import pyarrow
    from pyarrow import parquet

    _must_exist(path)
    number = 0
    try:
        for batch in parquet.ParquetFile(path).iter_batches():
            for values in _unpacked(batch):
                number += 1
                place = f"{path}, row {number}"
                yield Dropped(place, _NO_VALUE) if values is None else Row(path.stem, number, place, values)
    except (pyarrow.ArrowException, OSError) as error:
        raise ValueError(f"{path}: not a Parquet file ({error}): write it again, or give JSON Lines") from None


def _unpacked(batch: Any) -> list[Any]:
    """The rows of a batch; None where a cell of the row has no value in Python."""
    try:
        return list(batch.to_pylist())
    except (ValueError, OverflowError):
        if batch.num_rows == 1:
            return [None]
    return [row for at in range(batch.num_rows) for row in _unpacked(batch.slice(at, 1))]


def hf_rows(name: str) -> Iterator[Row | Dropped]:
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


def sound(rows: Iterable[Row | Dropped]) -> Iterator[Row]:
    """For whoever needs every row: the rows; ValueError for the first that is none."""
    for row in rows:
        if isinstance(row, Dropped):
            raise ValueError(str(row))
        yield row


def to_problems(rows: Iterable[Row | Dropped], format: str) -> Iterator[Placed | Dropped]:
    """What the rows say. `auto` is the format of the first row that fits one. ValueError for an unknown format."""
    if format not in ("auto", *FORMATS):
        raise ValueError(f"unknown data.format {format!r}: write auto, {', '.join(FORMATS)}")
    for row in rows:
        if isinstance(row, Dropped):
            yield row
            continue
        try:
            if format == "auto":
                format = detect(row)
            problem = FORMATS[format](row)
            check_travels(problem)
        except ValueError as error:
            own = row.values.get("id")
            yield Dropped(row.place, str(error), own if isinstance(own, str) else row.id)
        else:
            yield Placed(problem, row.place)


def detect(row: Row) -> str:
    """The format whose keys a row has. ValueError where none fits."""
    for name, keys in _KEYS.items():
        if keys <= row.values.keys():
            return name
    wanted = "; ".join(f"{name}: {', '.join(sorted(keys))}" for name, keys in _KEYS.items())
    raise ValueError(f"keys {sorted(map(str, row.values))} fit no format ({wanted}): rename the columns")


def gsm8k_problem(row: Row) -> Problem:
    """{question, answer}: the answer after the last `####`, or the whole answer: a word, `9 (apples)`, `x=5, y=6`."""
    question, solution = _text(row, "question"), _text(row, "answer")
    _, marked, answer = solution.rpartition("####")
    answer = answer.strip()
    if not answer or (not marked and len(answer.split()) > 1 and not _is_whole_answer(answer)):
        raise ValueError("no gold answer in `answer`: end it with '#### ANSWER'")
    if _THOUSANDS.fullmatch(answer):
        answer = answer.replace(",", "")
    return Problem(id=row.id, prompt=question, reference={"answer": answer}, tags=(row.name,))


def _is_whole_answer(text: str) -> bool:
    return _WHOLE_ANSWER.fullmatch(text) is not None and _SECOND_SENTENCE.search(text) is None


def verl_problem(row: Row) -> Problem:
    """verl's row: prompt is a text or messages, the gold is reward_model.ground_truth."""
    model = row.values["reward_model"] if isinstance(row.values.get("reward_model"), dict) else {}
    gold = model.get("ground_truth")
    # NaN is how a table without a value is written down.
    is_answer = isinstance(gold, str | int | float) and not isinstance(gold, bool) and bool(str(gold).strip())
    if is_answer and not (isinstance(gold, float) and not math.isfinite(gold)):
        reference = {"answer": str(gold).strip()}
    elif isinstance(gold, dict) and gold:
        reference = gold
    else:
        raise ValueError(f"reward_model.ground_truth is {_shown(gold)}: give the answer as text or an object")
    prompt = row.values.get("prompt")
    tags = tuple(str(row.values[key]) for key in ("data_source", "ability") if row.values.get(key))
    if isinstance(prompt, list):
        return Problem(id=row.id, prompt=_messages(prompt), reference=reference, tags=tags)
    return Problem(id=row.id, prompt=_text(row, "prompt"), reference=reference, tags=tags)


def own_problem(row: Row) -> Problem:
    """A line that is a `Problem`; lists become tuples."""
    known = list(Problem.model_fields)
    for key in sorted(map(str, row.values.keys() - set(known))):
        near = difflib.get_close_matches(key, known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"not a problem: unknown key {key[:_SHOWN_CHARS]!r}{hint} The fields are {', '.join(known)}")
    try:
        problem = Problem.model_validate(row.values)
    except ValidationError as error:
        found = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()[:3])
        raise ValueError(f"not a problem ({found}): the fields are {', '.join(known)}") from None
    said = (problem.prompt,) if isinstance(problem.prompt, str) else [each.content for each in problem.prompt]
    if not problem.id.strip() or not "".join(said).strip():
        raise ValueError("an empty id or prompt: fill it in or drop the row")
    return problem


FORMATS: dict[str, Callable[[Row], Problem]] = {
    "problems": own_problem,
    "gsm8k": gsm8k_problem,
    "verl": verl_problem,
}


def _must_exist(path: Path) -> None:
    if not path.is_file():
        raise ValueError(f"{path}: no such file (looked from {Path.cwd()}): correct the path of the data source")


def check_travels(problem: Problem) -> None:
    """A problem is hashed, written down and sent as JSON in UTF-8. ValueError where a part of it has no such form."""
    if _is_deeper(problem.reference, _MAX_DEPTH):
        raise ValueError(f"the reference is nested deeper than {_MAX_DEPTH}, which no reward service takes: flatten it")
    try:
        json.dumps(problem.model_dump(), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("half of a surrogate pair in a text: it is no valid Unicode, write the row again") from None
    except TypeError as error:
        raise ValueError(f"the reference is not JSON ({error}): write numbers, texts, lists and objects") from None


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return not levels or any(_is_deeper(item, levels - 1) for item in inner)


def _text(row: Row, key: str) -> str:
    value = row.values.get(key)
    if isinstance(value, str) and value.strip():
        return value
    raise ValueError(f"`{key}` is {_shown(value)}: give a text that is not empty, or drop the row")


def _shown(value: Any) -> str:
    said = repr(value)
    return said if len(said) <= _SHOWN_CHARS else f"{said[:_SHOWN_CHARS]}..."


def _messages(prompt: list[Any]) -> tuple[Message, ...]:
    try:
        messages = tuple(Message(role=item["role"], content=item["content"]) for item in prompt)
    except (TypeError, KeyError, ValidationError):
        messages = ()
    if any(message.content.strip() for message in messages):
        return messages
    raise ValueError("`prompt` is no list of messages: each is an object with the texts role and content")
