"""Puzzles of reasoning-gym: where the answer is one number for the math judge, the others for the gym judge.

A variant is one of the library's families, `reasoning_gym:countdown`; several are several sources of a mixture.

Equality is not what makes an answer of most families right (a countdown puzzle has many solutions): their problems
carry the library's entry, which the gym judge hands to the family's own scorer.

The problems are made in a process of their own (`python -m rlcore.data.families.reasoning_gym FAMILY SIZE SEED` prints
them): some families follow the order of sets of texts, which is another in each process unless PYTHONHASHSEED says it.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib.util
import io
import json
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from verifiers.gym import families
from verifiers.types import Json, Problem

# Families whose answers are single numbers with one right value (reasoning-gym 0.1.25, 60 problems of each).
NUMERIC_FAMILIES = (
    "aiw", "basic_arithmetic", "binary_alternation", "chain_sum", "circuit_logic", "count_bits", "count_primes",
    "decimal_arithmetic", "decimal_chain_sum", "dice", "gcd", "gsm_symbolic", "largest_island", "lcm", "leg_counting",
    "letter_counting", "maze", "number_format", "number_sequence", "products", "rectangle_count", "rotten_oranges",
    "self_reference", "simple_equations", "simple_geometry",
)  # fmt: skip

# The questions say how an answer is written, not where.
WHERE = "\n\nWrite your final answer between <answer> and </answer>."
_NUMBER = re.compile(r"-?\d+(\.\d+)?(/\d+)?")
# Questions without an answer that can be judged, among those with one.
_MOST_PASSED_OVER = 4


def problems(size: int, seed: int, *, variants: tuple[str, ...]) -> list[Problem]:
    """Problems of one of the library's families, the same for the same size and seed. Most families make hundreds in a
    second, some few.

    Questions whose own answer is nothing (an equation without roots) or no answer of its form (an integral that the
    library leaves as one) are passed over. The tag is `variant=FAMILY`.

    Raises:
        ValueError: not one family, one that is not there or cannot be judged, or no reasoning-gym; with the remedy.
    """
    if len(variants) != 1:
        named = f"{len(variants)} families" if variants else "no family"
        raise ValueError(f"reasoning_gym with {named}: write reasoning_gym:FAMILY, several as parts of data.mixture")
    (family,) = variants
    if size < 1:
        raise ValueError(f"{size} problems of reasoning_gym:{family} asked for: set data.size to 1 or more")
    if family in families.REFUSED:
        raise ValueError(f"reasoning_gym:{family} cannot be judged: {families.REFUSED[family]}")
    known = {*families.FORMS, *NUMERIC_FAMILIES}
    if family not in known:
        near = difflib.get_close_matches(family, known, n=3, cutoff=0.0)
        raise ValueError(f"there is no family {family!r} that can be judged; the nearest are {', '.join(near)}")
    if importlib.util.find_spec("reasoning_gym") is None:
        raise ValueError(f"reasoning_gym:{family} needs reasoning-gym: pip install 'rlcore[gym]'")
    path = os.pathsep.join([*filter(None, sys.path), str(Path(__file__).resolve().parents[3])])
    made = subprocess.run(
        [sys.executable, "-P", "-m", "rlcore.data.families.reasoning_gym", family, str(size), str(seed)],
        env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    found = [Problem.model_validate_json(line) for line in made.stdout.splitlines()]
    if made.returncode or len(found) < size:
        said = made.stderr.strip().rpartition("\n")[2] or f"ended with exit code {made.returncode}"
        raise ValueError(
            f"reasoning_gym:{family} makes {len(found)} problems that can be judged, not {size} ({said[:300]}): "
            "ask for fewer, or use reasoning-gym as in deploy/constraints.txt"
        )
    return found


def generated(family: str, size: int, seed: int) -> Iterator[Problem]:
    """What `problems` gives, made in this process."""
    with warnings.catch_warnings():
        # Of packages that it brings.
        warnings.simplefilter("ignore", SyntaxWarning)
        import reasoning_gym

    generator: Any = reasoning_gym.create_dataset(family, size=_MOST_PASSED_OVER * size + 100, seed=seed)
    is_number = family in NUMERIC_FAMILIES
    made = 0
    for number in range(len(generator)):
        # A generator that compiles programs prints dots.
        with contextlib.redirect_stdout(io.StringIO()):
            item = generator[number]
        reference = _number_of(item) if is_number else _entry_of(family, item)
        if reference is None:
            continue
        yield Problem(
            id=f"{family}-{seed}-{number + 1}",
            prompt=item["question"] if is_number else item["question"].rstrip() + WHERE,
            verifier="math" if is_number else "gym",
            reference=reference,
            tags=(f"variant={family}",),
        )
        made += 1
        if made == size:
            return


def _number_of(item: Json) -> Json | None:
    answer = str(item["answer"]).strip()
    return {"answer": answer} if _NUMBER.fullmatch(answer) else None


def _entry_of(family: str, item: Json) -> Json | None:
    """The reference for the gym judge; None where its answer is none."""
    answer = families.own_answer(family, item)
    if answer is None or not answer.strip():
        return None
    entry = {"question": item["question"], "answer": answer, "metadata": item["metadata"]}
    sent: Json = json.loads(json.dumps(entry, allow_nan=False))
    return {"family": family, "entry": sent} if families.shown(family, answer, sent) is not None else None


if __name__ == "__main__":
    for problem in generated(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])):
        print(problem.model_dump_json())
