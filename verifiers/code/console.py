"""What a program reads and prints while the tests call it, where the tests have replaced that. Standard library only.

Tests patch `builtins.input` or `builtins.print`, put a text in the place of `sys.stdin`, or catch `sys.stdout`, all in
their own process. So a call says which of these are replaced: functions are called back, a text is handed over, and
what the call has printed comes back with its reply. Both sides import this.
"""

from __future__ import annotations

import builtins
import io
import sys
import types
from collections.abc import Callable
from typing import Any

from verifiers.code.values import Malformed

_FUNCTIONS = ("input", "print")
_MOST_CHARACTERS = 1 << 20
_MOST_READ = 1 << 30


class Replaced:
    """In the tests' side: tells what is replaced now, and takes what a call has printed and read.

    Args:
        module: stands for the program in the tests; a function that is patched there counts as well.
    """

    def __init__(self, module: types.ModuleType) -> None:
        self._module = module
        self._functions = {name: getattr(builtins, name) for name in _FUNCTIONS}
        self._stdin, self._stdout = sys.stdin, sys.stdout

    def told(self, number: Callable[[Any], int]) -> dict[str, Any]:
        """For a request; {} where nothing is replaced. `number` is that of a function that can be called back."""
        told: dict[str, Any] = {}
        for name, own in self._functions.items():
            function = vars(self._module).get(name, getattr(builtins, name))
            if function is not own and callable(function):
                told[name] = number(function)
        if isinstance(sys.stdin, io.TextIOBase) and sys.stdin is not self._stdin:
            at = sys.stdin.tell()
            told["stdin"] = sys.stdin.read()
            sys.stdin.seek(at)
        if sys.stdout is not self._stdout:
            told["stdout"] = True
        return told

    def take(self, told: dict[str, Any], reply: dict[str, Any]) -> None:
        """What a reply tells, as far as the request has asked for it. Raises Malformed."""
        printed, read = reply.get("printed", ""), reply.get("read", 0)
        if type(printed) is not str or type(read) is not int or not 0 <= read <= _MOST_READ:
            raise Malformed("a bad console")
        if "stdin" in told:
            sys.stdin.read(read)
        if "stdout" in told and sys.stdout is not None:
            sys.stdout.write(printed)


class Console:
    """In the program's side, while a call runs: what the tests have replaced is replaced here. A context.

    Args:
        callback: makes a function of the number that the tests have told.
    """

    def __init__(self, told: dict[str, Any], callback: Callable[[int], Any]) -> None:
        self._functions = {name: callback(told[name]) for name in _FUNCTIONS if name in told}
        self._stdin = io.StringIO(told["stdin"]) if "stdin" in told else None
        self._stdout = io.StringIO() if "stdout" in told else None
        self._before: list[Any] = []

    def __enter__(self) -> None:
        self._before = [{name: getattr(builtins, name) for name in self._functions}, sys.stdin, sys.stdout]
        vars(builtins).update(self._functions)
        sys.stdin, sys.stdout = self._stdin or sys.stdin, self._stdout or sys.stdout

    def __exit__(self, *exception: object) -> None:
        functions, sys.stdin, sys.stdout = self._before
        vars(builtins).update(functions)

    def told(self) -> dict[str, Any]:
        """For the reply: what was printed and how much was read."""
        told: dict[str, Any] = {}
        if self._stdout is not None:
            told["printed"] = self._stdout.getvalue()[:_MOST_CHARACTERS]
        if self._stdin is not None:
            told["read"] = self._stdin.tell()
        return told
