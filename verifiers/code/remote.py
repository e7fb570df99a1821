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
import types
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, NoReturn

from verifiers.code.console import Replaced
from verifiers.code.handed import TAG, Handed
from verifiers.code.values import Malformed, Unencodable, decode, encode
from verifiers.code.wire import Wire

# Raised inside a generator or `map` of the tests these would end a loop early, as if all were done.
_ENDS_A_LOOP = (StopIteration, StopAsyncIteration, GeneratorExit)


class Stranger:
    """The solution as seen from here: every reply may be a lie, and one that breaks the protocol ends the tests.

    Args:
        fail: gives the verdict that the solution has failed, and ends this process.

    Attributes:
        calls: how many there were.
        given: classes of the given code, which the solution has too.
        module: stands for the solution's module in the tests.
    """

    def __init__(self, wire: Wire, fail: Callable[[str], NoReturn]) -> None:
        self.calls = 0
        self.given: set[type] = set()
        self.module = types.ModuleType("solution")
        self._wire = wire
        self._fail = fail
        self._functions: list[Any] = []
        self._replaced = Replaced(self.module)
        self._exceptions: dict[str, type[Exception]] = {}

    def ask(self, target: list[Any], args: tuple[Any, ...] | None = None, kwargs: dict[str, Any] | None = None) -> Any:
        """Call the target, or read it when there are no args. Raises what the call raised."""
        request: dict[str, Any] = {"target": target}
        handed, told = Handed(self.given), {}
        # Raises Unencodable: the tests hand over what cannot be handed over.
        if args is not None:
            told = self._replaced.told(self._number)
            request |= {"console": told} if told else {}
            request |= self._forms(handed, args=list(args), kwargs=kwargs or {})
        self._send("C", request)
        self.calls += 1
        return self._await(args or (), handed, told)

    def _forms(self, handed: Handed, **values: Any) -> dict[str, Any]:
        """Values by name, encoded, and beside them the table of the tests' own objects among them."""

        def own(value: Any) -> dict[str, Any]:
            return self._own(value, handed)

        forms = {name: encode(value, own) for name, value in values.items()}
        table = handed.table(lambda value: encode(value, own))
        return forms | ({"objects": table} if table else {})

    def _send(self, letter: str, body: dict[str, Any]) -> None:
        try:
            self._wire.send(letter, body)
        except ValueError as error:
            raise Unencodable(str(error)) from error

    def _await(self, args: tuple[Any, ...], handed: Handed, told: dict[str, Any]) -> Any:
        def held(tag: str, payload: Any) -> Any:
            return handed.at(payload) if tag == TAG else self._theirs(tag, payload)

        while True:
            try:
                letter, reply = self._wire.receive()
                if letter == "B":
                    call = self._called_back(reply)
                elif letter == "X":
                    error = self._raised(reply)
                elif letter == "R":
                    value = decode(reply["value"], self._theirs)
                    changed = {int(at): decode(form, self._theirs) for at, form in reply.get("changed", {}).items()}
                else:
                    raise Malformed("an unknown message")
                if letter != "B":
                    self._replaced.take(told, reply)
                if letter == "R" and value is None:
                    handed.change(reply.get("objects", {}), lambda form: decode(form, held))
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

    def exception(self, name: str) -> type[Exception]:
        """Stands for an exception class of the solution; raised when the solution says that it raises that one."""
        if name not in self._exceptions:
            self._exceptions[name] = type(name, (Exception,), {})
        return self._exceptions[name]

    def _raised(self, reply: dict[str, Any]) -> BaseException:
        error = _exception(reply["kinds"], decode(reply["args"], self._theirs))
        named = next((self._exceptions[name] for name in reply.get("names", []) if name in self._exceptions), None)
        if named is None or not isinstance(error, Exception):
            return error
        # Both what the tests name and the built-in kind that it is.
        kinds = (named,) if issubclass(named, type(error)) else (named, type(error))
        try:
            made: BaseException = type(named.__name__, kinds, {})(*error.args)
        # Kinds that cannot be one, arguments that do not fit.
        except TypeError:
            made = named(*error.args)
        return made

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
            return self._forms(Handed(self.given), value=function(*args, **kwargs))
        # The solution called it with arguments of its own choice; the error is for it to handle.
        except Exception as error:
            kind = next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins")
            return {"raised": kind, "message": str(error)[:1000]}

    def _own(self, value: Any, handed: Handed) -> dict[str, Any]:
        if type(value) is Remote:
            return {value._target[0]: value._target[1:]}
        if (place := handed.place(value)) is not None:
            return {TAG: place}
        if callable(value):
            return {"callback": self._number(value)}
        raise Unencodable(f"the tests hand over a {type(value).__name__}, which has no plain form")

    def _number(self, function: Any) -> int:
        """That of a function which the solution may call back."""
        # The last ones only: one that is patched in is handed over with every call.
        for number in range(len(self._functions) - 1, max(-1, len(self._functions) - 9), -1):
            if self._functions[number] is function:
                return number
        self._functions.append(function)
        return len(self._functions) - 1

    def _theirs(self, tag: str, payload: Any) -> Any:
        if tag == "callback" and type(payload) is int and 0 <= payload < len(self._functions):
            return self._functions[payload]
        if tag not in ("object", "coroutine"):
            raise Malformed("a tag that stands for nothing here")
        number, truth, name = payload
        if type(number) is not int or type(truth) is not bool or type(name) is not str:
            raise Malformed("a bad object")
        remote = Remote(self, "object", number, truth=truth, name=name)
        return _awaited(remote) if tag == "coroutine" else remote


async def _awaited(remote: Remote) -> Any:
    """A coroutine of the solution as one that the tests' event loop takes; over there it runs to its end at once."""
    return remote._ask("await")


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

    async def __aiter__(self) -> AsyncIterator[Any]:
        for item in _exactly(list, self._ask("alist")):
            yield item


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
    elif type(target) in (dict, set, Counter, OrderedDict, defaultdict):
        target.clear()
        target.update(contents)
    elif type(target) is deque:
        target.clear()
        target.extend(itertools.islice(contents, target.maxlen))
    elif (numpy := sys.modules.get("numpy")) is not None and type(target) is numpy.ndarray:
        # Of another shape it raises, as it would for the solution.
        target[...] = contents
