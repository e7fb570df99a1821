"""Plain values cross the sandbox type for type, and nothing else does."""

from __future__ import annotations

import collections
import datetime
import decimal
import enum
import fractions
import json
from typing import Any, NamedTuple

import numpy
import pytest

from verifiers.code.values import MAX_DEPTH, MAX_ITEMS, Malformed, Unencodable, decode, encode


def across(value: Any) -> Any:
    return decode(json.loads(json.dumps(encode(value))))


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -(2**70),
        10**6000,
        -0.0,
        0.1,
        float("inf"),
        "\ud800 猫 \x00",
        b"\x00\xff",
        bytearray(b"x"),
        1 - 2j,
        (1, [2, (3,)]),
        {"a": 1, 2: {"b": ()}, (1, 2): None},
        {1, 2},
        frozenset({"x"}),
        range(3, 9, 2),
        collections.deque([1, 2]),
        collections.Counter("aab"),
        collections.OrderedDict([("b", 1), ("a", [2])]),
        collections.defaultdict(list, {"a": [1]}),
        decimal.Decimal("1.50"),
        fractions.Fraction(-2, 6),
        datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC),
        datetime.date(2026, 1, 2),
        datetime.timedelta(days=-1, microseconds=5),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_come_back_with_their_types(value: Any) -> None:
    back = across(value)
    assert type(back) is type(value)
    assert back == value


def test_subclasses_come_back_as_their_base() -> None:
    class Liar(int):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = int.__hash__

    class Level(enum.IntEnum):
        HIGH = 3

    assert type(across(Liar(5))) is int
    assert across(Liar(5)) == 5
    assert across(Liar(5)) != 6
    assert type(across(Level.HIGH)) is int

    class Tally(collections.Counter[str]):
        def most_common(self, n: int | None = None) -> list[tuple[str, int]]:
            return [("x", 9)]

    assert type(across(Tally("aab"))) is collections.Counter
    assert across(Tally("aab")).most_common(1) == [("a", 2)]
    assert type(across(collections.defaultdict(lambda: 7))) is dict
    assert list(across(collections.OrderedDict.fromkeys("cab"))) == ["c", "a", "b"]
    assert across(collections.defaultdict(int))["absent"] == 0
    assert across(numpy.float64(0.5)) == 0.5
    assert type(across(numpy.int8(3))) is int


Point = collections.namedtuple("Point", "x y")


class Typed(NamedTuple):
    name: str
    parts: list[int] = []  # noqa: RUF012

    @property
    def length(self) -> int:
        return 99


def test_named_tuples_keep_their_fields_and_nothing_else() -> None:
    back = across([Point(1, (2, 3)), Typed("a", [1])])
    assert back == [(1, (2, 3)), ("a", [1])]
    assert (back[0].x, back[0].y, back[0]._asdict()) == (1, (2, 3), {"x": 1, "y": (2, 3)})
    assert (back[1].name, back[1].parts) == ("a", [1])
    assert isinstance(back[0], tuple)
    assert not hasattr(back[1], "length")


def test_a_field_never_stands_for_what_a_tuple_has() -> None:
    for fields in ("count x", "x index"):
        assert type(across(collections.namedtuple("Odd", fields)(1, 2))) is tuple
    assert type(across(collections.namedtuple("Odd", "a a", rename=True)(1, 2))) is tuple


def test_arrays_keep_type_and_shape() -> None:
    array = numpy.array([[1.5, 2.0], [3.0, 4.0]], dtype="float32")
    back = across(array)
    assert back.dtype == array.dtype
    assert back.tolist() == [[1.5, 2.0], [3.0, 4.0]]


def test_iterators_are_read_up_to_a_bound() -> None:
    assert list(across(number * 2 for number in range(3))) == [0, 2, 4]
    endless = across(iter(int, 1))
    assert [next(endless) for _ in range(MAX_ITEMS)] == [0] * MAX_ITEMS
    with pytest.raises(RuntimeError):
        next(endless)


def test_what_has_no_plain_form_is_refused() -> None:
    with pytest.raises(Unencodable):
        encode(object())
    itself: list[Any] = []
    itself.append(itself)
    with pytest.raises(Unencodable):
        encode(itself)


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"tuple": [], "list": []},
        {"object": [0, True, "x"]},
        {"__import__": "os"},
        {"set": [[1]]},
        {"dict": [[{"dict": []}, 1]]},
        {"dict": [[1]]},
        {"tuple": 5},
        {"int": 5},
        {"int": "0x"},
        {"bytes": "zz"},
        {"decimal": []},
        {"fraction": ["1e999999999", 1]},
        {"fraction": [1, 0]},
        {"range": ["a"]},
        {"date": "yesterday"},
        {"timedelta": [10**30]},
        {"ndarray": ["O", [1], [None]]},
        {"ndarray": ["<f8", [10**12], [0.0]]},
        {"ndarray": ["no type", [1], [0.0]]},
        {"iterator": [0] * (MAX_ITEMS + 1)},
        {"counter": [[1]]},
        {"ordereddict": 5},
        {"defaultdict": ["open", []]},
        {"defaultdict": [["int"], []]},
        {"namedtuple": ["P", ["x"], [1, 2]]},
        {"namedtuple": ["P", ["__class__"], [1]]},
        {"namedtuple": ["P", ["count"], [1]]},
        {"namedtuple": ["P", ["x", "x"], [1, 2]]},
        {"namedtuple": ["P", ["x=open"], [1]]},
        {"namedtuple": ["P(object)", ["x"], [1]]},
        {"namedtuple": ["P", "x", [1]]},
        {"namedtuple": [["P"], ["x"], [1]]},
    ],
    ids=lambda form: next(iter(form), "empty"),
)
def test_malformed_forms_are_named_so(form: Any) -> None:
    with pytest.raises(Malformed):
        decode(form)


def test_depth_is_bounded() -> None:
    form: Any = 1
    for _ in range(MAX_DEPTH + 1):
        form = [form]
    with pytest.raises(Malformed):
        decode(form)
