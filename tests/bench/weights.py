"""How long weights take from learner to rollout, and what the canary adds: the demo's model and one of 15M parameters.

`python -m tests.bench.weights [--rounds N] [--model 2M]`. Two learner ranks and two vLLM workers with a thread each,
as in the demo; both forms of the hand-over in turns, on the same actors. A figure is the median over the rounds, in
seconds of wall clock. The last line is one JSON object, for each model:

* `write_file`, `write_memory`: from the ranks to the file, fingerprints included;
* `load_file`, `load_memory`: from the file into every worker, fingerprints checked;
* `canary`: scores, continuations, fingerprints of all;
* `fingerprint`, `sha256`: of all tensors, in one process (for comparison: sha256 was made at every step once);
* `together`: write, load and canary by memory, `together_file` by file, and `share` of a demo step of 5.5 s.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ray
from safetensors.torch import load_file

from rlcore.config.learner import LearnerConfig, OptimConfig
from rlcore.config.model import ModelConfig
from rlcore.config.rl import CANARY_TOLERANCES
from rlcore.learn.ranks import LearnerGroup
from rlcore.policy import architectures
from rlcore.policy.tokens import char_tokenizer
from rlcore.rl import canary
from rollout.hand_over import Form, HandOver
from rollout.pool import RolloutPool
from rollout.weights import fingerprint, tensor_checksum

CONTEXT = 168
STEP_SECONDS = 5.5
MODELS = {
    "2M": ModelConfig(context=CONTEXT),
    "15M": ModelConfig(
        context=CONTEXT,
        hidden_size=256,
        layers=6,
        head_dim=64,
        experts=16,
        expert_intermediate_size=192,
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--model", choices=MODELS, action="append", default=[])
    asked = parser.parse_args()
    ray.init(address="local", include_dashboard=False, _node_ip_address="127.0.0.1", log_to_driver=False)
    results = {name: measure(MODELS[name], asked.rounds) for name in asked.model or MODELS}
    print(json.dumps(results))


def measure(model: ModelConfig, rounds: int) -> dict[str, Any]:
    """The medians of one model."""
    tokenizer = char_tokenizer(CONTEXT)
    lm = architectures.create(model, tokenizer, seed=0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        architectures.save(lm, tokenizer, folder / "hf", None)
        learner = LearnerGroup(LearnerConfig(row_tokens=CONTEXT, micro_batch_rows=32), startup_seconds=600)
        learner.build(folder / "hf", model, OptimConfig())
        options = {"model_path": str(folder / "hf"), "dtype": model.dtype, "max_model_len": CONTEXT, "threads": 1}
        pool = RolloutPool.start("vllm", options | {"kv_cache_gib": 0.125}, 2, startup_seconds=600)
        prompts = [[1, *((7 * i + 11 * j) % 90 + 3 for j in range(30 + i))] for i in range(8)]
        watch = canary.choose(learner, prompts, count=8, vocabulary=len(tokenizer), context=CONTEXT, seed=0)
        seconds = _rounds(learner, pool, watch, folder, model, rounds)
        learner.close()
        pool.close()
    medians = {part: statistics.median(values[1:]) for part, values in seconds.items()}
    together = {form: sum(medians[part] for part in (f"write_{form}", f"load_{form}", "canary")) for form in FORMS}
    found = {part: round(value, 4) for part, value in medians.items()}
    return found | {
        "parameters": sum(parameter.numel() for parameter in lm.parameters()),
        "canary_sequences": len(watch.sequences),
        "together": round(together["memory"], 4),
        "together_file": round(together["file"], 4),
        "share": round(together["memory"] / STEP_SECONDS, 4),
    }


FORMS: dict[str, Form] = {"file": "file", "memory": "auto"}


def _rounds(
    learner: LearnerGroup, pool: RolloutPool, watch: canary.Canary, folder: Path, model: ModelConfig, rounds: int
) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = defaultdict(list)

    def clock(part: str, work: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        result = work()
        seconds[part].append(time.perf_counter() - began)
        return result

    forms = {}
    for name, form in FORMS.items():
        (folder / name).mkdir()
        forms[name] = HandOver(folder / name, form=form, one_node=lambda: True, say=print)
    for version in range(1, rounds + 2):
        for name, places in forms.items():
            path = places.place(version)
            sums = clock(f"write_{name}", lambda path=path: learner.write_weights(path))
            clock(f"load_{name}", lambda path=path: pool.update_weights(path, version))  # noqa: B023 called at once
            check: dict[str, Any] = {"checksums": sums, "tolerance": CANARY_TOLERANCES[model.dtype]}
            clock("canary", lambda check=check: canary.check(learner, pool, watch.sequences, **check))
            state = load_file(path)
            clock("fingerprint", lambda state=state: [fingerprint(tensor) for tensor in state.values()])
            clock("sha256", lambda state=state: [tensor_checksum(tensor) for tensor in state.values()])
            print(version, name, {part: round(values[-1], 3) for part, values in seconds.items()}, flush=True)
    for places in forms.values():
        places.close()
    return seconds


if __name__ == "__main__":
    main()
