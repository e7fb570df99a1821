"""How many answers a second the judges judge on this machine, against the obvious ways to do it.

`python -m tests.bench.judges [--rounds N] [--judge NAME]`. Both sides of a comparison run in one go, in turns; a figure
is the median over the rounds. The last line is one JSON object:

* code: `code_cases_per_s` (stdin cases of programs of the standard library), `code_over_bwrap` (over a fresh hardened
  `bwrap python3 -I -S` for each), `code_numpy_over_fresh` (programs that import numpy, over a fresh plain process),
  `code_graded_per_s` (small functions against their asserts, both sides confined);
* Lean: `lean_per_s` (gate and second check included), `lean_over_cold` (over `lean --json FILE` for each),
  `lean_10k_header_ratio` (time of a check below a header of 10,000 theorems over one below none);
* math: `math_simple_per_s` (exact path), `math_hard_per_s` (kinds that go through math-verify),
  `math_pathological_max_s` (the slowest of 60 hostile inputs, wall clock).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

from tests.bench.material import lean_proofs, programs
from tests.bench.material.math_equal import EQUAL
from tests.bench.material.math_hostile import PATHOLOGICAL
from verifiers.pool import Job, JudgePool
from verifiers.sandbox import bubblewrap
from verifiers.types import Status, Verdict

WORKERS = os.cpu_count() or 1
Side = Callable[[], int]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.judges", description=str(__doc__).splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--judge", action="append", choices=sorted(_JUDGES), help="only this one")
    options = parser.parse_args()
    result: dict[str, Any] = {}
    with JudgePool(WORKERS, 20.0) as pool:
        for name in options.judge or sorted(_JUDGES):
            measured = _JUDGES[name](pool, options.rounds)
            print(f"{name}: {json.dumps(measured)}", flush=True)
            result |= measured
    print(json.dumps(result))


def rates(rounds: int, **sides: Side) -> dict[str, float]:
    """Items per second of each side, by turns; a first round that warms up does not count."""
    seen: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name, side in sides.items():
            began = time.perf_counter()
            items = side()
            if number:
                seen[name].append(items / (time.perf_counter() - began))
    return {name: statistics.median(values) for name, values in seen.items()}


def right(verdicts: Sequence[Verdict]) -> int:
    """How many; a benchmark of wrong verdicts would measure nothing."""
    wrong = [verdict for verdict in verdicts if verdict.status is not Status.CORRECT]
    assert not wrong, wrong[0]
    return len(verdicts)


def fresh(commands: Sequence[list[str]], outputs: Sequence[str]) -> int:
    """One process for each, as many at a time as the pool has workers."""

    def run(command: list[str]) -> str:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    with ThreadPoolExecutor(WORKERS) as threads:
        assert [output.strip() for output in threads.map(run, commands)] == list(outputs)
    return len(commands)


def code(pool: JudgePool, rounds: int) -> dict[str, float]:
    """Programs."""
    program, _ = bubblewrap.find()
    assert program is not None, "needs bubblewrap"
    wall = [*bubblewrap.arguments(program, tmpfs_bytes=0, directory="/"), "--", "python3", "-I", "-S", "-c"]
    stdin = [Job(verifier="code", text=programs.fenced(programs.SUM), reference=programs.sums(n)) for n in range(20)]
    bare = [(f"a, b = {n}, {n + 1}\nprint(a + b)", str(2 * n + 1)) for n in range(60)]
    numpy = Job(verifier="code", text=programs.fenced(programs.NUMPY), reference=programs.NUMPY_CASES)
    graded = [Job(verifier="code", text=text, reference=reference) for text, reference in programs.graded()]
    measured = rates(
        rounds,
        cases=lambda: right(pool.judge(stdin)) * programs.CASES,
        bwrap=lambda: fresh([[*wall, source] for source, _ in bare], [output for _, output in bare]),
        numpy=lambda: right(pool.judge([numpy] * 20)) * programs.CASES,
        fresh_numpy=lambda: fresh([[sys.executable, "-c", programs.NUMPY_ONCE]] * 6, ["6"] * 6),
        graded=lambda: right(pool.judge(graded)),
    )
    return {
        "code_cases_per_s": measured["cases"],
        "code_over_bwrap": measured["cases"] / measured["bwrap"],
        "code_numpy_over_fresh": measured["numpy"] / measured["fresh_numpy"],
        "code_graded_per_s": measured["graded"],
    }


def lean(pool: JudgePool, rounds: int) -> dict[str, float]:
    """Proofs."""
    jobs = [Job(verifier="lean", text=text, reference=reference) for text, reference in lean_proofs.proofs(200)]
    below = [
        Job(verifier="lean", text=text, reference=reference)
        for text, reference in lean_proofs.proofs(200, header=lean_proofs.header(10_000))
    ]
    with lean_proofs.cold(20) as (commands, outputs):
        measured = rates(
            rounds,
            embedded=lambda: right(pool.judge(jobs)),
            header=lambda: right(pool.judge(below)),
            cold=lambda: fresh(commands, outputs),
        )
    return {
        "lean_per_s": measured["embedded"],
        "lean_over_cold": measured["embedded"] / measured["cold"],
        "lean_10k_header_ratio": measured["embedded"] / measured["header"],
    }


def math(pool: JudgePool, rounds: int) -> dict[str, float]:
    """Answers."""
    simple = [
        Job(verifier="math", text=f"So {n}+{n}={2 * n}. The answer is {2 * n}", reference={"answer": str(2 * n)})
        for n in range(8192)
    ]
    rng = Random(0)
    by_name = {form.__name__: form for form in EQUAL}
    harder = [by_name[name](rng) for _ in range(40) for name in HARD]
    hard = [Job(verifier="math", text=f"\\boxed{{{answer}}}", reference={"answer": gold}) for gold, answer in harder]
    measured = rates(
        rounds, simple=lambda: right(pool.judge(simple)), hard=lambda: sum(bool(v.reward) for v in pool.judge(hard))
    )
    slowest = 0.0
    for text in PATHOLOGICAL.values():
        job = Job(verifier="math", text=f"\\boxed{{{text}}}", reference={"answer": r"x+\sqrt{2}"})
        began = time.perf_counter()
        verdict = pool.judge([job])[0]
        slowest = max(slowest, time.perf_counter() - began)
        assert not verdict.mask_sample and not verdict.reward, verdict
    assert pool.healthy()
    return {
        "math_simple_per_s": measured["simple"],
        "math_hard_per_s": measured["hard"],
        "math_pathological_max_s": slowest,
    }


# Two expressions that are no plain numbers: our reader finds them equal, and math-verify has to agree.
HARD = (
    *("surd", "rationalised", "multiple_of_pi", "expanded_product", "reordered_terms", "split_fraction"),
    *("trigonometric", "logarithmic", "tuple_form", "set_form", "interval_form", "equation_form", "matrix_form"),
    *("complex_form", "exponential"),
)
_JUDGES: dict[str, Callable[[JudgePool, int], dict[str, float]]] = {"code": code, "lean": lean, "math": math}

if __name__ == "__main__":
    main()
