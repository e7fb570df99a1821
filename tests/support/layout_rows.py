"""Rows of public layouts for tests: written to a file of any kind, loaded, judged."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rlcore.data.problems import load_problems
from rlcore.data.screening import Screening
from rlcore.data.sources.drops import Dropped, Drops
from verifiers.registry import resolve
from verifiers.types import Problem, Status, Verdict


def source(folder: Path, rows: Sequence[dict[str, Any]], kind: str) -> str:
    """A file of one of the kinds that are read, or a folder of `datasets`, with these rows; what names it."""
    path = folder / f"rows.{kind}"
    if kind == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    elif kind == "json":
        path.write_text(json.dumps(rows), encoding="utf-8")
    elif kind == "csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(
                {key: json.dumps(value) if isinstance(value, dict | list) else value for key, value in row.items()}
                for row in rows
            )
    elif kind == "parquet":
        import pyarrow
        from pyarrow import parquet

        # An empty object has no form there.
        full = [{key: None if value == {} else value for key, value in row.items()} for row in rows]
        parquet.write_table(pyarrow.Table.from_pylist(full), path)
    else:
        import datasets

        datasets.Dataset.from_list(list(rows)).save_to_disk(folder / "saved")
        return f"hf:{folder}/saved"
    return str(path)


def loaded(name: str, *, screen: bool = False, **options: Any) -> tuple[list[Problem], list[Dropped]]:
    """The problems of a source whose rows nobody names, and the dropped rows."""
    drops = Drops()
    with Screening(enabled=screen) as screening:
        problems = load_problems(name, size=1, seed=0, drops=drops, screening=screening, **options)
    return problems, [row for _, row in drops.rows]


def verdict(problem: Problem, completion: str) -> Verdict:
    """Of the problem's own judge, in its sandbox."""
    return resolve(problem.verifier)(completion, problem.reference, finish_reason="stop")


def status(problem: Problem, program: str) -> Status:
    """What the code judge says of a program."""
    return verdict(problem, f"```python\n{program}\n```").status
