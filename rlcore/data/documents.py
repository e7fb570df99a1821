"""Texts to pretrain on: the generated corpus or a file."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from rlcore.data import arithmetic
from rlcore.data.readers import jsonl_rows


class Corpus(NamedTuple):
    """The texts in the order they are to be drawn from, and what they are, for the log and the report."""

    texts: list[str]
    mix: dict[str, arithmetic.Share]


def read_documents(corpus: str, *, characters: int, seed: int, exclude: Collection[str] = frozenset()) -> Corpus:
    """The documents of `arithmetic`, of a .txt file (split on blank lines) or of a .jsonl file with `text`.

    Args:
        corpus: the source.
        characters: `arithmetic` stops when it has made so many; a file is read whole.
        seed: of the generator.
        exclude: held-out prompts. The generator makes no worked problem of them; a text of a file that contains one
            is an error, because the measurement would be of memory.

    Raises:
        ValueError: unknown source, missing, malformed or empty file, a held-out prompt in it; with the remedy.
    """
    if corpus == "arithmetic":
        return _generate(characters, seed, exclude)
    path = Path(corpus)
    if path.suffix == ".txt":
        found = list(_paragraphs(path))
    elif path.suffix == ".jsonl":
        found = list(_text_fields(path))
    else:
        raise ValueError(f"unknown corpus {corpus!r}: write arithmetic, or a path ending in .txt or .jsonl")
    if not found:
        raise ValueError(f"{corpus}: no text in it: give a file with at least one document")
    texts = [text for _, text in found]
    for place, text in found:
        if leaked := next((prompt for prompt in exclude if prompt in text), None):
            raise ValueError(f"{place}: contains the held-out prompt {leaked[:80]!r}: take it out of the corpus")
    total = sum(map(len, texts))
    return Corpus(texts, {path.name: arithmetic.Share(len(texts), 1.0, total, 1.0)})


def _generate(characters: int, seed: int, exclude: Collection[str]) -> Corpus:
    if characters < 1:
        raise ValueError(f"{characters} characters of the arithmetic corpus asked for: give 1 or more")
    made = list(_until(arithmetic.documents(seed, exclude=exclude), characters))
    return Corpus([document.text for document in made], arithmetic.mix(made))


def _until(documents: Iterator[arithmetic.Document], characters: int) -> Iterator[arithmetic.Document]:
    total = 0
    while total < characters:
        document = next(documents)
        total += len(document.text)
        yield document


def _paragraphs(path: Path) -> Iterator[tuple[str, str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file (looked from {Path.cwd()}): correct pretrain.corpus") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8 ({error}): convert the file") from None
    for number, paragraph in enumerate(re.split(r"\n\s*\n", text), start=1):
        if paragraph.strip():
            yield f"{path}, paragraph {number}", paragraph.strip("\n")


def _text_fields(path: Path) -> Iterator[tuple[str, str]]:
    for row in jsonl_rows(path):
        text = row.values.get("text")
        if not isinstance(text, str) or not text:
            raise ValueError(f"{row.place}: `text` is {text!r}: each line needs a `text` that is not empty")
        yield row.place, text
