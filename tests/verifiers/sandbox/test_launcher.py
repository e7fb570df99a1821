"""The fork server: what programs can do, how they end, and what happens when it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from verifiers.sandbox import launcher, wire
from verifiers.sandbox.launcher import ForkServer
from verifiers.sandbox.types import Limits, SandboxFailed

LIMITS = Limits(cpu_seconds=2, wall_seconds=10)


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    server = ForkServer(preload=())
    yield server
    server.close()


@pytest.mark.parametrize(
    ("program", "stdin", "stdout"),
    [
        ("print(input()[::-1])", b"abc\n", b"cba\n"),
        ("import sys; sys.stdout.write('x')", b"", b"x"),
        ("import sys; print(sys.stdin.buffer.read())", b"\xff\x00", b"b'\\xff\\x00'\n"),
        ("print('\u00e4\u7b54')", b"", "\u00e4\u7b54\n".encode()),
        ("import __main__; x = 3; print(__main__.x, __name__)", b"", b"3 __main__\n"),
        ("from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\nprint(A(1))", b"", b"A(x=1)\n"),
        ("import threading\nthreading.Thread(target=lambda: print('t')).start()", b"", b"t\n"),
        ("import atexit; atexit.register(print, 'bye'); print('hi')", b"", b"hi\nbye\n"),
        ("import asyncio\nasync def f(): return 5\nprint(asyncio.run(f()))", b"", b"5\n"),
        ("import sys; sys.setrecursionlimit(10**6)\ndef f(n): return n and f(n - 1)\nprint(f(10**5))", b"", b"0\n"),
        ("import sqlite3; print(sqlite3.connect(':memory:').execute('select 2').fetchone())", b"", b"(2,)\n"),
        ("def f() -> x: pass", b"", b""),
    ],
)
def test_programs_run_as_scripts_do(server: ForkServer, program: str, stdin: bytes, stdout: bytes) -> None:
    outcome = server.run(program, stdin=stdin, limits=LIMITS)
    if program.startswith("def f() -> x"):
        # Annotations are evaluated: the server's own __future__ imports are not the program's.
        assert b"NameError" in outcome.stderr
    else:
        assert (outcome.status, outcome.stdout, outcome.stderr) == ("exited", stdout, b"")


@pytest.mark.parametrize(
    ("program", "status", "returncode", "stderr"),
    [
        ("1/0", "exited", 1, b"ZeroDivisionError"),
        ("def f(:", "exited", 1, b"SyntaxError"),
        ("x = '\x00'", "exited", 1, b"null byte"),
        ("import sys; sys.exit('bad')", "exited", 1, b"bad"),
        ("import sys; sys.exit(3)", "exited", 3, b""),
        ("import os; os._exit(7)", "exited", 7, b""),
        ("import os; os.abort()", "signaled", -6, b""),
        ("x = bytearray(10**10)", "exited", 1, b"MemoryError"),
        ("while True: pass", "cpu", None, b""),
        ("print('x' * 3000000)", "output", None, b""),
    ],
)
def test_how_programs_end(server: ForkServer, program: str, status: str, returncode: int | None, stderr: bytes) -> None:
    limits = Limits(cpu_seconds=1, wall_seconds=30)
    outcome = server.run(program, limits=limits)
    assert (outcome.status, outcome.returncode) == (status, returncode)
    assert stderr in outcome.stderr
    assert b"verifiers" not in outcome.stderr, "our own frames are not the program's business"


def test_output_up_to_the_limit_is_kept(server: ForkServer) -> None:
    limits = Limits(output_bytes=1000)
    exact = server.run("print('x' * 1000, end='')", limits=limits)
    over = server.run("print('x' * 1001, end='')", limits=limits)
    assert (exact.status, len(exact.stdout)) == ("exited", 1000)
    assert (over.status, len(over.stdout)) == ("output", 1000)


def test_random_numbers_differ_between_programs_and_not_between_runs(server: ForkServer) -> None:
    first, again, other = (
        server.run(f"import random; print(random.random(), hash('x')){tail}", limits=LIMITS).stdout
        for tail in ("", "", "  #")
    )
    assert first == again
    assert first.split()[0] != other.split()[0]


def test_numpy_is_warm_and_seeded() -> None:
    pytest.importorskip("numpy")
    server = ForkServer(preload=("numpy",))
    program = "import numpy, sys; print(numpy.random.rand(), numpy.linalg.det(numpy.eye(2)))"
    outcomes = [server.run(program, limits=LIMITS) for _ in range(2)]
    server.close()
    assert outcomes[0].stdout == outcomes[1].stdout != b""


def test_several_children_talk_at_a_time(server: ForkServer) -> None:
    program = "import socket\nc = socket.socket(fileno=3)\nwhile m := c.recv(10): c.sendall(m[::-1])"
    with (
        server.start(program, limits=LIMITS, channels=1, stdin=b"") as one,
        server.start(program, limits=LIMITS, channels=1, stdin=b"") as two,
    ):
        for child, text in ((one, b"ab"), (two, b"cd"), (one, b"ef")):
            child.channels[0].sendall(text)
            assert child.channels[0].recv(10) == text[::-1]
        two.channels[0].close()
        assert two.wait().status == "exited"
        one.kill()
        assert one.wait().returncode == -signal.SIGKILL


def test_pipes_for_a_dialogue(server: ForkServer) -> None:
    with server.start("print(input() * 2, flush=True); print(input())", limits=LIMITS) as child:
        os.write(child.stdin, b"ab\n")
        assert os.read(child.stdout, 100) == b"abab\n"
        os.write(child.stdin, b"rest\n")
        assert child.wait().stdout == b"rest\n"


def test_a_child_killed_before_it_begins_is_no_failure(server: ForkServer) -> None:
    for _ in range(40):
        child = server.start("import time; time.sleep(60)", limits=LIMITS, stdin=b"")
        child.kill()
        assert child.wait().status == "signaled"


def test_a_killed_server_is_replaced_when_idle(server: ForkServer) -> None:
    assert server.run("print(1)", limits=LIMITS).stdout == b"1\n"
    assert server._process is not None
    os.killpg(server._process._process.pid, signal.SIGKILL)  # type: ignore[union-attr]
    assert server.run("print(2)", limits=LIMITS).stdout == b"2\n"


def test_a_server_killed_in_flight_is_the_sandbox_failing(server: ForkServer) -> None:
    child = server.start("import time; time.sleep(60)", limits=Limits(wall_seconds=60), stdin=b"")
    assert server._process is not None
    os.killpg(server._process._process.pid, signal.SIGKILL)  # type: ignore[union-attr]
    with pytest.raises(SandboxFailed):
        child.wait()
    assert server.run("print(2)", limits=LIMITS).stdout == b"2\n"


def pids_of(marker: str) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes()
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if marker.encode() in words and state != "Z":
                found.append(int(entry.name))
    return found


def test_a_child_killed_by_a_stranger_is_no_outcome() -> None:
    # The preload names this test's server on its command line.
    server = ForkServer(preload=("quopri",))
    child = server.start("import time; time.sleep(60)", limits=Limits(wall_seconds=60), stdin=b"")
    deadline = time.monotonic() + 20
    children: list[int] = []
    while not children and time.monotonic() < deadline:
        pids = [pid for pid in pids_of('"quopri"') if b"bwrap" not in Path(f"/proc/{pid}/cmdline").read_bytes()]
        parents = {int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]): pid for pid in pids}
        children = [pid for parent, pid in parents.items() if parent in pids]
    os.kill(children[0], signal.SIGKILL)
    with pytest.raises(SandboxFailed, match="from outside"):
        child.wait()
    server.close()


def test_nothing_outlives_a_launcher_that_is_killed(repository: Path) -> None:
    script = (
        "import os, signal\n"
        "from verifiers.sandbox.launcher import ForkServer\nfrom verifiers.sandbox.types import Limits\n"
        "server = ForkServer(preload=('plistlib',))\n"
        "child = server.start('while True: pass', limits=Limits(60, 60), stdin=b'')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(repository)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, timeout=60)
    assert done.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 10
    while pids_of('"plistlib"') and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not pids_of('"plistlib"')


def test_recycling_and_no_leaks() -> None:
    server = ForkServer(preload=(), recycle_after=5)
    server.run("pass", limits=LIMITS)
    first = server._process
    before = set(os.listdir("/proc/self/fd"))
    for number in range(12):
        assert server.run(f"print({number})", limits=LIMITS).stdout == f"{number}\n".encode()
    assert server._process is not first
    assert len(os.listdir("/proc/self/fd")) == len(before)
    server.close()


def test_shared_servers_are_one_per_need() -> None:
    assert launcher.shared_for("import numpy") is launcher.shared(("numpy",))
    assert launcher.shared_for("print(1)") is launcher.shared(())
    assert launcher.shared_for("import sympy", ("json",)) is launcher.shared(("json", "numpy", "sympy"))


def test_packets_come_back() -> None:
    request = wire.Run(1, 0, 64, 2.0, 6.0, 1 << 29, 1 << 20)
    assert wire.unpack_request(wire.pack_run(request)) == request
    assert wire.unpack_request(wire.pack_kill(7)) == 7
    report = wire.Report(7, wire.Ended.BY_WALL_CLOCK, True, 9, 0.5, 1.5, 1 << 40)
    assert wire.unpack_report(wire.pack_report(report)) == report
