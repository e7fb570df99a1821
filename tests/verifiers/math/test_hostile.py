"""What an answer may cost, what it may hold, and that nothing of it runs."""

import ast
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

import verifiers
from tests.bench.material.math_hostile import PATHOLOGICAL
from verifiers.math import sampling
from verifiers.math.expressions import as_scalar
from verifiers.math.judge import judge, reference_problem
from verifiers.math.limits import TooLarge, Work
from verifiers.math.reader import read
from verifiers.types import Status

PIECES = [
    *"0123456789xyzeiABC+-*/^_!|()[]{},;:=<>&%'$\\#. \n\x00", r"\frac", r"\sqrt", r"\{", r"\}", r"\cup", r"\infty",
    r"\pi", r"\pm", r"\le", r"\in", r"\mid", r"\text{", r"\begin{pmatrix}", r"\end{pmatrix}", r"\\", r"\mathbb{R}",
    r"\setminus", r"\boxed{", r"\sin", r"\log", " or ", " and ", "三", "百", "分之", "元", "cm", "\ud83d", "\u202e",
    "\u00b2", "\u00bd", "42", r"\left(", r"\right]",
]  # fmt: skip
HEAVY = {
    "gammas": "+".join(f"({n}/3)!" for n in range(1, 60)),
    "binomials": r"\binom{x}{y}" * 40,
    "long fractions": "+".join(rf"\frac{{1}}{{{n}^{{3000}}}}" for n in range(3, 12)),
    "functions": r"\sin(x)\cos(x)\tan(x)" * 20,
}
FRAMES = [r"\boxed{@}", "The answer is @.", "#### @", "答案是@。", "因此, @", "@"]
HIDDEN = ["4\u200b2", "\u202e24", "\u200e42", "4\x002", "4\u00ad2", "4\ud83d2", "\ue00042", "4\U000e00322"]
OTHER_DIGITS = ["\u0664\u0662", "\U0001d7d2\U0001d7d0", "\u2463\u2461", "\u2074\u00b2", "\u096a\u0968"]


@pytest.mark.parametrize("name", PATHOLOGICAL)
@pytest.mark.parametrize("gold", ["42", r"x+\sqrt{2}"])
def test_no_answer_takes_long(name: str, gold: str) -> None:
    judge(r"\boxed{x+1}", {"answer": "1+x"}, finish_reason="stop")
    started = time.process_time()
    verdict = judge(f"\\boxed{{{PATHOLOGICAL[name]}}}", {"answer": gold}, finish_reason="stop")
    assert time.process_time() - started < 2.0
    assert verdict.status in {Status.WRONG, Status.REJECTED, Status.NO_ANSWER}
    assert len(verdict.model_dump_json()) < 2_000


@pytest.mark.parametrize("name", PATHOLOGICAL)
def test_no_expected_answer_takes_long(name: str) -> None:
    started = time.process_time()
    verdict = judge(f"\\boxed{{{PATHOLOGICAL[name]}}}", {"answer": PATHOLOGICAL[name]}, finish_reason="stop")
    assert time.process_time() - started < 2.0
    assert verdict.status in {Status.CORRECT, Status.ERROR}


@pytest.mark.parametrize("name", HEAVY)
def test_the_work_of_a_formula_is_counted(name: str) -> None:
    """By counts: a formula that would cost more than the limit is refused, and the limit is a fraction of a second."""
    work = Work()
    node = as_scalar(read(HEAVY[name])).node
    with pytest.raises(TooLarge):
        for _ in range(1_000):
            sampling.everywhere(node, node, name, work)


@pytest.mark.parametrize(
    "formula", ["x^2+1", "n!", r"\binom{n}{k}", r"\binom{15 t+16}{18 t^{3}}", "(2n)!", "2^{n^2}", r"\sqrt{x}"]
)
def test_a_formula_of_symbols_is_a_sound_reference(formula: str) -> None:
    assert reference_problem({"answer": formula}) is None
    assert judge(f"\\boxed{{{formula}+0}}", {"answer": formula}, finish_reason="stop").status is Status.CORRECT
    assert judge(f"\\boxed{{{formula}+1}}", {"answer": formula}, finish_reason="stop").status is Status.WRONG


MEMORY = r"""
import resource
from tests.bench.material.math_hostile import PATHOLOGICAL
from verifiers.math import sampling
from verifiers.math.expressions import as_scalar
from verifiers.math.judge import judge, reference_problem
from verifiers.math.limits import TooLarge, Work
from verifiers.math.reader import read

def peak_kib(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

judge(r"\boxed{x+1}", {"answer": "1+x"}, finish_reason="stop")
before = peak_kib()
for answer in PATHOLOGICAL.values():
    judge("\\boxed{" + answer + "}", {"answer": r"x+\sqrt{2}"}, finish_reason="stop")
print(peak_kib() - before)
"""


def test_the_memory_stays_small(repository: Path) -> None:
    """In a process of its own: a peak that other tests left behind would hide this one."""
    done = subprocess.run([sys.executable, "-c", MEMORY], cwd=repository, capture_output=True, text=True, timeout=300)
    assert int(done.stdout) < 200_000, done.stderr


@pytest.mark.parametrize("answer", HIDDEN)
def test_hidden_characters_are_rejected(answer: str) -> None:
    verdict = judge(f"\\boxed{{{answer}}}", {"answer": "42"}, finish_reason="stop")
    assert verdict.status is Status.REJECTED
    verdict.model_dump_json()


@pytest.mark.parametrize("answer", OTHER_DIGITS)
def test_digits_of_other_scripts_are_no_digits(answer: str) -> None:
    assert judge(f"\\boxed{{{answer}}}", {"answer": "42"}, finish_reason="stop").reward == 0.0


@pytest.mark.parametrize("gold", ["42", r"x+\sqrt{2}", r"\{1,2\}", "[0,1)", "B", "Paris", "x=5", "5 cm", "2x+y=3"])
def test_random_text_only_makes_verdicts(gold: str) -> None:
    rng = Random(gold)
    for _ in range(700):
        answer = "".join(rng.choice(PIECES) for _ in range(rng.randint(1, 9)))
        frame = rng.choice(FRAMES)
        verdict = judge(frame.replace("@", answer), {"answer": gold}, finish_reason=rng.choice(["stop", "length"]))
        assert not verdict.mask_sample
        assert verdict.model_dump_json()


def test_no_source_evaluates_text() -> None:
    """math-verify's plain-text reader goes through SymPy's parse_expr: its LaTeX reader is the only way in."""
    forbidden = {
        "eval",
        "exec",
        "compile",
        "sympify",
        "parse_expr",
        "S",
        "ExprExtractionConfig",
        "simplify",
        "lambdify",
    }
    folder = Path(str(verifiers.__file__)).parent
    for path in [folder / "answer.py", *(folder / "math").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in forbidden, (path.name, node.lineno)
            if isinstance(node, ast.ImportFrom):
                assert not forbidden & {alias.name for alias in node.names}, (path.name, node.lineno)
