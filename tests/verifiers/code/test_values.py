"""Plain values cross the sandbox type for type, and nothing else does."""

from __future__ import annotations

import collections
import datetime
import decimal
import enum
import fractions
import json
from typing import Any

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
    assert type(across(collections.Counter("aab"))) is dict
    assert across(numpy.float64(0.5)) == 0.5
    assert type(across(numpy.int8(3))) is int


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
