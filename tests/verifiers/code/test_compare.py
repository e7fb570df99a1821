"""What counts as the expected output and the expected value."""

from __future__ import annotations

import json
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from typing import Any

import pytest

from verifiers.code.compare import longest_equal, stdout_equal, value_equal
from verifiers.code.values import encode

Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("compare", "expected", "got", "equal"),
    [
        ("tokens", "1 2\n3\n", b"1  2 3", True),
        ("tokens", "1 2", b"12", False),
        ("tokens", "", b"\n", True),
        ("tokens", "a\u00a0b", b"a b", False),
        ("tokens", "\ud800", b"?", False),
        ("exact", "a\nb\n", b"a\r\nb", True),
        ("exact", "a b", b"a  b", False),
        ("exact", " a", b"a", False),
        ("float", "0.5", b"0.5000001", True),
        ("float", "0.5", b"5e-1", True),
        ("float", "0.5", b"0.501", False),
        ("float", "1000000000.0", b"1000000900", True),
        ("float", "1000000007", b"1000000008", False),
        ("float", "3", b"3.0000001", True),
        ("float", "3", b"3.1", False),
        ("float", "0.5", b"nan", False),
        ("float", "1e400", b"1e401", False),
        ("float", "nan", b"nan", True),
        ("float", "15.5", b"1_5.5", False),
        ("float", "YES 0.5", b"YES .5", True),
        ("float", "YES", b"NO", False),
    ],
)
def test_stdout(compare: str, expected: str, got: bytes, equal: bool) -> None:
    assert stdout_equal(expected, got, compare) is equal


@pytest.mark.parametrize(
    ("expected", "got", "equal"),
    [
        (1, 1, True),
        (1, 1.0, True),
        (1, True, False),
        (True, 1, False),
        (False, None, False),
        (10**30, 10**30, True),
        (10**30, 10**30 + 1, False),
        (0.3, 0.1 + 0.2, True),
        (0.3, 0.3001, False),
        # An expected float has its tolerance against a whole number too; an expected whole number has none.
        (3.0000000000000004, 3, True),
        (2.9999999999999996, 3, True),
        (3.0, 3, True),
        (3.001, 3, False),
        (1e-13, 0, True),
        (1e-9, 0, False),
        (1e20, 10**20, True),
        (1.0, True, False),
        (float("inf"), 10**400, False),
        (1e308, 10**400, False),
        (float("nan"), 0, False),
        (3, 3.0000000000000004, False),
        (3, 2.9999999999999996, False),
        (10**17, 1e17, True),
        (float("nan"), float("nan"), True),
        ("1", 1, False),
        ([1, 2], (1, 2), True),
        ([1, 2], [1, 2, 3], False),
        ([1, 2], {1, 2}, False),
        ([[1], []], ([1], ()), True),
        ({"a": [1]}, {"a": (1,)}, True),
        ({"1": 2, "true": 3, "null": 4}, {"1": 2, True: 3, None: 4}, True),
        ({"1": 2}, {1: 2}, True),
        ({"1": 2}, {1: 2, "1": 2}, False),
        ({}, [], False),
        (None, None, True),
        ([1, 2], Point(1, 2), True),
        ([2, 1], Point(1, 2), False),
        ({"a": 2}, Counter("aa"), True),
        ({"a": 2}, Counter("aab"), False),
        ({"a": 2, "b": 0}, Counter("aa"), False),
        ({"a": 1}, OrderedDict(a=1), True),
        ({"a": [1]}, defaultdict(list, a=[1]), True),
        ({"a": [1]}, defaultdict(list), False),
        ([], {}, False),
        ({}, [], False),
    ],
)
def test_values(expected: Any, got: Any, equal: bool) -> None:
    assert value_equal(expected, encode(got)) is equal


@pytest.mark.parametrize("form", [{"int": "0xzz"}, {"dict": [[1]]}, {"ndarray": [1]}, {"object": []}, {"dict": 3}, {}])
def test_malformed_forms_are_equal_to_nothing(form: Any) -> None:
    for expected in (0, [], {}, "", None, True, [1], {"a": 1}):
        assert not value_equal(expected, form)


def test_arrays() -> None:
    numpy = pytest.importorskip("numpy")
    assert value_equal([[1, 2], [3, 4]], encode(numpy.array([[1, 2], [3, 4]])))
    assert not value_equal([[1, 2], [3, 5]], encode(numpy.array([[1, 2], [3, 4]])))
    assert value_equal([], encode(numpy.array([])))
    assert not value_equal([1, 2, 3, 4], encode(numpy.array([[1, 2], [3, 4]])))


ROWS: tuple[tuple[list[Any], list[Any], bool], ...] = (
    ([[1, 2], [3, 4]], [2, 2], True),
    ([1, 2, 3, 4], [4], True),
    ([[1], [2], [3], [4]], [4, 1], True),
    ([[[1, 2]], [[3, 4]]], [2, 1, 2], True),
    ([[1, 2], [3, 4]], [4], False),
    ([1, 2, 3, 4], [2, 2], False),
    ([1, 2, 3, 4], [], False),
    ([1, 2, 3, 4], [4.5], False),
    ([1, 2, 3, 4], ["4"], False),
    ([1, 2, 3, 4], [[4]], False),
    ([1, 2, 3, 4], [None], False),
    ([1, 2, 3, 4], [4, *[1] * 100_000], False),
    ([1, 2, 3, 4], [10**4000], False),
    ([1, 2, 3, 4], [10**4000] * 1000, False),
    ([[1, 2], [3]], [2, 2], False),
)


@pytest.mark.parametrize(("expected", "shape", "equal"), ROWS)
def test_an_array_is_walked_by_the_expected_value_not_by_the_shape_it_claims(
    expected: list[Any], shape: list[Any], equal: bool
) -> None:
    assert value_equal(expected, {"ndarray": ["<f8", shape, [1, 2, 3, 4]]}) is equal


@pytest.mark.parametrize(("expected", "shape"), [([], [0]), ([[], []], [2, 0]), ([], [0, 10**9])])
def test_empty_arrays(expected: list[Any], shape: list[int]) -> None:
    assert value_equal(expected, {"ndarray": ["<f8", shape, []]})
    assert not value_equal(expected, {"ndarray": ["<f8", shape, [1]]})


@pytest.mark.parametrize(
    "value",
    [
        *(
            None,
            True,
            0,
            -1,
            10**18,
            1 << 63,
            -(10**30),
            10**300,
            0.1,
            1e300,
            -1e-300,
            float("nan"),
            float("-inf"),
        ),
        *("", "答" * 50, "\x00\U0001f600" * 50, [], {}, [[]] * 200, [1.0] * 200, [[1e300, 2**70]] * 100),
        *({"a": {}}, {str(key): [key] for key in range(300)}, {"答": "答"}, [[[[["x"]]]]]),
        *(3.0000000000000004, pytest.param(-(10**5_000), id="long")),
    ],
)
def test_no_right_reply_is_longer_than_what_is_read(value: Any) -> None:
    """In each of the forms that count as equal."""
    forms = [value]
    if type(value) in (int, float) and abs(value) <= 10**300:
        forms += [form for form in (int(value), float(value)) if form == value]
    if isinstance(value, list):
        forms += [tuple(value), deque(value)]
        if 0 < len(value) <= 3:
            names = [f"quite_a_long_name_{n}" for n in range(len(value))]
            forms.append(namedtuple("AlsoALongName", names)(*value))
        numpy = pytest.importorskip("numpy")
        forms += [numpy.array(value)] if value and type(value[0]) is float else []
    if isinstance(value, dict):
        forms += [Counter(value), OrderedDict(value), defaultdict(list, value)]
    for form in forms:
        assert value_equal(value, encode(form))
        assert len(json.dumps({"value": encode(form)})) < longest_equal(value)


def test_what_is_read_grows_with_what_is_expected() -> None:
    """Ten or twelve times the expected JSON, not the limit of a line."""
    for value in ([1] * 10_000, [[]] * 10_000, ["ab"] * 10_000, {str(key): key for key in range(10_000)}):
        assert longest_equal(value) < 8_192 + 16 * len(json.dumps(value))
    assert longest_equal(7) < 9_000


@pytest.mark.parametrize("compare", ["tokens", "float"])
def test_words_that_nobody_expects_are_not_cut_up(compare: str) -> None:
    assert stdout_equal("1 2\n", b" 1\n2 \n", compare)
    assert not stdout_equal("1 2\n", b"1 2 3", compare)
    assert not stdout_equal("1 2\n", b"1", compare)
    assert stdout_equal("", b" \n", compare)
    assert not stdout_equal("", b"x", compare)
    assert not stdout_equal("1 2", b"1 2" + b" 3" * 1_000_000, compare)


def test_a_word_that_is_almost_a_number_is_read_once() -> None:
    """Which a pattern with two ways to read a digit is not: 8,000,000 steps for this one."""
    assert not stdout_equal("1.5", b"1" * 3_999 + b"x", "float")
    assert stdout_equal("1.5", b"1.5000000", "float")
    assert stdout_equal("2.", b"2.0e0", "float")
