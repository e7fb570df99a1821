"""Memory and time of the head's log-probs for a large vocabulary, beside transformers' own loss.

`python -m tests.bench.logits_memory [--rounds N] [--tokens N] [--hidden N] [--vocabulary N]`. Forward and backward of a
next-token loss from hidden states, each side in a process of its own, in turns. `naive` makes all logits and hands
them to `ForCausalLMLoss`. The last line is one JSON object:

* `memory_ratio`: peak of the naive side over ours, above what inputs and weights take before;
* `time_ratio`: its median time over ours, `cpu_time_ratio` the same in CPU time (for a machine that others use);
  `seconds`, `peak_mib` of both;
* `loss_gap`, `gradient_gap`: relative difference of the losses, and relative L2 of both gradients.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

SIDES = ("naive", "ours")


def measure(side: str, tokens: int, hidden: int, vocabulary: int, mib: float, file: Path) -> dict[str, float]:
    """One forward and backward pass in this process; its gradients go into `file`."""
    generator = torch.Generator().manual_seed(0)
    states_TD = torch.randn(tokens, hidden, generator=generator).requires_grad_()
    weight_VD = (0.05 * torch.randn(vocabulary, hidden, generator=generator)).requires_grad_()
    targets_T = torch.randint(0, vocabulary, (tokens,), generator=generator)
    one_pass(side, states_TD[:64], weight_VD, targets_T[:64], mib)[0].backward()
    states_TD.grad = weight_VD.grad = None
    # Sets the peak of resident memory back to what is resident now.
    Path("/proc/self/clear_refs").write_text("5")
    before = resident("VmHWM")
    began, worked = time.perf_counter(), time.process_time()
    loss, hold = one_pass(side, states_TD, weight_VD, targets_T, mib)
    loss.backward()
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - worked
    peak = resident("VmHWM") - before
    del hold
    assert states_TD.grad is not None and weight_VD.grad is not None
    torch.save({"loss": loss.detach(), "states": states_TD.grad, "weight": weight_VD.grad}, file)
    return {"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_mib": peak / 1024}


def one_pass(side: str, states_TD: Tensor, weight_VD: Tensor, targets_T: Tensor, mib: float) -> tuple[Tensor, Any]:
    """(loss, what must live until the backward pass)."""
    if side == "ours":
        from rlcore.learn.logprobs import selected_logprobs

        chunk = max(1, int(mib * 2**20 / (4 * len(weight_VD))))
        # As in pretraining, where every token counts once and nobody reads the entropy.
        ahead = {"entropy": False, "expected_T": torch.ones(len(targets_T))}
        logp_T, _ = selected_logprobs(states_TD, targets_T, weight_VD, temperature=1.0, chunk=chunk, **ahead)
        return -logp_T.mean(), None
    from transformers.loss.loss_utils import ForCausalLMLoss

    logits_TV = states_TD @ weight_VD.mT
    loss: Tensor = ForCausalLMLoss(logits_TV, None, len(weight_VD), shift_labels=targets_T)
    return loss, logits_TV


def resident(field: str) -> int:
    """KiB of a field of this process's status."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=4096)
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--vocabulary", type=int, default=151_936)
    parser.add_argument("--mib", type=float, default=64.0, help="learner.logits_mib")
    parser.add_argument("--side", choices=SIDES, help="measure one side in this process")
    parser.add_argument("--file", type=Path)
    options = parser.parse_args()
    sizes = (options.tokens, options.hidden, options.vocabulary)
    if options.side:
        print(json.dumps(measure(options.side, *sizes, options.mib, options.file)))
        return
    found: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
    with tempfile.TemporaryDirectory() as folder:
        files = {side: Path(folder) / f"{side}.pt" for side in SIDES}
        for number in range(options.rounds):
            for side in SIDES:
                command = [
                    sys.executable,
                    "-m",
                    "tests.bench.logits_memory",
                    "--side",
                    side,
                    "--file",
                    str(files[side]),
                ]
                for name, value in zip(("tokens", "hidden", "vocabulary", "mib"), (*sizes, options.mib), strict=True):
                    command += [f"--{name}", str(value)]
                output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                found[side].append(json.loads(output.splitlines()[-1]))
                print(f"round {number}: {side:5} {found[side][-1]}", flush=True)
        naive, ours = (torch.load(files[side]) for side in SIDES)
    seconds, cpu_seconds, peak = (
        {side: statistics.median(one[name] for one in found[side]) for side in SIDES}
        for name in ("seconds", "cpu_seconds", "peak_mib")
    )
    gaps = [(naive[name] - ours[name]).double().square().sum() for name in ("states", "weight")]
    norms = [naive[name].double().square().sum() for name in ("states", "weight")]
    report = {
        "memory_ratio": round(peak["naive"] / peak["ours"], 2),
        "time_ratio": round(seconds["naive"] / seconds["ours"], 3),
        "cpu_time_ratio": round(cpu_seconds["naive"] / cpu_seconds["ours"], 3),
        "seconds": {side: round(value, 2) for side, value in seconds.items()},
        "peak_mib": {side: round(value) for side, value in peak.items()},
        "loss_gap": float(abs(naive["loss"] - ours["loss"]) / naive["loss"]),
        "gradient_gap": float((sum(gaps) / sum(norms)).sqrt()),  # type: ignore[union-attr]
    }
    print(json.dumps(report | {"rounds": options.rounds, "threads": torch.get_num_threads()}))


if __name__ == "__main__":
    main()
