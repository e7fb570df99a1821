r"""The math judge. Reference: `{"answer": "42"}`, optionally `"lone_number": true` (see `verifiers.answer`).

Order: the reference is read (a bad one is the judge's failure, masked); size caps (`rejected`); extraction
(`truncated`, `no_answer`); then the comparison, the first that can decide:

1. both are numbers or amounts: exact rational arithmetic decides, for right and for wrong (`verifiers.math.exact`,
   `phrases`, `units`);
2. the same text once tidied (letters keep their case): right;
3. the expected answer is the letter of a choice (`verifiers.math.choices`) or words and dates (`labels`): the same;
4. both are read whole by our own strict reader and compared (`verifiers.math.compare` states what is equal to what);
   what it does not read is wrong;
5. where that finds two expressions equal that are no plain numbers, what math-verify reads must be equal too.

So each side of a "yes" was read twice, by two parsers that share nothing, and an answer that breaks math-verify's
parser never reaches it unless its value is already right. Nothing is evaluated with Python's `eval` or SymPy's
`sympify` or `parse_expr`; the work is capped by counts (`verifiers.math.limits`). `judge` is pure. The hard deadline
and the confinement are the caller's (`verifiers.pool`).

A completion cut by length is judged only when its answer is complete (`verifiers.answer.Found.complete`).

Not covered: approximations (an expected 3.14 is exactly that), answers with functions nobody defined (`f(2) < f(1)`),
sums, integrals, limits and sequences with dots. As an expected answer these cannot be verified (`reference_problem`).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from verifiers.answer import Found, find_answer
from verifiers.math import compare, meaning
from verifiers.math.choices import choice_of, same_choice
from verifiers.math.evaluate import Undefined
from verifiers.math.exact import Quantity, read_quantity
from verifiers.math.formula import Answer, Group, Named, Unreadable
from verifiers.math.labels import is_label, same_label
from verifiers.math.limits import MAX_ANSWER_CHARS, MAX_TEXT_CHARS, TooLarge, excess
from verifiers.math.phrases import leads, own_words, unit_key
from verifiers.math.screening import problem_of
from verifiers.math.tidy import tidy
from verifiers.math.units import fit
from verifiers.types import Json, Status, Verdict

_BARE_LOG = re.compile(r"\\?(?<![A-Za-z])log(?!\s*[A-Za-z_^])")
_ASSIGNMENT = re.compile(r"[A-Za-z]\s*=(?!=)\s*(?=[^=]*$)")
# The words before a number: `\text{Janet makes } \$18`, 共18个.
_LED = re.compile(
    r"(?:\\(?:text|textrm|mathrm|mbox)\s*\{([A-Za-z][^{}\\$0-9]*)\}|([A-Za-z\u4e00-\u9fff][^{}\\$0-9=<>]*?))\s*:?\s*(?=[-$\\.0-9])"
)
_TAIL = re.compile(
    r"(?<=[\w})!\]|])\s*(?:\\(?:text|textrm|textbf|textnormal|mathrm|mbox|rm)\s*\{[^{}\\$0-9]+\}(?:\s*\^\s*\{?[23]\}?)?"
    r"|[\u4e00-\u9fff]+|\^\s*\{?\s*\\circ\s*\}?|°)\s*$"
)
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
    return _judged(gold, found, said) if said else Verdict.of(Status.NO_ANSWER, detail=found.reason)


def _judged(gold: _Gold, found: Found, said: Sequence[str]) -> Verdict:
    """The verdict on what was said, of which each must be the expected answer."""
    verdict = None
    for one in said:
        answer = tidy(one) if len(one) <= MAX_ANSWER_CHARS else one
        if too_much := excess(answer):
            return Verdict.of(Status.REJECTED, detail=f"rule '{found.rule}': the answer has {too_much}")
        try:
            equal, how = _compare(gold, answer)
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
    return {
        "type": "object",
        "properties": {"answer": answer, "lone_number": {"type": "boolean", "default": False}},
        "required": ["answer"],
    }


def reference_problem(reference: Json) -> str | None:
    """Why this reference cannot be judged against, or None."""
    answer = reference.get("answer")
    if isinstance(answer, bool) or not isinstance(answer, str | int):
        return 'reference needs "answer", a string such as "42"'
    if not isinstance(reference.get("lone_number", False), bool):
        return 'reference "lone_number" must be true or false'
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
        return _Gold(text, quantity, ("", ""), False, own_words(text) if quantity.unit else frozenset())
    return _Gold(text, None, choice_of(text, expected=True), is_label(text), own_words(text))


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


def _compare(gold: _Gold, answer: str) -> tuple[bool, str]:
    value = read_quantity(answer, gold.own)
    if value is None and gold.quantity is not None and (assigned := _ASSIGNMENT.match(answer)):
        value = read_quantity(answer[assigned.end() :], gold.own)
    if value is None and gold.quantity is not None and (led := _LED.match(answer)) and leads(led[1] or led[2]):
        value = read_quantity(answer[led.end() :], gold.own)
    if gold.quantity is not None and value is not None:
        equal = gold.quantity.equals(value)
        return equal, "equal as exact numbers" if equal else "differs as an exact number"
    if _IDLE_SPACES.sub("", answer) == _IDLE_SPACES.sub("", gold.text):
        return True, "the same text"
    if gold.choice[0]:
        equal = same_choice(gold.choice, answer)
        return equal, "the same choice" if equal else "a different choice"
    if gold.is_label:
        equal = same_label(gold.text, answer)
        return equal, "the same words" if equal else "different words"
    return _compare_formulas(gold, answer)


def _compare_formulas(gold: _Gold, answer: str) -> tuple[bool, str]:
    expected, expected_unit = _split_unit(gold.text, None)
    formula, unit = _split_unit(answer, gold.own)
    if gold.quantity is not None and not expected_unit:
        expected_unit = gold.quantity.unit
    if expected_unit and unit and not fit(1, expected_unit, 1, unit):  # type: ignore[arg-type]
        return False, "another unit"
    if gold.quantity is not None:
        number = gold.quantity.value
        expected = str(number) if number.denominator == 1 else f"\\frac{{{number.numerator}}}{{{number.denominator}}}"
        # Of a number in digits a logarithm without a base is to the base ten.
        formula = _BARE_LOG.sub(r"\\log_{10}", formula)
    try:
        equal = compare.Comparison().equal(_interpret(expected), meaning.interpret(formula))
    except (Unreadable, Undefined) as error:
        return False, f"not read as a formula: {error}"
    except RecursionError as error:
        raise TooLarge("too many operations inside one another") from error
    return equal, "equal as formulas" if equal else "not equal as formulas"


def _split_unit(text: str, own: Collection[str] | None) -> tuple[str, str]:
    r"""`\frac{9\pi}{4} \text{ cm}^2` without its unit, and the unit's key."""
    match = _TAIL.search(text)
    key = unit_key(match.group(), own) if match else None
    return (text[: match.start()], key) if match and key else (text, "")


def _shown(answer: str) -> str:
    return answer[:200].encode("utf-8", "replace").decode()


def control(reference: Json) -> str:
    """A completion that says nothing: any sound reference finds it wrong, or right when 0 is expected."""
    return r"\boxed{0}"
