"""Proofs that the Lean judge checks, a header of many theorems, and the same proofs for a cold `lean --json`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rlcore.data.families import theorems
from verifiers.lean import toolchain
from verifiers.types import Json


def proofs(count: int, header: str = "") -> list[tuple[str, Json]]:
    """Completions and references of the generated family, below a header."""
    problems = theorems.problems(count, 7)
    return [
        (
            f"```lean\nby\n{problem.reference['solution']}\n```",
            {"statement": problem.reference["statement"], "header": header},
        )
        for problem in problems
    ]


def header(count: int) -> str:
    """So many theorems."""
    return "".join(f"theorem of_header_{n} : {n} + {n + 1} = {2 * n + 1} := rfl\n" for n in range(count))


@contextmanager
def cold(count: int) -> Iterator[tuple[list[list[str]], list[str]]]:
    """Command lines that check one proof each in a fresh Lean that prints JSON, and their expected output."""
    tools = toolchain.embedded()
    prelude = toolchain.prelude(tools)
    with tempfile.TemporaryDirectory() as folder:
        commands = []
        for number, (text, reference) in enumerate(proofs(count)):
            proof = text.split("\n", 1)[1].rsplit("\n", 1)[0]
            file = Path(folder) / f"P{number}.lean"
            file.write_text(f"prelude\nimport {toolchain.BASE_MODULE}\n{reference['statement']} := {proof}\n")
            code = (
                "import ctypes, os, sys\n"
                f"os.environ['LEAN_PATH'] = {str(prelude)!r}\n"
                f"os.chdir({folder!r})\n"
                f"lean = ctypes.CDLL({str(tools.library)!r}, mode=ctypes.RTLD_GLOBAL)\n"
                f"arguments = [b'lean', b'--json', {str(file).encode()!r}]\n"
                "sys.exit(lean.lean_main(3, (ctypes.c_char_p * 4)(*arguments, None)))"
            )
            commands.append([sys.executable, "-I", "-S", "-c", code])
        yield commands, [""] * count
