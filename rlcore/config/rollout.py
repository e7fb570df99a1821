"""The section of the rollout workers."""

from __future__ import annotations

from typing import Literal

from rlcore.config.fields import Amount, Positive, Section, Share


class RolloutConfig(Section):
    """The rollout workers."""

    engine: Literal["vllm", "transformers", "scripted"] = "vllm"
    """vllm (CPU or GPU); transformers for what vLLM cannot serve; scripted for tests."""
    workers: Positive = 2
    """Ray actors, each with one engine."""
    threads: Positive = 1
    """CPU threads per worker."""
    gpus_per_worker: Amount = 0.0
    """GPUs per worker; 0 runs on CPU."""
    max_new_tokens: Positive = 72
    """Longest completion in tokens."""
    max_sequences: Positive = 256
    """Sequences one engine runs at once."""
    kv_cache_gib: Amount = 0.125
    """CPU memory for the KV cache of one vLLM engine."""
    gpu_memory_share: Share = 0.45
    """GPU memory one vLLM engine takes."""
    hand_over: Literal["auto", "file"] = "auto"
    """How weights reach the workers: by memory (/dev/shm) where learner and rollout share one node and it has the room,
    else by a file in the run folder; `file`: always that."""
    script: str = ""
    """JSON file of the scripted engine."""
