"""What tests import from pytest, for tests that must run where it is not installed. Standard library only.

`raises`, `approx`, `mark`, `param`, `fixture`, `skip`, `fail` and the fixtures `monkeypatch` and `capsys`, as far as
data sets use them. Test functions themselves are found and run by `verifiers.code.collection`.
"""

from __future__ import annotations

import importlib
import io
import itertools
import math
import re
import sys
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, NoReturn

RELATIVE, ABSOLUTE = 1e-6, 1e-12
_MISSING = object()


class Failed(AssertionError):
    """A test failed by `fail`, or did not raise."""


class Skipped(Exception):
    """A test does not want to run."""


class Param(NamedTuple):
    """One set of values of a test."""

    values: tuple[Any, ...]
    skipped: bool = False


class Fixture:
    """A function that makes what a test asks for by name."""

    def __init__(self, function: Callable[..., Any], name: str | None, params: Sequence[Any], autouse: bool) -> None:
        self.function = function
        self.name = name or function.__name__
        self.params = tuple(params)
        self.autouse = autouse


class Raised:
    """What `raises` gives: the exception, once it was raised."""

    value: BaseException

    @property
    def type(self) -> type[BaseException]:
        return type(self.value)

    def match(self, pattern: str) -> bool:
        """Raises Failed where the text of the exception holds no match."""
        if not re.search(pattern, str(self.value)):
            raise Failed("the exception says something else")
        return True


class Approx:
    """Equal to numbers that are close, alone or inside lists, tuples, dicts and arrays."""

    __hash__ = None  # type: ignore[assignment]
    # Else an array would compare its items one by one with this.
    __array_ufunc__ = None
    __array_priority__ = 100

    def __init__(self, expected: Any, rel: float | None, abs: float | None, nan_ok: bool) -> None:
        self._expected = expected
        self._absolute = ABSOLUTE if abs is None else abs
        self._relative = (RELATIVE if abs is None else 0.0) if rel is None else rel
        self._nan_ok = nan_ok

    def __eq__(self, other: object) -> bool:
        return self._near(self._expected, other)

    def _near(self, expected: Any, other: Any) -> bool:
        expected, other = _plain(expected), _plain(other)
        if isinstance(expected, Mapping):
            same = isinstance(other, Mapping) and expected.keys() == other.keys()
            return same and all(self._near(value, other[key]) for key, value in expected.items())
        if isinstance(expected, list | tuple):
            same = isinstance(other, list | tuple) and len(expected) == len(other)
            return same and all(itertools.starmap(self._near, zip(expected, other, strict=True)))
        if isinstance(expected, bool) or not isinstance(expected, int | float | complex):
            return bool(expected == other)
        if isinstance(other, bool) or not isinstance(other, int | float | complex):
            return bool(expected == other)
        if expected != expected or other != other:
            return self._nan_ok and expected != expected and other != other
        if expected == other:
            return True
        far = abs(expected - other)
        return math.isfinite(abs(expected)) and far <= max(self._relative * abs(expected), self._absolute)


def _plain(value: Any) -> Any:
    numpy = sys.modules.get("numpy")
    return value.tolist() if numpy is not None and isinstance(value, numpy.ndarray | numpy.generic) else value


def approx(expected: Any, rel: float | None = None, abs: float | None = None, nan_ok: bool = False) -> Approx:
    """See `Approx`."""
    return Approx(expected, rel, abs, nan_ok)


def raises(kind: Any, *call: Any, match: str | None = None, **options: Any) -> Any:
    """A context in which such an exception must be raised; or a call that must raise it."""
    if not call:
        return _raising(kind, match)
    with _raising(kind, match) as raised:
        call[0](*call[1:], **options)
    return raised


@contextmanager
def _raising(kind: Any, match: str | None) -> Iterator[Raised]:
    raised = Raised()
    try:
        yield raised
    except kind as error:
        raised.value = error
    else:
        raise Failed("nothing was raised")
    if match is not None:
        raised.match(match)


def fail(reason: str = "", pytrace: bool = True) -> NoReturn:
    """The test has failed."""
    raise Failed(reason)


def skip(reason: str = "", **options: Any) -> NoReturn:
    """The test does not want to run."""
    raise Skipped(reason)


def importorskip(name: str, **options: Any) -> Any:
    """The module, or the test does not want to run."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise Skipped(name) from None


def param(*values: Any, marks: Any = (), id: str | None = None) -> Param:
    """One set of values, with what is said of it."""
    return Param(values, any(mark in _SKIPPING for mark in (marks if isinstance(marks, list | tuple) else [marks])))


def fixture(function: Any = None, *, name: str | None = None, params: Any = (), autouse: bool = False, **_: Any) -> Any:
    """Marks a function as a fixture."""
    if function is None:
        return lambda function: Fixture(function, name, tuple(params or ()), autouse)
    return Fixture(function, name, (), autouse)


def _parametrize(names: str | Sequence[str], values: Any, **_: Any) -> Any:
    keys = [name.strip() for name in names.split(",")] if isinstance(names, str) else [*names]
    keys = [key for key in keys if key]
    # "a," and ["a"] take rows as well.
    alone = isinstance(names, str) and "," not in names
    rows = []
    for row in values:
        given = row if isinstance(row, Param) else Param((row,) if alone else tuple(row))
        if len(given.values) != len(keys):
            raise ValueError("a row of parametrize has another number of values than there are names")
        rows.append((dict(zip(keys, given.values, strict=True)), given.skipped))

    def mark(test: Any) -> Any:
        test.rows = [rows, *getattr(test, "rows", [])]
        return test

    return mark


def _leave(test: Any) -> Any:
    test.skipped = True
    return test


def _skip_mark(*given: Any, **_: Any) -> Any:
    return _leave(given[0]) if given and callable(given[0]) else _leave


def _skip_if(condition: Any = True, *_: Any, **__: Any) -> Any:
    return _leave if condition is True or (not isinstance(condition, str) and condition) else _same


def _same(test: Any) -> Any:
    return test


class _Marks:
    """`mark.NAME`: those that change what is run, and any other, which says something about a test."""

    parametrize = staticmethod(_parametrize)
    skip = staticmethod(_skip_mark)
    skipif = staticmethod(_skip_if)
    # It is expected to fail: nothing to learn of a solution.
    xfail = staticmethod(_skip_mark)

    def __getattr__(self, name: str) -> Any:
        def mark(*given: Any, **_: Any) -> Any:
            return given[0] if len(given) == 1 and (callable(given[0]) or isinstance(given[0], type)) else _same

        return mark


mark = _Marks()
_SKIPPING = (_skip_mark, _leave)


class MonkeyPatch:
    """Replaces attributes and items until the end of a test."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], Any]] = []

    def setattr(self, target: Any, name: Any, value: Any = _MISSING, raising: bool = True) -> None:
        """`setattr(object, "name", value)` or `setattr("module.name", value)`."""
        if value is _MISSING:
            value = name
            module, _, name = target.rpartition(".")
            target = importlib.import_module(module)
        before = vars(target).get(name, _MISSING) if hasattr(target, "__dict__") else getattr(target, name)
        if before is _MISSING and raising and not hasattr(target, name):
            raise AttributeError(name)
        self._undo.append(lambda: delattr(target, name) if before is _MISSING else setattr(target, name, before))
        setattr(target, name, value)

    def setitem(self, target: Any, key: Any, value: Any) -> None:
        """`target[key] = value`."""
        before = target.get(key, _MISSING)
        self._undo.append(lambda: target.pop(key, None) if before is _MISSING else target.update({key: before}))
        target[key] = value

    def undo(self) -> None:
        """As it was."""
        while self._undo:
            self._undo.pop()()


class Captured(NamedTuple):
    """What was printed."""

    out: str
    err: str


class Capture:
    """Catches what is printed during a test."""

    def __init__(self) -> None:
        self._before = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = io.StringIO(), io.StringIO()

    def readouterr(self) -> Captured:
        """What was printed since it was asked last."""
        streams = [stream for stream in (sys.stdout, sys.stderr) if isinstance(stream, io.StringIO)]
        said = [stream.getvalue() for stream in streams]
        for stream in streams:
            stream.seek(0)
            stream.truncate()
        return Captured(*(said if len(said) == 2 else ("", "")))

    def undo(self) -> None:
        """Print again."""
        sys.stdout, sys.stderr = self._before


def module() -> types.ModuleType:
    """All of it, as a module `pytest`."""
    made = types.ModuleType("pytest")
    names = ("raises", "approx", "mark", "param", "fixture", "skip", "fail", "importorskip", "MonkeyPatch")
    vars(made).update({name: globals()[name] for name in names}, main=lambda *_, **__: 0)
    return made
