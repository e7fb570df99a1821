"""Asks a module's own tests about its mutants, in a process of their own (`nursery.py`)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


class BrokenRun(Exception):
    """The tests fail without a mutant, or could not be run on one: nothing is known about the mutants."""


@dataclass(frozen=True)
class Target:
    """What is changed and who should notice: the folder that imports start from, a module, its file, its tests."""

    root: str
    module: str
    file: str
    tests: str

    @classmethod
    def of(cls, module: str) -> Target:
        """A module of the checkout, with the tests at the mirrored place."""
        *folders, name = module.split(".")
        file, tests = CHECKOUT.joinpath(*folders, f"{name}.py"), CHECKOUT.joinpath("tests", *folders, f"test_{name}.py")
        return cls(str(CHECKOUT), module, str(file), str(tests))


@dataclass(frozen=True)
class Result:
    """What became of a mutant.

    Attributes:
        killed_by: the first test that failed, or the limit that ended it; None where nothing did.
        world: digest of the rest that this depends on: the tests and the code of ours that they ran.
    """

    name: str
    killed_by: str | None
    world: str


def run_mutants(
    target: Target, sources: Mapping[str, str], *, jobs: int, known: Mapping[str, str | None] | None = None
) -> Iterator[Result]:
    """The results of `sources` (each mutant's whole text by its name), as they end.

    Args:
        jobs: how many run at a time.
        known: `killed_by` of before by `name/world`; those are not run again.

    Raises:
        BrokenRun: the tests fail on the module as it is, or pytest itself fails on a mutant.
    """
    request = {"target": asdict(target), "sources": dict(sources), "jobs": jobs, "known": dict(known or {})}
    command = [sys.executable, "-m", "tests.mutation.nursery"]
    with subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as nursery:
        assert nursery.stdin is not None and nursery.stdout is not None
        nursery.stdin.write(json.dumps(request))
        nursery.stdin.close()
        for line in nursery.stdout:
            answer = json.loads(line)
            if "broken" in answer:
                raise BrokenRun(f"{target.module}: {answer['broken']}")
            yield Result(**answer)
    if nursery.returncode:
        raise BrokenRun(f"{target.module}: the process that holds its tests ended with {nursery.returncode}")
