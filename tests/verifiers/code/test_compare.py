"""What counts as the expected output and the expected value."""

from __future__ import annotations

from typing import Any

import pytest

from verifiers.code.compare import stdout_equal, value_equal
from verifiers.code.values import encode


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
