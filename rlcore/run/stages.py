"""The stages of a run in their order: pretrain -> filter -> train -> eval, each skipped where it is done."""

from __future__ import annotations

import json
from typing import Any

from rlcore import pretrain
from rlcore.data.mixture import Pool
from rlcore.doctor import cpu
from rlcore.rl import algorithm, evaluate, loop
from rlcore.rl.filter import filter_problems
from rlcore.run.context import Run
from rlcore.run.folder import RunFolder, sha256_folder, sha256_json, write_json
from rlcore.run.recovery import with_recovery
from verifiers import registry as verifiers

INTERVALS = "95 % intervals over the problems only, of one seed: other seeds and other kinds of CPU may differ by more"


def run_stages(run: Run) -> None:
    """consumes: the run folder as an earlier run left it; produces: what the missing stages write."""
    config, folder = run.config, run.folder
    check_data(run)
    if "pretrain" in config.stages and not config.model.path and not is_done(folder, "pretrain"):
        with folder.stage("pretrain"):
            with_recovery(run, pretrain.STAGE, lambda: pretrain.pretrain(run))
    if "filter" in config.stages and not (folder.path / "filter.json").exists():
        with folder.stage("filter"):
            filter_problems(run)
    if "eval" in config.stages and folder.latest(loop.STAGE) is None:
        measure(run, "before")
    if "train" in config.stages and not is_done(folder, "train"):
        with folder.stage("train"):
            pool = training_pool(run)
            with_recovery(run, loop.STAGE, lambda: loop.train(run, pool))
    if "eval" in config.stages:
        if folder.latest(loop.STAGE) is not None:
            measure(run, "after")
        summarise(run)


def check_data(run: Run) -> None:
    """Read all problems, drop rows that teach nothing, encode every prompt; ValueError names what is wrong.

    All of it before anything heavy starts. Of dropped rows (`rlcore.data.problems`) dropped_rows.jsonl has the reasons.

    What the run reads is hashed into the manifest; a run that goes on with other data, another policy or another
    verifier is refused.
    """
    dataset = run.dataset
    for problem in dataset.problems:
        run.prompts.encode(problem)
    run.folder.check_hashes(
        {
            "data.source": sha256_json([problem.model_dump(mode="json") for problem in dataset.problems]),
            "data.verifier": sha256_json({name: verifiers.version(name) for name in dataset.verifiers}),
            "model.path": sha256_folder(run.config.model.path),
            "train.algorithm": algorithm.digest(run.config.train.algorithm),
        }
    )
    lost = f"; {dataset.dropped} rows dropped (dropped_rows.jsonl)" if dataset.dropped else ""
    run.say(f"data: {len(dataset.train.problems)} training and {len(dataset.held_out)} held-out problems{lost}")


def is_done(folder: RunFolder, stage: str) -> bool:
    """Whether the manifest says that the stage ended."""
    return "end" in folder.manifest().get("stages", {}).get(stage, {})


def training_pool(run: Run) -> Pool:
    """All training problems but those that the filter dropped (and, by config, those that it did not measure)."""
    pool = run.dataset.train
    filtered = run.folder.path / "filter.json"
    if not filtered.exists():
        return pool
    found = json.loads(filtered.read_text())
    if run.config.filter.keep_unmeasured:
        dropped = set(found["dropped_ids"])
        return pool.where(lambda problem: problem.id not in dropped)
    kept = set(found["kept_ids"])
    return pool.where(lambda problem: problem.id in kept)


def measure(run: Run, when: str) -> None:
    """Write eval/before.json (the policy RL starts from) or eval/after.json (the newest RL checkpoint).

    A measurement of the same policy is kept; one of an older checkpoint is made again.
    """
    path = run.folder.path / "eval" / f"{when}.json"
    checkpoint = run.folder.latest(loop.STAGE)
    step = checkpoint.step if checkpoint else 0
    if path.exists() and json.loads(path.read_text())["step"] == step:
        return
    with run.folder.stage(f"eval_{when}"):
        if checkpoint is not None and run.processes.rollout.policy_version != step:
            run.processes.rollout.update_weights(checkpoint.hf, step)
        path.parent.mkdir(exist_ok=True)
        result = {"step": step, **evaluate.by_family(run.sampler, run.config.eval, run.dataset.held_out, step=step)}
        write_json(path, result)
        run.metrics.log(f"eval_{when}", step, evaluate.to_metrics(result))
        for name, found in result["by_family"].items():
            pass_at_1 = found["temperatures"]["1.0"]["pass_at_1"]
            run.say(f"eval {when}: {name} pass@1 {pass_at_1:.3f} on {found['held_out']} problems")


def summarise(run: Run) -> None:
    """Write summary.json and print the table."""
    folder = run.folder
    manifest = folder.manifest()
    cpus = ", then ".join(cpu.kind(found) for found in (manifest["cpu"], *manifest.get("later_cpus", [])))
    summary: dict[str, Any] = {"seed": run.config.seed, "cpu": cpus, "intervals": INTERVALS}
    results = {}
    for when in ("before", "after"):
        path = folder.path / "eval" / f"{when}.json"
        if path.exists():
            results[when] = json.loads(path.read_text())
    summary |= _fields(results)
    stages = manifest["stages"]
    summary["minutes"] = sum(stage.get("seconds", 0.0) for stage in stages.values()) / 60
    summary["stages"] = {name: round(stage.get("seconds", 0.0), 1) for name, stage in stages.items()}
    summary["by_family"] = {
        name: _fields({when: result["by_family"][name] for when, result in results.items()})
        for name in next(iter(results.values()))["by_family"]
    }
    write_json(folder.path / "summary.json", summary)
    for name in summary["by_family"]:
        run.say(table(name, {when: result["by_family"][name] for when, result in results.items()}))
    run.say(f"±: {INTERVALS}; seed {summary['seed']} on {cpus}")
    run.say("seconds: " + ", ".join(f"{name} {seconds:.0f}" for name, seconds in summary["stages"].items()))


def _fields(results: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What summary.json says of the measurements (`before`, `after`) of one family."""
    fields: dict[str, Any] = {}
    for when, result in results.items():
        fields |= {
            f"pass_at_1_{when}": result["temperatures"]["1.0"]["pass_at_1"],
            f"ci_{when}": result["temperatures"]["1.0"]["ci"],
            f"greedy_{when}": result["greedy"]["pass_at_1"] if result["greedy"] else None,
            f"best_t_{when}": result["best_t"]["pass_at_1"],
            f"best_t_temperature_{when}": result["best_t"]["temperature"],
        }
        fields |= {f"pass_at_{k}_{when}": found["value"] for k, found in result["pass_at_k"].items() if k != "1"}
    return fields | {"held_out": max(result["held_out"] for result in results.values())}


def table(name: str, results: dict[str, dict[str, Any]]) -> str:
    """The result of one family for people: one row per quantity, before and after."""
    rows: dict[str, dict[str, str]] = {}
    for when, result in results.items():
        for temperature, found in result["temperatures"].items():
            label = "greedy" if float(temperature) == 0 else f"pass@1 T={float(temperature):g}"
            low, high = found["ci"]
            rows.setdefault(label, {})[when] = f"{found['pass_at_1']:.3f} ±{(high - low) / 2:.3f}"
        for k, found in result["pass_at_k"].items():
            low, high = found["ci"]
            rows.setdefault(f"pass@{k} T=1", {})[when] = f"{found['value']:.3f} ±{(high - low) / 2:.3f}"
    held_out = max(result["held_out"] for result in results.values())
    title = f"{name}: {held_out} held out"
    width = max(22, len(title) + 1)
    lines = [f"\n{title:<{width}}{'before':>14}{'after':>14}"]
    lines += [f"{label:<{width}}{row.get('before', '-'):>14}{row.get('after', '-'):>14}" for label, row in rows.items()]
    return "\n".join(lines)
