"""Texts to pretrain on: those of a family or of a file."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rlcore.config.pretrain import TextPart
from rlcore.data import family
from rlcore.data.family import Family
from rlcore.data.sources.rows import jsonl_rows, sound
from rlcore.data.texts import Document, Share, mix


class Corpus(NamedTuple):
    """The texts in the order they are to be drawn from, and what they are, for the log and the report."""

    texts: list[str]
    mix: dict[str, Share]


def read_mixture(
    parts: Sequence[TextPart], *, characters: int, seed: int, exclude: Collection[str] = frozenset()
) -> Corpus:
    """The documents of several corpora, one corpus after the other; each makes its share of the characters.

    A file is read whole, whatever its share. `mix` has all the styles with their shares of the whole.
    """
    total = sum(part.share for part in parts)
    corpora = [
        read_documents(
            part.corpus,
            characters=round(characters * part.share / total),
            seed=seed,
            exclude=exclude,
            levels=part.levels,
        )
        for part in parts
    ]
    documents = sum(len(corpus.texts) for corpus in corpora)
    return Corpus(
        [text for corpus in corpora for text in corpus.texts],
        {
            style: share._replace(share=share.documents / documents)
            for corpus in corpora
            for style, share in corpus.mix.items()
        },
    )


def read_documents(
    corpus: str,
    *,
    characters: int,
    seed: int,
    exclude: Collection[str] = frozenset(),
    levels: tuple[int, ...] = (),
) -> Corpus:
    """The documents of a family, of a .txt file (split on blank lines) or of a .jsonl file with `text`.

    Args:
        corpus: a family that makes texts (`rlcore.data.family`), or a path.
        characters: a family stops when it has made so many; a file is read whole.
        seed: of the family.
        exclude: held-out prompts. A family makes no worked problem of them; a text of a file that contains one is an
            error, because the measurement would be of memory.
        levels: of a family whose texts have levels; empty is all.

    Raises:
        ValueError: unknown source or level, missing, malformed or empty file, a held-out prompt in it; with the
            remedy.
    """
    if source := family.find(corpus):
        return _generate(source, characters, seed, exclude, levels)
    if levels:
        raise ValueError(f"corpus {corpus!r} has no levels: leave pretrain.mixture.levels out")
    path = Path(corpus)
    if path.suffix == ".txt":
        found = list(_paragraphs(path))
    elif path.suffix == ".jsonl":
        found = list(_text_fields(path))
    else:
        raise ValueError(
            f"unknown corpus {corpus!r}: write {', '.join(family.with_documents())}, or a path ending in .txt or "
            ".jsonl, or in .py (a family)"
        )
    if not found:
        raise ValueError(f"{corpus}: no text in it: give a file with at least one document")
    texts = [text for _, text in found]
    for place, text in found:
        if leaked := next((prompt for prompt in exclude if prompt in text), None):
            raise ValueError(f"{place}: contains the held-out prompt {leaked[:80]!r}: take it out of the corpus")
    total = sum(map(len, texts))
    return Corpus(texts, {path.name: Share(len(texts), 1.0, total, 1.0)})


def _generate(source: Family, characters: int, seed: int, exclude: Collection[str], levels: tuple[int, ...]) -> Corpus:
    if characters < 1:
        raise ValueError(f"{characters} characters of the {source.source} corpus asked for: give 1 or more")
    made = list(_until(source.documents(seed, exclude=exclude, levels=levels), characters))
    # Two families may have styles of one name.
    return Corpus(
        [document.text for document in made],
        {f"{source.name}: {style}": share for style, share in mix(made).items()},
    )


def _until(documents: Iterator[Document], characters: int) -> Iterator[Document]:
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
    for row in sound(jsonl_rows(path)):
        text = row.values.get("text")
        if not isinstance(text, str) or not text:
            raise ValueError(f"{row.place}: `text` is {text!r}: each line needs a `text` that is not empty")
        yield row.place, text
