"""Limits that honest programs meet, in the real sandbox."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from verifiers.code.judge import LIGHT, judge
from verifiers.code.reference import LimitsRequest
from verifiers.sandbox import policy
from verifiers.sandbox.launcher import shared
from verifiers.types import Json, Status, Verdict

pytestmark = pytest.mark.skipif(
    bool(policy.check().missing()), reason=f"no sandbox here: {'; '.join(policy.check().missing())}"
)
MIB = 1 << 20


@pytest.fixture(scope="module", autouse=True)
def _end_the_fork_server() -> Iterator[None]:
    yield
    shared(LIGHT).close()


def stdin(*cases: tuple[str, str], **more: Any) -> Json:
    return {"kind": "stdin", "cases": [{"stdin": read, "stdout": printed} for read, printed in cases], **more}


def verdict(program: str, reference: Json, language: str = "python") -> Verdict:
    return judge(f"```{language}\n{program}\n```", reference, finish_reason="stop")


MANY = "\n".join(map(str, range(250_000)))
BARRIER = """
import threading
barrier = threading.Barrier({n})
threads = [threading.Thread(target=barrier.wait) for _ in range({n})]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(1)
"""


@pytest.mark.parametrize(
    ("program", "reference"),
    [
        ("for n in range(250_000): print(n)", stdin(("", MANY))),
        ("print(*range(250_000), sep='\\n\\n')", stdin(("", MANY))),
        ("for n in range(250_000): print(n)", stdin(("", MANY), limits={"output_bytes": 10})),
        ("print('x' * 9)", stdin(("", "x" * 9), limits={"output_bytes": 1})),
        (BARRIER.format(n=9), stdin(("", "1"))),
        (BARRIER.format(n=64), stdin(("", "1"))),
        (BARRIER.format(n=200), stdin(("", "1"))),
        (
            "from concurrent.futures import ThreadPoolExecutor\n"
            "with ThreadPoolExecutor(32) as pool: print(sum(pool.map(int, '1' * 99)))",
            stdin(("", "99")),
        ),
        (
            "import sys, threading\nsys.setrecursionlimit(10**6)\nthreading.stack_size(1 << 27)\n"
            "def f(n): return 0 if n == 0 else 1 + f(n - 1)\n"
            "t = threading.Thread(target=lambda: print(f(10**5))); t.start(); t.join()",
            stdin(("", "100000")),
        ),
        ("print(len(str(2**20_000)))", stdin(("", "6021"))),
        ("print(int(input()) + 1)", stdin(("9" * 5_000, "1" + "0" * 5_000))),
        ("print(f'{10**5000:d}'[0], '%d' % 10**4500)", stdin(("", "1 " + "1" + "0" * 4_500)) | {"compare": "tokens"}),
    ],
)
def test_honest_programs(program: str, reference: Json) -> None:
    said = verdict(program, reference)
    assert said.status is Status.CORRECT, said


def test_long_numbers_in_calls_and_asserts() -> None:
    program = "def f(n):\n    return int('9' * n)"
    calls = {"kind": "calls", "entry_point": "f", "cases": [{"args": [5_000], "expected": 10**5_000 - 1}]}
    assert verdict(program, calls).status is Status.CORRECT
    assert verdict("def f(n):\n    return 10**n", calls).status is Status.WRONG
    tests = f"assert f(5000) == {'9' * 5_000}\nassert str(f(5000)) == '9' * 5000\n"
    assert verdict(program, {"kind": "asserts", "entry_point": "f", "tests": tests}).status is Status.CORRECT


@pytest.mark.parametrize(
    ("program", "status"),
    [
        ("print('2' * 10**7)", Status.REJECTED),
        ("print('1 ' * 10**6)", Status.REJECTED),
        (BARRIER.format(n=5_000), Status.TIMEOUT),
    ],
)
def test_limits_that_stay(program: str, status: Status) -> None:
    limits = {"cpu_seconds": 1, "wall_seconds": 2}
    said = verdict(program, stdin(("", "1"), limits=limits))
    assert not said.reward
    assert not said.mask_sample
    assert said.status in (status, Status.WRONG)


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")
def test_deep_recursion_in_cpp() -> None:
    program = """
    #include <cstdio>
    int depth(int n) { volatile char frame[64]; frame[0] = 1; return n == 0 ? 0 : frame[0] + depth(n - 1); }
    int main() { printf("%d", depth(1000000)); }
    """
    assert verdict(program, stdin(("", "1000000"), language="cpp"), "cpp").status is Status.CORRECT


@pytest.mark.parametrize(
    ("asked", "name", "value"),
    [
        ({"cpu_seconds": 4}, "cpu_seconds", 4),
        ({"cpu_seconds": 1e9}, "cpu_seconds", 60),
        ({"cpu_seconds": 10}, "wall_seconds", 30),
        ({"cpu_seconds": 1}, "wall_seconds", 6),
        ({"cpu_seconds": 60}, "wall_seconds", 120),
        ({"cpu_seconds": 10, "wall_seconds": 5}, "wall_seconds", 5),
        ({"wall_seconds": 1e6}, "wall_seconds", 120),
        ({"memory_bytes": 256 * MIB}, "memory_bytes", 256 * MIB),
        ({"memory_bytes": 1 << 50}, "memory_bytes", 8 << 30),
        ({"memory_bytes": 4 * MIB}, "memory_bytes", 16 * MIB),
        ({}, "memory_bytes", 512 * MIB),
    ],
)
def test_a_data_sets_own_limits_are_bounded_by_ours(asked: dict[str, Any], name: str, value: float) -> None:
    assert getattr(LimitsRequest.model_validate(asked).limits(), name) == value


@pytest.mark.parametrize("limits", [{"cpu_seconds": 0}, {"memory_bytes": -1}, {"wall_seconds": float("nan")}, {"x": 1}])
def test_limits_that_are_none(limits: dict[str, float]) -> None:
    assert verdict("print(1)", stdin(("", "1"), limits=limits)).failure_kind == "bad_reference"


def test_a_program_may_use_the_time_that_the_data_set_gives() -> None:
    program = "import time\nwhile time.process_time() < 2.2: pass\nprint(1)"
    assert verdict(program, stdin(("", "1"))).status is Status.TIMEOUT
    assert verdict(program, stdin(("", "1"), limits={"cpu_seconds": 4})).status is Status.CORRECT


@pytest.mark.parametrize(
    ("program", "reference"),
    [
        ("import scipy\nprint(1)", stdin(("", "1"))),
        ("from pandas.core import frame", stdin(("", "1"))),
        ("import scipy\ndef f(x): return x", {"kind": "asserts", "entry_point": "f", "tests": "assert f(1) == 1"}),
        (
            "def f(x):\n    import networkx",
            {"kind": "calls", "entry_point": "f", "cases": [{"args": [1], "expected": 1}]},
        ),
    ],
)
def test_what_is_at_hand_is_said(program: str, reference: Json) -> None:
    said = verdict(program, reference)
    assert said.status is Status.WRONG
    assert "ModuleNotFoundError" in said.detail
    assert "(at hand: the standard library, mpmath, numpy, sympy)" in said.detail


def test_tests_that_need_what_is_not_at_hand() -> None:
    said = verdict("def f(): pass", {"kind": "asserts", "entry_point": "f", "tests": "import scipy\nassert f() == 1"})
    assert said.failure_kind == "bad_reference"
    assert "at hand: the standard library" in (said.failure_reason or "")
