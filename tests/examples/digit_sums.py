"""A toy family, whole in one file: the sum of the digits of a number, said in two languages.

data.source = "tests/examples/digit_sums.py:en+zh"      its problems; data.mixture takes levels and options too
pretrain.corpus = "tests/examples/digit_sums.py"        its texts
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from random import Random

from rlcore.data.texts import Document, draw_style
from verifiers.types import Problem

LEVELS = (2, 3, 4)
VARIANTS = ("en", "zh")
STYLE_SHARES = {"correct": 0.4, "forgets": 0.6}
_ASK = {"en": "What is the digit sum of {n}?", "zh": "{n}的各位数字之和是多少\uff1f"}


def problems(
    size: int, seed: int, *, levels: tuple[int, ...], variants: tuple[str, ...], largest: int = 9
) -> list[Problem]:
    """The level is the number of digits, none of them above `largest`."""
    rng = Random(f"digit sums {seed}")
    found: dict[str, Problem] = {}
    for _ in range(20 * size + 1000):
        language = variants[int(rng.random() * len(variants))]
        number = draw(rng, levels, largest)
        prompt = _prompt(number, language)
        found[prompt] = Problem(
            id=f"digit_sums:{language}:{number}",
            prompt=prompt,
            reference={"answer": str(sum(map(int, number)))},
            tags=(f"level={len(number)}", f"variant={language}"),
        )
        if len(found) == size:
            return list(found.values())
    raise ValueError(f"only {len(found)} of {size} different digit sums turned up: lower data.size")


def documents(seed: int, *, exclude: Collection[str], levels: tuple[int, ...]) -> Iterator[Document]:
    """Questions in English with steps and answer; a forgetful solution leaves the last digit out."""
    rng = Random(f"digit sum texts {seed}")
    while True:
        number = draw(rng, levels, 9)
        question = _prompt(number, "en")
        if question in exclude:
            continue
        style = draw_style(rng, STYLE_SHARES)
        digits = [int(digit) for digit in (number if style == "correct" else number[:-1])]
        answer = sum(digits)
        steps = "+".join(map(str, digits))
        yield Document(f"{question} {steps}={answer}. Answer: {answer}", style, answer == sum(map(int, number)))


def draw(rng: Random, levels: tuple[int, ...], largest: int) -> str:
    """A number without zeros, as it is written."""
    length = levels[int(rng.random() * len(levels))]
    return "".join(str(1 + int(rng.random() * largest)) for _ in range(length))


def _prompt(number: str, language: str) -> str:
    return f"Q: {_ASK[language].format(n=number)}\nA:"
