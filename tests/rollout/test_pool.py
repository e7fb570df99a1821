"""The pool: same completions for any number of workers, through deaths, at one weights version."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import rollout.dispatch
from rollout.pool import RolloutPool
from rollout.transformers_engine import TransformersEngine
from rollout.types import Completion, Request
from rollout.weights import write_weights

CONTEXT = 96

pytestmark = pytest.mark.usefixtures("local_ray")


def requests(count: int, max_tokens: int) -> list[Request]:
    return [
        Request(
            id=f"r{i}",
            prompt_ids=(1, *(3 + (i // 4 * 7 + j) % 95 for j in range(i // 4 % 9))),
            max_tokens=max_tokens,
            seed=i,
        )
        for i in range(count)
    ]


def same(ours: list[Completion], theirs: list[Completion]) -> bool:
    """Equal but for float noise in the log-probs: the batches differed."""
    return len(ours) == len(theirs) and all(
        replace(a, logprobs=b.logprobs) == b and a.logprobs == pytest.approx(b.logprobs, abs=1e-5)
        for a, b in zip(ours, theirs, strict=True)
    )


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def options(model_folders: dict[bool, Path]) -> dict[str, Any]:
    return {"model_path": str(model_folders[True]), "max_model_len": CONTEXT, "max_sequences": 64, "threads": 1}


@pytest.fixture(scope="module")
def events() -> list[str]:
    return []


@pytest.fixture(scope="module")
def pool(options: dict[str, Any], events: list[str]) -> Iterator[RolloutPool]:
    pool = RolloutPool.start("transformers", options, 2, startup_seconds=120, on_event=events.append)
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def alone(options: dict[str, Any]) -> TransformersEngine:
    """One engine in this process."""
    return TransformersEngine(**options)


@pytest.fixture
def scripted_pool() -> Iterator[RolloutPool]:
    pool = RolloutPool.start("scripted", {"script": {"default": ["a", "b"]}}, 2, startup_seconds=60)
    yield pool
    pool.close()


def test_two_workers_give_what_one_engine_gives(pool: RolloutPool, alone: TransformersEngine) -> None:
    asked = requests(101, 12)
    assert same(pool.generate(asked), alone.generate(asked))
    assert pool.generate([]) == []
    assert same(pool.generate(asked[:1]), alone.generate(asked[:1]))


def test_every_worker_answers_for_itself(pool: RolloutPool, alone: TransformersEngine) -> None:
    sequences = [[5, 6, 7], [8, 9]]
    scores = pool.score(sequences)
    assert len(scores) == len(pool) == 2
    for score in scores:
        assert score[0] == pytest.approx(alone.score(sequences)[0], abs=1e-5)
    assert pool.checksums() == [alone.checksums()] * 2
    assert [set(trace[0]) for trace in pool.trace(sequences)] == [{"model.layers.0", "model.layers.1"}] * 2


def test_an_error_of_the_engine_arrives_as_it_is_and_kills_nobody(pool: RolloutPool) -> None:
    pids = pool.pids()
    with pytest.raises(ValueError, match=r"request 'r5#\d+'.*leaves no room") as refusal:
        pool.generate([*requests(5, 4), Request(id="r5", prompt_ids=(5,) * CONTEXT, max_tokens=1)])
    assert type(refusal.value) is ValueError
    assert pool.pids() == pids


def test_a_worker_killed_while_it_samples_costs_nothing_but_time(
    pool: RolloutPool,
    alone: TransformersEngine,
    events: list[str],
    new_reference: Callable[[Path], Any],
    options: dict[str, Any],
    tmp_path: Path,
) -> None:
    reference = new_reference(Path(options["model_path"]))
    reference.perturb(4)
    write_weights(reference.model.state_dict(), tmp_path / "w.safetensors")
    pool.update_weights(tmp_path / "w.safetensors", 3)
    alone.update_weights(tmp_path / "w.safetensors", 3)
    asked = requests(1200, 60)
    arrived: list[list[Completion]] = []
    sampling = threading.Thread(target=lambda: arrived.append(pool.generate(asked)))
    victim = pool.pids()[1]
    sampling.start()
    time.sleep(0.5)
    kill(victim)
    assert sampling.is_alive(), "all was sampled before the kill: ask for more"
    sampling.join(timeout=240)
    assert same(arrived[0], alone.generate(asked))
    assert {version for completion in arrived[0] for version in completion.policy_versions} == {3}
    assert pool.checksums() == [alone.checksums()] * 2
    assert victim not in pool.pids()
    assert pool.replaced == 1
    assert len(events) == 1 and "worker 1 was replaced" in events[0] and "version 3" in events[0]


def test_a_refused_update_leaves_all_workers_at_the_old_version(scripted_pool: RolloutPool) -> None:
    """A folder that exists for worker 0 alone: its own threads."""
    scripted_pool.update_weights(Path("/proc/self"), 2)
    first, second = scripted_pool.pids()
    with pytest.raises(ValueError, match="no such file"):
        scripted_pool.update_weights(Path(f"/proc/self/task/{first}"), 5)
    assert scripted_pool.policy_version == 2
    versions = [completion.policy_versions[0] for completion in scripted_pool.generate(requests(8, 4))]
    assert versions == [2] * 8
    assert scripted_pool.pids()[0] != first and scripted_pool.pids()[1] == second


def test_requests_that_kill_every_worker_are_given_up(
    scripted_pool: RolloutPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout.dispatch, "MAX_ATTEMPTS", 1)
    kill(scripted_pool.pids()[0])
    with pytest.raises(RuntimeError, match=r"worker 0 died, the 1\. one with the same requests"):
        scripted_pool.generate(requests(8, 4))


def test_a_replacement_that_finds_no_weights_is_not_used(scripted_pool: RolloutPool, tmp_path: Path) -> None:
    weights = tmp_path / "w.safetensors"
    weights.touch()
    scripted_pool.update_weights(weights, 1)
    weights.unlink()
    kill(scripted_pool.pids()[0])
    with pytest.raises(RuntimeError, match="keep that file until the next update"):
        scripted_pool.generate(requests(8, 4))


def test_closing_one_pool_leaves_the_other_alone(scripted_pool: RolloutPool, pool: RolloutPool) -> None:
    pids = scripted_pool.pids()
    scripted_pool.close()
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert len(pool.generate(requests(4, 2))) == 4


def test_an_engine_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)could not start its scripted engine.*not a script"):
        RolloutPool.start("scripted", {"script": str(tmp_path / "none.json")}, 1, startup_seconds=60)
    with pytest.raises(RuntimeError, match="'vlm' is not one of vllm, transformers, scripted"):
        RolloutPool.start("vlm", {}, 1, startup_seconds=60)


def test_a_worker_that_finds_no_gpu_is_not_waited_for_for_ever() -> None:
    with pytest.raises(RuntimeError, match=r"not up after 1 s: raise ray\.startup_seconds"):
        RolloutPool.start("scripted", {"script": {}}, 1, startup_seconds=1, gpus_per_worker=1)


def test_a_worker_that_hangs_is_replaced(options: dict[str, Any]) -> None:
    said: list[str] = []
    pool = RolloutPool.start("transformers", options, 2, startup_seconds=120, stall_seconds=8, on_event=said.append)
    try:
        stopped = pool.pids()[0]
        os.kill(stopped, signal.SIGSTOP)
        asked = requests(60, 8)
        assert same(pool.generate(asked), TransformersEngine(**options).generate(asked))
        assert len(said) == 1 and "worker 0 was replaced: it was silent for 8 s" in said[0]
        assert stopped not in pool.pids()
    finally:
        pool.close()


def test_more_requests_than_workers_have_room_for_and_some_that_join(
    pool: RolloutPool, alone: TransformersEngine
) -> None:
    """Two callers on one event loop, 300 requests at 64 a worker."""
    first, second = requests(200, 6), requests(100, 9)

    async def both() -> tuple[list[Completion], list[Completion]]:
        async def later() -> list[Completion]:
            await asyncio.sleep(0.05)
            return list(await asyncio.gather(*map(pool.complete, second)))

        ours = asyncio.gather(*map(pool.complete, first))
        theirs = await later()
        return list(await ours), theirs

    ours, theirs = asyncio.run(both())
    assert same(ours, alone.generate(first))
    assert same(theirs, alone.generate(second))


def test_what_ends_first_is_there_first(pool: RolloutPool) -> None:
    """A short completion does not wait for a long one of the same worker, which has four neighbours of the eight."""
    asked = [request.model_copy(update={"max_tokens": 2 if i % 2 else 80}) for i, request in enumerate(requests(8, 0))]

    async def order() -> list[int]:
        ended: list[int] = []

        async def one(index: int) -> None:
            await pool.complete(asked[index])
            ended.append(index)

        await asyncio.gather(*map(one, range(8)))
        return ended

    ended = asyncio.run(order())
    for mine in (range(4), range(4, 8)):
        assert sorted([index for index in ended if index in mine][:2]) == [index for index in mine if index % 2]


def test_one_failure_leaves_a_pool_that_works(scripted_pool: RolloutPool) -> None:
    """More requests than there is room for, one of them bad: what waited is gone with its caller."""
    bad = Request(id="bad", prompt_ids=(5,) * 5000, max_tokens=1)
    for _ in range(2):
        with pytest.raises(ValueError, match="leaves no room"):
            scripted_pool.generate([*requests(1500, 2), bad, *requests(500, 2)])
        assert len(scripted_pool.generate(requests(40, 2))) == 40


def test_others_get_theirs_where_one_is_refused(scripted_pool: RolloutPool) -> None:
    bad = Request(id="bad", prompt_ids=(5,) * 5000, max_tokens=1)

    async def all_of_them() -> list[Completion | BaseException]:
        asked = [bad, *requests(1200, 2)]
        return await asyncio.gather(*map(scripted_pool.complete, asked), return_exceptions=True)

    found = asyncio.run(asyncio.wait_for(all_of_them(), 60))
    assert isinstance(found[0], ValueError)
    # Those that were handed out together with the bad one are refused with it.
    assert sum(isinstance(each, Completion) for each in found) >= 1200 - 2 * 256
