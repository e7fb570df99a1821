"""The learner's ranks as plain processes over gloo: what Ray's actors run, without Ray's minute of starting."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from ports import free_ports

from rlcore.config.learner import LearnerConfig
from rlcore.learn.ranks import LearnerGroup, LearnerRank

SECONDS = 300.0


def serve(pipe: Connection, threads: int) -> None:
    """In the child: methods of one `LearnerRank` by name, or functions of it, one after the other, until None comes."""
    rank = LearnerRank(threads)
    while True:
        message = pipe.recv()
        if message is None:
            return
        method, args, kwargs = message
        try:
            call = partial(method, rank) if callable(method) else getattr(rank, method)
            pipe.send((True, call(*args, **kwargs)))
        except Exception as error:  # travels to the test
            pipe.send((False, f"{type(error).__name__}: {error}"))


# Imports torch and DeepSpeed once for all ranks of a test session.
multiprocessing.get_context("forkserver").set_forkserver_preload(["rlcore.learn.ranks", "deepspeed"])


class Actor:
    """One process with the face of a Ray actor: `actor.method.remote(...)` sends, `result()` waits."""

    def __init__(self, threads: int) -> None:
        context = multiprocessing.get_context("forkserver")
        self.pipe, far = context.Pipe()
        self.process = context.Process(target=serve, args=(far, threads), daemon=True)
        self.process.start()
        far.close()

    def __getattr__(self, method: str) -> Any:
        def remote(*args: Any, **kwargs: Any) -> Callable[[], Any]:
            self.pipe.send((method, args, kwargs))
            return self.result

        return type("Method", (), {"remote": staticmethod(remote)})

    def result(self) -> Any:
        assert self.pipe.poll(SECONDS), "a rank has not answered: it waits in a collective that another never reached"
        fine, value = self.pipe.recv()
        if not fine:
            raise RuntimeError(value)
        return value

    def end(self) -> None:
        self.pipe.send(None)
        self.process.join(10)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


class ProcessGroup(LearnerGroup):
    """`LearnerGroup` over such processes; `config` may be replaced before `build`, with as many ranks."""

    def __init__(self, config: LearnerConfig) -> None:
        self.config = config
        self.actors = [Actor(config.threads) for _ in range(config.ranks)]
        port = free_ports(1)[0]
        self._get([actor.join.remote(rank, config.ranks, "127.0.0.1", port) for rank, actor in enumerate(self.actors)])

    def _get(self, references: list[Any], startup_seconds: float | None = None) -> list[Any]:
        results, failures = [], []
        for rank, reference in enumerate(references):
            # Every answer is taken, also behind a failure: the next call must not find an old one.
            try:
                results.append(reference())
            except RuntimeError as error:
                failures.append(f"learner rank {rank} failed: {error}")
        if failures:
            raise RuntimeError(failures[0])
        return results

    def run(self, function: Callable[[LearnerRank], Any]) -> list[Any]:
        """What a module's function gives for each rank's `LearnerRank`."""
        for actor in self.actors:
            actor.pipe.send((function, (), {}))
        return self._get([actor.result for actor in self.actors])

    def close(self) -> None:
        for actor in self.actors:
            actor.end()
