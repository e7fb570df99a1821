"""C++ programs, in the slow lane: the compiler runs in the sandbox as well as what it makes."""

from __future__ import annotations

import shutil

from verifiers.code.reference import StdinReference
from verifiers.code.tally import ending, run_cases
from verifiers.sandbox import reach
from verifiers.sandbox.slow_lane import run_command
from verifiers.sandbox.types import Limits, Order, Outcome
from verifiers.types import Status, Verdict

COMPILER = "g++"
_FLAGS = ("-O2", "-std=c++17", "-pipe", "-fdiagnostics-color=never", "-o", "program", "solution.cpp")
_LIMITS = Limits(
    cpu_seconds=10, wall_seconds=30, memory_bytes=2 << 30, file_bytes=64 << 20, output_bytes=64 << 10, open_files=64
)


def grade(task: StdinReference, source: str) -> Verdict:
    """Compile once, run every case in a fresh process. Raises SandboxFailed, SandboxUnavailable."""
    compiler = shutil.which(COMPILER)
    if compiler is None:
        return Verdict.failed("no_compiler", f"no {COMPILER} on this machine: apt-get install g++")
    order = Order(
        [compiler, *_FLAGS],
        files={"solution.cpp": source.encode()},
        stdin=b"",
        limits=_LIMITS,
        reads=reach.compiler(compiler),
        processes=8,
        keep=("program",),
    )
    outcome, made = run_command(order)
    if problem := ending(outcome, _LIMITS):
        return Verdict.of(problem.status, detail=f"compiling: {problem.detail}")
    if outcome.returncode or "program" not in made:
        return Verdict.of(Status.WRONG, detail="the program does not compile")

    def run(stdin: bytes, limits: Limits) -> Outcome:
        return run_command(Order(["./program"], made, stdin, limits, reach.runtime()))[0]

    return run_cases(task, run)
