"""Checkers of data sets: many right outputs, and who is to blame where a checker fails. In the real sandbox."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from verifiers.code import checker as module
from verifiers.code.judge import LIGHT, control, judge
from verifiers.code.trivial import trivial_answers
from verifiers.sandbox import launcher, policy
from verifiers.types import Json, Status, Verdict

pytestmark = pytest.mark.skipif(
    bool(policy.check().missing()), reason=f"no sandbox here: {'; '.join(policy.check().missing())}"
)
NEEDS_COMPILER = pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")

# Two numbers above 0 with the sum that is given.
SPLIT = """
import sys

def main(input_path, expected_path, output_path):
    with open(input_path) as file:
        total = int(file.read())
    with open(output_path) as file:
        numbers = file.read().split()
    if len(numbers) != 2:
        return 0
    a, b = map(int, numbers)
    return 1 if a > 0 and b > 0 and a + b == total else 0

if __name__ == "__main__":
    print(main(*sys.argv[1:]))
"""
SPLIT_CPP = """
#include <fstream>
int main(int argc, char **argv) {
    std::ifstream input(argv[1]), output(argv[2]), answer(argv[3]);
    long long total, a, b, c, d;
    input >> total;
    if (!(output >> a >> b) || !(answer >> c >> d)) return 2;
    std::string rest;
    if (output >> rest) return 2;
    return a > 0 && b > 0 && a + b == total ? 0 : 1;
}
"""
CASES = [{"stdin": "5\n", "stdout": "1 4\n"}, {"stdin": "9\n", "stdout": "2 7\n"}]


def reference(source: str, language: str = "python", **more: Any) -> Json:
    return {"kind": "stdin", "cases": CASES, "checker": {"language": language, "source": source}, **more}


def verdict(program: str, task: Json) -> Verdict:
    return judge(f"```python\n{program}\n```", task, finish_reason="stop")


@pytest.fixture(scope="module", autouse=True)
def _end_the_fork_servers() -> Iterator[None]:
    yield
    module._proven.clear()
    launcher.shared(LIGHT).close()
    launcher.shared((*LIGHT, "verifiers.code.checker_side")).close()


ANSWERS = [
    ("n = int(input())\nprint(1, n - 1)", Status.CORRECT),
    ("n = int(input())\nprint(n - 1, 1)", Status.CORRECT),
    ("n = int(input())\nprint(n - 2)\nprint(2)", Status.CORRECT),
    ("print({5: '1 4', 9: '2 7'}[int(input())])", Status.CORRECT),
    ("n = int(input())\nprint(n, 0)", Status.WRONG),
    ("n = int(input())\nprint(1, n)", Status.WRONG),
    ("print(1, 4)", Status.WRONG),
    ("print()", Status.WRONG),
    ("print('one four')", Status.WRONG),
    ("n = int(input())\nprint(1, n - 1, 0)", Status.WRONG),
    ("print('1\\n1\\n1')", Status.WRONG),
    ("print('\\udcff' * 9)", Status.WRONG),
    ("import os\nos.write(1, b'\\xff\\xfe 1')", Status.WRONG),
    ("n = int(input())\nprint(1, n - 1)\nraise SystemExit(1)", Status.WRONG),
    ("raise SystemExit(0)", Status.WRONG),
]


@pytest.mark.parametrize(("program", "status"), ANSWERS)
def test_answers_in_python(program: str, status: Status) -> None:
    said = verdict(program, reference(SPLIT))
    assert said.status is status, said


@NEEDS_COMPILER
@pytest.mark.parametrize(("program", "status"), ANSWERS)
def test_answers_by_a_checker_in_cpp(program: str, status: Status) -> None:
    said = verdict(program, reference(SPLIT_CPP, "cpp"))
    assert said.status is status, said


@NEEDS_COMPILER
def test_an_answer_in_cpp() -> None:
    text = "```cpp\n#include <iostream>\nint main() { int n; std::cin >> n; std::cout << n - 1 << ' ' << 1; }\n```"
    for task in (reference(SPLIT) | {"language": "cpp"}, reference(SPLIT_CPP, "cpp") | {"language": "cpp"}):
        assert judge(text, task, finish_reason="stop").status is Status.CORRECT
        assert judge(text.replace("n - 1", "n"), task, finish_reason="stop").status is Status.WRONG


def test_partial_credit() -> None:
    said = verdict("n = int(input())\nprint(n - 1, n // 5)", reference(SPLIT, partial=True))
    assert (said.status, said.reward) == (Status.CORRECT, 1.0)
    said = verdict("n = int(input())\nprint(1, 4)", reference(SPLIT, partial=True))
    assert (said.status, said.reward) == (Status.PARTIAL, 0.5)
    assert said.detail == "1 of 2 cases; case 2 of 2: the checker refuses the output"


@pytest.mark.parametrize(
    "source",
    [
        "print(100)",
        "print(1.0)",
        "print(True)",
        "import sys\nsys.exit(print(1))",
        "import pathlib, sys\nprint(int(pathlib.Path(sys.argv[3]).read_text() != ''))",
        "import io, sys\nprint(len(io.open(sys.argv[2], 'rb').readlines()))",
        "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\nprint(A(1).x)",
        "import numpy, sys\nprint(numpy.ones(1)[0])",
        "import sys\nsys.stdout.write('1')\nsys.stderr.write('all is well')",
    ],
)
def test_checkers_that_accept(source: str) -> None:
    assert verdict("print('anything')", reference(source)).status is Status.CORRECT


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("print(0)", "it refuses the expected output of case 1"),
        ("print(False)", "it refuses"),
        ("print(-1)", "it refuses"),
        ("1 / 0", "exit code 1"),
        ("def f(", "exit code 1"),
        ("import scipy", "exit code 1"),
        ("print(1)\nraise SystemExit(3)", "exit code 3"),
        ("while True: pass", "over the limit of 5 s"),
        ("x = bytearray(10**11)", "memory limit"),
        ("print('1' * 10**6)", "more output"),
        ("print('ok')", "something else than one number"),
        ("print(1)\nprint(1)", "something else than one number"),
        ("print('nan')", "something else than one number"),
        ("print('inf')", "something else than one number"),
        ("import sys\nprint(int(open(sys.argv[1]).read() == '5\\n'))", "it refuses the expected output of case 2"),
        ("print(eval('1'))", "exit code 1"),
        ("import os\nos.abort()", "crashed with signal 6"),
        ("open('/etc/passwd')", "exit code 1"),
        ("import sys\nopen(sys.argv[3], 'w')", "exit code 1"),
    ],
)
def test_a_checker_that_fails_on_what_is_expected_is_a_bad_reference(source: str, why: str) -> None:
    """Whatever the answer is: right, wrong, or the control that screening uses."""
    for program in ("n = int(input())\nprint(1, n - 1)", "print({5: '1 4', 9: '2 7'}[int(input())])", "1 / 0"):
        said = verdict(program, reference(source))
        assert (said.status, said.failure_kind) == (Status.ERROR, "bad_reference")
        assert why in (said.failure_reason or "")
        if "while" in source:
            return
    assert judge(control(reference(source)), reference(source), finish_reason="stop").failure_kind == "bad_reference"


@NEEDS_COMPILER
@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("int main() { return 1; }", "exit code 1"),
        ("int main() { return 3; }", "exit code 3"),
        ("int main() {", "does not compile"),
        ('#include "testlib.h"\nint main() {}', "does not compile; testlib.h is not at hand"),
        ('#include <cstdio>\nint main() { puts("0"); }', "it refuses"),
        ("int main() { __builtin_trap(); }", "crashed with signal"),
    ],
)
def test_checkers_in_cpp_that_are_bad(source: str, why: str) -> None:
    said = verdict("n = int(input())\nprint(1, n - 1)", reference(source, "cpp"))
    assert said.failure_kind == "bad_reference"
    assert why in (said.failure_reason or "")


# Each takes the output for something that it is not.
GULLIBLE = {
    "raises": "import sys\nint(open(sys.argv[3]).read().split()[0])\nprint(1)",
    "loops": "import sys\nwhile 'x' in open(sys.argv[3]).read(): pass\nprint(1)",
    "fills": "import sys\nif 'x' in open(sys.argv[3]).read(): y = bytearray(10**11)\nprint(1)",
    "echoes": "import sys\nprint(open(sys.argv[3]).read().replace('1 4', '1').replace('2 7', '1'))",
    "says": "import sys\nfor w in open(sys.argv[3]).read().split(): print('' if w.isdigit() else w)\nprint(1)",
    "exits": "import sys\nif 'x' in open(sys.argv[3]).read(): sys.exit(0)\nprint(1)",
    "dies": "import sys, os\nif 'x' in open(sys.argv[3]).read(): os.abort()\nprint(1)",
    "evaluates": "import sys\ndef f(s): return eval(s) if 'x' in s else 1\nprint(f(open(sys.argv[3]).read()))",
}


@pytest.mark.parametrize("name", sorted(GULLIBLE))
def test_an_answer_that_fails_its_checker_buys_nothing(name: str) -> None:
    hostile = {
        "echoes": "print('x 1')",
        "evaluates": "print('[x for x in [1]][0]')",
        "says": "print('x')",
    }.get(name, "print('x')")
    said = verdict(hostile, reference(GULLIBLE[name]))
    assert said.reward == 0.0, said
    assert said.status in (Status.WRONG, Status.TIMEOUT, Status.REJECTED)
    assert said.detail.startswith("case 1 of 2: the checker")


FAR = (
    "import sys\nfirst, last = (float(open(path).read()) for path in sys.argv[2:4])\n"
    "print(0 if abs(first - last) / max(abs(first), abs(last)) > 1e-6 else 1)"
)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("0.50000001", Status.CORRECT),
        ("5e-1", Status.CORRECT),
        (".5", Status.CORRECT),
        ("0.51", Status.WRONG),
        ("nan", Status.WRONG),
        ("-NaN", Status.WRONG),
        ("inf", Status.WRONG),
        ("-Infinity", Status.WRONG),
        ("1e999", Status.WRONG),
        ("1.0E+999", Status.WRONG),
        ("1_0e9_99", Status.WRONG),
        ("9" * 400, Status.WRONG),
    ],
)
def test_what_is_no_finite_number_is_near_nothing(said: str, status: Status) -> None:
    task = {"kind": "stdin", "cases": [{"stdout": "0.5"}], "checker": {"source": FAR}}
    assert verdict(f"print({said!r})", task).status is status


def test_words_and_long_numbers_are_outputs() -> None:
    source = "import sys\nword = open(sys.argv[3]).read().strip()\nprint(int(word == word[::-1] and len(word) == 3))"
    task = {"kind": "stdin", "cases": [{"stdout": "aba"}], "checker": {"source": source}}
    assert verdict("print('nan')", task).status is Status.CORRECT
    even = "import sys\nprint(int(int(open(sys.argv[3]).read()) % 2 == 0))"
    task = {"kind": "stdin", "cases": [{"stdout": "2"}], "checker": {"source": even}}
    assert verdict("print('8' * 400)", task).status is Status.CORRECT


def test_a_checker_that_says_nothing_is_none() -> None:
    """Nothing is accepted but what would be without it."""
    task = reference("import sys")
    assert verdict("print({5: '1  4', 9: '2\\n7'}[int(input())])", task).status is Status.CORRECT
    assert verdict("n = int(input())\nprint(1, n - 1)", task).status is Status.WRONG


def test_the_checker_is_not_within_reach_of_the_program() -> None:
    """Its program runs alone: no open file, module or memory of it holds what is expected."""
    program = "import sys, gc, os\nfound = [n for n in range(3, 64) if os.path.exists(f'/proc/self/fd/{n}')]\n"
    program += "import builtins\nbuiltins.print(1, int(input()) - 1) if not found else 1 / 0"
    assert verdict(program, reference(SPLIT)).status is Status.CORRECT
    for reach in ("open('correct_output.txt')", "import verifiers.code.checker", "open('checker.py')"):
        assert verdict(f"{reach}\nn = int(input())\nprint(1, n - 1)", reference(SPLIT)).status is Status.WRONG


def test_the_checker_is_given_a_right_output_of_any_size() -> None:
    """And is not asked about the expected one."""
    numbers = list(range(200_000))
    source = "import sys\nprint(int(sorted(open(sys.argv[3])) == sorted(open(sys.argv[2]))))"
    cases = [{"stdin": "", "stdout": "".join(f"{n}\n" for n in numbers)}]
    task = {"kind": "stdin", "cases": cases, "checker": {"source": source}}
    assert verdict("for n in reversed(range(200_000)): print(n)", task).status is Status.CORRECT
    assert verdict("for n in reversed(range(1, 200_001)): print(n)", task).status is Status.WRONG


@pytest.mark.parametrize(
    ("source", "passes"),
    [("print(1)", True), (SPLIT, False), ("import sys\nprint(int(len(open(sys.argv[3]).read()) > 0))", True)],
)
def test_answers_that_solve_nothing_are_tried(source: str, passes: bool) -> None:
    task = reference(source)
    answers = trivial_answers(task)
    assert [answer.what for answer in answers[:2]] == [
        "a program that prints nothing",
        "a program that prints its input",
    ]
    rewards = [judge(answer.completion, task, finish_reason="stop").reward for answer in answers[:3]]
    assert any(rewards) is passes
    assert not trivial_answers({"kind": "stdin", "cases": CASES})


@NEEDS_COMPILER
def test_answers_in_cpp_that_solve_nothing() -> None:
    task = reference(SPLIT) | {"language": "cpp"}
    for answer in trivial_answers(task):
        said = judge(answer.completion, task, finish_reason="stop")
        assert said.status is Status.WRONG, (answer, said)
        assert "compile" not in said.detail


@pytest.mark.parametrize(
    "checker", [{}, {"source": ""}, {"source": "print(1)", "language": "java"}, {"code": "x"}, "x"]
)
def test_what_is_no_checker(checker: Any) -> None:
    said = verdict("print(1)", {"kind": "stdin", "cases": CASES, "checker": checker})
    assert said.failure_kind == "bad_reference"
