"""Rows of files and data sets, one by one.

A row that is none (no JSON, a cell without a value) is `Dropped` with its place and reason and stops nothing. A source
that cannot be read as a whole raises ValueError.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from rlcore.data.sources.drops import Dropped

SUFFIXES = (".jsonl", ".jsonl.gz", ".json", ".csv", ".parquet")
_NO_VALUE = "a cell holds text that is not UTF-8, or a date out of range: correct it"


class Row(NamedTuple):
    """One row and where it came from: `name` and `number` make ids, `place` is what people look for."""

    name: str
    number: int
    place: str
    values: dict[str, Any]

    @property
    def id(self) -> str:
        return f"{self.name}-{self.number}"


def file_rows(path: Path) -> Iterator[Row | Dropped]:
    """The rows of a file by the end of its name (`SUFFIXES`)."""
    if path.suffix == ".parquet":
        return parquet_rows(path)
    if path.suffix == ".csv":
        return csv_rows(path)
    return json_rows(path) if path.suffix == ".json" else jsonl_rows(path)


def jsonl_rows(path: Path) -> Iterator[Row | Dropped]:
    """The objects of a JSON Lines file, also a packed one, blank lines skipped. Numbers are line numbers from 1."""
    with _opened(path) as lines:
        try:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _parsed(path, number, line)
        except (EOFError, gzip.BadGzipFile) as error:
            raise ValueError(f"{path}: not packed by gzip ({error}): pack it again, or give it unpacked") from None


def json_rows(path: Path) -> Iterator[Row | Dropped]:
    """The objects of a JSON list, or one object. Numbers are places in the list from 1."""
    with _opened(path) as file:
        text = file.read()
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        # Some data sets name a file of JSON Lines so.
        if text.count(b"\n{") and text.lstrip().startswith(b"{"):
            yield from jsonl_rows(path)
            return
        raise ValueError(f"{path}: not JSON in UTF-8 ({error}): write a list of objects, or JSON Lines") from None
    for number, values in enumerate(found if isinstance(found, list) else [found], start=1):
        yield _row(path, number, f"{path}, row {number}", values)


def csv_rows(path: Path) -> Iterator[Row | Dropped]:
    """The rows of a CSV file whose first line names the columns; empty cells have no value. Numbers are from 1."""
    with _opened(path) as file:
        text = file.read()
    try:
        lines = io.StringIO(text.decode("utf-8-sig"), newline="")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8 ({error}): write it again, or give JSON Lines") from None
    # Tests of code problems are longer than the module's own limit.
    csv.field_size_limit(sys.maxsize)
    for number, cells in enumerate(csv.DictReader(lines), start=1):
        values = {key: value for key, value in cells.items() if key is not None and value not in (None, "")}
        yield Row(path.stem, number, f"{path}, row {number}", values)


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


def hf_rows(name: str) -> Iterator[Row | Dropped]:
    """The rows of `NAME_OR_FOLDER[@SUBSET][:SPLIT]`, a hub data set or a folder (`save_to_disk`'s or of data files).

    Without a split it is `train`, or the only one there is. Numbers are row numbers from 1.
    """
    import datasets

    where, _, split = name.partition(":")
    where, _, subset = where.partition("@")
    try:
        if any((Path(where) / mark).is_file() for mark in ("state.json", "dataset_dict.json")):
            loaded = datasets.load_from_disk(where)
        else:
            loaded = datasets.load_dataset(where, subset or None, split=split or None)
        if isinstance(loaded, dict):
            split = split or ("train" if "train" in loaded or len(loaded) != 1 else next(iter(loaded)))
            loaded = loaded[split]
    except (OSError, ValueError, KeyError, datasets.exceptions.DatasetsError) as error:
        raise ValueError(
            f"hf:{name}: cannot be loaded ({error}): write hf:NAME_OR_FOLDER[@SUBSET][:SPLIT] of a data set that "
            "exists; without a network give a folder or a .jsonl or .parquet file"
        ) from None
    stem = f"{Path(where).name}-{split or 'train'}"
    for number, values in enumerate(loaded, start=1):
        yield Row(stem, number, f"hf:{name}, row {number}", values)


def sound(rows: Iterable[Row | Dropped]) -> Iterator[Row]:
    """For whoever needs every row: the rows; ValueError for the first that is none."""
    for row in rows:
        if isinstance(row, Dropped):
            raise ValueError(str(row))
        yield row


def _parsed(path: Path, number: int, line: bytes) -> Row | Dropped:
    place = f"{path}, line {number}"
    try:
        values = json.loads(line)
    # JSONDecodeError and UnicodeDecodeError; brackets that are nested thousands deep.
    except (ValueError, RecursionError) as error:
        return Dropped(place, f"not JSON in UTF-8 ({error}): write one JSON object per line")
    return _row(path, number, place, values)


def _row(path: Path, number: int, place: str, values: Any) -> Row | Dropped:
    if isinstance(values, dict):
        return Row(path.name.partition(".json")[0], number, place, values)
    # A conversation alone, as Open-Reasoner-Zero has it.
    if isinstance(values, list) and values and all(isinstance(item, dict) for item in values):
        return _row(path, number, place, {"conversations": values})
    kind = type(values).__name__
    return Dropped(place, f"a {kind}, not an object: write one JSON object per line")


def _unpacked(batch: Any) -> list[Any]:
    """The rows of a batch; None where a cell of the row has no value in Python."""
    try:
        return list(batch.to_pylist())
    except (ValueError, OverflowError):
        if batch.num_rows == 1:
            return [None]
    return [row for at in range(batch.num_rows) for row in _unpacked(batch.slice(at, 1))]


def _opened(path: Path) -> IO[bytes]:
    _must_exist(path)
    try:
        return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror}): give a file that this user may read") from None


def _must_exist(path: Path) -> None:
    if not path.is_file():
        raise ValueError(f"{path}: no such file (looked from {Path.cwd()}): correct the path of the data source")
