"""`python -m verifiers.lean check FILE`: judge a file with one theorem and its proof, and say what became of each step.

`python -m verifiers.lean info` says which Lean is there and where its compiled files are. What stands before the last
`theorem` of FILE (`-`: standard input) is the header; the statement ends at the first `:=` outside brackets.

Exit codes: 0 the proof is right, 1 it is not, 2 it could not be judged.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from verifiers.lean import discovery, server, toolchain
from verifiers.lean.judge import judge
from verifiers.lean.steps import progress
from verifiers.lean.toolchain import LeanUnavailable
from verifiers.lean.whole import split
from verifiers.sandbox.types import SandboxFailed, SandboxUnavailable
from verifiers.types import Status, Verdict

_PLACE = re.compile(r"(?<=: )line (\d+), column (\d+): ")
_MARKS = {"accepted": "ok  ", "failed": "FAIL", "not_reached": "    "}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m verifiers.lean", description=str(__doc__).splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="judge a file with one theorem and its proof")
    check.add_argument("file", help="a .lean file, or - for standard input")
    check.add_argument("--json", action="store_true", help="print the verdict as JSON")
    commands.add_parser("info", help="which Lean is there")
    options = parser.parse_args(arguments)
    try:
        return _info() if options.command == "info" else _check(options.file, options.json)
    except (LeanUnavailable, SandboxUnavailable, SandboxFailed, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2


def _check(name: str, as_json: bool) -> int:
    text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    reference, proof = split(text)
    verdict = judge(f"```lean\n{proof}\n```", reference, finish_reason="stop")
    before = text[: len(text) - len(proof)]
    print(verdict.model_dump_json() if as_json else _in_file(_shown(verdict, proof), before))
    if verdict.mask_sample:
        return 2
    return 0 if verdict.status is Status.CORRECT else 1


def _shown(verdict: Verdict, proof: str) -> str:
    """For people: each step of the proof with its mark, then the verdict."""
    shift = len("```lean\n")
    lines = []
    for step in verdict.steps:
        first, _, rest = proof[step.start - shift : step.end - shift].partition("\n")
        lines.append(f"{_MARKS.get(step.status, '    ')}  {first}{' ...' if rest else ''}")
    if verdict.steps:
        lines.append(f"progress {progress(verdict.steps):.0%}")
    lines.append(f"{verdict.status}: {verdict.detail or verdict.failure_reason}")
    return "\n".join(lines)


def _in_file(shown: str, before: str) -> str:
    """Lines and columns of the proof as those of the file."""
    lines, column = before.count("\n"), len(before) - before.rfind("\n") - 1

    def moved(place: re.Match[str]) -> str:
        line = int(place[1])
        return f"line {line + lines}, column {int(place[2]) + (column if line == 1 else 0)}: "

    return _PLACE.sub(moved, shown)


def _info() -> int:
    tools = discovery.current()
    print(f"Lean:    {tools.name} ({'full' if tools.is_full else 'embedded'} mode)")
    print(f"library: {tools.library}")
    if tools.is_full:
        print(f"modules: {os.pathsep.join(map(str, tools.path))}")
    else:
        print(f"prelude: {toolchain.prelude(tools)}")
    limits = server.FULL_LIMITS if tools.is_full else server.LIMITS
    heartbeats = server.FULL_HEARTBEATS if tools.is_full else server.HEARTBEATS
    print(f"limits:  {heartbeats * 1000:,} heartbeats, {limits.cpu_seconds:g} s of CPU time")
    return 0


if __name__ == "__main__":
    sys.exit(main())
