"""Whether an expected formula is one that an answer can be compared with."""

from __future__ import annotations

from verifiers.math import sampling, symbolic
from verifiers.math.compare import Comparison, check_source, literal
from verifiers.math.formula import Answer
from verifiers.math.limits import MAX_WORK, Work
from verifiers.math.meaning import is_infinite, scalars_of


def problem_of(gold: Answer) -> str:
    """Why an expected formula is no sound one, "" when it is: every part has a value and math-verify can read it.

    Raises Unreadable and TooLarge.
    """
    # An answer that is compared with it must cost something too.
    work = Work(MAX_WORK // 4)
    for scalar in scalars_of(gold):
        if is_infinite(scalar.node):
            continue
        if sampling.everywhere(scalar.node, scalar.node, scalar.source, work) is None:
            return "it has no value"
        if literal(scalar.node) is None:
            check_source(scalar.source)
            if not symbolic.parse(scalar.source):
                return "math-verify does not parse it"
    return "" if Comparison().equal(gold, gold) else "it is not equal to itself"
