"""Objects of the tests' own classes (nodes of lists, trees and graphs) that a call hands over. Standard library only.

They travel as a table beside the arguments: of each its class's name and its attributes. An argument or attribute
names one by its place in the table, so a list may be long and a graph have cycles. In the program's side each is an
object of the program's class of that name, or of an empty one; a call that returns None tells what it has changed in
them. Both sides import this; no secret is ever in it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from verifiers.code.values import Malformed

TAG = "own"
Table = list[tuple[str, dict[str, Any]]]


class Handed:
    """In the tests' side: the objects that one message hands over, in the order of its table.

    Args:
        given: classes that the program has too, since they stand in the code that the prompt gave. Of others it gets
            the attributes and no method, so those that have methods are not handed over.
    """

    def __init__(self, given: Collection[type]) -> None:
        self._given = given
        self._objects: list[Any] = []
        self._places: dict[int, int] = {}

    def place(self, value: Any) -> int | None:
        """Its place in the table; None where it is no such object."""
        if not self._is_ours(type(value)):
            return None
        if id(value) not in self._places:
            self._places[id(value)] = len(self._objects)
            self._objects.append(value)
        return self._places[id(value)]

    def _is_ours(self, kind: type) -> bool:
        if kind.__module__ != "tests" or not all(base is object or base.__module__ == "tests" for base in kind.__mro__):
            return False
        methods = (name for base in kind.__mro__[:-1] for name, value in vars(base).items() if callable(value))
        return kind in self._given or all(name.startswith("__") for name in methods)

    def table(self, encode: Callable[[Any], Any]) -> Table:
        """All of them, those too that are only reached from another one."""
        rows: Table = []
        # The list grows while it is walked.
        for value in self._objects:
            rows.append((type(value).__name__, {name: encode(held) for name, held in attributes(value).items()}))
        return rows

    def at(self, place: Any) -> Any:
        """The object at a place that the program named. Raises Malformed."""
        if type(place) is not int or not 0 <= place < len(self._objects):
            raise Malformed("no such object of the tests")
        return self._objects[place]

    def change(self, changed: Mapping[str, Mapping[str, Any]], decode: Callable[[Any], Any]) -> None:
        """Give attributes that they have the values that the program's copies have now. Raises Malformed."""
        for place, forms in changed.items():
            target = self.at(int(place))
            known = attributes(target)
            for name, form in forms.items():
                if name in known:
                    object.__setattr__(target, name, decode(form))


def attributes(value: Any) -> dict[str, Any]:
    """Its own, by name."""
    slots = [name for kind in type(value).__mro__ for name in _slots(kind) if hasattr(value, name)]
    return {name: getattr(value, name) for name in slots} | dict(getattr(value, "__dict__", {}))


def _slots(kind: type) -> list[str]:
    slots = vars(kind).get("__slots__", ())
    return [name for name in ([slots] if isinstance(slots, str) else slots) if not name.startswith("__")]


def make(names: Mapping[str, Any], table: Table) -> list[Any]:
    """In the program's side: the objects of a table, still without attributes."""
    kinds: dict[str, type] = {}
    for name, _ in table:
        kind = names.get(name)
        kinds.setdefault(name, kind if isinstance(kind, type) else type(name, (), {}))
    return [object.__new__(kinds[name]) for name, _ in table]


def fill(objects: list[Any], table: Table, decode: Callable[[Any], Any]) -> None:
    """Give them their attributes."""
    for value, (_, forms) in zip(objects, table, strict=True):
        for name, form in forms.items():
            object.__setattr__(value, name, decode(form))


def changes(objects: list[Any], table: Table, encode: Callable[[Any], Any]) -> dict[str, dict[str, Any]]:
    """Place -> attribute -> new value, for what the program has changed in them."""
    changed: dict[str, dict[str, Any]] = {}
    for place, (value, (_, before)) in enumerate(zip(objects, table, strict=True)):
        now = {name: encode(held) for name, held in attributes(value).items() if name in before}
        if different := {name: form for name, form in now.items() if form != before[name]}:
            changed[str(place)] = different
    return changed
