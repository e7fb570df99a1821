r"""The math judge. Reference: `{"answer": "42"}`, optionally `"lone_number": true` (see `verifiers.answer`) and
`"strict_percent": true` (10% is then 0.1 and never 10, see `verifiers.math.exact`).

Order: the reference is read (a bad one is the judge's failure, masked); size caps (`rejected`); extraction
(`truncated`, `no_answer`); then the comparison, the first that can decide:

1. both are numbers or amounts: exact rational arithmetic decides, for right and for wrong (`verifiers.math.exact`,
   `phrases`, `units`);
2. the same text once tidied (letters keep their case): right;
3. the expected answer is the letter of a choice (`verifiers.math.choices`), words and dates (`labels`), or values in an
   order (`sequences`): the same letter, the same words, each element by these rules;
4. both are read whole by our own strict reader and compared (`verifiers.math.compare` states what is equal to what);
   what it does not read is wrong;
5. where that finds two expressions equal that are no plain numbers, what math-verify reads must be equal too.

An answer that is not right so is judged once more without the name left of it (`verifiers.math.names`), where the
expected answer has none.

So each side of a "yes" was read twice, by two parsers that share nothing, and an answer that breaks math-verify's
parser never reaches it unless its value is already right. Nothing is evaluated with Python's `eval` or SymPy's
`sympify` or `parse_expr`; the work is capped by counts (`verifiers.math.limits`). `judge` is pure. The hard deadline
and the confinement are the caller's (`verifiers.pool`).

A completion cut by length is judged only when its answer is complete (`verifiers.answer.Found.complete`).

Not covered: approximations (an expected 3.14 is exactly that), answers with functions nobody defined (`f(2) < f(1)`),
sums, integrals and limits. As an expected answer these cannot be verified (`reference_problem`).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction

from verifiers.answer import Found, find_answer
from verifiers.math import compare, meaning, sequences
from verifiers.math.choices import choice_of, same_choice
from verifiers.math.evaluate import Undefined
from verifiers.math.exact import Quantity, read_quantity
from verifiers.math.formula import Answer, Group, Named, Unreadable
from verifiers.math.labels import is_label, same_label
from verifiers.math.limits import MAX_ANSWER_CHARS, MAX_TEXT_CHARS, TooLarge, excess
from verifiers.math.names import without_condition, without_name
from verifiers.math.phrases import own_words, unit_key
from verifiers.math.screening import problem_of
from verifiers.math.tidy import tidy
from verifiers.math.units import fit
from verifiers.types import Json, Status, Verdict

_BARE_LOG = re.compile(r"\\?(?<![A-Za-z])log(?!\s*[A-Za-z_^])")
_OPTIONS = ("lone_number", "strict_percent")
_ASSIGNMENT = re.compile(r"[A-Za-z]\s*=(?!=)\s*(?=[^=]*$)")
_TAIL = re.compile(
    r"(?<=[\w})!\]|])\s*(?:\\(?:text|textrm|textbf|textnormal|mathrm|mbox|rm)\s*\{[^{}\\$0-9]+\}(?:\s*\^\s*\{?[23]\}?)?"
    r"|[\u4e00-\u9fff]+|\^\s*\{?\s*\\circ\s*\}?|°"
    r"|\(\s*(?:[\u4e00-\u9fff]+|\\(?:text|mathrm)\s*\{[^{}\\$0-9]+\}(?:\s*\^\s*\{?[23]\}?)?)\s*\))\s*$"
)
# As an expected answer this may be a product too: the answer must say the unit, or be that product.
_GLUED_LETTER = re.compile(r"[-+]?[0-9][0-9.,/]*[A-Za-z]")
_RELATION = re.compile(r"[=<>]|\\(?:le|ge|lt|gt|ne|leq|geq|neq|leqslant|geqslant|approx|equiv|in)(?![A-Za-z])")
_DIGITS = frozenset("0123456789")
# Between two letters or digits a space has a meaning: "1 1" is not 11.
_IDLE_SPACES = re.compile(r"\s+(?!\w)|(?<!\w)\s+")


@dataclass(frozen=True, slots=True)
class _Gold:
    text: str
    quantity: Quantity | None
    # Its letter and its text.
    choice: tuple[str, str]
    is_label: bool
    # The words that it says behind its number: an answer may say them too.
    own: frozenset[str]
    needs_unit: bool = False
    is_named: bool = False
    # Its elements, where only their order is known (`verifiers.math.sequences`).
    sequence: tuple[str, ...] = ()


def judge(text: str, reference: Json, *, finish_reason: str) -> Verdict:
    """Judge one completion. Deterministic; call it through `verifiers.pool`, which has the deadline."""
    if problem := reference_problem(reference):
        # What stands behind the colon quotes the reference.
        return Verdict.failed("bad_reference", problem.partition(":")[0])
    if len(text) > MAX_TEXT_CHARS:
        return Verdict.of(Status.REJECTED, detail=f"the completion is longer than {MAX_TEXT_CHARS} characters")
    gold = _read_gold(str(reference["answer"]))
    found = find_answer(text, lone_number=reference.get("lone_number") is True)
    if finish_reason != "stop" and (found is None or not found.complete):
        return Verdict.of(Status.TRUNCATED, detail="cut off by length before a complete final answer")
    if found is None:
        return Verdict.of(Status.NO_ANSWER, detail=r"no \boxed{}, '####' or 'answer is' in the completion")
    said = _said(gold, found)
    if not said:
        return Verdict.of(Status.NO_ANSWER, detail=found.reason)
    return _judged(gold, found, said, reference.get("strict_percent") is True)


def _judged(gold: _Gold, found: Found, said: Sequence[str], strict: bool) -> Verdict:
    """The verdict on what was said, of which each must be the expected answer."""
    verdict = None
    for one in said:
        answer = tidy(one) if len(one) <= MAX_ANSWER_CHARS else one
        if too_much := excess(answer):
            return Verdict.of(Status.REJECTED, detail=f"rule '{found.rule}': the answer has {too_much}")
        try:
            equal, how = _compare(gold, answer, strict)
        except TooLarge as error:
            return Verdict.of(Status.REJECTED, extracted=_shown(answer), detail=f"rule '{found.rule}': {error}")
        if not equal and len(said) > 1:
            return Verdict.of(Status.NO_ANSWER, detail=found.reason)
        status = Status.CORRECT if equal else Status.WRONG
        verdict = Verdict.of(status, extracted=_shown(answer), detail=f"rule '{found.rule}': {how}")
    assert verdict is not None
    return verdict


def reference_schema() -> Json:
    """What a reference may hold, as JSON schema."""
    answer = {"type": ["string", "integer"], "examples": ["42", r"\frac{1}{2}", "x^2+1", "{1, 2}", "B"]}
    options = {option: {"type": "boolean", "default": False} for option in _OPTIONS}
    return {"type": "object", "properties": {"answer": answer, **options}, "required": ["answer"]}


def reference_problem(reference: Json) -> str | None:
    """Why this reference cannot be judged against, or None."""
    answer = reference.get("answer")
    if isinstance(answer, bool) or not isinstance(answer, str | int):
        return 'reference needs "answer", a string such as "42"'
    if len(reference) > 1:
        for option in _OPTIONS:
            if not isinstance(reference.get(option, False), bool):
                return f'reference "{option}" must be true or false'
    return _answer_problem(str(answer))


@functools.lru_cache(maxsize=4096)
def _answer_problem(answer: str) -> str | None:
    if len(answer) > MAX_ANSWER_CHARS:
        return f"the reference answer is longer than {MAX_ANSWER_CHARS} characters"
    tidied = tidy(answer)
    if not tidied:
        return "the reference answer is empty"
    if too_much := excess(tidied):
        return f"the reference answer has {too_much}"
    try:
        gold = _read_gold(answer)
        if gold.sequence:
            return next(filter(None, (_answer_problem(one) for one in gold.sequence if one != sequences.DOTS)), None)
        if gold.quantity is None and not gold.choice[0] and not gold.is_label:
            return _formula_problem(tidied)
    except TooLarge as error:
        return f"the reference answer has {error}"
    return None


def _formula_problem(formula: str) -> str | None:
    """Why a formula is no sound reference, None when it is."""
    try:
        body, _ = _split_unit(formula, None)
        problem = problem_of(_interpret(body))
    except (Unreadable, Undefined) as error:
        problem = str(error)
    except RecursionError:
        problem = "too many operations inside one another"
    return f"the reference answer does not parse as a number, a word or a formula: {problem}" if problem else None


@functools.lru_cache(maxsize=4096)
def _read_gold(answer: str) -> _Gold:
    text = tidy(answer)
    quantity = read_quantity(text, None)
    if quantity is not None:
        if not quantity.unit:
            return _Gold(text, quantity, ("", ""), False, frozenset())
        needs_unit = _GLUED_LETTER.fullmatch(text) is not None
        return _Gold(text, quantity, ("", ""), False, own_words(text), needs_unit=needs_unit)
    choice, words = choice_of(text, expected=True), is_label(text)
    sequence = () if choice[0] or words or _is_readable(text) else sequences.expected(text)
    is_named = _RELATION.search(text) is not None
    return _Gold(text, None, choice, words, own_words(text), is_named=is_named, sequence=sequence)


def _is_readable(formula: str) -> bool:
    try:
        _interpret(_split_unit(formula, None)[0])
    except (Unreadable, Undefined, RecursionError):
        return False
    return True


def _said(gold: _Gold, found: Found) -> tuple[str, ...]:
    """What was said by what is expected: a choice stated behind a box, all boxes of a list, else the one answer.

    Several where each of them must be the expected answer, none where nothing was found.
    """
    if found.choice and gold.choice[0] and not choice_of(tidy(found.answer or ""))[0]:
        return (found.choice,)
    if found.answer is not None:
        return (found.answer,)
    if len(found.members) > 1 and len(found.members) == _unordered_members(gold):
        return (", ".join(found.members),)
    return found.forms


def _unordered_members(gold: _Gold) -> int:
    """How many members an expected list or set has, 0 for anything else and for a list that names them."""
    if gold.quantity or gold.choice[0] or gold.is_label:
        return 0
    try:
        expected = _interpret(gold.text)
    except (Unreadable, Undefined, TooLarge, RecursionError):
        return 0
    if not isinstance(expected, Group) or expected.kind not in {"list", "set"}:
        return 0
    return len(expected.items) if len({item.name for item in expected.items if isinstance(item, Named)}) < 2 else 0


@functools.lru_cache(maxsize=1024)
def _interpret(formula: str) -> Answer:
    return meaning.interpret(formula)


def _compare(gold: _Gold, answer: str, strict: bool) -> tuple[bool, str]:
    equal, how = _compare_whole(gold, answer, strict)
    if equal or gold.choice[0] or gold.is_label:
        return equal, how
    # What says only what is asked, or that a letter is a constant.
    said = without_condition(answer) if answer[-1:] not in _DIGITS else answer
    if not gold.is_named and ("=" in said or said[:1] not in _DIGITS):
        said = without_name(said)
    return (equal, how) if said == answer else _compare_whole(gold, said, strict)


def _compare_whole(gold: _Gold, answer: str, strict: bool) -> tuple[bool, str]:
    value = read_quantity(answer, gold.own)
    if value is None and gold.quantity is not None and (assigned := _ASSIGNMENT.match(answer)):
        value = read_quantity(answer[assigned.end() :], gold.own)
    if gold.quantity is not None and value is not None and (value.unit or not gold.needs_unit):
        equal = gold.quantity.equals(value, strict_percent=strict)
        return equal, "equal as exact numbers" if equal else "differs as an exact number"
    if _IDLE_SPACES.sub("", answer) == _IDLE_SPACES.sub("", gold.text):
        return True, "the same text"
    if gold.choice[0]:
        equal = same_choice(gold.choice, answer)
        return equal, "the same choice" if equal else "a different choice"
    if gold.is_label:
        equal = same_label(gold.text, answer)
        return equal, "the same words" if equal else "different words"
    if gold.sequence:
        equal = _same_sequence(gold.sequence, answer, strict)
        return equal, "the same sequence" if equal else "a different sequence"
    return _compare_formulas(gold, answer, strict)


def _same_sequence(expected: tuple[str, ...], answer: str, strict: bool) -> bool:
    said = sequences.said(answer, len(expected))
    pairs = zip(expected, said, strict=False)
    return bool(said) and all(
        one == other if sequences.DOTS in (one, other) else _compare(_read_gold(one), tidy(other), strict)[0]
        for one, other in pairs
    )


def _compare_formulas(gold: _Gold, answer: str, strict: bool) -> tuple[bool, str]:
    expected, expected_unit = _split_unit(gold.text, None)
    formula, unit = _split_unit(answer, gold.own)
    if gold.quantity is not None and not expected_unit:
        expected_unit = gold.quantity.unit
    if expected_unit and unit and not fit(1, expected_unit, 1, unit):  # type: ignore[arg-type]
        return False, "another unit"
    wanted = [expected]
    if gold.quantity is not None and not gold.needs_unit:
        wanted = [_spelled(value) for value in _values(gold.quantity, answer, strict)]
        # Of a number in digits a logarithm without a base is to the base ten.
        formula = _BARE_LOG.sub(r"\\log_{10}", formula)
    try:
        read = meaning.interpret(formula)
        equal = any(compare.Comparison().equal(_interpret(one), read) for one in wanted)
    except (Unreadable, Undefined) as error:
        return False, f"not read as a formula: {error}"
    except RecursionError as error:
        raise TooLarge("too many operations inside one another") from error
    return equal, "equal as formulas" if equal else "not equal as formulas"


def _values(expected: Quantity, answer: str, strict: bool) -> list[Fraction]:
    r"""What a formula may be equal to for an expected number: `\frac{3}{5} \times 100\% = 60\%` is 60."""
    values = [expected.value]
    last = read_quantity(answer.rpartition("=")[2].strip(), ()) if "%" in answer else None
    if strict:
        return values
    if last is not None and last.is_percent and expected.equals(last):
        values.append(last.value)
    elif expected.is_percent and expected.written is not None and "%" not in answer:
        values.append(expected.written)
    return values


def _spelled(number: Fraction) -> str:
    return str(number) if number.denominator == 1 else f"\\frac{{{number.numerator}}}{{{number.denominator}}}"


def _split_unit(text: str, own: Collection[str] | None) -> tuple[str, str]:
    r"""`\frac{9\pi}{4} \text{ cm}^2` without its unit, and the unit's key."""
    match = _TAIL.search(text)
    key = unit_key(match.group(), own) if match else None
    if match and key:
        return text[: match.start()], key
    # 6*7 = 42 apples
    before, equals, last = text.rpartition("=")
    side = read_quantity(last.strip(), own) if equals and last[-1:].isalpha() else None
    return (f"{before}={_spelled(side.value)}", side.unit) if side and side.unit else (text, "")


def _shown(answer: str) -> str:
    return answer[:200].encode("utf-8", "replace").decode()


def control(reference: Json) -> str:
    """A completion that says nothing: any sound reference finds it wrong, or right when 0 is expected."""
    return r"\boxed{0}"
