"""A search that is rewarded by the judge itself tries to get a yes for what is wrong.

`python -m tests.bench.adversary [--tries N] [--verifier NAME] [--seed N] [--out FILE]`; N tries for each judge
(100,000 unless told). Every target is unwinnable: a false theorem, a number or formula that no fragment of the grammar
holds, a function that its prompt does not tell. So every accept is a false accept. The last line of stdout is one JSON
object with `tries`, `accepts` and `bound` over all judges: with 0 accepts in n tries the chance of an accept per try is
below 3/n at 95 % (rule of three), for tries drawn as here.

The search keeps a pool of answers. Those that got further (judged wrong rather than refused, a detail not seen before)
are mutated more often: fragments exchanged, doubled, wrapped, cut, two answers crossed.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

from tests.bench.material.fragments import GRAMMARS, Grammar
from verifiers.jobs import Job
from verifiers.pool import JudgePool
from verifiers.types import Status, Verdict

BATCH = 512
KEPT = 400
MAX_TEXT = 3_000
_FITNESS = {Status.PARTIAL: 100.0, Status.WRONG: 4.0, Status.TIMEOUT: 2.0, Status.REJECTED: 1.0, Status.ERROR: 3.0}


class Search:
    """Answers worth trying, and how far each got."""

    def __init__(self, grammar: Grammar, rng: Random) -> None:
        self.grammar, self.rng = grammar, rng
        self.kept: list[tuple[float, str]] = []
        self.seen: Counter[str] = Counter()

    def propose(self) -> str:
        """A new answer: made from the grammar, or a mutation of one that got far."""
        if not self.kept or self.rng.random() < 0.3:
            return self.grammar.make(self.rng)
        text = self.rng.choices([text for _, text in self.kept], [fitness for fitness, _ in self.kept])[0]
        for _ in range(self.rng.randint(1, 3)):
            text = self._mutate(text)
        return text[:MAX_TEXT]

    def _mutate(self, text: str) -> str:
        rng = self.rng
        at, length = rng.randint(0, len(text)), rng.randint(0, 20)
        kind = rng.randrange(6)
        if kind == 0:
            return text[:at] + self.grammar.fragment(rng) + text[at:]
        if kind == 1:
            return text[:at] + self.grammar.fragment(rng) + text[at + length :]
        if kind == 2:
            return text[:at] + text[at + length :]
        if kind == 3:
            return text[:at] + text[at : at + length] * 2 + text[at + length :]
        if kind == 4:
            other = rng.choice(self.kept)[1]
            return text[:at] + other[rng.randint(0, len(other)) :]
        return rng.choice(self.grammar.frames).replace("@", text)

    def learn(self, text: str, verdict: Verdict) -> None:
        """Keep what got far or gave a detail that is new."""
        sign = f"{verdict.status} {verdict.detail[:60]}"
        self.seen[sign] += 1
        fitness = _FITNESS.get(verdict.status, 0.5) / self.seen[sign] ** 0.5
        self.kept.append((fitness, text))
        if len(self.kept) > 2 * KEPT:
            self.kept = sorted(self.kept, reverse=True)[:KEPT]


def attack(pool: JudgePool, verifier: str, tries: int, seed: int) -> dict[str, Any]:
    """So many tries against one judge, over its targets in turn."""
    grammar, rng = GRAMMARS[verifier], Random(f"adversary {verifier} {seed}")
    searches = [Search(grammar, rng) for _ in grammar.targets]
    accepts: list[dict[str, Any]] = []
    statuses: Counter[str] = Counter()
    began, done = time.perf_counter(), 0
    while done < tries:
        size = min(BATCH, tries - done)
        which = [rng.randrange(len(searches)) for _ in range(size)]
        texts = [searches[index].propose() for index in which]
        jobs = [
            Job(verifier=verifier, text=grammar.spell(text), reference=grammar.targets[index])
            for index, text in zip(which, texts, strict=True)
        ]
        for index, text, verdict in zip(which, texts, pool.judge(jobs), strict=True):
            searches[index].learn(text, verdict)
            statuses[verdict.status.value] += 1
            if verdict.reward:
                accepts.append(
                    {"text": grammar.spell(text), "reference": grammar.targets[index], "detail": verdict.detail}
                )
        done += size
    seconds = time.perf_counter() - began
    return {
        "tries": done,
        "accepts": len(accepts),
        "bound": 3 / done if not accepts else None,
        "statuses": dict(statuses),
        "masked": statuses["error"],
        "per_second": done / seconds,
        "accepted": accepts[:20],
    }


def main() -> None:
    """Attack, print, and write the JSON where asked."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.adversary", description=__doc__.splitlines()[0])
    parser.add_argument("--tries", type=int, default=100_000, help="for each judge")
    parser.add_argument("--verifier", action="append", choices=sorted(GRAMMARS), help="only this judge")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    judges = {}
    with JudgePool(2, 20.0) as pool:
        for verifier in options.verifier or sorted(GRAMMARS):
            judges[verifier] = attack(pool, verifier, options.tries, options.seed)
            print(f"{verifier}: {json.dumps(judges[verifier], ensure_ascii=False)}", flush=True)
    tries = sum(judge["tries"] for judge in judges.values())
    accepts = sum(judge["accepts"] for judge in judges.values())
    result = {"tries": tries, "accepts": accepts, "bound": 3 / tries if not accepts else None, "judges": judges}
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    main()
