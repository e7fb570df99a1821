"""Rollout workers as one engine: requests spread, every worker at one weights version, the dead replaced."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import GetTimeoutError, RayActorError, RayError, RayTaskError

from rollout.actor_errors import cause_of, raised_by
from rollout.dispatch import MAX_ATTEMPTS, Dispatcher
from rollout.ray_workers import start_worker
from rollout.types import Completion, Request

DEFAULT_WINDOW = 256
"""Requests a worker has at most, where its engine does not say how many sequences it runs at once."""

_log = logging.getLogger(__name__)


class RolloutPool:
    """Use `RolloutPool.start`. Ray must be initialised.

    A sample is a function of weights, prompt, temperature and seed, so the number of workers, and a worker's death,
    change no completion.

    Attributes:
        policy_version: the weights version all workers hold.
        replaced: workers that died and were replaced so far.
    """

    def __init__(
        self,
        kind: str,
        options: dict[str, Any],
        *,
        startup_seconds: float,
        stall_seconds: float,
        gpus_per_worker: float,
        on_event: Callable[[str], None],
    ) -> None:
        self.policy_version = 0
        self.replaced = 0
        self._kind = kind
        self._options = options
        self._startup_seconds, self._stall_seconds = startup_seconds, stall_seconds
        self._gpus = gpus_per_worker
        self._on_event = on_event
        self._update: tuple[Path, int] | None = None
        self._workers: list[Any] = []
        self._dispatcher: Dispatcher

    @classmethod
    def start(
        cls,
        kind: str,
        options: dict[str, Any],
        workers: int,
        *,
        startup_seconds: float = 300.0,
        gpus_per_worker: float = 0.0,
        stall_seconds: float = 300.0,
        on_event: Callable[[str], None] = _log.warning,
    ) -> RolloutPool:
        """Start `workers` actors of `build_engine(kind, **options)` and wait until all are up.

        Args:
            startup_seconds: give up when an actor has not come up by then.
            stall_seconds: a worker that gives no sign of life for so long is replaced.
            on_event: told in one line when a worker died and was replaced.

        Raises:
            RuntimeError: Ray is not initialised, an engine failed to start, or the time is up.
        """
        if not ray.is_initialized():
            raise RuntimeError("Ray is not initialised: call ray.init first")
        if workers < 1:
            raise ValueError(f"rollout.workers is {workers}: use at least 1")
        pool = cls(
            kind,
            options,
            startup_seconds=startup_seconds,
            stall_seconds=stall_seconds,
            gpus_per_worker=gpus_per_worker,
            on_event=on_event,
        )
        try:
            pool._workers = [start_worker(kind, options, gpus_per_worker) for _ in range(workers)]
            for worker in pool._workers:
                pool._await_start(worker)
        except BaseException:
            pool.close()
            raise
        pool._dispatcher = Dispatcher(
            pool._workers,
            window=options.get("max_sequences", DEFAULT_WINDOW),
            stall_seconds=stall_seconds,
            replace=pool._replace,
        )
        return pool

    def __len__(self) -> int:
        return len(self._workers)

    def generate(self, requests: Sequence[Request]) -> list[Completion]:
        """One completion per request, in order, whichever worker made it.

        Raises:
            ValueError: from the engine, for a bad request.
            RuntimeError: as many workers as `MAX_ATTEMPTS` died at the same requests, or one could not be replaced.
        """

        async def all_of_them() -> list[Completion]:
            return list(await asyncio.gather(*map(self.complete, requests)))

        return asyncio.run(all_of_them())

    async def complete(self, request: Request) -> Completion:
        """The completion of one request. It is taken, in the order of the calls, by a worker that has room.

        Raises:
            ValueError, RuntimeError: as `generate`.
        """
        return await self._dispatcher.complete(request)

    def score(self, sequences: Sequence[Sequence[int]]) -> list[list[list[float]]]:
        """`Engine.score` of every worker: one result per worker, all of the same sequences."""
        return self._ask_all("score", sequences)

    def probe(
        self, sequences: Sequence[Sequence[int]], max_tokens: int
    ) -> list[tuple[list[list[float]], list[Completion]]]:
        """`Engine.probe` of every worker: one result per worker."""
        return self._ask_all("probe", sequences, max_tokens)

    def trace(self, sequences: Sequence[Sequence[int]]) -> list[list[dict[str, list[float]]]]:
        """`Engine.trace` of every worker: one result per worker."""
        return self._ask_all("trace", sequences)

    def fingerprints(self) -> list[dict[str, str]]:
        """`Engine.fingerprints` of every worker."""
        return self._ask_all("fingerprints")

    def checksums(self) -> list[dict[str, str]]:
        """`Engine.checksums` of every worker."""
        return self._ask_all("checksums")

    def pids(self) -> list[int]:
        """Process id of every worker."""
        return self._ask_all("pid")

    def update_weights(self, path: Path, version: int) -> None:
        """Load `path` (seen by all workers' machines) into every worker.

        Keep the file until the next update: a worker that replaces a dead one loads it too.

        Raises:
            ValueError: a worker refused the file; every worker has the old weights and version.
        """
        outcomes = self._outcomes("update_weights", path, version)
        errors = {index: error for index, error in enumerate(outcomes) if isinstance(error, Exception)}
        if errors:
            # One version everywhere: those that took the file (it may be unreadable on one machine) go back to the
            # old weights, and so do those that failed half way. A ValueError left its engine as it was.
            for index in range(len(self._workers)):
                if not isinstance(errors.get(index), ValueError):
                    self._replace(index, f"its update to version {version} is undone, because a worker refused it")
            raise next(iter(errors.values()))
        self._update = (Path(path), version)
        self.policy_version = version

    def close(self) -> None:
        """Kill this pool's actors and no others."""
        for worker in self._workers:
            ray.kill(worker, no_restart=True)
        self._workers = []

    def _ask_all(self, method: str, *args: Any) -> list[Any]:
        """What every worker answers; raises the first error of an engine."""
        outcomes = self._outcomes(method, *args)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome
        return outcomes

    def _outcomes(self, method: str, *args: Any) -> list[Any]:
        """Result or exception of one call on every worker. One that dies or is silent is replaced, and asked anew."""
        outcomes: list[Any] = [None] * len(self._workers)
        attempts = [1] * len(self._workers)
        running = {getattr(worker, method).remote(*args): index for index, worker in enumerate(self._workers)}
        while running:
            ready, late = ray.wait(list(running), timeout=self._stall_seconds)
            for reference in ready or late:
                index = running.pop(reference)
                try:
                    # A second at least: one that ended just now is no reason to replace it.
                    outcomes[index] = ray.get(reference, timeout=1.0)
                except RayTaskError as error:  # the engine's own, raised in the worker: the caller decides
                    outcomes[index] = raised_by(error)
                except (RayActorError, GetTimeoutError) as lost:
                    silent = f"it was silent for {self._stall_seconds:g} s"
                    why = cause_of(lost) if isinstance(lost, RayActorError) else silent
                    if attempts[index] >= MAX_ATTEMPTS:
                        raise RuntimeError(
                            f"rollout worker {index} died {attempts[index]} times on the same {method} call: {why}"
                        ) from lost
                    attempts[index] += 1
                    self._replace(index, why)
                    running[getattr(self._workers[index], method).remote(*args)] = index
        return outcomes

    def _replace(self, index: int, why: str) -> None:
        ray.kill(self._workers[index], no_restart=True)
        self.replaced += 1
        self._workers[index] = start_worker(self._kind, self._options, self._gpus)
        self._await_start(self._workers[index])
        if self._update:
            try:
                ray.get(self._workers[index].update_weights.remote(*self._update), timeout=self._startup_seconds)
            except RayError as error:
                raise RuntimeError(
                    f"the new rollout worker {index} could not load {self._update[0]}, the last weights: "
                    f"keep that file until the next update ({cause_of(error)})"
                ) from error
        self._on_event(f"rollout worker {index} was replaced: {why}; at weights version {self.policy_version} again")

    def _await_start(self, worker: Any) -> None:
        try:
            ray.get(worker.pid.remote(), timeout=self._startup_seconds)
        except GetTimeoutError as error:
            raise RuntimeError(
                f"a rollout worker was not up after {self._startup_seconds:g} s: raise ray.startup_seconds, or lower "
                f"rollout.workers if the cluster has fewer than {self._gpus:g} free GPUs for each"
            ) from error
        except RayError as error:
            raise RuntimeError(
                f"a rollout worker could not start its {self._kind} engine: {cause_of(error)}"
            ) from error
