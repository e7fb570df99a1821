"""Training and held-out problems that share no text, whatever order the data came in."""

from __future__ import annotations

import hashlib
import logging
import unicodedata
from collections.abc import Iterable, Sequence

from verifiers.types import Problem

log = logging.getLogger(__name__)


def normalised(problem: Problem) -> str:
    """The text by which two problems are the same: what the user says, case and spacing levelled.

    Unicode is composed (NFC) but not folded to look-alikes: NFKC would make "2 squared" written with a superscript
    the number 22. Of chat messages only the user's count, so a system prompt does not hide a duplicate.
    """
    if isinstance(problem.prompt, str):
        text = problem.prompt
    else:
        said = [message.content for message in problem.prompt if message.role == "user"]
        text = "\n".join(said or [message.content for message in problem.prompt])
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def deduplicate(problems: Iterable[Problem]) -> tuple[list[Problem], int]:
    """One problem of each normalised text, the one with the smallest id, in the order given; and how many went."""
    best: dict[str, Problem] = {}
    total = 0
    for problem in problems:
        total += 1
        text = normalised(problem)
        if text not in best or problem.id < best[text].id:
            best[text] = problem
    return list(best.values()), total - len(best)


def split(problems: Sequence[Problem], *, held_out_share: float, seed: int) -> tuple[list[Problem], list[Problem]]:
    """(train, held out) by hash of seed and normalised text; duplicates are removed first and logged.

    Both lists come in the order of the hash, so any head of them is a random sample, and neither their members nor
    their order depend on the order of `problems`. A larger share only adds to the held-out problems.

    Raises:
        ValueError: the share leaves [0, 1), or a side that should have problems has none.
    """
    if not 0.0 <= held_out_share < 1.0:
        raise ValueError(f"held_out_share={held_out_share}: set data.held_out_share to 0 or more and below 1")
    unique, duplicates = deduplicate(problems)
    if duplicates:
        log.warning("%d of %d problems are duplicates of another's text and were removed", duplicates, len(problems))
    hashed = sorted(((_hash(normalised(problem), seed), problem) for problem in unique), key=lambda pair: pair[0])
    held_out = [problem for share, problem in hashed if share < held_out_share]
    train = [problem for share, problem in hashed if share >= held_out_share]
    if not train or (held_out_share > 0 and not held_out):
        raise ValueError(
            f"{len(unique)} different problems split into {len(train)} to train on and {len(held_out)} held out: "
            "give more problems, change data.held_out_share, or name a data.held_out source"
        )
    return train, held_out


def without(train: Iterable[Problem], held_out: Iterable[Problem]) -> tuple[list[Problem], int]:
    """`train` without the problems whose normalised text occurs in `held_out`, in order; and how many went."""
    held = {normalised(problem) for problem in held_out}
    total, kept = 0, []
    for problem in train:
        total += 1
        if normalised(problem) not in held:
            kept.append(problem)
    return kept, total - len(kept)


def _hash(text: str, seed: int) -> float:
    """Uniform in [0, 1)."""
    digest = hashlib.sha256(f"{seed}\0{text}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53
