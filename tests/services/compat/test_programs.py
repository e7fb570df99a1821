"""What /run_code runs, in both forms of the slow lane: C++, and Python with files beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from services.compat.programs import Finished, Program, Runner
from verifiers.sandbox import bubblewrap
from verifiers.sandbox.types import Limits

LIMITS = Limits(cpu_seconds=2, wall_seconds=20, memory_bytes=512 << 20)
COMPILING = Limits(cpu_seconds=20, wall_seconds=60, memory_bytes=2 << 30, file_bytes=64 << 20)
FILES = {"a.txt": b"inside"}


@pytest.fixture(params=["bubblewrap", "bare"])
def runner(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runner]:
    """A runner whose slow lane has one form."""
    found, why = bubblewrap.find()
    if request.param == "bare":
        monkeypatch.setattr(bubblewrap, "find", lambda: (None, "switched off for this test"))
    elif found is None:
        pytest.skip(f"needs bubblewrap: {why}")
    running = Runner(1)
    yield running
    running.close()


def run(runner: Runner, source: str, language: str = "python", files: dict[str, bytes] = FILES) -> Finished:
    return asyncio.run(runner.run(Program(source, language, b"in", files, LIMITS, COMPILING)))


def test_python_beside_files(runner: Runner) -> None:
    source = "import decimal, json, re, sys, threading, zoneinfo\nprint(open('a.txt').read(), sys.stdin.read())"
    ran = run(runner, source).ran
    assert ran is not None
    assert (ran.ending, ran.code, ran.stdout) == ("exited", 0, b"inside in\n"), ran


def test_cpp_beside_files(runner: Runner) -> None:
    source = '#include <fstream>\n#include <iostream>\n#include "a.h"\nint main() { std::cout << A; }'
    finished = run(runner, source, "cpp", {"a.h": b"#define A 5"})
    assert finished.ran is not None, finished.compiled
    assert finished.ran.stdout == b"5"


def test_python_beside_files_reads_nothing_else(runner: Runner) -> None:
    source = """
import os, socket, subprocess, sys
for path in ("/etc/passwd", "/proc/self/environ", "/usr/bin/env", "/usr/include/stdio.h", "/root", "/home"):
    try:
        print("BREACH", path, open(path, "rb").read() if os.path.isfile(path) else os.listdir(path))
    except OSError:
        pass
for module in ("verifiers", "rlcore", "services", "pip"):
    try:
        __import__(module)
        print("BREACH", module)
    except ImportError:
        pass
for act in (socket.socket, os.fork, lambda: subprocess.run(["/bin/true"]), lambda: os.kill(os.getppid(), 9)):
    try:
        act()
        print("BREACH", act)
    except OSError:
        pass
print("looked")
"""
    ran = run(runner, source).ran
    assert ran is not None
    assert ran.stdout == b"looked\n", ran


def test_one_that_nobody_waits_for_is_ended(runner: Runner) -> None:
    async def cancelled() -> None:
        with pytest.raises(TimeoutError):
            program = Program("import time; time.sleep(100)", "python", b"", FILES, LIMITS, COMPILING)
            await asyncio.wait_for(runner.run(program), 1)

    asyncio.run(cancelled())
    ran = run(runner, "print(1)").ran
    assert ran is not None
    assert ran.stdout == b"1\n"
