"""Pass@k and intervals over problems. Pure; masked samples never get here, so the samples per problem may differ."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

# Two-sided 95 % of the normal distribution.
_Z = 1.959963984540054


class Interval(NamedTuple):
    """A mean over problems with its 95 % interval, and how many problems are in it and could not be."""

    mean: float
    low: float
    high: float
    problems: int
    left_out: int


def pass_at_k(n: int, c: int, k: int) -> float:
    """Chance that k of the n samples, drawn without replacement, hold at least one of the c correct ones.

    The unbiased 1 - C(n-c, k) / C(n, k) = 1 - prod_{i=n-c+1..n} (1 - k/i) (arXiv 2107.03374, Eq. 1). With fewer than
    k wrong ones the factor of i = k is 0.

    Raises:
        ValueError: not 1 <= k <= n or not 0 <= c <= n.
    """
    if not 0 <= c <= n:
        raise ValueError(f"{c} correct of {n} samples: give 0 <= c <= n")
    if not 1 <= k <= n:
        raise ValueError(f"pass@{k} needs 1 to {n} of the {n} samples: lower eval.ks or raise eval.samples")
    return 1.0 - math.prod(1.0 - k / i for i in range(n - c + 1, n + 1))


def mean_and_ci(per_problem: Sequence[float], *, left_out: int = 0) -> Interval:
    """Mean of one value per problem and its 95 % interval: mean +- 1.96 s / sqrt(problems), s with n - 1.

    A normal approximation of the mean over problems. Problems are the independent units: the samples of a problem
    enter only through its value, so correlated samples do not make the interval too narrow. It says how much another
    draw of problems would move the mean, and it may leave [0, 1] when there are few problems.

    Raises:
        ValueError: fewer than 2 problems.
    """
    count = len(per_problem)
    if count < 2:
        raise ValueError(f"an interval needs at least 2 problems, got {count}: raise eval.problems")
    mean = math.fsum(per_problem) / count
    variance = math.fsum((value - mean) ** 2 for value in per_problem) / (count - 1)
    half = _Z * math.sqrt(variance / count)
    return Interval(mean, mean - half, mean + half, count, left_out)


def mean_pass_at_k(counts: Sequence[tuple[int, int]], k: int) -> Interval:
    """Pass@k over problems from (n judged, c correct) of each.

    Problems with fewer than k judged samples, because some were masked, are left out and counted.

    Raises:
        ValueError: fewer than 2 problems have k judged samples.
    """
    values = [pass_at_k(n, c, k) for n, c in counts if n >= k]
    if len(values) < 2:
        raise ValueError(
            f"only {len(values)} of {len(counts)} problems have {k} judged samples: "
            "lower eval.ks, or raise eval.samples or eval.problems"
        )
    return mean_and_ci(values, left_out=len(counts) - len(values))


def paired_difference(before: Mapping[str, float], after: Mapping[str, float]) -> Interval:
    """Mean of after - before over the problems in both (keys are problem ids), with its 95 % interval.

    Normal approximation on the per-problem differences. The problems' own difficulty cancels, so it is narrower than
    two separate intervals suggest; an improvement is shown when `low` is above 0. Problems in one only are left out.

    Raises:
        ValueError: fewer than 2 problems in common.
    """
    common = [problem for problem in before if problem in after]
    if len(common) < 2:
        raise ValueError(
            f"before and after share {len(common)} problems: measure both on the same held-out problems, at least 2"
        )
    differences = [after[problem] - before[problem] for problem in common]
    return mean_and_ci(differences, left_out=len({*before, *after}) - len(common))
