"""Stand-ins, in the test side, for what stays in the solution side. Standard library only.

A `Remote` is a function or class of the solution, or an object of it that has no plain form (a generator function, a
match, an instance of a class). It can be called, has attributes, a length, a text, items; each of these is one question
to the solution side, answered with a plain value. It is equal only to another Remote, and only when the solution says
so: no answer of the solution equals a value of the tests by saying that it does.
"""

from __future__ import annotations

import builtins
import itertools
import sys
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from verifiers.code.values import Malformed, Unencodable, decode, encode
from verifiers.code.wire import Wire

# Raised inside a generator or `map` of the tests these would end a loop early, as if all were done.
_ENDS_A_LOOP = (StopIteration, StopAsyncIteration, GeneratorExit)


class Stranger:
    """The solution as seen from here: every reply may be a lie, and one that breaks the protocol ends the tests.

    Args:
        fail: gives the verdict that the solution has failed, and ends this process.
    """

    def __init__(self, wire: Wire, fail: Callable[[str], NoReturn]) -> None:
        self.calls = 0
        self._wire = wire
        self._fail = fail
        self._functions: list[Any] = []

    def ask(self, target: list[Any], args: tuple[Any, ...] | None = None, kwargs: dict[str, Any] | None = None) -> Any:
        """Call the target, or read it when there are no args. Raises what the call raised."""
        request: dict[str, Any] = {"target": target}
        # Raises Unencodable: the tests hand over what cannot be handed over.
        if args is not None:
            request["args"] = encode(list(args), self._own)
            request["kwargs"] = encode(kwargs or {}, self._own)
        self._send("C", request)
        self.calls += 1
        return self._await(args or ())

    def _send(self, letter: str, body: dict[str, Any]) -> None:
        try:
            self._wire.send(letter, body)
        except ValueError as error:
            raise Unencodable(str(error)) from error

    def _await(self, args: tuple[Any, ...]) -> Any:
        while True:
            try:
                letter, reply = self._wire.receive()
                if letter == "B":
                    call = self._called_back(reply)
                elif letter == "X":
                    error = _exception(reply["kinds"], decode(reply["args"], self._theirs))
                elif letter == "R":
                    value = decode(reply["value"], self._theirs)
                    changed = {int(at): decode(form, self._theirs) for at, form in reply.get("changed", {}).items()}
                else:
                    raise Malformed("an unknown message")
            # Untrusted: whatever is wrong with the reply, the solution has failed, and no test can catch that.
            except (ValueError, TypeError, KeyError, AttributeError, LookupError, RecursionError, MemoryError):
                self._fail("a reply of the program is malformed")
            if letter == "B":
                self._send("K", self._run(*call))
            elif letter == "X":
                raise error
            else:
                if value is None:
                    for at, contents in changed.items():
                        _refill(args[at] if 0 <= at < len(args) else None, contents)
                return value

    def _called_back(self, reply: dict[str, Any]) -> tuple[Any, list[Any], dict[str, Any]]:
        number = reply["function"]
        if type(number) is not int or not 0 <= number < len(self._functions):
            raise Malformed("no such function")
        args, kwargs = decode(reply["args"], self._theirs), decode(reply["kwargs"], self._theirs)
        if type(args) is not list or type(kwargs) is not dict or not all(type(key) is str for key in kwargs):
            raise Malformed("no arguments")
        return self._functions[number], args, kwargs

    def _run(self, function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"value": encode(function(*args, **kwargs), self._own)}
        # The solution called it with arguments of its own choice; the error is for it to handle.
        except Exception as error:
            kind = next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins")
            return {"raised": kind, "message": str(error)[:1000]}

    def _own(self, value: Any) -> dict[str, Any]:
        if type(value) is Remote:
            return {value._target[0]: value._target[1:]}
        if callable(value):
            self._functions.append(value)
            return {"callback": len(self._functions) - 1}
        raise Unencodable(f"the tests hand over a {type(value).__name__}, which has no plain form")

    def _theirs(self, tag: str, payload: Any) -> Any:
        if tag == "callback" and type(payload) is int and 0 <= payload < len(self._functions):
            return self._functions[payload]
        if tag != "object":
            raise Malformed("a tag that stands for nothing here")
        number, truth, name = payload
        if type(number) is not int or type(truth) is not bool or type(name) is not str:
            raise Malformed("a bad object")
        return Remote(self, "object", number, truth=truth, name=name)


class Remote:
    """Stands for something of the solution; see the module."""

    __slots__ = ("__name__", "_stranger", "_target", "_truth")
    _stranger: Stranger
    _target: list[Any]
    _truth: bool

    def __init__(self, stranger: Stranger, kind: str, which: Any, *, truth: bool = True, name: str = "") -> None:
        for slot, value in zip(Remote.__slots__, (name or which, stranger, [kind, which], truth), strict=True):
            object.__setattr__(self, slot, value)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._stranger.ask(self._target, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._stranger.ask([*self._target, name])

    def __setattr__(self, name: str, value: Any) -> None:
        self._ask("setattr", name, value)

    def _ask(self, function: str, *args: Any) -> Any:
        return self._stranger.ask(["function", function], (self, *args))

    def __bool__(self) -> bool:
        return bool(self._truth)

    def __eq__(self, other: object) -> bool:
        return type(other) is Remote and (self._target == other._target or self._ask("eq", other) is True)

    def __hash__(self) -> int:
        return hash(str(self._target))

    def __len__(self) -> int:
        return int(_exactly(int, self._ask("len")))

    def __str__(self) -> str:
        return str(_exactly(str, self._ask("str")))

    def __repr__(self) -> str:
        return str(_exactly(str, self._ask("repr")))

    def __getitem__(self, key: Any) -> Any:
        return self._ask("getitem", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._ask("setitem", key, value)

    def __iter__(self) -> Iterator[Any]:
        return iter(_exactly(list, self._ask("list")))


def _exactly(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
    return value


def _exception(kinds: list[str], args: Any) -> BaseException:
    """An exception of the nearest built-in kind."""
    for name in kinds:
        kind = getattr(builtins, name, None)
        if isinstance(kind, type) and issubclass(kind, BaseException):
            if issubclass(kind, _ENDS_A_LOOP):
                break
            try:
                return kind(*args)
            # A kind whose arguments do not fit, such as UnicodeDecodeError: the next one up.
            except Exception:
                continue
    return RuntimeError("the program raised something that ends loops")


def _refill(target: Any, contents: Any) -> None:
    """Give an argument of the tests the contents that the solution's copy of it has now."""
    if type(target) is not type(contents):
        return
    if type(target) in (list, bytearray):
        target[:] = contents
    elif type(target) in (dict, set):
        target.clear()
        target.update(contents)
    elif type(target) is deque:
        target.clear()
        target.extend(itertools.islice(contents, target.maxlen))
    elif (numpy := sys.modules.get("numpy")) is not None and type(target) is numpy.ndarray:
        # Of another shape it raises, as it would for the solution.
        target[...] = contents
