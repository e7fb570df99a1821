"""Runs tests on mutants, each in a fork of this process, which has loaded what the tests need of others' packages.

A mutant is imported in the place of its module, from memory: nothing is written into the checkout. Each fork has a
limit of CPU time, taken from what the tests need without a mutant, and one of memory, for loops without an end.
"""

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
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

import pytest

from tests.mutation.running import BrokenRun, Target

AS_IT_IS = "as it is"
# What tests of ours need of the installed plugins. A test that waits ends at its time, one that computes at its CPU's.
PYTEST = ["-x", "-q", "-p", "no:cacheprovider", "-p", "pytest_timeout", "-o", "timeout=120"]
MEMORY = 2 << 30
NOT_A_VERDICT = (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED)


class _Swap(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
    """Imports one module from another text than its file's."""

    def __init__(self, target: Target, source: str) -> None:
        self.target, self.source = target, source

    def find_spec(self, fullname: str, path: object, target: object = None) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.target.module:
            return None
        return importlib.util.spec_from_file_location(fullname, self.target.file, loader=self)

    def get_filename(self, fullname: str) -> str:
        return self.target.file

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


class Nursery:
    """The forks of one target that run now."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.running: dict[int, tuple[str, TextIO]] = {}

    def load(self) -> None:
        """Collect the tests once, so that the forks find others' packages loaded; ours are imported anew by each."""
        with contextlib.redirect_stdout(io.StringIO()) as said:
            if pytest.main([self.target.tests, *PYTEST, "--collect-only"]):
                raise BrokenRun(f"{self.target.tests} cannot be collected:\n{said.getvalue()}")
        for name in _of_ours(self.target):
            del sys.modules[name]

    def start(self, name: str, source: str, cpu_seconds: int | None) -> None:
        """Fork, with the module replaced by `source`."""
        receiver, sender = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(receiver)
            try:
                answer = _judge(self.target, source, cpu_seconds)
            except BaseException as error:
                answer = {"broken": f"{type(error).__name__}: {error}"}
            # Whatever a mutant raised, nothing that belongs to the parent runs after this.
            with os.fdopen(sender, "w") as out:
                out.write(json.dumps(answer))
            os._exit(0)
        os.close(sender)
        self.running[child] = (name, os.fdopen(receiver))

    def end(self) -> tuple[str, dict[str, Any]]:
        """Wait for the next fork that ends: its mutant's name, and what it said."""
        child, status = os.wait()
        name, receiver = self.running.pop(child)
        with receiver:
            text = receiver.read()
        answer = json.loads(text) if text else {"killed_by": f"limit ({signal.strsignal(os.WTERMSIG(status))})"}
        if "broken" in answer:
            raise BrokenRun(f"mutant {name}: {answer['broken']}")
        return name, answer

    def as_it_is(self, original: str) -> dict[str, Any]:
        """What the tests need and load without a mutant, which they must not fail on."""
        self.start(AS_IT_IS, original, None)
        _, answer = self.end()
        if answer["killed_by"] is not None:
            raise BrokenRun(f"{answer['killed_by']} fails without a mutant:\n{answer.get('said', '')}")
        return answer

    def run(self, sources: Mapping[str, str], jobs: int, known: Mapping[str, str | None], results: TextIO) -> None:
        """All mutants; a line of JSON for each, `running.Result`."""
        self.load()
        original = Path(self.target.file).read_text(encoding="utf-8")
        # What the tests load of others' packages while they run is loaded here before the second time.
        for name in self.as_it_is(original)["loaded"]:
            with contextlib.suppress(Exception):
                importlib.import_module(name)
        as_it_is = self.as_it_is(original)
        world, cpu_seconds = as_it_is["world"], int(2 + 4 * as_it_is["cpu_seconds"])

        def tell(name: str, killed_by: str | None) -> None:
            print(json.dumps({"name": name, "killed_by": killed_by, "world": world}), file=results, flush=True)

        for name, source in sources.items():
            if f"{name}/{world}" in known:
                tell(name, known[f"{name}/{world}"])
                continue
            if len(self.running) == jobs:
                ended, answer = self.end()
                tell(ended, answer["killed_by"])
            self.start(name, source, cpu_seconds)
        while self.running:
            ended, answer = self.end()
            tell(ended, answer["killed_by"])


def _judge(target: Target, source: str, cpu_seconds: int | None) -> dict[str, Any]:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if cpu_seconds is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 5))
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + MEMORY, mapped + MEMORY))
    before = set(sys.modules)
    sys.meta_path.insert(0, _Swap(target, source))
    first = _FirstFailure()
    with tempfile.TemporaryFile("w+") as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
        code = pytest.main([target.tests, *PYTEST], plugins=[first])
        sys.stdout.flush()
        said.seek(0)
        text = said.read()
    if code in NOT_A_VERDICT:
        raise BrokenRun(f"pytest ended with {code!r}:\n{text}")
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "killed_by": None if code == 0 else first.found or f"pytest ended with {code}",
        "said": text,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "world": _world(target),
        "loaded": sorted(set(sys.modules) - before - set(_of_ours(target))),
    }


def _of_ours(target: Target) -> dict[str, Path]:
    """Loaded modules below the target's root, this tool and what is installed there left out."""
    files = {name: Path(getattr(module, "__file__", None) or "/") for name, module in sys.modules.items()}
    here = Path(__file__).resolve().parent
    return {
        name: file
        for name, file in files.items()
        if file.is_relative_to(target.root) and not file.is_relative_to(sys.prefix) and not file.is_relative_to(here)
    }


def _world(target: Target) -> str:
    files = sorted({file for file in _of_ours(target).values() if file != Path(target.file)})
    texts = [f"{file.relative_to(target.root)}\0{file.read_text(encoding='utf-8')}" for file in files]
    return hashlib.sha256("\0".join([sys.version, *texts]).encode()).hexdigest()[:16]


def main() -> None:
    # One thread, as a fork has only the one that made it; and the search for all plugins takes longer than most tests.
    os.environ |= {"OMP_NUM_THREADS": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    request = json.load(sys.stdin)
    # Results go where standard output went; what tests print does not.
    with os.fdopen(os.dup(1), "w") as results, tempfile.TemporaryDirectory() as folder:
        os.dup2(2, 1)
        os.environ["PYTEST_DEBUG_TEMPROOT"] = folder
        try:
            Nursery(Target(**request["target"])).run(request["sources"], request["jobs"], request["known"], results)
        except BrokenRun as error:
            print(json.dumps({"broken": str(error)}), file=results, flush=True)


if __name__ == "__main__":
    main()
