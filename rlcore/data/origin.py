"""The family of a problem: where it came from, by one name in metrics, tables, labels and the report.

| source | family |
|---|---|
| a family, `arithmetic` or `path/to/clocks.py` | its file's name: `arithmetic`, `clocks` |
| a family with variants, `word_problems:en+zh` | each apart, behind a dot: `word_problems.en`, `word_problems.zh` |
| `.../gsm8k/train.jsonl` | the file's name; where that says a split only, the folder's: `gsm8k` |
| `hf:NAME_OR_FOLDER[@SUBSET][:SPLIT]` | the last part of the name, and the subset: `gsm8k.main` |
| `leandojo:.../random/train.json` | `leandojo` and the same: `leandojo.random` |

A row of ours (`verifiers.types.Problem`) that has the tag `family=NAME` keeps it. What is no letter, digit, `-`, `_` or
`.` becomes `_`, which TensorBoard and others take as it is. Sources whose names come out equal are one family.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

from rlcore.data.sources.rows import SUFFIXES
from verifiers.types import Problem

SPELLING = r"[\w.-]+"
"""What a family's name may be, as a regular expression."""

_TAG = "family="
_MAX_CHARS = 60
# Names of files and folders that say which part of a data set it is, not which set.
_SPLIT = re.compile(r"(train|training|test|testing|val|valid|validation|dev|eval|data)(-\d+-of-\d+)?", re.IGNORECASE)


def family(problem: Problem) -> str:
    """The family of a problem; of one that no source gave, the judge's name (of `path/to/file.py:function` the
    function's)."""
    return said(problem) or spelled(problem.verifier.rpartition(":")[-1])


def said(problem: Problem) -> str:
    """The family by the problem's own tag; "" without one."""
    return next((spelled(tag.removeprefix(_TAG)) for tag in problem.tags if tag.startswith(_TAG)), "")


def labelled(problem: Problem, name: str) -> Problem:
    """The problem with its family as a tag."""
    others = tuple(tag for tag in problem.tags if not tag.startswith(_TAG))
    return problem.model_copy(update={"tags": (*others, f"{_TAG}{spelled(name)}")})


def ordered(names: Sequence[str]) -> list[str]:
    """Names of families without repetition: by the first of their source, then by variant."""
    sources = list(dict.fromkeys(name.partition(".")[0] for name in names))
    return sorted(set(names), key=lambda name: (sources.index(name.partition(".")[0]), name))


def name_of(source: str) -> str:
    """The family of a source of rows."""
    scheme, _, rest = source.partition(":")
    if scheme == "hf":
        where, _, subset = rest.partition(":")[0].partition("@")
        return spelled(_of_path(where) + (f".{subset}" if subset else ""))
    if scheme == "leandojo":
        return f"leandojo.{_of_path(rest.partition('@')[0])}"
    return _of_path(source)


def spelled(name: str) -> str:
    """A name as metrics have it."""
    return re.sub(r"[^\w.-]+", "_", name).strip("_.")[:_MAX_CHARS] or "unnamed"


def _of_path(path: str) -> str:
    parts = [part for part in PurePath(path).parts if part.strip("./")]
    if not parts:
        return "unnamed"
    stem = next((parts[-1].removesuffix(suffix) for suffix in SUFFIXES if parts[-1].endswith(suffix)), parts[-1])
    names = [stem, *reversed(parts[:-1])]
    # A dot is what stands before a variant.
    return spelled(next((name for name in names if not _SPLIT.fullmatch(name)), stem).replace(".", "_"))
