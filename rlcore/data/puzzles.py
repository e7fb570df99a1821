"""Problems of reasoning-gym: the families with one number as the answer for the math judge, the others for the gym judge.

Equality is not what makes an answer of most families right (a countdown puzzle has many solutions): their problems
carry the library's entry, which the gym judge hands to the family's own scorer.
"""

from __future__ import annotations

import contextlib
import difflib
import io
import json
import re
import warnings
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


def problems(family: str, size: int, seed: int) -> list[Problem]:
    """Problems of a family, the same for the same seed, of which fewer are a head of more.

    Questions whose own answer is nothing (an equation without roots) or no answer of its form (an integral that the
    library leaves as one) are passed over.

    Raises:
        ValueError: no such family, one that cannot be judged, or no reasoning-gym; the message names the remedy.
    """
    if size < 1:
        raise ValueError(f"{size} problems of reasoning_gym:{family} asked for: set data.size to 1 or more")
    found: list[Problem] = []
    made = _generator(family, _MOST_PASSED_OVER * size + 100, seed)
    for number in range(len(made)):
        # A generator that compiles programs prints dots.
        with contextlib.redirect_stdout(io.StringIO()):
            item = made[number]
        reference = _number_of(item) if family in NUMERIC_FAMILIES else _entry_of(family, item)
        if reference is None:
            continue
        is_number = family in NUMERIC_FAMILIES
        found.append(
            Problem(
                id=f"{family}-{seed}-{number + 1}",
                prompt=item["question"] if is_number else item["question"].rstrip() + WHERE,
                verifier="math" if is_number else "gym",
                reference=reference,
                tags=("reasoning_gym", family),
            )
        )
        if len(found) == size:
            return found
    raise ValueError(
        f"reasoning_gym:{family} makes {len(found)} problems that can be judged of {len(made)}, not {size}: "
        "use another version of reasoning-gym, or another family"
    )


def _generator(family: str, size: int, seed: int) -> Any:
    try:
        with warnings.catch_warnings():
            # Of packages that it brings.
            warnings.simplefilter("ignore", SyntaxWarning)
            import reasoning_gym
            from reasoning_gym.factory import DATASETS
    except ImportError as error:
        raise ValueError(
            f"reasoning_gym:{family} needs reasoning-gym ({error.name} is missing): pip install 'rlcore[gym]'"
        ) from None
    if family in families.REFUSED:
        raise ValueError(f"reasoning_gym:{family} cannot be judged: {families.REFUSED[family]}")
    known = {*families.FORMS, *NUMERIC_FAMILIES}
    if family not in DATASETS or family not in known:
        near = difflib.get_close_matches(family, known.intersection(DATASETS), n=3, cutoff=0.0)
        raise ValueError(f"there is no family {family!r} that can be judged; the nearest are {', '.join(near)}")
    return reasoning_gym.create_dataset(family, size=size, seed=seed)


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
