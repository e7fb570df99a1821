# ruff: noqa: E501 (tables of programs)
"""Tests as pytest and unittest would run them, and what is told of each. In the real sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from verifiers.code.judge import LIGHT, judge
from verifiers.sandbox import policy
from verifiers.sandbox.launcher import shared
from verifiers.types import Json, Status, Verdict

pytestmark = pytest.mark.skipif(
    bool(policy.check().missing()), reason=f"no sandbox here: {'; '.join(policy.check().missing())}"
)


@pytest.fixture(scope="module", autouse=True)
def _end_the_fork_server() -> Iterator[None]:
    yield
    shared(LIGHT).close()


def asserts(tests: str, **more: Any) -> Json:
    return {"kind": "asserts", "entry_point": "f", "tests": tests, **more}


def verdict(program: str, reference: Json) -> Verdict:
    return judge(f"```python\n{program}\n```", reference, finish_reason="stop")


# What the tests say; a right solution; wrong ones.
PYTEST: dict[str, tuple[str, str, list[str]]] = {
    "functions": (
        "from solution import f\ndef test_one():\n    assert f(1) == 2\ndef test_two():\n    assert f(5) == 6\n",
        "def f(x): return x + 1",
        ["def f(x): return 2", "def f(x): return 6", "def g(x): return x + 1"],
    ),
    "module": (
        "import solution\nfrom solution import *\ndef test_one():\n    assert solution.f(1) == 2 == f(1)\n"
        "    assert solution.twice(2) == 4\n",
        "def f(x): return x + 1\ndef twice(x): return 2 * x",
        ["def f(x): return x + 1", "def f(x): return x + 1\ndef twice(x): return x"],
    ),
    "parametrize": (
        "import pytest\n@pytest.mark.parametrize('x, y', [(1, 2), (5, 6), pytest.param(7, 8, id='seven')])\n"
        "def test_f(x, y):\n    assert f(x) == y\n",
        "def f(x): return x + 1",
        ["def f(x): return {1: 2, 5: 6}.get(x)", "def f(x): return {5: 6, 7: 8}.get(x)"],
    ),
    "parametrize twice": (
        "import pytest\n@pytest.mark.parametrize('a', [1, 2])\n@pytest.mark.parametrize(['b', 'c'], [[3, 4], [5, 6]])\n"
        "def test_f(a, b, c, d=0):\n    assert f(a, b, c) == a * b * c\n",
        "def f(a, b, c): return a * b * c",
        ["def f(a, b, c): return a * b * c if (a, b) != (2, 5) else 0"],
    ),
    "parametrize with one name": (
        "import pytest\n@pytest.mark.parametrize('x', [(), (1,), (1, 2)])\ndef test_f(x):\n    assert f(x) == len(x)\n",
        "def f(x): return len(x)",
        ["def f(x): return 1"],
    ),
    "parametrize a class": (
        "import pytest\n@pytest.mark.parametrize('x', [1, 2])\nclass TestF:\n    @pytest.mark.parametrize('y', [3, 4])\n"
        "    def test_f(self, x, y):\n        assert f(x, y) == x * y\n",
        "def f(x, y): return x * y",
        ["def f(x, y): return 3", "def f(x, y): return x * y if y == 3 else 0"],
    ),
    "raises": (
        "import pytest\ndef test_f():\n    with pytest.raises(ValueError, match='neg') as info:\n        f(-1)\n"
        "    assert 'negative' in str(info.value)\n    pytest.raises(TypeError, f, None)\n    assert f(1) == 1\n",
        "def f(x):\n    if x < 0: raise ValueError('negative')\n    return x",
        [
            "def f(x): return x",
            "def f(x):\n    if x is None: raise TypeError\n    if x < 0: raise ValueError('small')\n    return x",
            "def f(x):\n    raise ValueError('negative')",
        ],
    ),
    "exceptions of the solution": (
        "import pytest\nfrom solution import f, BadAgeError\ndef test_f():\n    with pytest.raises(BadAgeError):\n        f(-1)\n"
        "    with pytest.raises(ValueError):\n        f(-1)\n    try:\n        f(-2)\n    except BadAgeError as error:\n"
        "        assert str(error) == 'age -2'\n    assert f(1) == 1\n",
        "class BadAgeError(ValueError): pass\ndef f(x):\n    if x < 0: raise BadAgeError(f'age {x}')\n    return x",
        [
            "class BadAgeError(ValueError): pass\ndef f(x):\n    if x < 0: raise ValueError(f'age {x}')\n    return x",
            "class BadAgeError(KeyError): pass\ndef f(x):\n    if x < 0: raise BadAgeError(f'age {x}')\n    return x",
            "class BadAgeError(ValueError): pass\ndef f(x): return x",
        ],
    ),
    "approx": (
        "from pytest import approx\ndef test_f():\n    assert f(1) == approx(0.3)\n    assert approx(0.3, abs=0.01) == f(1)\n"
        "    assert [f(1), 1] == approx([0.3, 1.0])\n    assert {'a': f(1)} == approx({'a': 0.3})\n"
        "    assert f(1) != approx(0.4)\n",
        "def f(x): return 0.1 + 0.2",
        ["def f(x): return 0.31", "def f(x): return float('nan')", "def f(x): return '0.3'", "def f(x): return True"],
    ),
    "fixtures": (
        "import pytest\n@pytest.fixture\ndef numbers():\n    return [1, 2]\n@pytest.fixture\ndef more(numbers):\n"
        "    yield numbers + [3]\n@pytest.fixture(params=[0, 5])\ndef base(request):\n    return request.param\n"
        "def test_f(numbers, more):\n    assert f(numbers) == 3 and f(more) == 6\n"
        "def test_g(base):\n    assert f([base]) == base\n",
        "def f(x): return sum(x)",
        ["def f(x): return 3 * (len(x) - 1)", "def f(x): return sum(x) % 5 if len(x) == 1 else sum(x)"],
    ),
    "classes": (
        "class TestF:\n    def setup_method(self):\n        self.x = 1\n    def test_a(self):\n        assert f(self.x) == 2\n"
        "    @staticmethod\n    def test_b():\n        assert f(5) == 6\n",
        "def f(x): return x + 1",
        ["def f(x): return 2", "def f(x): return 6"],
    ),
    "capsys and monkeypatch": (
        "def test_f(capsys, monkeypatch):\n    monkeypatch.setattr('builtins.input', lambda *_: 'me')\n    f()\n"
        "    assert capsys.readouterr().out == 'hi me\\n'\n    f()\n    assert capsys.readouterr().out.strip() == 'hi me'\n",
        "def f(): print('hi', input())",
        ["def f(): print('hi you')", "def f(): return input()"],
    ),
    "marks that say nothing": (
        "import pytest\n@pytest.mark.slow\ndef test_a():\n    assert f(1) == 2\n@pytest.mark.timeout(5)\ndef test_b():\n"
        "    assert f(5) == 6\n@pytest.mark.skip(reason='x')\ndef test_c():\n    assert f(1) == 9\n"
        "@pytest.mark.skipif(False, reason='x')\ndef test_d():\n    assert f(7) == 8\n"
        "@pytest.mark.xfail\ndef test_e():\n    assert 0\nif __name__ == '__main__':\n    pytest.main()\n",
        "def f(x): return x + 1",
        ["def f(x): return 2", "def f(x): return {1: 2, 5: 6}.get(x)"],
    ),
    "function and its helper": (
        "def test_case(x, y):\n    assert f(x) == y\ntest_case(1, 2)\ntest_case(5, 6)\n",
        "def f(x): return x + 1",
        ["def f(x): return 2"],
    ),
}


@pytest.mark.parametrize("name", sorted(PYTEST))
def test_a_right_solution_passes(name: str) -> None:
    tests, right, _ = PYTEST[name]
    for partial in (False, True):
        said = verdict(right, asserts(tests, partial=partial))
        assert said.status is Status.CORRECT, said


@pytest.mark.parametrize("name", sorted(PYTEST))
def test_wrong_solutions_do_not(name: str) -> None:
    tests, _, wrong = PYTEST[name]
    for program in (*wrong, "pass", "def f(*_): pass", "def f(*_): return f"):
        said = verdict(program, asserts(tests))
        assert said.status is Status.WRONG, (program, said)


@pytest.mark.parametrize(
    ("tests", "program", "detail"),
    [
        (
            "assert f(1) == 2\nassert f(2) == 9\nassert f(3) == 4\nassert f(4) == 8\n",
            "def f(x): return x + 1",
            "2 of 4 cases; failed: case 2 of 4: line 2 of the tests: AssertionError; "
            "case 4 of 4: line 4 of the tests: AssertionError",
        ),
        (
            "import pytest\n@pytest.mark.parametrize('x,y', [(1, 2), (2, 12345), (3, 4)])\ndef test_f(x, y):\n    assert f(x) == y\n",
            "def f(x): return x + 1",
            "2 of 3 cases; failed: case 2 of 3: test_f (2 of 3): line 4 of the tests: AssertionError",
        ),
        (
            "class TestF:\n    def test_a(self):\n        assert f(1) == 2\n    def test_b(self):\n        assert f('') == 0\n",
            "def f(x): return x + 1",
            "1 of 2 cases; failed: case 2 of 2: TestF.test_b: line 5 of the tests: TypeError",
        ),
        (
            "import unittest\nclass T(unittest.TestCase):\n    def test_a(self):\n        self.assertEqual(f(1), 2)\n"
            "    def test_b(self):\n        self.assertEqual(f(2), 12345)\n",
            "def f(x): return x + 1",
            "1 of 2 cases; failed: T.test_b of the tests",
        ),
        (
            "\n".join(f"assert f({n}) == {n + n % 2}" for n in range(30)),
            "def f(x): return x",
            "15 of 30 cases; failed: case 2 of 30: line 2 of the tests: AssertionError",
        ),
        (
            "def test_a():\n    assert f(1) == 2\ndef test_b():\n    import pytest\n    pytest.skip('later')\n"
            "def test_c():\n    assert f(2) == 9\n",
            "def f(x): return x + 1",
            "1 of 2 cases; failed: case 3 of 3: test_c: line 7 of the tests: AssertionError",
        ),
    ],
)
def test_what_came_of_each_case(tests: str, program: str, detail: str) -> None:
    said = verdict(program, asserts(tests, partial=True))
    assert said.status is Status.PARTIAL
    assert said.detail.startswith(detail)
    assert "12345" not in said.detail
    assert len(said.detail) < 1_000
    assert verdict(program, asserts(tests)).status is Status.WRONG


SKIPPING = [
    "import pytest\ndef test_a():\n    if f(1) is None:\n        pytest.skip('unsolved')\n    assert f(1) == 2\n",
    "import pytest\ndef test_a():\n    try:\n        assert f(1) == 2\n    except TypeError:\n        pytest.skip('x')\n",
    "import pytest\n@pytest.fixture\ndef g():\n    if f(1) is None:\n        pytest.skip('x')\n    return 1\n"
    "def test_a(g):\n    assert f(g) == 2\n",
    "import unittest\nclass T(unittest.TestCase):\n    def test_a(self):\n        if f(1) is None:\n"
    "            self.skipTest('x')\n        self.assertEqual(f(1), 2)\n",
    "import unittest\nclass T(unittest.TestCase):\n    def setUp(self):\n        if f(1) is None:\n"
    "            raise unittest.SkipTest('x')\n    def test_a(self):\n        self.assertEqual(f(1), 2)\n",
    "import unittest\nclass T(unittest.TestCase):\n    @classmethod\n    def setUpClass(cls):\n        if f(1) is None:\n"
    "            raise unittest.SkipTest('x')\n    def test_a(self):\n        self.assertEqual(f(1), 2)\n",
]


@pytest.mark.parametrize("tests", SKIPPING)
@pytest.mark.parametrize("partial", [False, True])
def test_a_program_cannot_have_a_test_skipped(tests: str, partial: bool) -> None:
    assert verdict("def f(x): return x + 1", asserts(tests, partial=partial)).status is Status.CORRECT
    for program in ("def f(x): pass", "def f(x): raise TypeError"):
        assert verdict(program, asserts(tests, partial=partial)).status is Status.WRONG


def test_what_is_left_out_is_no_case() -> None:
    """Neither passed nor failed: it earns no partial credit."""
    tests = (
        "import unittest\nclass T(unittest.TestCase):\n    @unittest.skip('x')\n    def test_a(self): f(1)\n"
        "    @unittest.expectedFailure\n    def test_b(self): self.assertEqual(f(1), 3)\n"
        "    def test_c(self): raise unittest.SkipTest('x')\n    def test_d(self): self.assertEqual(f(1), 2)\n"
    )
    said = verdict("def f(x): return x + 1", asserts(tests, partial=True))
    assert (said.status, said.detail) == (Status.CORRECT, "all tests pass, 1 cases")
    said = verdict("def f(x): return x", asserts(tests, partial=True))
    assert (said.status, said.reward) == (Status.WRONG, 0.0)


def test_the_case_that_failed_first() -> None:
    said = verdict("def f(x): return 2", asserts("assert f(1) == 2\nassert f(2) == 3\nassert f(3) == 4\n"))
    assert said.detail == "failed: case 2 of 3: line 2 of the tests: AssertionError"
    said = verdict("def f(x): return 2", asserts("for x in (1, 2):\n    assert f(x) == x + 1\n"))
    assert said.detail == "failed: line 2 of the tests: AssertionError"


@pytest.mark.parametrize(
    "tests",
    [
        "import pytest\ndef test_a(tmp_path):\n    assert f(1) == 2\n",
        "def test_a():\n    assert f(1) == 2\ndef test_b(mocker):\n    assert f(1) == 2\n",
        "import pytest\n@pytest.mark.parametrize('x, y', [(1,)])\ndef test_a(x, y):\n    assert f(1) == 2\n",
        "import pytest\n@pytest.mark.skip\ndef test_a():\n    assert f(1) == 2\n",
        "class Shape:\n    def area(self):\n        return 2\nassert f(Shape()) == 2\n",
        "import enum\nclass Level(enum.Enum):\n    A = 1\nassert f(Level.A) == 2\n",
        "import pytest\n@pytest.fixture\ndef g(tmp_path):\n    return 1\ndef test_a(): assert f(1) == 2\n"
        "def test_b(g): assert f(g) == 2\n",
        "def test_a():\n    assert f(1) == 2\ndef test_b(client):\n    assert f(1) == 2\n",
        "class TestF:\n    def test_a(self, client):\n        assert f(1) == 2\n    def test_b(self):\n        f(1)\n",
        "import pytest_benchmark\ndef test_a():\n    assert f(1) == 2\n",
    ],
)
def test_tests_that_cannot_be_run_are_bad(tests: str) -> None:
    said = verdict("def f(*_): return 2", asserts(tests))
    assert said.failure_kind == "bad_reference", said
