"""LeanDojo Benchmark files: read, written, and as problems for the Lean judge.

A benchmark is a folder of `{random,novel_premises}/{train,val,test}.json` (theorems with their traced proofs),
`corpus.jsonl` (the files of the repository with their premises) and `metadata.json`. Format: LeanDojo,
arXiv 2306.15626. Keys that are not known here are kept.

Tried on files made for the tests, not on the published benchmark. Its theorems need the repository they come from
(Mathlib as a rule), so the judge needs the full mode with that repository at that commit.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from rlcore.data.sources import lean_statements as statements
from rlcore.data.sources.drops import Dropped, Placed
from rlcore.data.sources.readers import check_travels
from rlcore.data.sources.rows import jsonl_rows, sound
from rlcore.run.folder import write_json, write_lines, write_text
from verifiers.types import Problem

log = logging.getLogger(__name__)

Record = TypeVar("Record", bound="_Kept")

_CHUNK = 1 << 20
_NEXT = {mark: re.compile(rf"\s*{re.escape(mark)}\s*(?=\{{)") for mark in "[,"}
_END = {"[": re.compile(r"\s*\[\s*\]"), ",": re.compile(r"\s*\]")}
_LAYOUT = "a LeanDojo Benchmark has random/train.json, novel_premises/train.json, corpus.jsonl and metadata.json"


class _Kept(BaseModel):
    """A record that keeps the keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="allow")


class TracedTactic(_Kept):
    """One tactic of a proof that was traced.

    Attributes:
        annotated_tactic: the tactic with `<a>` around its premises, and for each its full name and definition.
        state_before, state_after: the goals as Lean prints them; `no goals` at the end.
    """

    tactic: str
    annotated_tactic: tuple[str, tuple[dict[str, Any], ...]]
    state_before: str
    state_after: str


class Theorem(_Kept):
    """One theorem of a benchmark. `start` and `end` are (line, column), both from 1."""

    url: str
    commit: str
    file_path: str
    full_name: str
    start: tuple[int, int]
    end: tuple[int, int]
    traced_tactics: tuple[TracedTactic, ...] = ()
    # Not in the published files; some tools that write this format add it, and so does `from_problem`.
    theorem_statement: str | None = None


class SourceFile(_Kept):
    """One line of `corpus.jsonl`: a file, the files it imports, the premises it defines."""

    path: str
    imports: tuple[str, ...] = ()
    premises: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Context:
    """What is at hand besides the theorems.

    Attributes:
        checkout: the repository's files at the benchmark's commit, or None.
        imports: path of a file -> paths it imports, from the corpus.
    """

    checkout: Path | None
    imports: Mapping[str, tuple[str, ...]]


def read_theorems(path: Path) -> Iterator[Theorem]:
    """The theorems of a split file, one after the other: the file (hundreds of MB) is never in memory as a whole.

    Raises:
        ValueError: no such file, no JSON list, or an entry without the keys; the message names place and remedy.
    """
    for number, values in enumerate(_objects(path), start=1):
        yield _parse(Theorem, values, f"{path}, theorem {number}")


def write_theorems(path: Path, theorems: Iterable[Theorem]) -> None:
    """Write a split file, atomically."""
    entries = (json.dumps(_plain(theorem), ensure_ascii=False) for theorem in theorems)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, "[\n" + ",\n".join(entries) + "\n]\n")


def read_corpus(path: Path) -> Iterator[SourceFile]:
    """The files of `corpus.jsonl`. ValueError as in `read_theorems`."""
    for row in sound(jsonl_rows(path)):
        yield _parse(SourceFile, row.values, row.place)


def write_corpus(path: Path, files: Iterable[SourceFile]) -> None:
    """Write `corpus.jsonl`, atomically."""
    write_lines(path, (_plain(file) for file in files))


def read_metadata(path: Path) -> dict[str, Any]:
    """`metadata.json`: which repository and commit, by which version. ValueError as in `read_theorems`."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file: {_LAYOUT}") from None
    except ValueError as error:
        raise ValueError(f"{path}: not JSON in UTF-8 ({error}): download or write it again") from None
    if not isinstance(values, dict):
        raise ValueError(f"{path}: a {type(values).__name__}, not an object: download or write it again")
    return values


def write_metadata(path: Path, values: dict[str, Any]) -> None:
    """Write `metadata.json`, atomically."""
    write_json(path, values)


def load(source: str) -> list[Placed | Dropped]:
    """Problems of `FILE.json[@CHECKOUT]`: a split file, and a folder with the repository at the benchmark's commit.

    A published benchmark holds no statements. They come from `theorem_statement` where an entry has one, else from
    the checkout, else from the first traced goal, where that can be written down as a statement. A theorem without
    one is left out and logged: that is the format's doing. An entry that is none, or whose file is not in the
    checkout, is dropped.

    Raises:
        ValueError: a missing file, one that is no JSON list, or no theorem with a statement.
    """
    name, _, checkout = source.partition("@")
    path = Path(name)
    if checkout and not Path(checkout).is_dir():
        raise ValueError(f"leandojo:{source}: {checkout} is no folder: give a checkout of the repository, or none")
    if path.is_dir():
        raise ValueError(f"leandojo:{source}: {name} is a folder: name a split file in it ({_LAYOUT})")
    entries = [(f"{path}, theorem {number}", values) for number, values in enumerate(_objects(path), start=1)]
    wanted = {values["file_path"] for _, values in entries if isinstance(values.get("file_path"), str)}
    context = Context(Path(checkout) if checkout else None, _imports(path, wanted))
    found = [one for place, values in entries if (one := _placed(place, values, context)) is not None]
    if entries and not found:
        raise ValueError(
            f"leandojo:{source}: no statement could be found for any of {len(entries)} theorems: name a checkout of "
            "the repository at the benchmark's commit, as leandojo:FILE.json@CHECKOUT"
        )
    if len(found) < len(entries):
        log.warning("leandojo:%s: %d theorems left out, without a statement", source, len(entries) - len(found))
    return found


def _placed(place: str, values: dict[str, Any], context: Context) -> Placed | Dropped | None:
    """None: no statement can be found."""
    try:
        problem = to_problem(_parse(Theorem, values, place), context)
        if problem is not None:
            check_travels(problem)
    except ValueError as error:
        name = values.get("full_name")
        return Dropped(place, str(error).removeprefix(f"{place}: "), name if isinstance(name, str) else "")
    return None if problem is None else Placed(problem, place)


def to_problem(theorem: Theorem, context: Context) -> Problem | None:
    """The theorem as a problem for the Lean judge; None where no statement can be found.

    The prompt is the statement up to `by`. The reference's header is the file up to the theorem where there is a
    checkout, its open namespaces and sections closed (`lean_statements.closed`), else imports of what the file imports.
    Tags say where the statement comes from (`statement=field|source|goal`: `goal` is Lean's printing, which does not
    always read back as the same term) and hold what `from_problem` needs.
    """
    found = _statement(theorem, context)
    if found is None:
        return None
    origin, statement, header = found
    place = {"url": theorem.url, "commit": theorem.commit, "file": theorem.file_path, "name": theorem.full_name}
    place |= {"start": "{}:{}".format(*theorem.start), "end": "{}:{}".format(*theorem.end)}
    return Problem(
        id=f"{theorem.commit[:8]}/{theorem.file_path}:{theorem.start[0]}:{theorem.full_name}",
        prompt=f"{statement} := by\n",
        verifier="lean",
        reference={"statement": statement, "header": header},
        tags=("lean", "leandojo", f"statement={origin}", *(f"{key}={value}" for key, value in place.items())),
    )


def from_problem(problem: Problem) -> Theorem:
    """A Lean problem as an entry of a benchmark, with its statement and without a traced proof.

    What did not come from a benchmark has no repository: url and commit are empty and the name is the problem's id.

    Raises:
        ValueError: the problem is not for the Lean judge, or has no statement.
    """
    statement = problem.reference.get("statement")
    if problem.verifier != "lean" or not isinstance(statement, str):
        raise ValueError(f"problem {problem.id}: not a Lean problem with a `statement`: only those can be written")
    place = dict(tag.split("=", 1) for tag in problem.tags if "=" in tag)
    return Theorem(
        url=place.get("url", ""),
        commit=place.get("commit", ""),
        file_path=place.get("file", ""),
        full_name=place.get("name", problem.id),
        start=_position(place.get("start", "1:1")),
        end=_position(place.get("end", "1:1")),
        theorem_statement=statement,
        **({"header": problem.reference["header"]} if problem.reference.get("header") else {}),
    )


def _statement(theorem: Theorem, context: Context) -> tuple[str, str, str] | None:
    """(where it comes from, statement, header)."""
    imported = statements.import_lines(context.imports.get(theorem.file_path, ()))
    if theorem.theorem_statement:
        given = statements.up_to_proof(theorem.theorem_statement)
        before = (theorem.model_extra or {}).get("header", imported)
        return None if given is None else ("field", *_alone(given, str(before)))
    if context.checkout is not None:
        file = context.checkout / theorem.file_path
        if not file.is_file():
            raise ValueError(
                f"{file}: no such file, though the benchmark has a theorem in it: check out commit {theorem.commit} "
                f"of {theorem.url}"
            )
        before, text = statements.cut(file.read_text(encoding="utf-8"), theorem.start, theorem.end)
        given = statements.up_to_proof(text)
        return None if given is None else ("source", *_alone(given, before))
    if theorem.traced_tactics:
        given = statements.from_goal(theorem.traced_tactics[0].state_before)
        return None if given is None else ("goal", given, imported)
    return None


def _alone(statement: str, before: str) -> tuple[str, str]:
    """Statement and header, of which nothing is left open."""
    header, namespace = statements.closed(before)
    return statements.within(statement, namespace), header


def _imports(split: Path, wanted: set[str]) -> dict[str, tuple[str, ...]]:
    corpus = split.parent.parent / "corpus.jsonl"
    if not corpus.is_file():
        return {}
    return {file.path: file.imports for file in read_corpus(corpus) if file.path in wanted}


def _objects(path: Path) -> Iterator[Any]:
    """The elements of a JSON list of objects, decoded one at a time."""
    if not path.is_file():
        raise ValueError(f"{path}: no such file (looked from {Path.cwd()}): {_LAYOUT}")
    decoder = json.JSONDecoder()
    text, at, mark = "", 0, "["
    # Bytes that are no UTF-8 become half surrogates, which no problem may hold: they cost one entry, not the file.
    with path.open(encoding="utf-8", errors="surrogateescape") as file:
        while True:
            begin = _NEXT[mark].match(text, at)
            fault = f"an object was expected behind {mark!r}"
            if begin:
                try:
                    value, at = decoder.raw_decode(text, begin.end())
                except ValueError as error:
                    fault = str(error)
                else:
                    yield value
                    mark = ","
                    continue
            elif _END[mark].match(text, at):
                return
            more = "" if not begin and text[at:].strip() not in ("", mark) else file.read(_CHUNK)
            if not more:
                raise ValueError(f"{path}: not a JSON list of objects ({fault}): name a split, as random/train.json")
            text, at = text[at:] + more, 0


def _parse(kind: type[Record], values: Any, place: str) -> Record:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        found = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()[:3])
        raise ValueError(f"{place}: not an entry of a LeanDojo Benchmark ({found}): {_LAYOUT}") from None


def _plain(record: _Kept) -> dict[str, Any]:
    values: dict[str, Any] = record.model_dump(mode="json")
    if values.get("theorem_statement", "") is None:
        del values["theorem_statement"]
    return values


def _position(text: str) -> tuple[int, int]:
    line, _, column = text.partition(":")
    return int(line), int(column)
