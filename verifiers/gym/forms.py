"""What an answer must look like before a family's scorer sees it.

Scorers are written to guide, not to withstand: some hand the answer to `eval`, some pick letters or numbers out of any
text, some give a full score to NaN, to a number that is nearly right, or to an answer with something appended. A form
lets through what a right answer can look like, and asks what the scorer forgets to ask. Each takes the answer and the
entry, and gives the answer as the scorer shall see it, or None where it cannot be right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from verifiers.gym import formulas
from verifiers.types import Json

Form = Callable[[str, Json], str | None]

_NUMBER = r"[-+]?\d{1,30}(?:\.\d{1,30})?"
_DECIMAL = re.compile(_NUMBER)
_FRACTION = re.compile(rf"{_NUMBER}(?:/\d{{1,30}})?")
_FUNCTIONS = frozenset(
    {
        *("sin", "cos", "tan", "sec", "csc", "cot", "asin", "acos", "atan"),
        *("sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "exp", "log", "ln", "sqrt", "Abs"),
    }
)
# Letters that SymPy reads as something else.
_TAKEN = frozenset("CEINOQS")
_SYMBOL = re.compile(r"[A-Za-z]")
_BETWEEN_ROLES = frozenset({"is", "a", "an", "and"})


def as_it_is(answer: str, entry: Json) -> str | None:
    """Any text: the scorer compares it with the one that is right, or reads it strictly."""
    return answer


def the_same(answer: str, entry: Json) -> str | None:
    """The expected text itself, letter case and the width of spaces aside."""
    return answer if answer.casefold().split() == entry["answer"].casefold().split() else None


def the_same_letters(answer: str, entry: Json) -> str | None:
    """The expected word, letter case and spaces aside."""
    return answer if "".join(answer.casefold().split()) == "".join(entry["answer"].casefold().split()) else None


def word_list(answer: str, entry: Json) -> str | None:
    """The expected words and no others."""
    return answer if [word.strip() for word in answer.split(",")] == entry["metadata"]["sorted_words"] else None


def pattern(expression: str) -> Form:
    """A form of texts that match a regular expression whole."""
    compiled = re.compile(expression)
    return lambda answer, entry: answer if compiled.fullmatch(answer) else None


def arithmetic(answer: str, entry: Json) -> str | None:
    """An expression of the given numbers, each used once, whose exact value is the target (24 where none is said)."""
    answer = formulas.respelled(answer)
    metadata = entry["metadata"]
    tree = formulas.tree(answer)
    is_right = formulas.value(tree) == metadata.get("target", 24)
    return answer if is_right and formulas.integers(tree) == sorted(metadata["numbers"]) else None


def antiderivative(answer: str, entry: Json) -> str | None:
    """A formula in the variable of the question: no `Integral`, whose derivative is the question itself."""
    return _formula(answer, {_variable(entry), "C", "E", "pi"}, _FUNCTIONS)


def polynomial(answer: str, entry: Json) -> str | None:
    """A formula in the variables of the question: no `expand`, which would do the work."""
    return _formula(answer, set(_variables(entry)), frozenset())


def _formula(answer: str, symbols: set[str], functions: frozenset[str]) -> str:
    answer = formulas.respelled(answer)
    return formulas.without_decimals(answer, formulas.tree(answer, symbols, functions))


def _variable(entry: Json) -> str:
    variable = entry["metadata"]["variable"]
    if not isinstance(variable, str) or not _SYMBOL.fullmatch(variable) or variable in _TAKEN:
        raise formulas.Unreadable("the variable is no letter")
    return variable


def _variables(entry: Json) -> list[str]:
    variables: list[str] = entry["metadata"]["variables"]
    if not all(_SYMBOL.fullmatch(one) and one not in _TAKEN for one in variables):
        raise formulas.Unreadable("a variable is no letter")
    return variables


def probability(answer: str, entry: Json) -> str | None:
    """A number as near in proportion as the scorer asks absolutely: it takes 0 for 0.0001, and a first digit too."""
    answer = answer.replace(",", "")
    if not _FRACTION.fullmatch(answer):
        return None
    said, right = Fraction(answer), Fraction(entry["answer"].replace(",", ""))
    return answer if abs(said - right) <= min(Fraction(1, 10_000), abs(right) / 1_000) else None


def pooled(answer: str, entry: Json) -> str | None:
    """A matrix correct to two decimals, as the question asks; the scorer takes what is wrong by a hundredth part."""
    said, right = (
        [[Decimal(cell) if _DECIMAL.fullmatch(cell) else None for cell in line.split()] for line in text.splitlines()]
        for text in (answer, entry["answer"])
    )
    if [len(row) for row in said] != [len(row) for row in right]:
        return None
    cells = [
        (one, other) for row, wanted in zip(said, right, strict=True) for one, other in zip(row, wanted, strict=True)
    ]
    near = all(one is not None and other is not None and abs(one - other) <= Decimal("0.0051") for one, other in cells)
    return answer if near else None


def sorted_numbers(answer: str, entry: Json) -> str | None:
    """The list itself, number by number: the scorer takes each that is within 1, and NaN."""
    return answer if _numbers(answer) == _numbers(entry["answer"]) is not None else None


def _numbers(text: str) -> list[Decimal] | None:
    cells = [cell.strip().strip("'\"") for cell in text.strip()[1:-1].split(",")]
    whole = text[:1] == "[" and text[-1:] == "]" and all(map(_DECIMAL.fullmatch, cells))
    return [Decimal(cell) for cell in cells] if whole else None


def duration(answer: str, entry: Json) -> str | None:
    """In the units of the expected one, with as many digits behind a point: `5 hours` is not `5 days`."""
    shape = re.sub(r"\\\.\d+|\d+", _digits, re.escape(entry["answer"].strip()))
    if re.fullmatch(shape, answer):
        return answer
    days = re.fullmatch(r"(\d{1,9})(?: days?)?", answer)
    return answer if days and re.fullmatch(r"\d+ days?", entry["answer"].strip()) else None


def _digits(found: re.Match[str]) -> str:
    digits = found.group()
    return rf"\.\d{{{len(digits) - 2}}}" if digits.startswith("\\") else r"\d{1,9}"


def geometry(answer: str, entry: Json) -> str | None:
    """An angle, the two coordinates of a point, or the radius to the letter."""
    forms = {
        "angle_measure": rf"{_NUMBER}\s*\u00b0?",
        "orthocenter": rf"\(?\s*{_NUMBER}\s*,\s*{_NUMBER}\s*\)?",
        "incircle_radius": _NUMBER,
    }
    return answer if re.fullmatch(forms[entry["metadata"]["task_type"]], answer) else None


def same_json(answer: str, entry: Json) -> str | None:
    """The same JSON value, or the same text where the expected one is no JSON."""
    if answer.strip() == entry["answer"].strip():
        return answer
    said, right = _json(answer), _json(entry["answer"])
    return answer if _plain(said) == _plain(right) else None


def _json(text: str) -> Any:
    """Its value. Raises ValueError or RecursionError, for NaN and for a key that is there twice as well."""
    return json.loads(text, parse_constant=_refuse, object_pairs_hook=_once)


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def _plain(value: Any) -> Any:
    """Booleans as what no number is equal to."""
    match value:
        case bool():
            return ("bool", value)
        case list():
            return [_plain(one) for one in value]
        case dict():
            return {key: _plain(one) for key, one in value.items()}
    return value


def json_list(items: type, *, once: bool = False) -> Form:
    """JSON: a list of values of this type, each there once where that is asked."""

    def form(answer: str, entry: Json) -> str | None:
        said = _json(answer)
        sound = isinstance(said, list) and all(type(one) is items for one in said)
        return answer if sound and not (once and len({json.dumps(one) for one in said}) < len(said)) else None

    return form


def colouring(answer: str, entry: Json) -> str | None:
    """JSON: a number for each vertex, and for nothing else."""
    said = _json(answer)
    sound = isinstance(said, dict) and all(type(one) is int for one in said.values())
    return answer if sound and said.keys() == {str(one) for one in entry["metadata"]["puzzle"]["vertices"]} else None


def mapping(answer: str, entry: Json) -> str | None:
    """`A=1, B=2`, each letter once."""
    pairs = [pair.strip().partition("=") for pair in answer.split(",")]
    letters = [letter.strip() for letter, _, _ in pairs]
    sound = all(re.fullmatch(r"\s*[0-9]\s*", digit) for _, _, digit in pairs) and len(set(letters)) == len(letters)
    return answer if sound else None


def roles(answer: str, entry: Json) -> str | None:
    """The names and roles of the expected sentence, each as often.

    The scorer takes "it is false that ..." for what follows, and of names in a row the last one.
    """
    said, right = (
        sorted(word for word in re.findall(r"\w+", text.casefold()) if word not in _BETWEEN_ROLES)
        for text in (answer, entry["answer"])
    )
    return answer if said == right else None


def factors(answer: str, entry: Json) -> str | None:
    """A product; the scorer knows one sign for it."""
    answer = re.sub(r"\\times|\\cdot|[*\u00b7x]", "\u00d7", answer.strip("$ "))
    return answer if re.fullmatch(r"\d{1,12}(?:\s*\u00d7\s*\d{1,12})*", answer) else None


def reference_problem(family: str, entry: Json) -> str:
    """Why a scorer must not see an entry: what else of it than the answer is evaluated as Python; "" for nothing."""
    metadata = entry["metadata"]
    if family == "bitwise_arithmetic":
        problem = metadata["problem"]
        plain = re.fullmatch(r"[0-9a-fA-Fx()+\-*<>&|^~ ]{1,2000}", problem) and "**" not in problem
        return "" if plain else "its problem is no expression of hexadecimal numbers"
    if family in ("simple_integration", "intermediate_integration"):
        formulas.tree(metadata["integrand"], {_variable(entry), "E", "pi"}, _FUNCTIONS)
    return ""
