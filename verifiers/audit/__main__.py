"""`python -m verifiers.audit [--json] [--verifier NAME] [--workers N]`: false accepts and false rejects per judge.

An attack that is judged correct or partly right is a false accept; an honest answer that is not judged correct is a
false reject; a masked verdict is a failure of the judge and counts against either kind. The last line of stdout is one
JSON object. Exit code 1 when there is a false accept, or more than 1 % of false rejects.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from verifiers.audit.cases import Case, load
from verifiers.pool import JudgePool
from verifiers.types import Status, Verdict

MAX_FALSE_REJECTS = 0.01


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the audit; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m verifiers.audit", description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the JSON line only")
    parser.add_argument("--verifier", action="append", help="only this judge (may be given again)")
    parser.add_argument("--workers", type=int, default=2, help="judge processes")
    options = parser.parse_args(arguments)
    cases = [case for case in load() if not options.verifier or case.verifier in options.verifier]
    if not cases:
        parser.error(f"no cases for {', '.join(options.verifier)}")
    with JudgePool(options.workers, 20.0) as pool:
        verdicts = pool.judge([case.job() for case in cases])
    result = summarise(cases, verdicts)
    if not options.json:
        _print_table(cases, verdicts)
    print(json.dumps(result, ensure_ascii=False))
    failed = bool(result["false_accepts"]) or result["false_rejects"] > MAX_FALSE_REJECTS * result["honest"]
    return int(failed or bool(result["masked"]))


def summarise(cases: Sequence[Case], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Counts over all judges, and the names of the cases that went wrong."""
    wrong = [case for case, verdict in zip(cases, verdicts, strict=True) if went_wrong(case, verdict)]
    names = {
        kind: [f"{case.verifier}/{case.name}" for case in wrong if case.kind == kind] for kind in ("attack", "honest")
    }
    masked = [
        f"{case.verifier}/{case.name}" for case, verdict in zip(cases, verdicts, strict=True) if verdict.mask_sample
    ]
    return {
        "attacks": sum(case.kind == "attack" for case in cases),
        "false_accepts": len(names["attack"]),
        "honest": sum(case.kind == "honest" for case in cases),
        "false_rejects": len(names["honest"]),
        "masked": len(masked),
        "false_accepts_list": names["attack"],
        "false_rejects_list": names["honest"],
        "masked_list": masked,
    }


def went_wrong(case: Case, verdict: Verdict) -> bool:
    """Whether the verdict is not what the case's kind asks for."""
    if case.kind == "honest":
        return verdict.status is not Status.CORRECT
    return verdict.mask_sample or bool(verdict.reward)


def _print_table(cases: Sequence[Case], verdicts: Sequence[Verdict]) -> None:
    pairs = list(zip(cases, verdicts, strict=True))
    for judge in sorted({case.verifier for case in cases}):
        mine = [(case, verdict) for case, verdict in pairs if case.verifier == judge]
        for kind, word in (("attack", "accepted"), ("honest", "rejected")):
            of_kind = [(case, verdict) for case, verdict in mine if case.kind == kind]
            wrong = [(case, verdict) for case, verdict in of_kind if went_wrong(case, verdict)]
            print(f"{judge:6} {kind:6} {len(of_kind):5}   falsely {word} {len(wrong)}")
            for case, verdict in wrong:
                print(
                    f"       {case.category}/{case.name}: {verdict.status} {verdict.detail or verdict.failure_reason}"
                )


if __name__ == "__main__":
    sys.exit(main())
