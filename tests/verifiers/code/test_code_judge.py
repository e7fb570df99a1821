"""The code judge's verdicts, in the real sandbox."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from leaks import leaks

from verifiers.audit.cases import SUITES
from verifiers.code.judge import LIGHT, control, judge
from verifiers.sandbox import launcher, policy
from verifiers.sandbox.launcher import shared
from verifiers.types import Status, Verdict

pytestmark = pytest.mark.skipif(
    bool(policy.check().missing()), reason=f"no sandbox here: {'; '.join(policy.check().missing())}"
)

REFERENCES: dict[str, dict[str, Any]] = json.loads((SUITES / "code" / "problems.json").read_text(encoding="utf-8"))
ASSERTS: dict[str, Any] = {"kind": "asserts", "entry_point": "f", "tests": "assert f(1) == 2\nassert f(5) == 6\n"}
CALLS: dict[str, Any] = {
    "kind": "calls",
    "entry_point": "f",
    "cases": [{"args": [1], "expected": 2}, {"args": [5], "expected": 6}, {"args": [9], "expected": 10}],
}
STDIN: dict[str, Any] = {"kind": "stdin", "cases": [{"stdin": "1", "stdout": "2"}, {"stdin": "5", "stdout": "6"}]}
RIGHT = "def f(x):\n    return x + 1\n"
QUICK = {"cpu_seconds": 1, "wall_seconds": 2}


def verdict(program: str, reference: dict[str, Any], finish_reason: str = "stop") -> Verdict:
    return judge(f"```python\n{program}\n```", reference, finish_reason=finish_reason)


@pytest.fixture(scope="module", autouse=True)
def _end_the_fork_server() -> Iterator[None]:
    yield
    shared(LIGHT).close()


@pytest.mark.parametrize("name", sorted(REFERENCES))
def test_the_control_is_wrong_for_every_reference_of_the_audit(name: str) -> None:
    """The programs themselves are judged by the audit (tests/verifiers/test_audit.py)."""
    said = judge(control(REFERENCES[name]), REFERENCES[name], finish_reason="stop")
    assert said.status is Status.WRONG, said


@pytest.mark.parametrize(
    ("program", "reference", "status"),
    [
        ("def f(x):\n    while True: pass", ASSERTS | {"limits": QUICK}, Status.TIMEOUT),
        ("import time\ndef f(x):\n    time.sleep(60)", CALLS | {"limits": QUICK}, Status.TIMEOUT),
        ("print('2' * 10**7)", STDIN, Status.REJECTED),
        ("x = bytearray(10**10)", STDIN, Status.REJECTED),
        ("def f(x):\n    return bytearray(10**10)", CALLS, Status.REJECTED),
        ("def f(x):\n    return x", ASSERTS, Status.WRONG),
        ("def f(x)\n    return x + 1", CALLS, Status.WRONG),
        ("def g(x):\n    return x + 1", CALLS, Status.WRONG),
        ("import os\nos._exit(0)", CALLS, Status.WRONG),
        ('def f(x):\n    return "\x00"', ASSERTS, Status.WRONG),
        ('def f(x):\n    return "\ud800"', CALLS, Status.WRONG),
        ("f = lambda x: " + "-" * 50_000 + "x", ASSERTS, Status.WRONG),
    ],
)
def test_statuses(program: str, reference: dict[str, Any], status: Status) -> None:
    assert verdict(program, reference).status is status


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        ("", Status.CORRECT),
        ("exit()", Status.CORRECT),
        ("quit(0)", Status.CORRECT),
        ("import sys; sys.exit()", Status.CORRECT),
        ("raise SystemExit", Status.CORRECT),
        ("import os; os._exit(0)", Status.CORRECT),
        ("import sys; sys.stdout.close()", Status.CORRECT),
        ("import atexit; atexit.register(exit)", Status.CORRECT),
        ("import sys; sys.stdout = sys.stderr = None", Status.CORRECT),
        ("import sys\nclass W:\n    def write(s, t): pass\n    def flush(s): pass\nsys.stdout = W()", Status.CORRECT),
        ("import sys, io; sys.stdout = io.StringIO(); print(5)", Status.CORRECT),
        ("import threading as t, time\nt.Thread(target=time.sleep, args=(9,), daemon=True).start()", Status.CORRECT),
        ("import sys\nclass W:\n    def write(s, t): pass\n    def flush(s): 1 / 0\nsys.stdout = W()", Status.WRONG),
        ("import threading; threading.Thread(target=lambda: 1 / 0).start()", Status.CORRECT),
        ("1 / 0", Status.WRONG),
        ("raise KeyboardInterrupt", Status.WRONG),
        ("undefined", Status.WRONG),
        ("int('x')", Status.WRONG),
        ("def g(): g()\ng()", Status.WRONG),
        ("x = bytearray(10**10)", Status.REJECTED),
        ("input()\ninput()", Status.WRONG),
        ("import sys; sys.exit(1)", Status.WRONG),
        ("exit('done')", Status.WRONG),
        ("import os; os._exit(3)", Status.WRONG),
        ("import os; os.abort()", Status.WRONG),
        ("import ctypes; ctypes.string_at(0)", Status.WRONG),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", Status.WRONG),
        ("import sys; sys.stdout = 3", Status.WRONG),
        ("import sys; sys.excepthook = lambda *_: None; 1 / 0", Status.WRONG),
    ],
)
def test_how_a_program_ends_after_the_right_output(ending: str, status: Status) -> None:
    said = verdict(f"print(int(input()) + 1, flush=True)\n{ending}", STDIN)
    assert said.status is status, said


def test_a_good_exit_code_alone_says_nothing() -> None:
    for program in ("exit(0)", "import os; os._exit(0)", "pass", "print('ok'); quit()"):
        assert verdict(program, STDIN).status is Status.WRONG


@pytest.mark.parametrize(
    "program",
    [
        "from numpy import nothing_of_that_name",
        "import verifiers.audit.cases",
        "open('/etc/passwd')",
        "raise ValueError('/usr/lib/python3 File \"x\"')",
        "import no_such_module_anywhere",
        "raise type('/etc/x', (Exception,), {})()",
        "raise type('A' * 5000, (Exception,), {})('x')",
        "import os\nos.write(3, b'F[\"/usr/lib\", 5]\\n')\nimport time\ntime.sleep(9)",
        "import os\nos.write(3, b'F' + b'[' * 10**6 + b'\\n')\nimport time\ntime.sleep(9)",
        'def f(x):\n    import os\n    os.write(3, b\'X{"kinds": ["File /usr/lib"], "args": []}\\n\')',
        "def f(x):\n    raise type('/etc/x', (ValueError,), {})('/usr/lib/x')",
    ],
)
def test_a_programs_words_are_not_quoted(program: str) -> None:
    for reference in (CALLS, ASSERTS, STDIN):
        said = verdict(program, reference | {"limits": QUICK})
        assert said.status is Status.WRONG
        assert not leaks(said, "")
        assert len(said.detail) < 200


def test_texts_without_a_program() -> None:
    assert judge("I do not know.", CALLS, finish_reason="stop").status is Status.NO_ANSWER
    assert judge("I do not", CALLS, finish_reason="length").status is Status.TRUNCATED
    assert judge(f"```python\n{RIGHT}", CALLS, finish_reason="length").status is Status.TRUNCATED
    assert verdict(RIGHT, CALLS, "length").status is Status.CORRECT
    assert judge("x" * 500_000, CALLS, finish_reason="stop").status is Status.REJECTED


def test_partial_credit() -> None:
    half = "def f(x):\n    return 2 if x == 1 else 0"
    for reference, reward in ((ASSERTS, 1 / 2), (CALLS, 1 / 3)):
        said = verdict(half, reference | {"partial": True})
        assert (said.status, said.reward) == (Status.PARTIAL, reward)
        assert verdict(half, reference).status is Status.WRONG
        assert verdict(RIGHT, reference | {"partial": True}).status is Status.CORRECT
    assert verdict("print(2)", STDIN | {"partial": True}).reward == 0.5


def test_each_case_that_fails_is_told() -> None:
    cases = [{"stdin": str(n), "stdout": str(n + 1)} for n in range(30)]
    partial = STDIN | {"cases": cases, "partial": True}
    said = verdict("n = int(input())\nprint(n + 1 if n % 6 else 1 // (n % 2) + n)", partial)
    assert said.detail.startswith("25 of 30 cases; case 1 of 30: ended with exit code 1, as after")
    assert said.detail.endswith("; case 25 of 30: ended with exit code 1, as after an uncaught exception")
    said = verdict("n = int(input())\nprint(n + n % 2)", partial)
    assert said.detail.endswith("case 19 of 30: wrong output; 5 more failed")
    said = verdict("n = int(input())\nprint(n + 1 if n < 3 else '1' * 10**7)", partial)
    assert said.detail.endswith("more output than 1048576 bytes; 24 were not run")
    said = verdict("print(1)", STDIN | {"cases": cases})
    assert said.detail == "case 2 of 30: wrong output"


def test_a_call_that_ends_the_program_costs_that_case_only() -> None:
    dies = "import os\ndef f(x):\n    return os._exit(0) if x == 5 else x + 1"
    said = verdict(dies, CALLS | {"partial": True})
    assert said.reward == pytest.approx(2 / 3)
    assert "case 2 of 3" in said.detail


@pytest.mark.parametrize(
    "tests",
    [
        "assert f(1 == 2",
        "import no_such_module",
        "assert g(1) == 2",
        "x = 1",
        "1 / 0",
        "import os; os._exit(0)",
        "raise SystemExit",
    ],
)
def test_tests_that_fail_by_themselves_mask(tests: str) -> None:
    for program in (RIGHT, "import os\nos._exit(1)", "while True: pass"):
        said = verdict(program, ASSERTS | {"tests": tests})
        assert said.mask_sample
        assert said.failure_kind == "bad_reference"


@pytest.mark.parametrize(
    "tests", ["assert f(1) == 2\n1 / 0", "f(1)\nimport no_such_module", "f(1)\nimport os\nos._exit(0)"]
)
def test_once_the_program_was_called_nothing_masks(tests: str) -> None:
    assert verdict(RIGHT, ASSERTS | {"tests": tests}).status is Status.WRONG


@pytest.mark.parametrize(
    "reference",
    [
        {},
        {"kind": "other"},
        {"kind": "stdin", "cases": []},
        CALLS | {"entry_point": "f()"},
        CALLS | {"cases": [{"args": [1]}]},
        ASSERTS | {"tests": ""},
        STDIN | {"compare": "roughly"},
        STDIN | {"limits": {"cpu_seconds": 0}},
        STDIN | {"unknown": 1},
    ],
)
def test_bad_references_mask(reference: dict[str, Any]) -> None:
    said = verdict(RIGHT, reference)
    assert (said.status, said.failure_kind) == (Status.ERROR, "bad_reference")


def test_details_hold_no_expected_value() -> None:
    secret = 987654321
    for reference in (
        CALLS | {"cases": [{"args": [1], "expected": secret}]},
        ASSERTS | {"tests": f"assert f(1) == {secret}, 'not {secret}'"},
        {"kind": "stdin", "cases": [{"stdin": "", "stdout": str(secret)}]},
        CALLS | {"cases": [{"args": [1], "expected": secret, "other": secret}]},
    ):
        said = verdict("def f(x):\n    return 5", reference)
        assert not said.reward
        assert str(secret) not in said.model_dump_json(exclude={"extracted"})


@pytest.mark.parametrize("delay", [None, 0.0, 0.002, 0.01])
def test_a_killed_fork_server_is_no_verdict_of_the_answer(delay: float | None) -> None:
    assert verdict(RIGHT, ASSERTS).reward == 1.0
    server = shared(LIGHT)._process
    assert server is not None
    assert server._process is not None
    killer = threading.Timer(delay or 0.0, server._process.kill)
    killer.start()
    if delay is None:
        killer.join()
    for _ in range(5):
        assert verdict(RIGHT, ASSERTS).reward == 1.0
    killer.join()


@pytest.mark.parametrize("draws", ["import random\ndraw = random.random", "from numpy.random import rand as draw"])
def test_luck_decides_no_verdict(draws: str) -> None:
    """What a program draws is a function of its text, also in a fresh server."""
    program = f"```python\n{draws}\ndef f():\n    return draw() < 0.5\n# @\n```"
    reference = {"kind": "calls", "entry_point": "f", "cases": [{"expected": True}]}
    texts = [program.replace("@", str(number)) for number in range(12)]
    first = [judge(text, reference, finish_reason="stop").status for text in texts]
    assert len(set(first)) == 2
    for server in list(launcher._shared.values()):
        server.close()
    assert [judge(text, reference, finish_reason="stop").status for text in texts] == first
