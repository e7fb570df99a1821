"""Which problems teach the current policy something: pass rates, how sure they are, and the band that is kept.

Pure. Sampling and judging happen in the filter stage of the pipeline.
"""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from verifiers.types import Frozen, Status, Verdict

TOO_EASY = "too easy"
TOO_HARD = "too hard"
NO_VERDICT = "no verdict"


class PassRate(Frozen):
    """How often the policy solved one problem.

    Attributes:
        correct: verdicts `correct`; partial credit does not count as solved.
        judged: verdicts of the answer, errors left out.
        errors: samples the judge failed on: missing, not wrong.
        rate: correct / judged; None without a verdict.
        low, high: the central 95 % of the Beta(1 + correct, 1 + judged - correct) posterior (uniform prior).
    """

    correct: int
    judged: int
    errors: int
    rate: float | None
    low: float
    high: float


def estimate(verdicts: Mapping[str, Sequence[Verdict]]) -> dict[str, PassRate]:
    """Problem id -> its pass rate, from the verdicts on its samples."""
    return {problem: _pass_rate(samples) for problem, samples in verdicts.items()}


def keep(pass_rates: Mapping[str, PassRate], *, minimum: float, maximum: float) -> tuple[list[str], dict[str, str]]:
    """The ids in the band, in the order given, and the reason of each of the others.

    The band is on the point rate and includes both ends, so the default .05 to .95 at 8 samples drops exactly 0/8 and
    8/8. The point rate and not the posterior, because the band is a saving and no claim: what it wrongly keeps, dynamic
    sampling drops later, and what it wrongly drops comes back when the filter runs again. With few samples a narrow
    band is noise near its edges (4 of 8: 95 % interval .21 to .79); `PassRate.low` and `high` show it.

    Raises:
        ValueError: the band is empty or leaves [0, 1].
    """
    if not 0.0 <= minimum <= maximum <= 1.0:
        raise ValueError(
            f"no pass rate is in {minimum} to {maximum}: set 0 <= filter.min_pass_rate <= filter.max_pass_rate <= 1"
        )
    reasons = {
        problem: NO_VERDICT if found.rate is None else TOO_HARD if found.rate < minimum else TOO_EASY
        for problem, found in pass_rates.items()
        if found.rate is None or not minimum <= found.rate <= maximum
    }
    return [problem for problem in pass_rates if problem not in reasons], reasons


def count_reasons(reasons: Mapping[str, str]) -> dict[str, int]:
    """How many problems each reason dropped; every reason is there, for the log."""
    counts = Counter(reasons.values())
    return {reason: counts[reason] for reason in (TOO_EASY, TOO_HARD, NO_VERDICT)}


class FamilyCount(NamedTuple):
    """Of one family: problems measured, how many of them are kept, the mean of their rates (0 without a verdict)."""

    problems: int
    kept: int
    pass_rate_mean: float


def count_families(
    families: Mapping[str, Sequence[str]], pass_rates: Mapping[str, PassRate], reasons: Mapping[str, str]
) -> dict[str, FamilyCount]:
    """What was found out about each family; `families`: name -> ids of its problems."""
    counts = {}
    for name, problems in families.items():
        rates = [rate for problem in problems if (rate := pass_rates[problem].rate) is not None]
        kept = sum(problem not in reasons for problem in problems)
        counts[name] = FamilyCount(len(problems), kept, sum(rates) / max(len(rates), 1))
    return counts


def posterior_below(bound: float, correct: int, judged: int) -> float:
    """P(pass rate < bound) under a uniform prior after `correct` of `judged`.

    The Beta(c + 1, n - c + 1) distribution function at x is P(Binomial(n + 1, x) > c), an exact finite sum.
    """
    if not 0 <= correct <= judged:
        raise ValueError(f"{correct} correct of {judged} judged: give 0 <= correct <= judged")
    if not 0.0 < bound < 1.0:
        return float(bound >= 1.0)
    trials = judged + 1
    return math.fsum(
        math.exp(
            math.lgamma(trials + 1)
            - math.lgamma(hits + 1)
            - math.lgamma(trials - hits + 1)
            + hits * math.log(bound)
            + (trials - hits) * math.log1p(-bound)
        )
        for hits in range(correct + 1, trials + 1)
    )


def _pass_rate(samples: Sequence[Verdict]) -> PassRate:
    judged = sum(verdict.status is not Status.ERROR for verdict in samples)
    correct = sum(verdict.status is Status.CORRECT for verdict in samples)
    return PassRate(
        correct=correct,
        judged=judged,
        errors=len(samples) - judged,
        rate=correct / judged if judged else None,
        low=_quantile(0.025, correct, judged),
        high=_quantile(0.975, correct, judged),
    )


@functools.cache
def _quantile(share: float, correct: int, judged: int) -> float:
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        if posterior_below(middle, correct, judged) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2
