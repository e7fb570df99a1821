"""`python -m tests.mutation [MODULE ...]`: which small changes of the pure modules no test of theirs notices.

Every mutant of a module (`operators.py`) is run against the module's own test file, the one that stands where the
module stands. A survivor is mended by a better test, or is equivalent: then it stands in `equivalent.toml` with the
reason. An entry there that fits no mutant, or one that a test kills after all, is an error too.

Exit status 1 where a survivor is left. The last line is JSON; results are kept in `runs/mutation.json` by content.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.mutation.equivalents import Equivalents, StaleEntry
from tests.mutation.operators import Mutant, mutants
from tests.mutation.running import CHECKOUT, BrokenRun, Target, run_mutants

CACHE = CHECKOUT / "runs" / "mutation.json"
MODULES = (
    "rlcore.data.mixture",
    "rlcore.data.split",
    "rlcore.learn.balance",
    "rlcore.learn.batch",
    "rlcore.learn.optim.schedules",
    "rlcore.learn.packing",
    "rlcore.rl.advantages",
    "rlcore.rl.algorithms.dapo",
    "rlcore.rl.algorithms.gspo",
    "rlcore.rl.algorithms.rft",
    "rlcore.rl.credit",
    "rlcore.rl.difficulty",
    "rlcore.rl.losses",
    "rlcore.rl.statistics",
    "rlcore.rl.trajectory",
)


@dataclass
class Score:
    """What became of a module's mutants."""

    mutants: int = 0
    killed: int = 0
    over_limit: int = 0
    equivalent: int = 0
    survivors: list[Mutant] = field(default_factory=list)


def measure(module: str, equivalents: Equivalents, cache: dict[str, str | None], jobs: int) -> Score:
    """Run all of a module's mutants, but for those whose result is in `cache`, which is filled.

    Raises:
        BrokenRun, StaleEntry: the result would mean nothing.
    """
    target = Target.of(module)
    file = Path(target.file).relative_to(CHECKOUT).as_posix()
    found = {mutant.digest: mutant for mutant in mutants(Path(target.file).read_text(encoding="utf-8"))}
    equivalents.check(file, {mutant.key for mutant in found.values()})
    score = Score(mutants=len(found))
    known = {key: killed_by for key, killed_by in cache.items() if key.partition("/")[0] in found}
    sources = {digest: mutant.source for digest, mutant in found.items()}
    for result in run_mutants(target, sources, jobs=jobs, known=known):
        cache[f"{result.name}/{result.world}"] = result.killed_by
        mutant = found[result.name]
        listed = equivalents.reason(file, mutant.key) is not None
        if result.killed_by is not None:
            score.killed += 1
            score.over_limit += result.killed_by.startswith("limit")
            if listed:
                what = f"{file}: {mutant.before} -> {mutant.after}"
                raise StaleEntry(f"equivalent.toml: {what} is no equivalent: {result.killed_by} kills it")
        elif listed:
            score.equivalent += 1
        else:
            score.survivors.append(mutant)
            print(f"{file}:{mutant.line}: {mutant.function}: {mutant.before}  ->  {mutant.after}", flush=True)
    return score


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__.partition("\n")[0])
    parser.add_argument("modules", nargs="*", default=MODULES, metavar="MODULE", help="such as rlcore.learn.packing")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="tests at a time; the number of cores")
    asked = parser.parse_args()
    equivalents = Equivalents.read(Path(__file__).with_name("equivalent.toml"))
    cache: dict[str, str | None] = json.loads(CACHE.read_text()) if CACHE.is_file() else {}
    start = time.monotonic()
    scores: dict[str, Score] = {}
    try:
        for module in asked.modules:
            scores[module] = score = measure(module, equivalents, cache, asked.jobs)
            print(
                f"{module:30} {score.mutants:4} mutants: {score.killed} killed ({score.over_limit} by a limit), "
                f"{score.equivalent} equivalent, {len(score.survivors)} survived",
                flush=True,
            )
            CACHE.parent.mkdir(parents=True, exist_ok=True)
            CACHE.write_text(json.dumps(cache, indent=0, sort_keys=True))
    except (BrokenRun, StaleEntry, OSError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
    total = {
        "mutants": sum(score.mutants for score in scores.values()),
        "killed": sum(score.killed for score in scores.values()),
        "equivalent": sum(score.equivalent for score in scores.values()),
        "survivors": sum(len(score.survivors) for score in scores.values()),
        "seconds": round(time.monotonic() - start),
    }
    print(json.dumps(total))
    return int(total["survivors"] > 0)


if __name__ == "__main__":
    sys.exit(main())
