"""A Ray actor around one engine: nothing but the process boundary."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ray

from rollout.engine import Engine
from rollout.types import Completion, Request

TOGETHER_SECONDS = 0.03
"""How long `take` goes on collecting once there is something."""


def build_engine(kind: str, **options: Any) -> Engine:
    """The engine of that kind (`ENGINES`), its constructor given `options`. Loads what that engine needs only."""
    if kind not in ENGINES:
        raise ValueError(f"rollout.engine {kind!r} is not one of {', '.join(ENGINES)}")
    return ENGINES[kind](**options)


def _vllm(**options: Any) -> Engine:
    from rollout.vllm_engine import VllmEngine

    return VllmEngine(**options)


def _transformers(**options: Any) -> Engine:
    from rollout.transformers_engine import TransformersEngine

    return TransformersEngine(**options)


def _scripted(**options: Any) -> Engine:
    from rollout.scripted import ScriptedEngine

    return ScriptedEngine(**options)


ENGINES: dict[str, Callable[..., Engine]] = {"vllm": _vllm, "transformers": _transformers, "scripted": _scripted}


def worker_environment(kind: str, options: dict[str, Any]) -> dict[str, str]:
    """Variables the actor's process starts with: OpenMP and vLLM read theirs while they load, not later."""
    if kind == "vllm":
        from rollout.vllm_engine import vllm_environment

        return vllm_environment(
            options["model_path"], threads=options.get("threads", 1), device=options.get("device", "cpu")
        )
    threads = options.get("threads", 0)
    return {"OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "PASSIVE"} if threads else {}


class RolloutWorker:
    """The methods of an `Engine`, run in the actor's process, on the thread of its event loop.

    Between two steps of the engine the loop takes what else is asked: more requests join those that run.
    """

    def __init__(self, kind: str, options: dict[str, Any]) -> None:
        self._engine = build_engine(kind, **options)
        self._ended: list[Completion] = []
        self._dropped = self._steps = 0
        self._failed: Exception | None = None
        self._news = asyncio.Event()
        self._work: asyncio.Task[None] | None = None

    def pid(self) -> int:
        """Process id of the actor; answering also says that the engine is up."""
        return os.getpid()

    async def add(self, requests: Sequence[Request]) -> None:
        """See `Engine.add`; `take` gives the completions."""
        self._engine.add(requests)
        if self._work is None or self._work.done():
            self._work = asyncio.get_running_loop().create_task(self._run())

    async def take(self, seconds: float, received: int) -> tuple[list[Completion], int]:
        """(completions that ended after the first `received` ones, steps of the engine so far).

        Waits for a completion, at most so long. Raises what the engine raised at its work, once; its requests are lost.
        """
        del self._ended[: max(0, received - self._dropped)]
        self._dropped = max(received, self._dropped)
        if not self._ended:
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), seconds)
                # Those of the next steps too: a call costs about as much as a step of a small model.
                await asyncio.sleep(min(TOGETHER_SECONDS, seconds))
        failed, self._failed = self._failed, None
        if failed is not None:
            raise failed
        return list(self._ended), self._steps

    async def _run(self) -> None:
        try:
            while self._engine.busy():
                ended = self._engine.step()
                self._steps += 1
                if ended:
                    self._ended += ended
                    self._news.set()
                await asyncio.sleep(0)
        except Exception as error:
            self._failed = error
            self._news.set()

    def score(self, sequences: Sequence[Sequence[int]]) -> list[list[float]]:
        return self._engine.score(sequences)

    def probe(self, sequences: Sequence[Sequence[int]], max_tokens: int) -> tuple[list[list[float]], list[Completion]]:
        return self._engine.probe(sequences, max_tokens)

    def trace(self, sequences: Sequence[Sequence[int]]) -> list[dict[str, list[float]]]:
        return self._engine.trace(sequences)

    def update_weights(self, path: Path, version: int) -> None:
        self._engine.update_weights(path, version)

    def fingerprints(self) -> dict[str, str]:
        return self._engine.fingerprints()

    def checksums(self) -> dict[str, str]:
        return self._engine.checksums()


def start_worker(kind: str, options: dict[str, Any], gpus: float) -> Any:
    """A handle of a new actor; its engine comes up in the background.

    It takes no CPU of Ray's count: rollout and learner take turns on the same cores. Ray does not restart it,
    because a restarted engine would have the weights it was built with: the pool replaces it instead.
    """
    actor = ray.remote(RolloutWorker).options(
        num_cpus=0,
        num_gpus=gpus,
        max_restarts=0,
        scheduling_strategy="SPREAD",
        runtime_env={"env_vars": worker_environment(kind, options)},
    )
    return actor.remote(kind, options)
