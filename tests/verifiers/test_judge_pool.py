"""The pool with real worker processes: order, deadlines, kills, and who is to blame."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from processes import gone

import verifiers
from verifiers.pool import Job, JudgePool
from verifiers.types import Problem, Status, Verdict

DEADLINE = 1.5
# Each some 300 ms of work that the judge's own limits allow: many boxes, and arithmetic that math-verify does as well.
COSTLY = r"\boxed{1} " * 39_000
COSTLY_REFERENCE = "+".join(f"\\sqrt{{{number}}}" for number in range(2, 60))

JUDGES = '''
import os, sys, time

def quick(completion, reference):
    return 1.0

def hang(completion, reference):
    while completion == "x":
        pass
    return 0.0

def leave(completion, reference):
    if completion == "x":
        os._exit(3)
    return 0.0

def trip(completion, reference):
    return float(completion.split("####")[1])

def always_hang(completion, reference):
    while True:
        pass

def always_leave(completion, reference):
    os._exit(3)

def stop(completion, reference):
    raise SystemExit("done")

def fail(completion, reference):
    raise RuntimeError("broken judge")

def shout(completion, reference):
    print("x" * 100_000)
    return 1.0

def slow_once(completion, reference):
    """Writes its pid and sleeps; a second call on the same file answers at once."""
    path = reference["path"]
    if os.path.exists(path):
        return 1.0
    with open(path + ".part", "w") as file:
        file.write(str(os.getpid()))
    os.rename(path + ".part", path)
    time.sleep(reference.get("seconds", 60))
    return 0.0

def look(completion, reference):
    return {"reward": 1.0, "detail": f"{os.getpid()} {os.environ.get(reference['name'])}"}

def count(completion, reference):
    open(f"{reference['folder']}/{time.monotonic_ns()}", "w").close()
    time.sleep(0.5)
    return 1.0

def memory(completion, reference):
    b"x" * (8 << 30)
    return 1.0
'''


@pytest.fixture(scope="module")
def pool() -> Iterator[JudgePool]:
    with JudgePool(2, DEADLINE) as pool:
        yield pool


@pytest.fixture(scope="module")
def judges(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("judges") / "judges.py"
    file.write_text(JUDGES, encoding="utf-8")
    return file


def math_job(text: str, answer: str = "43", **fields: str) -> Job:
    return Job(verifier="math", text=text, reference={"answer": answer}, **fields)  # type: ignore[arg-type]


def arithmetic(count: int) -> list[Job]:
    return [math_job(f"The answer is {index}", str(index - index % 2)) for index in range(count)]


def check_arithmetic(verdicts: list[Verdict]) -> None:
    assert [verdict.reward for verdict in verdicts] == [1.0 - index % 2 for index in range(len(verdicts))]
    assert [verdict.extracted for verdict in verdicts] == [str(index) for index in range(len(verdicts))]


def wait_for(path: Path) -> int:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return int(path.read_text(encoding="ascii"))


def test_verdicts_come_in_order_and_say_who_judged(pool: JudgePool) -> None:
    verdicts = pool.judge(arithmetic(1000))
    check_arithmetic(verdicts)
    assert {verdict.verifier for verdict in verdicts} == {"math"}
    assert {len(verdict.verifier_version) for verdict in verdicts} == {16}
    assert all(0 < verdict.seconds < DEADLINE for verdict in verdicts)
    assert pool.judge([]) == []
    assert pool.healthy()


def test_eight_threads_at_once(pool: JudgePool) -> None:
    with ThreadPoolExecutor(8) as threads:
        for verdicts in threads.map(pool.judge, [arithmetic(100 + index) for index in range(24)]):
            check_arithmetic(verdicts)


def test_an_answer_that_spends_its_cpu_time_times_out_and_harms_no_other() -> None:
    jobs = arithmetic(40)
    jobs.insert(20, math_job(COSTLY, "42"))
    with JudgePool(2, DEADLINE, cpu_seconds=0.05) as tight:
        verdicts = tight.judge(jobs)
        costly = verdicts.pop(20)
        assert (costly.status, costly.reward, costly.mask_sample) == (Status.TIMEOUT, 0.0, False)
        assert "0.05 s of CPU" in costly.detail
        assert costly.verifier_version == verdicts[0].verifier_version
        check_arithmetic(verdicts)


def test_a_reference_that_spends_the_cpu_time_is_masked() -> None:
    with JudgePool(1, DEADLINE, cpu_seconds=0.05) as tight:
        verdict = tight.judge([math_job(r"\boxed{5}", COSTLY_REFERENCE)])[0]
    assert (verdict.status, verdict.failure_kind) == (Status.ERROR, "bad_reference")
    assert verdict.failure_reason == "the reference takes more than 0.05 s of CPU time to check"


def test_cancelling_kills_the_worker_and_frees_its_slot(judges: Path, tmp_path: Path) -> None:
    slow = Job(verifier=f"{judges}:slow_once", text="", reference={"path": str(tmp_path / "pid")})

    async def cancel_it(small: JudgePool) -> int:
        task = asyncio.create_task(small.judge_async([slow]))
        pid = await asyncio.to_thread(wait_for, tmp_path / "pid")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        check_arithmetic(await small.judge_async(arithmetic(10)))
        return pid

    with JudgePool(1, 60.0) as small:
        assert gone(asyncio.run(cancel_it(small)))


def test_one_answer_by_the_process_own_pool() -> None:
    problem = Problem(id="a", prompt="?", reference={"answer": "1/2"})

    async def several() -> list[Verdict]:
        return await asyncio.gather(*(verifiers.judge(problem, text, 60.0) for text in ("#### 0.5", "#### 2")))

    assert [verdict.reward for verdict in asyncio.run(several())] == [1.0, 0.0]


def test_what_misses_its_deadline_is_masked_and_not_begun(judges: Path, tmp_path: Path) -> None:
    slow = Job(verifier=f"{judges}:slow_once", text="", reference={"path": str(tmp_path / "pid")})
    with JudgePool(1, 60.0) as small:
        running = small.submit([slow], deadline_seconds=3.0)
        wait_for(tmp_path / "pid")
        late = small.submit(arithmetic(2), deadline_seconds=0.01)
        assert [verdict.failure_kind for verdict in small.wait(running)] == ["deadline"]
        assert [verdict.failure_kind for verdict in small.wait(late)] == ["deadline"] * 2
        check_arithmetic(small.judge(arithmetic(10), deadline_seconds=60.0))


def test_a_worker_killed_from_outside_costs_nothing(pool: JudgePool, judges: Path, tmp_path: Path) -> None:
    path = tmp_path / "pid"
    slow = Job(verifier=f"{judges}:slow_once", text="", reference={"path": str(path)})
    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(pool.judge, [*arithmetic(50), slow, *arithmetic(50)])
        os.kill(wait_for(path), signal.SIGKILL)
        verdicts = answer.result(timeout=60)
    assert verdicts.pop(50).status is Status.CORRECT
    check_arithmetic(verdicts[:50])
    check_arithmetic(verdicts[50:])


@pytest.mark.parametrize(
    ("function", "status", "kind"),
    [
        ("quick", Status.CORRECT, None),
        ("shout", Status.CORRECT, None),
        ("hang", Status.TIMEOUT, None),
        ("leave", Status.REJECTED, None),
        ("trip", Status.REJECTED, None),
        ("always_hang", Status.ERROR, "control"),
        ("always_leave", Status.ERROR, "control"),
        ("stop", Status.ERROR, "user_function"),
        ("fail", Status.ERROR, "user_function"),
        ("memory", Status.ERROR, "user_function"),
        ("absent", Status.ERROR, "user_function"),
    ],
)
def test_user_functions(pool: JudgePool, judges: Path, function: str, status: Status, kind: str | None) -> None:
    spec = f"{judges}:{function}"
    mine, other = pool.judge([Job(verifier=spec, text="x", reference={}), math_job("The answer is 43")])
    assert (mine.status, mine.failure_kind, mine.verifier) == (status, kind, spec)
    assert other.status is Status.CORRECT


def test_a_slow_import_is_not_the_answers_time(pool: JudgePool, tmp_path: Path) -> None:
    file = tmp_path / "slow_import.py"
    file.write_text(f"import time\ntime.sleep({DEADLINE * 1.5})\ndef grade(text, reference):\n    return 1.0\n")
    verdict = pool.judge([Job(verifier=f"{file}:grade", text="x", reference={})])[0]
    assert verdict.status is Status.CORRECT
    assert verdict.seconds < DEADLINE


def test_an_import_that_never_ends_is_masked(tmp_path: Path) -> None:
    file = tmp_path / "endless_import.py"
    file.write_text("while True:\n    pass\n")
    with JudgePool(1, DEADLINE, startup_seconds=10.0) as fresh:
        verdict = fresh.judge([Job(verifier=f"{file}:grade", text="x", reference={})])[0]
    assert (verdict.status, verdict.failure_kind) == (Status.ERROR, "control")


def test_a_call_that_was_given_up_is_not_judged(judges: Path, tmp_path: Path) -> None:
    """Neither what waits in the queue nor what a worker holds; another call's answers are judged all the same."""
    begun = tmp_path / "begun"
    begun.mkdir()
    count = Job(verifier=f"{judges}:count", text="x", reference={"folder": str(begun)})
    with JudgePool(1, 10.0, chunk=8) as small:
        abandoned = small.submit([count] * 100)
        deadline = time.monotonic() + 30
        while not any(begun.iterdir()):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        kept = small.submit(arithmetic(20))
        small.give_up(abandoned)
        kinds = [verdict.failure_kind for verdict in small.wait(abandoned)]
        check_arithmetic(small.wait(kept))
    assert kinds[-1] == "given_up"
    assert kinds.count(None) <= len(list(begun.iterdir())) < 8


def test_what_cannot_be_judged_is_masked(pool: JudgePool, tmp_path: Path) -> None:
    jobs = [
        Job(verifier="maths", text="", reference={}),
        Job(verifier=f"{tmp_path}/absent.py:grade", text="", reference={}),
        math_job("The answer is 43", finish_reason="abort"),
        math_job("The answer is 43", answer=""),
    ]
    verdicts = pool.judge(jobs)
    assert [verdict.failure_kind for verdict in verdicts] == [
        "unknown_verifier",
        "unknown_verifier",
        "aborted",
        "bad_reference",
    ]
    assert all(verdict.reward is None and verdict.mask_sample for verdict in verdicts)


def test_workers_get_no_secrets(pool: JudgePool, judges: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "secret")
    with JudgePool(1, DEADLINE) as fresh:
        verdict = fresh.judge([Job(verifier=f"{judges}:look", text="", reference={"name": "SOME_API_KEY"})])[0]
    pid, value = verdict.detail.split()
    assert value == "None"
    assert gone(int(pid))


def test_overload_and_shutdown_are_masked(judges: Path, tmp_path: Path) -> None:
    slow = Job(verifier=f"{judges}:slow_once", text="", reference={"path": str(tmp_path / "pid")})
    with JudgePool(1, 60.0, max_queued=2) as small, ThreadPoolExecutor(2) as threads:
        running = threads.submit(small.judge, [slow])
        pid = wait_for(tmp_path / "pid")
        waiting = threads.submit(small.judge, arithmetic(2))
        deadline = time.monotonic() + 20
        while (refused := small.judge([math_job("The answer is 43")], urgent=False)[0]).failure_kind != "overload":
            assert time.monotonic() < deadline
        assert refused.mask_sample
        small.close()
        for verdict in [*running.result(timeout=20), *waiting.result(timeout=20), *small.judge(arithmetic(1))]:
            assert (verdict.status, verdict.failure_kind) == (Status.ERROR, "shutdown")
    assert gone(pid)


def test_a_pool_whose_workers_cannot_start_says_so() -> None:
    with pytest.raises(RuntimeError, match="raise memory_bytes"):
        JudgePool(1, DEADLINE, memory_bytes=16 << 20)
    with pytest.raises(ValueError, match="workers >= 1"):
        JudgePool(0, DEADLINE)


def test_a_pool_started_by_a_thread_that_ends_lives_on() -> None:
    """The kernel's death signal goes by thread: the pool's own threads must be the parents."""
    made: list[JudgePool] = []
    thread = threading.Thread(target=lambda: made.append(JudgePool(1, DEADLINE)))
    thread.start()
    thread.join()
    with made[0] as pool:
        check_arithmetic(pool.judge(arithmetic(10)))
