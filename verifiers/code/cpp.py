"""C++ programs, in the slow lane: the compiler runs in the sandbox as well as what it makes."""

from __future__ import annotations

import shutil

from verifiers.code.reference import StdinReference
from verifiers.code.tally import OutputJudge, ending, run_cases
from verifiers.sandbox import reach
from verifiers.sandbox.slow_lane import run_command
from verifiers.sandbox.types import Limits, Order, Outcome
from verifiers.types import Status, Verdict

COMPILER = "g++"
_FLAGS = ("-O2", "-std=c++17", "-pipe", "-fdiagnostics-color=never", "-o", "program", "solution.cpp")
_LIMITS = Limits(
    cpu_seconds=10, wall_seconds=30, memory_bytes=2 << 30, file_bytes=64 << 20, output_bytes=64 << 10, open_files=64
)


# Compiled and run once per process before any answer is held to be wrong, with a part of each library.
_SOUND = "#include <iostream>\n#include <cmath>\nint main() { double x; std::cin >> x; std::cout << std::sqrt(x); }\n"
_sound: set[str] = set()


class NoCompiler(Exception):
    """There is none on this machine, or what it makes does not run; the message says what to do."""


def grade(task: StdinReference, source: str, judge: OutputJudge) -> Verdict:
    """Compile once, run every case in a fresh process; `judge` judges what it prints.

    Raises NoCompiler, SandboxFailed, SandboxUnavailable.
    """
    compiler = _compiler()
    verdict = _graded(compiler, task, source, judge)
    if verdict.status is not Status.CORRECT:
        _require_sound(compiler)
    return verdict


def built(source: str) -> dict[str, bytes] | None:
    """The compiled program, as files; None for what does not compile. Raises as `grade`."""
    compiler = _compiler()
    _, made = _compiled(compiler, source)
    if "program" in made:
        return made
    _require_sound(compiler)
    return None


def _compiler() -> str:
    compiler = shutil.which(COMPILER)
    if compiler is None:
        raise NoCompiler(f"no {COMPILER} on this machine: apt-get install g++")
    return compiler


def _require_sound(compiler: str) -> None:
    if not _is_sound(compiler):
        raise NoCompiler(f"{COMPILER} makes no program that runs here: apt-get install g++")


def _is_sound(compiler: str) -> bool:
    """Whether a right program is right: what the compiler or its programs need may not be where we look for it."""
    if compiler not in _sound:
        _, made = _compiled(compiler, _SOUND)
        if "program" not in made or _run(made, b"4", Limits()).stdout != b"2":
            return False
        _sound.add(compiler)
    return True


def _graded(compiler: str, task: StdinReference, source: str, judge: OutputJudge) -> Verdict:
    outcome, made = _compiled(compiler, source)
    if problem := ending(outcome, _LIMITS):
        return Verdict.of(problem.status, detail=f"compiling: {problem.detail}")
    if outcome.returncode or "program" not in made:
        return Verdict.of(Status.WRONG, detail="the program does not compile")
    return run_cases(task, lambda stdin, limits: _run(made, stdin, limits), judge)


def _compiled(compiler: str, source: str) -> tuple[Outcome, dict[str, bytes]]:
    order = Order(
        [compiler, *_FLAGS],
        files={"solution.cpp": source.encode(errors="surrogatepass")},
        stdin=b"",
        limits=_LIMITS,
        reads=reach.compiler(compiler),
        processes=8,
        keep=("program",),
    )
    return run_command(order)


def _run(made: dict[str, bytes], stdin: bytes, limits: Limits) -> Outcome:
    return run_command(Order(["./program"], made, stdin, limits, reach.runtime()))[0]
