r"""Pairs of math answers by construction: equal ones in different forms, and unequal ones that look alike.

`python -m tests.bench.math_pairs [--pairs N] [--seed N]` judges N of each (10,000 unless told) in this process and
prints the share accepted per form; the last line of stdout is one JSON object with `unequal, accepted, equal, recall`
and the two shares per form. Other benchmarks import `equal_pairs` and `unequal_pairs`.

Every form is a function of a random generator that returns (expected answer, answer of the policy).
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterator
from random import Random

from tests.bench.material import math_equal, math_unequal
from tests.bench.material.math_equal import Form
from tests.bench.material.math_notation import EQUAL_NOTATION, UNEQUAL_NOTATION
from verifiers.math.judge import judge, reference_problem
from verifiers.types import Status

EQUAL = math_equal.EQUAL + EQUAL_NOTATION
UNEQUAL = math_unequal.UNEQUAL + UNEQUAL_NOTATION


def equal_pairs(rng: Random, count: int) -> Iterator[tuple[str, str, str]]:
    """(form, expected answer, answer that is equal to it in another form), the forms in turn."""
    return _pairs(EQUAL, rng, count)


def unequal_pairs(rng: Random, count: int) -> Iterator[tuple[str, str, str]]:
    """(form, expected answer, answer that looks alike and is not equal), the forms in turn."""
    return _pairs(UNEQUAL, rng, count)


def _pairs(forms: tuple[Form, ...], rng: Random, count: int) -> Iterator[tuple[str, str, str]]:
    for number in range(count):
        form = forms[number % len(forms)]
        yield form.__name__, *form(rng)


def accepted(pairs: Iterator[tuple[str, str, str]]) -> tuple[Counter[str], Counter[str], list[tuple[str, str, str]]]:
    """Pairs per form, those judged correct per form, and up to 20 of each kind for a look."""
    tried: Counter[str] = Counter()
    correct: Counter[str] = Counter()
    shown: list[tuple[str, str, str]] = []
    for form, gold, answer in pairs:
        tried[form] += 1
        verdict = judge(f"\\boxed{{{answer}}}", {"answer": gold}, finish_reason="stop")
        # An expected answer that is screened out is never trained on: for these counts it is a refusal.
        assert verdict.status is not Status.ERROR or reference_problem({"answer": gold})
        correct[form] += verdict.reward == 1.0
        if len(shown) < 60:
            shown.append((str(verdict.status), f"{form}: {gold}", answer))
    return tried, correct, shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    report: dict[str, object] = {}
    for kind, pairs in (("unequal", unequal_pairs), ("equal", equal_pairs)):
        started = time.perf_counter()
        tried, correct, _ = accepted(pairs(Random(options.seed), options.pairs))
        for form, count in tried.items():
            print(f"{kind:8} {form:22} {correct[form]:5} of {count:5} accepted")
        report |= {
            kind: tried.total(),
            "accepted" if kind == "unequal" else "recall": (
                correct.total() if kind == "unequal" else round(correct.total() / tried.total(), 4)
            ),
            f"{kind}_by_form": {form: round(correct[form] / count, 4) for form, count in tried.items()},
            f"{kind}_seconds": round(time.perf_counter() - started, 1),
        }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
