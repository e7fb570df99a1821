"""A generated family: arithmetic chains with precedence, and a corpus that knows the facts but reasons badly.

A problem is a chain of 2 to 4 operators of `+ - *` whose exact intermediate values all lie in 0..199. The corpus
mixes correct one-step facts with worked problems in unlabelled styles of which most are wrong. A model
pretrained on it can do each step but samples a style at random, so reinforcement learning has something to find.

Everything is a function of the seed: only `Random.random()` is used, whose sequence Python keeps across versions.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator
from random import Random
from typing import NamedTuple

from rlcore.data.texts import Document, draw_style
from verifiers.types import Problem

PROVEN = True
LARGEST = 199
FACT_SHARE = 0.40
# A document of four facts is about as long as a worked problem, so shares of documents are shares of text.
FACTS_PER_DOCUMENT = 4
STYLE_SHARES = {"correct": 0.17, "no_precedence": 0.21, "no_carry": 0.22, "slip": 0.24, "jump": 0.16}

_NUMBERS = range(1, 51)
_SLIPS = (-10, -2, -1, 1, 2, 10)
_GUESS_SPREAD = 9

Step = Callable[[int, str, int], int]


def _terms(factors: int) -> list[tuple[tuple[int, ...], int]]:
    """Every product of so many factors that stays in range, with its value; a lone factor is a plain number."""
    if factors == 1:
        return [((number,), number) for number in _NUMBERS]
    terms = []
    for head, value in _terms(factors - 1) if factors > 2 else [((number,), number) for number in range(2, 13)]:
        terms += [((*head, last), value * last) for last in range(2, 13) if value * last <= LARGEST]
    return terms


def _shapes(operators: int) -> list[tuple[int, ...]]:
    """Factors per term of every chain with so many operators that has two terms or more and a product among them."""
    return [
        shape
        for terms in range(2, operators + 1)
        for shape in itertools.product(range(1, operators + 1), repeat=terms)
        if sum(shape) == operators + 1
    ]


_SHAPES = [_shapes(operators) for operators in (2, 3, 4)]
_TERMS = {factors: _terms(factors) for factors in range(1, 5)}
_PRODUCTS = sorted({(value // head[-1], head[-1]) for factors in (2, 3) for head, value in _TERMS[factors]})
# What is added and taken away in a chain: plain numbers, and products about as often as chains have them.
_ADDENDS = [*_NUMBERS, *(value for _, value in _TERMS[2][::3])]


class Chain(NamedTuple):
    """`operands[0] operators[0] operands[1] ...`, for example (12, 7, 3) and "+*"."""

    operands: tuple[int, ...]
    operators: str

    @property
    def expression(self) -> str:
        return str(self.operands[0]) + "".join(
            f"{operator}{operand}" for operator, operand in zip(self.operators, self.operands[1:], strict=True)
        )


def problems(size: int, seed: int) -> list[Problem]:
    """So many different problems for the math judge, in random order; the same seed extends the same list.

    The tag is `operators=N`.

    Raises:
        ValueError: size is below 1, or so large that new chains hardly turn up.
    """
    if size < 1:
        raise ValueError(f"{size} arithmetic problems asked for: set data.size to 1 or more")
    rng = Random(f"arithmetic problems {seed}")
    chains: dict[str, Chain] = {}
    for _ in range(20 * size + 1000):
        chain = draw_chain(rng)
        chains.setdefault(chain.expression, chain)
        if len(chains) == size:
            return [_problem(expression, chain) for expression, chain in chains.items()]
    raise ValueError(f"only {len(chains)} of {size} different arithmetic problems turned up: lower data.size")


def prompt(expression: str) -> str:
    """The prompt of a chain; a completion starts with a space."""
    return f"Q: {expression}=?\nA:"


def documents(seed: int, *, exclude: Collection[str] = frozenset()) -> Iterator[Document]:
    """The corpus without end. No worked problem has a prompt in `exclude` (pass the held-out prompts)."""
    excluded = frozenset(exclude)
    rng = Random(f"arithmetic corpus {seed}")
    while True:
        if rng.random() < FACT_SHARE:
            yield Document(", ".join([_fact(rng) for _ in range(FACTS_PER_DOCUMENT)]), "facts", True)
            continue
        chain = draw_chain(rng)
        question = prompt(chain.expression)
        if question in excluded:
            continue
        style = draw_style(rng, STYLE_SHARES)
        steps, answer = _STYLES[style](rng, chain)
        yield Document(question + _completion(steps, answer), style, answer == value(chain))


def draw_chain(rng: Random) -> Chain:
    """A random chain that mixes `*` with `+` or `-`; a sign that would leave the range is turned round."""
    while True:
        shapes = _SHAPES[_below(rng, len(_SHAPES))]
        factors = shapes[_below(rng, len(shapes))]
        operands, total = _pick(rng, _TERMS[factors[0]])
        operators = "*" * (factors[0] - 1)
        for number in factors[1:]:
            term, size = _pick(rng, _TERMS[number])
            sign = "+-"[_below(rng, 2)]
            if sign == "+" and total + size > LARGEST:
                sign = "-"
            elif sign == "-" and size > total:
                sign = "+"
            total += size if sign == "+" else -size
            operands += term
            operators += sign + "*" * (number - 1)
            if not 0 <= total <= LARGEST:
                break
        else:
            return Chain(operands, operators)


def value(chain: Chain) -> int:
    """The chain's exact value."""
    return solve(chain, exact)[1]


def solve(chain: Chain, step: Step, *, precedence: bool = True) -> tuple[list[str], int]:
    """Reduce a chain one operator at a time with the given one-step arithmetic: (written steps, answer)."""
    values, operators, steps = list(chain.operands), list(chain.operators), []
    while operators:
        at = operators.index("*") if precedence and "*" in operators else 0
        left, operator, right = values[at], operators.pop(at), values.pop(at + 1)
        values[at] = step(left, operator, right)
        steps.append(f"{left}{operator}{right}={values[at]}")
    return steps, values[0]


def exact(left: int, operator: str, right: int) -> int:
    """One step. A difference below zero is written 0: only a solution that is wrong already gets there."""
    if operator == "*":
        return left * right
    return left + right if operator == "+" else max(left - right, 0)


def without_carry(left: int, operator: str, right: int) -> int:
    """Sums and differences column by column, carries and borrows forgotten: 27+15=32, 32-15=27."""
    if operator == "*":
        return left * right
    sign, result, place = 1 if operator == "+" else -1, 0, 1
    while left or right:
        result += (left + sign * right) % 10 * place
        left, right, place = left // 10, right // 10, place * 10
    return result


def _slip(rng: Random, chain: Chain) -> tuple[list[str], int]:
    """The right method with exactly one step a little off."""
    steps_left = _below(rng, len(chain.operators))
    offset = _SLIPS[_below(rng, len(_SLIPS))]

    def step(left: int, operator: str, right: int) -> int:
        nonlocal steps_left
        steps_left -= 1
        result = exact(left, operator, right)
        if steps_left != -1:
            return result
        return result + offset if result + offset >= 0 else result - offset

    return solve(chain, step)


def _jump(rng: Random, chain: Chain) -> tuple[list[str], int]:
    """No steps and a guess near the answer."""
    return [], max(0, value(chain) + _below(rng, 2 * _GUESS_SPREAD + 1) - _GUESS_SPREAD)


_STYLES: dict[str, Callable[[Random, Chain], tuple[list[str], int]]] = {
    "correct": lambda rng, chain: solve(chain, exact),
    "no_precedence": lambda rng, chain: solve(chain, exact, precedence=False),
    "no_carry": lambda rng, chain: solve(chain, without_carry),
    "slip": _slip,
    "jump": _jump,
}


def _fact(rng: Random) -> str:
    operator = "+-*"[_below(rng, 3)]
    if operator == "*":
        left, right = _PRODUCTS[_below(rng, len(_PRODUCTS))]
    else:
        right = _ADDENDS[_below(rng, len(_ADDENDS))]
        left = _below(rng, LARGEST + 1 - right) + (right if operator == "-" else 0)
    return f"{left}{operator}{right}={exact(left, operator, right)}"


def _completion(steps: list[str], answer: int) -> str:
    return f" {', '.join(steps)}. Answer: {answer}" if steps else f" Answer: {answer}"


def _problem(expression: str, chain: Chain) -> Problem:
    return Problem(
        id=f"arithmetic:{expression}",
        prompt=prompt(expression),
        reference={"answer": str(value(chain))},
        tags=(f"operators={len(chain.operators)}",),
    )


def _below(rng: Random, limit: int) -> int:
    return int(rng.random() * limit)


def _pick(rng: Random, terms: list[tuple[tuple[int, ...], int]]) -> tuple[tuple[int, ...], int]:
    return terms[_below(rng, len(terms))]
