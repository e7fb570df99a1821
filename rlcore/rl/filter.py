"""The filter stage: pass rates of training problems under the current policy, and the band that is kept."""

from __future__ import annotations

import json
from typing import Any

from rlcore.data.mixture import by_family
from rlcore.rl.difficulty import (
    NO_VERDICT,
    TOO_EASY,
    TOO_HARD,
    FamilyCount,
    count_families,
    count_reasons,
    estimate,
    keep,
)
from rlcore.run.context import Run
from rlcore.run.folder import write_json, write_lines
from verifiers.types import Verdict

CHUNK = 128


def filter_problems(run: Run) -> dict[str, Any]:
    """Measure `filter.problems` training problems and write filter.json; goes on after an interruption.

    Every finished chunk is kept in filter.partial.json, so a killed run measures none twice.
    """
    config, folder = run.config.filter, run.folder.path
    problems = run.dataset.train.head(config.problems)
    partial = folder / "filter.partial.json"
    verdicts: dict[str, list[dict[str, Any]]] = json.loads(partial.read_text()) if partial.exists() else {}
    if verdicts:
        run.say(f"filter: going on after {len(verdicts)} of {len(problems)} problems")
    todo = [problem for problem in problems if problem.id not in verdicts]
    for start in range(0, len(todo), CHUNK):
        sampled = run.sampler.sample_groups(
            todo[start : start + CHUNK],
            samples=config.samples,
            temperature=1.0,
            seed_parts=("filter",),
            stage="filter",
            step=0,
            first=len(verdicts),
        )
        for group in sampled.groups:
            verdicts[group.problem.id] = [
                verdict.model_dump(mode="json", exclude={"detail", "failed_case"}) for verdict in group.verdicts
            ]
        write_json(partial, verdicts)
        run.say(f"filter  {len(verdicts)}/{len(problems)} problems  {sampled.generate + sampled.score:.1f} s")
    rates = estimate({key: [Verdict.model_validate(v) for v in values] for key, values in verdicts.items()})
    kept, reasons = keep(rates, minimum=config.min_pass_rate, maximum=config.max_pass_rate)
    counts = count_reasons(reasons)
    ids = {name: [problem.id for problem in part] for name, part in by_family(problems).items()}
    families = count_families(ids, rates, reasons)
    result: dict[str, Any] = {
        "problems": len(problems),
        "samples": config.samples,
        "band": [config.min_pass_rate, config.max_pass_rate],
        "kept": len(kept),
        "dropped_easy": counts[TOO_EASY],
        "dropped_hard": counts[TOO_HARD],
        "no_verdict": counts[NO_VERDICT],
        "rates": [rate.rate for rate in rates.values() if rate.rate is not None],
        "kept_ids": kept,
        "dropped_ids": sorted(reasons),
        "by_family": {name: count._asdict() for name, count in families.items()},
    }
    write_lines(
        folder / "filter_reasons.jsonl",
        (
            {"problem_id": key, "family": name, "reason": reasons.get(key, "kept"), **rates[key].model_dump()}
            for name, part in ids.items()
            for key in part
        ),
    )
    run.say(
        f"filter: kept {len(kept)} of {len(problems)}; too easy {counts[TOO_EASY]}, too hard {counts[TOO_HARD]}, "
        f"no verdict {counts[NO_VERDICT]} (reasons: filter_reasons.jsonl)"
    )
    if len(kept) < config.min_kept:
        raise ValueError(
            f"the filter kept {len(kept)} problems, fewer than filter.min_kept={config.min_kept}: the policy finds "
            "them too easy or too hard; change the data, pretrain longer, or widen filter.min/max_pass_rate"
        )
    write_json(folder / "filter.json", result)
    partial.unlink(missing_ok=True)
    run.metrics.log(
        "filter",
        0,
        {
            "filter/problems": len(problems),
            "filter/pass_rate_mean": sum(result["rates"]) / max(len(result["rates"]), 1),
            "filter/kept": len(kept),
            "filter/dropped_easy": counts[TOO_EASY],
            "filter/dropped_hard": counts[TOO_HARD],
            "filter/no_verdict": counts[NO_VERDICT],
        }
        | _by_family(families),
    )
    return result


def _by_family(families: dict[str, FamilyCount]) -> dict[str, float]:
    """Metrics of each family; none where there is one family only."""
    values: dict[str, float] = {}
    for name, count in families.items() if len(families) > 1 else ():
        values |= {f"filter/pass_rate/{name}": count.pass_rate_mean, f"filter/kept/{name}": count.kept}
    return values
