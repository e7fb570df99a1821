"""The side of the sandbox that runs a data set's checker in Python on one output. Standard library only.

The checker runs as a script that was called with three files: the input, the expected output, the output that is to be
checked. There are no files here, so `open` (of `io` and `pathlib` too) knows these three names and what they hold. What
is checked was written by an attacker: the checker's own code has no `eval`, `exec` and `compile`, with which a line of
it would be run.
"""

from __future__ import annotations

import builtins
import io
import json
import os
import sys
import types
from typing import Any, NoReturn

NAMES = ("input.txt", "correct_output.txt", "solution_output.txt")
_FILE = "checker.py"
_open = open


def main() -> None:
    """Run the checker that stands, with its files, as JSON in stdin. Raises what it raises, SystemExit too."""
    told = json.loads(sys.stdin.buffer.read())
    held = {name: text.encode("utf-8", "surrogateescape") for name, text in zip(NAMES, told["files"], strict=True)}

    def opened(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        name = os.path.basename(os.fspath(file)) if isinstance(file, str | os.PathLike) else file
        if name not in held or set(mode) & set("wax+"):
            return _open(file, mode, *args, **kwargs)
        content = io.BytesIO(held[name])
        return content if "b" in mode else _text(content, *args, **kwargs)

    builtins.open = io.open = opened
    sys.stdin = io.TextIOWrapper(io.BytesIO(), "utf-8")
    sys.argv = [_FILE, *NAMES]
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    vars(module).update(__file__=_FILE, eval=_refuse, exec=_refuse, compile=_refuse)
    exec(compile(told["source"], _FILE, "exec", dont_inherit=True), vars(module))


def _text(
    content: io.BytesIO,
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    **_: Any,
) -> io.TextIOWrapper:
    return io.TextIOWrapper(content, encoding or "utf-8", errors, newline)


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise PermissionError("a checker runs no code that stands in an output")
