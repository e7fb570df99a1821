"""Processes killed or stopped from outside, and answers that kill: who gets a zero, and that nobody gets a mask."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from descendants import Process, below, still_alive
from judge_answers import job, judges

from verifiers.jobs import Job
from verifiers.pool import JudgePool
from verifiers.sandbox import bubblewrap
from verifiers.sandbox.launcher import ForkServer
from verifiers.sandbox.types import Limits
from verifiers.types import Status, Verdict

CHECKS = 1000
KILLS = 20
SHARES = {"math": 6, "code": 3, "gym": 2, "lean": 3}
# Which kinds of process die, in turns; without bubblewrap there is none of it.
VICTIMS = ("worker", "fork server", "bubblewrap", "worker", "fork server", "program")
VICTIMS = tuple(kind for kind in VICTIMS if kind != "bubblewrap" or bubblewrap.find()[0] is not None)


@pytest.fixture(scope="module")
def pool() -> Iterator[JudgePool]:
    with JudgePool(2, 5.0) as pool:
        yield pool


def mixed(count: int, seed: int) -> tuple[list[Job], list[bool]]:
    """Answers to all judges in random order, three of four right; and which are."""
    random = Random(seed)
    names = random.choices(judges(), [SHARES[name] for name in judges()], k=count)
    right = [random.random() < 0.75 for _ in names]
    return [job(name, number, good) for number, (name, good) in enumerate(zip(names, right, strict=True))], right


def said(verdict: Verdict) -> tuple[str, str, str | None]:
    return verdict.status, verdict.detail, verdict.failure_reason


def kill_one(kind: str, random: Random) -> bool:
    """SIGKILL to one of our own processes of this kind, if there is one now."""
    victims = [process for process in below() if process.kind == kind]
    if not victims:
        return False
    try:
        os.kill(random.choice(victims).pid, signal.SIGKILL)
    # A program that has just ended by itself.
    except ProcessLookupError:
        return False
    return True


def test_kills_in_the_middle_of_1000_checks_change_no_verdict(pool: JudgePool) -> None:
    random = Random(45)
    jobs, right = mixed(CHECKS, seed=45)
    call = pool.submit(jobs)
    killed: Counter[str] = Counter()
    while killed.total() < KILLS and not call.future.done():
        time.sleep(random.uniform(0.02, 0.4))
        kind = VICTIMS[killed.total() % len(VICTIMS)]
        # Programs live for milliseconds: look until one is there.
        while not (hit := kill_one(kind, random)) and not call.future.done():
            time.sleep(0.001)
        killed[kind] += hit
    verdicts = pool.wait(call)
    wrong = [
        (job.verifier, good, *said(verdict))
        for job, good, verdict in zip(jobs, right, verdicts, strict=True)
        if verdict.status is not (Status.CORRECT if good else Status.WRONG)
    ]
    assert not wrong
    # On a fast machine all may be judged before the last ones.
    assert killed.total() >= KILLS // 2, f"only {killed} before all was judged"
    assert pool.healthy()


def test_a_fork_server_killed_while_it_starts_is_started_again() -> None:
    others = {process.pid for process in below()}
    killed: list[int] = []

    def kill_the_first() -> None:
        deadline = time.monotonic() + 30
        while not killed and time.monotonic() < deadline:
            for process in below():
                if process.kind == "fork server" and process.pid not in others and not killed:
                    os.kill(process.pid, signal.SIGKILL)
                    killed.append(process.pid)

    server = ForkServer(preload=())
    killer = threading.Thread(target=kill_the_first)
    killer.start()
    try:
        assert server.run("print(1)", limits=Limits()).stdout == b"1\n"
    finally:
        server.close()
        killer.join()
    assert killed


def test_a_killed_probe_does_not_switch_bubblewrap_off(tmp_path: Path) -> None:
    found, why = bubblewrap.find()
    if found is None:
        pytest.skip(f"needs bubblewrap: {why}")
    fragile = tmp_path / "bwrap"
    fragile.write_text(
        f'#!/bin/sh\nif [ ! -e {tmp_path}/died ]; then : > {tmp_path}/died; kill -9 $$; fi\n{found} "$@"\n'
    )
    fragile.chmod(0o755)
    assert bubblewrap.problem(str(fragile)) is None
    assert (tmp_path / "died").exists()


# What a program does when it is asked for its answer; none may end in a mask, whatever it breaks.
SUICIDES = {
    "SIGKILL to itself": "os.kill(os.getpid(), 9)",
    "SIGKILL to itself, from a thread": "threading.Thread(target=os.kill, args=(os.getpid(), 9)).start()",
    "SIGKILL to its thread": "signal.pthread_kill(threading.get_ident(), 9)",
    "SIGKILL to its parent": "os.kill(os.getppid(), 9)",
    "SIGKILL to all": "os.kill(-1, 9)",
    "SIGKILL to its group": "os.killpg(0, 9)",
    "SIGSTOP": "os.kill(os.getpid(), 19)",
    "SIGPROF, the mark of spent CPU time": "os.kill(os.getpid(), signal.SIGPROF)",
    "a timer": "signal.setitimer(signal.ITIMER_PROF, 0.001)\nwhile True: pass",
    "abort": "os.abort()",
    "quiet exit": "os._exit(0)",
    "loud exit": "os._exit(137)",
    "memory by doubling": "x = b'x' * 1000\nwhile True: x += x",
    "memory by lists": "x = []\nwhile True: x.append([0] * 100_000)",
    "memory at once": "bytearray(1 << 40)",
    "stack of Python": "sys.setrecursionlimit(10**9)\nf = lambda: f()\nf()",
    "stack of C": "x = ()\nfor _ in range(10**6): x = (x,)\nrepr(x)\nhash(x)",
    "a null pointer": "ctypes.string_at(0)",
    "an illegal write": "ctypes.memset(1, 0, 10**6)",
    "own limits": "resource.setrlimit(resource.RLIMIT_CPU, (0, 0))\nwhile True: pass",
    "no descriptors left": "[os.dup(0) for _ in range(10**5)]",
    "all descriptors closed": "os.closerange(0, 1000)",
    "loop": "while True: pass",
}
NEEDS = "import ctypes, os, resource, signal, sys, threading\n"
QUICK = {"cpu_seconds": 1, "wall_seconds": 3, "memory_bytes": 128 << 20}


def suicide(action: str, kind: str) -> Job:
    """A program that does this where an answer is due, and is wrong if it gets past it."""
    inner = "\n    ".join(action.split("\n"))
    program = NEEDS + (f"{action}\nprint(0)" if kind == "stdin" else f"def f(x):\n    {inner}\n    return 0")
    reference = {
        "stdin": {"cases": [{"stdin": "1\n", "stdout": "1\n"}]},
        "calls": {"entry_point": "f", "cases": [{"args": [1], "expected": 1}]},
        "asserts": {"entry_point": "f", "tests": "def check(candidate):\n    assert candidate(1) == 1\n\ncheck(f)\n"},
    }[kind]
    return Job(
        verifier="code",
        text=f"```python\n{program}\n```",
        reference={"kind": kind, "limits": QUICK, **reference},
    )


@pytest.mark.parametrize("kind", ["stdin", "calls", "asserts"])
def test_an_answer_that_kills_gets_a_zero_and_harms_no_other(pool: JudgePool, kind: str) -> None:
    jobs = [suicide(action, kind) for action in SUICIDES.values()]
    honest = [job(name, number) for name in judges() for number in range(4)]
    verdicts = pool.judge([*jobs, *honest])
    masked = {name: said(verdict) for name, verdict in zip(SUICIDES, verdicts, strict=False) if verdict.mask_sample}
    assert not masked
    assert {verdict.reward for verdict in verdicts[: len(jobs)]} == {0.0}
    assert [verdict.status for verdict in verdicts[len(jobs) :]] == [Status.CORRECT] * len(honest)


def stopped(kind: str, spared: set[int]) -> list[Process]:
    """Every process of ours of this kind but for some, stopped from now on."""
    victims = [process for process in below() if process.kind == kind and process.pid not in spared]
    for process in victims:
        os.kill(process.pid, signal.SIGSTOP)
    return victims


def test_stopped_processes_are_replaced() -> None:
    quick = {"wall_seconds": 1}
    text, reference = job("code", 0).text, job("code", 0).reference
    program = Job(verifier="code", text=text, reference={**reference, "limits": quick})
    others = {process.pid for process in below()}
    with JudgePool(1, 1.5) as pool:
        assert pool.judge([program])[0].status is Status.CORRECT
        workers = stopped("worker", others)
        assert len(workers) == 2
        # One worker for each lane; that of the code judge has ten minutes, so the caller's own deadline ends it.
        verdict = pool.judge([program], deadline_seconds=2.0)[0]
        assert (verdict.status, verdict.failure_kind) == (Status.ERROR, "deadline")
        assert pool.judge([job("math", 1)])[0].status is Status.CORRECT
        assert not still_alive(workers, 5.0)
        assert pool.judge([program])[0].status is Status.CORRECT
        servers = stopped("fork server", others)
        assert servers
        assert pool.judge([program])[0].status is Status.CORRECT
        assert not still_alive(servers, 5.0)
    assert not still_alive([process for process in below() if process.pid not in others], 5.0)


OWNER = r"""
import sys
from verifiers.pool import Job, JudgePool

sleeper = "```python\nimport time\nprint(1, flush=True)\ntime.sleep(100)\n```"
limits = {"wall_seconds": 110}
cases = [{"stdin": "", "stdout": "1"}]
pool = JudgePool(2)
pool.judge([CHECKS])
print("ready", flush=True)
pool.judge([Job(verifier="code", text=sleeper, reference={"kind": "stdin", "cases": cases, "limits": limits})] * 2)
"""


def test_a_killed_owner_leaves_no_orphan(repository: Path) -> None:
    checks = [job(name, 0).model_dump_json() for name in judges()]
    script = OWNER.replace("CHECKS", f"*map(Job.model_validate_json, {json.dumps(checks)})")
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=repository, env=os.environ | {"PYTHONPATH": str(repository)},
        stdout=subprocess.PIPE, text=True,
    ) as owner:  # fmt: skip
        try:
            assert owner.stdout is not None and owner.stdout.readline() == "ready\n"
            deadline = time.monotonic() + 30
            started: list[Process] = []
            while [process.kind for process in started].count("program") < 2:
                assert time.monotonic() < deadline
                time.sleep(0.05)
                started = below(owner.pid)
        finally:
            owner.kill()
    assert {process.kind for process in started} >= {"worker", "fork server", "program"}
    assert not still_alive(started, 10.0)
