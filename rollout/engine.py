"""The protocol every rollout engine speaks; `tests/rollout/test_contract.py` runs one suite on each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from rollout.types import Completion, Request


class Engine(Protocol):
    """Samples completions from weights that can be replaced while it runs.

    Failures of the engine raise; an engine never returns a made-up completion.
    """

    policy_version: int

    def add(self, requests: Sequence[Request]) -> None:
        """Take requests; `step` works on them. ValueError: one leaves no room for an answer, and none was taken."""
        ...

    def busy(self) -> bool:
        """Whether requests are left to work on."""
        ...

    def step(self) -> list[Completion]:
        """A bit of work, for as many requests as the engine runs at once; the completions that ended with it."""
        ...

    def generate(self, requests: Sequence[Request]) -> list[Completion]:
        """One completion per request, in order. A prompt that leaves no room raises ValueError."""
        ...

    def score(self, sequences: Sequence[Sequence[int]]) -> list[list[float]]:
        """Log-probs (nats, temperature 1) of tokens 1..T-1 of each sequence given those before: `_T`-1 each."""
        ...

    def probe(self, sequences: Sequence[Sequence[int]], max_tokens: int) -> tuple[list[list[float]], list[Completion]]:
        """`score` of the sequences, and a greedy continuation of each that is sampled as `generate` samples."""
        ...

    def trace(self, sequences: Sequence[Sequence[int]]) -> list[dict[str, list[float]]]:
        """Per sequence: layer name (`model.layers.N`) -> L2 norm of its output at each token (`_T`).

        Slow; used only to name the first layer that differs after a failed canary.
        """
        ...

    def update_weights(self, path: Path, version: int) -> None:
        """Load the safetensors file (or folder) at `path`, Hugging Face names, and call them `version`."""
        ...

    def fingerprints(self) -> dict[str, str]:
        """Fingerprints (`rollout.weights.fingerprint`): of each tensor as the last update gave it, under the name it
        had there, or as it is now where the engine still keeps it under that name and shape.
        """
        ...

    def checksums(self) -> dict[str, str]:
        """sha256 of the tensors this engine still keeps under their Hugging Face name and shape.

        Slow; used only to name the tensor that differs.
        """
        ...

    def close(self) -> None:
        """Free what the engine holds; it cannot be used again."""
        ...


def run_to_end(engine: Engine, requests: Sequence[Request]) -> list[Completion]:
    """`Engine.generate` by the other methods, for an engine with nothing else in flight."""
    engine.add(requests)
    done: dict[str, Completion] = {}
    while engine.busy():
        done |= {completion.id: completion for completion in engine.step()}
    return [done[request.id] for request in requests]
