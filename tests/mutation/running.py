"""Runs a module's own tests on each of its mutants, in forks of one process that has the heavy packages loaded."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.abc
import importlib.machinery
import importlib.util
import io
import json
import os
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

# One thread: a fork has only the thread that made it, and the numbers are the same on every machine.
os.environ["OMP_NUM_THREADS"] = "1"
# What tests of ours need of the installed plugins; the search for all of them takes longer than most tests.
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
# A test that waits ends here, one that computes at the limit of its CPU time.
PYTEST = ["-x", "-q", "-p", "no:cacheprovider", "-p", "pytest_timeout", "-o", "timeout=120"]
MEMORY = 2 << 30
NOT_A_VERDICT = (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED)


class BrokenRun(Exception):
    """The tests fail without a mutant, or could not be run on one: nothing is known about the mutants."""


class _Swap(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
    """Imports one module from another text than its file's."""

    def __init__(self, module: str, path: Path, source: str) -> None:
        self.module, self.path, self.source = module, path, source

    def find_spec(self, fullname: str, path: object, target: object = None) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.module:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def get_filename(self, fullname: str) -> str:
        return str(self.path)

    def get_data(self, path: str) -> bytes:
        return self.source.encode()


class _FirstFailure:
    """The test, or the file that could not be imported, on which pytest stopped."""

    found: str | None = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.found = self.found or report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.found = self.found or f"{report.nodeid} (import)"


def run_mutants(
    root: Path,
    module: str,
    path: Path,
    tests: Path,
    sources: dict[str, str],
    *,
    jobs: int,
    known: Callable[[str], dict[str, str | None]],
) -> Iterator[tuple[str, str | None, str]]:
    """(name of a mutant, what killed it or None, digest of all else that the result depends on), as they end.

    Args:
        path, tests: the module's file, and the tests that are asked about it.
        sources: each mutant's text by its name.
        jobs: how many run at a time.
        known: results of before, given the digest; those mutants are not run.

    Raises:
        BrokenRun: the tests fail on the module as it is, or pytest itself fails on a mutant.
    """
    receiver, sender = os.pipe()
    nursery = os.fork()
    if nursery == 0:
        os.close(receiver)
        with os.fdopen(sender, "w") as results:
            _guarded(lambda: _nursery(root, module, path, tests, sources, jobs, known, results), results)
    os.close(sender)
    with os.fdopen(receiver) as results:
        for line in results:
            answer = json.loads(line)
            if "broken" in answer:
                os.waitpid(nursery, 0)
                raise BrokenRun(f"{module}: {answer['broken']}")
            yield answer["name"], answer["killed_by"], answer["world"]
    _, status = os.waitpid(nursery, 0)
    if status:
        raise BrokenRun(f"{module}: the process that holds its tests ended with {os.waitstatus_to_exitcode(status)}")


def _guarded(work: Callable[[], None], results: Any) -> None:
    """In a fork: an error goes into the pipe, and nothing of the parent's runs after it."""
    try:
        work()
    except BaseException as error:
        results.write(json.dumps({"broken": f"{type(error).__name__}: {error}"}) + "\n")
    finally:
        results.flush()
        os._exit(0)


def _nursery(
    root: Path,
    module: str,
    path: Path,
    tests: Path,
    sources: dict[str, str],
    jobs: int,
    known: Callable[[str], dict[str, str | None]],
    results: Any,
) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as said:
        if pytest.main([str(tests), *PYTEST, "--collect-only"]):
            raise BrokenRun(f"{tests} cannot be collected:\n{said.getvalue()}")
    _forget(root)
    running: dict[int, tuple[str, Any]] = {}

    def start(name: str, source: str, cpu_seconds: int) -> None:
        receiver, sender = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(receiver)
            with os.fdopen(sender, "w") as out:
                _guarded(lambda: _judge(root, _Swap(module, path, source), tests, cpu_seconds, out), out)
        os.close(sender)
        running[child] = (name, os.fdopen(receiver))

    def end() -> tuple[str, dict[str, Any]]:
        child, status = os.wait()
        name, receiver = running.pop(child)
        with receiver:
            text = receiver.read()
        if text:
            answer: dict[str, Any] = json.loads(text)
        else:
            answer = {"killed_by": f"ended by signal {os.WTERMSIG(status)}"}
        if "broken" in answer:
            raise BrokenRun(f"{name}: {answer['broken']}")
        return name, answer

    start("the module as it is", path.read_text(encoding="utf-8"), resource.RLIM_INFINITY)
    _, as_it_is = end()
    if as_it_is["killed_by"] is not None:
        raise BrokenRun(f"{as_it_is['killed_by']} fails without a mutant:\n{as_it_is['said']}")
    world, cpu_seconds = as_it_is["world"], int(2 + 4 * as_it_is["cpu_seconds"])
    done = known(world)

    def tell(name: str, answer: dict[str, Any]) -> None:
        results.write(json.dumps({"name": name, "killed_by": answer["killed_by"], "world": world}) + "\n")
        results.flush()

    for name, source in sources.items():
        if name in done:
            tell(name, {"killed_by": done[name]})
            continue
        if len(running) == jobs:
            tell(*end())
        start(name, source, cpu_seconds)
    while running:
        tell(*end())


def _judge(root: Path, swap: _Swap, tests: Path, cpu_seconds: int, out: Any) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + MEMORY, mapped + MEMORY))
    sys.meta_path.insert(0, swap)
    first = _FirstFailure()
    with tempfile.TemporaryFile("w+") as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
        code = pytest.main([str(tests), *PYTEST], plugins=[first])
        sys.stdout.flush()
        said.seek(0)
        text = said.read()
    if code in NOT_A_VERDICT:
        raise BrokenRun(f"pytest ended with {code!r}:\n{text}")
    usage = resource.getrusage(resource.RUSAGE_SELF)
    answer = {
        "killed_by": None if code == 0 else first.found or f"pytest ended with {code}",
        "said": text,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "world": _world(root, swap.path),
    }
    out.write(json.dumps(answer))


def _of_ours(root: Path) -> dict[str, Path]:
    """Loaded modules of the checkout, this tool and what is installed into it left out."""
    files = {name: Path(getattr(module, "__file__", None) or "/") for name, module in sys.modules.items()}
    here = Path(__file__).resolve().parent
    return {
        name: file
        for name, file in files.items()
        if file.is_relative_to(root) and not file.is_relative_to(sys.prefix) and not file.is_relative_to(here)
    }


def _forget(root: Path) -> None:
    """Every module of ours is imported anew by the forks; what others wrote stays loaded."""
    for name in _of_ours(root):
        del sys.modules[name]


def _world(root: Path, mutated: Path) -> str:
    """Digest of the code of ours that ran, but for the module itself."""
    files: Sequence[Path] = sorted({file for file in _of_ours(root).values() if file != mutated})
    texts = [f"{file.relative_to(root)}\0{file.read_text(encoding='utf-8')}" for file in files]
    return hashlib.sha256("\0".join([sys.version, *texts]).encode()).hexdigest()[:16]
