"""The side of the sandbox that runs the program under test and answers calls to it. Standard library only.

Nothing here is trusted: the program may replace every line of it. All it can do with that is to give other answers, as
it could by computing them. It sees the arguments of one call at a time, never a test or an expected value.
"""

from __future__ import annotations

import builtins
import operator
import os
import sys
import types
from collections.abc import Callable
from typing import Any

from verifiers.code import handed
from verifiers.code.console import Console
from verifiers.code.loading import FILE, MODULE, load
from verifiers.code.values import MAX_ITEMS, Unencodable, decode, encode
from verifiers.code.wire import Gone, Wire


def _finished(coroutine: Any) -> Any:
    import asyncio

    return asyncio.run(coroutine)


def _collected(items: Any) -> list[Any]:
    async def collect() -> list[Any]:
        found = []
        async for item in items:
            found.append(item)
            if len(found) == MAX_ITEMS:
                break
        return found

    return list(_finished(collect()))


# What the tests may do to an object that stays here.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "len": len,
    "str": str,
    "repr": repr,
    "list": list,
    "getitem": operator.getitem,
    "setitem": operator.setitem,
    "setattr": setattr,
    "eq": operator.eq,
    "await": _finished,
    "alist": _collected,
}
_MUTABLE = frozenset({"dict", "counter", "ordereddict", "defaultdict", "set", "deque", "bytearray", "ndarray"})


def allow_long_numbers() -> None:
    """In the fork server: whole numbers of any length as text. Their cost is CPU time, which has its limit."""
    sys.set_int_max_str_digits(0)


def main() -> None:
    """Serve calls until the driver closes the channel. Never returns."""
    wire = Wire()
    try:
        _, setup = wire.receive()
        try:
            names = load(setup["program"], setup["prefix"], setup["names"])
        except Gone:
            raise
        # SystemExit too: a program that ends itself while it is loaded has nothing to call.
        except BaseException as error:
            wire.send("F", _describe(error))
        else:
            Side(wire, names, setup["changes"]).serve()
    except Gone:
        os._exit(0)
    os._exit(1)


class Side:
    """Looks up what is asked for, calls it, encodes what comes out. Objects with no plain form stay here, by number.

    Args:
        changes: a reply tells what a call has changed in its arguments.
    """

    def __init__(self, wire: Wire, names: dict[str, Any], changes: bool) -> None:
        self._wire = wire
        self._changes = changes
        self._names = names
        self._objects: list[Any] = []
        self._numbers: dict[int, dict[str, Any]] = {}

    def serve(self) -> None:
        """Answer calls until the channel closes (Gone)."""
        while True:
            _, request = self._wire.receive()
            self._answer(request)

    def _answer(self, request: dict[str, Any]) -> None:
        console = Console(request.get("console", {}), self._callback)
        try:
            with console:
                reply = self._call(request)
            self._wire.send("R", reply | console.told())
        except Gone:
            raise
        # SystemExit, MemoryError, a result too long to send: it is what the call came to.
        except BaseException as error:
            self._wire.send("X", _exception(error) | console.told())

    def _call(self, request: dict[str, Any]) -> dict[str, Any]:
        target = self._target(*request["target"])
        if "args" not in request:
            return {"value": self._encode(target)}
        table: handed.Table = request.get("objects", [])
        objects, read = self._taken(table)
        args = read(request["args"])
        result = target(*args, **read(request["kwargs"]))
        reply = {"value": self._encode(result)}
        if self._changes and result is None:
            if changed := self._changed(args, request["args"]):
                reply["changed"] = changed
            if inside := handed.changes(objects, table, self._naming(objects)):
                reply["objects"] = inside
        return reply

    def _taken(self, table: handed.Table) -> tuple[list[Any], Callable[[Any], Any]]:
        """The objects of a message, and what reads its forms."""
        objects = handed.make(self._names, table)

        def foreign(tag: str, payload: Any) -> Any:
            return objects[payload] if tag == handed.TAG else self._foreign(tag, payload)

        def read(form: Any) -> Any:
            return decode(form, foreign)

        handed.fill(objects, table, read)
        return objects, read

    def _naming(self, objects: list[Any]) -> Callable[[Any], Any]:
        """What encodes a value in which objects of the tests are named as such."""
        places = {id(one): place for place, one in enumerate(objects)}

        def own(value: Any) -> dict[str, Any]:
            place = places.get(id(value))
            return self._keep(value) if place is None else {handed.TAG: place}

        return lambda value: encode(value, own)

    def _changed(self, args: list[Any], before: list[Any]) -> dict[str, Any]:
        """Position -> new contents of the lists, dicts, sets ... that a call which returned None has changed."""
        changed = {}
        for index, (value, form) in enumerate(zip(args, before, strict=True)):
            if isinstance(form, list) or (isinstance(form, dict) and form.keys() & _MUTABLE):
                after = self._encode(value)
                if after != form:
                    changed[str(index)] = after
        return changed

    def _target(self, kind: str, which: Any, attribute: str = "") -> Any:
        if kind == "function":
            return FUNCTIONS[which]
        owner = self._named(which) if kind == "name" else self._objects[which]
        return getattr(owner, attribute) if attribute else owner

    def _named(self, name: str) -> Any:
        """A function or class of the program; a method of its class Solution by the method's name alone."""
        if name in self._names:
            return self._names[name]
        solution = self._names.get("Solution")
        if isinstance(solution, type) and hasattr(solution, name):
            return getattr(solution(), name)
        raise NameError(f"the program defines no {name}")

    def _encode(self, value: Any) -> Any:
        return encode(value, self._keep)

    def _keep(self, value: Any) -> dict[str, Any]:
        """The number of an object with no plain form, its truth and its type's name."""
        if id(value) not in self._numbers:
            tag = "coroutine" if isinstance(value, types.CoroutineType) else "object"
            self._numbers[id(value)] = {tag: [len(self._objects), bool(value), type(value).__name__]}
            # Kept alive, so its id stays its own.
            self._objects.append(value)
        return self._numbers[id(value)]

    def _foreign(self, tag: str, payload: Any) -> Any:
        return self._callback(payload) if tag == "callback" else self._target(tag, *payload)

    def _callback(self, number: int) -> Callable[..., Any]:
        def callback(*args: Any, **kwargs: Any) -> Any:
            request = {"function": number, "args": self._encode(list(args)), "kwargs": self._encode(kwargs)}
            self._wire.send("B", request)
            letter, reply = self._wire.receive()
            while letter != "K":
                # The function of the tests calls the solution again.
                self._answer(reply)
                letter, reply = self._wire.receive()
            if "raised" in reply:
                raise getattr(builtins, reply["raised"])(reply["message"])
            return self._taken(reply.get("objects", []))[1](reply["value"])

        # Handed back, it is the function of the tests again.
        self._numbers[id(callback)] = {"callback": number}
        self._objects.append(callback)
        return callback


def _exception(error: BaseException) -> dict[str, Any]:
    """Its built-in kinds, nearest first, and its arguments where they are plain."""
    kinds = [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"]
    try:
        arguments = encode(list(error.args))
    except Unencodable:
        arguments = [str(error)]
    own = [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == MODULE]
    return {"kinds": kinds, "args": arguments} | ({"names": own} if own else {})


def _describe(error: BaseException) -> tuple[str, int]:
    """Its kind and the line of the program; its text may name files of this machine."""
    line = error.lineno or 0 if isinstance(error, SyntaxError) else 0
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == FILE:
            line = trace.tb_lineno
        trace = trace.tb_next
    return type(error).__name__, line
