"""Loading a user's judge and reading what it returns."""

from collections.abc import Callable
from pathlib import Path

import pytest

from verifiers import registry, user
from verifiers.types import Status, Verdict

Write = Callable[[str], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_function(body: str) -> str:
        file = tmp_path / "my_judge.py"
        file.write_text(f"def grade(completion, reference):\n    {body}\n", encoding="utf-8")
        return f"{file}:grade"

    return write_function


@pytest.mark.parametrize(
    ("returns", "status", "reward"),
    [
        ("1.0", Status.CORRECT, 1.0),
        ("True", Status.CORRECT, 1.0),
        ("1", Status.CORRECT, 1.0),
        ("0.0", Status.WRONG, 0.0),
        ("False", Status.WRONG, 0.0),
        ("0.25", Status.PARTIAL, 0.25),
        ("{'reward': 0.5, 'detail': 'half'}", Status.PARTIAL, 0.5),
        ("{'reward': 1}", Status.CORRECT, 1.0),
        ("float(completion == reference['answer'])", Status.CORRECT, 1.0),
        ("__import__('verifiers.types').types.Verdict.of('no_answer')", Status.NO_ANSWER, 0.0),
    ],
)
def test_returns(write: Write, returns: str, status: Status, reward: float) -> None:
    verdict = user.judge(write(f"return {returns}"), "yes", {"answer": "yes"})
    assert (verdict.status, verdict.reward) == (status, reward)


@pytest.mark.parametrize(
    "body",
    [
        "return 1.5",
        "return -0.1",
        "return float('nan')",
        "return float('inf')",
        "return None",
        "return '1'",
        "return [1.0]",
        "return {'score': 1.0}",
        "return {'reward': 1.0, 'why': 'x'}",
        "return {'reward': 'high'}",
        "raise KeyError('answer')",
        "return 1 / 0",
        # By the other kinds of failure we know our own.
        "from verifiers.types import Verdict; return Verdict.failed('overload', 'the grader is down')",
    ],
)
def test_a_broken_function_is_masked(write: Write, body: str) -> None:
    verdict = user.judge(write(body), "yes", {})
    assert (verdict.status, verdict.reward, verdict.failure_kind) == (Status.ERROR, None, "user_function")
    assert verdict.failure_reason


@pytest.mark.parametrize(
    "body",
    [
        "return float(completion)",
        "return float(completion.split('####')[1])",
        "return float(__import__('re').search(r'<answer>(.*)</answer>', completion)[1])",
        "return float(completion.strip()) + reference.pop('bonus')",
        "return sys.exit(1) if completion == 'malformed' else 0.0",
    ],
)
def test_an_answer_that_makes_the_function_raise_buys_no_mask(write: Write, body: str) -> None:
    verdict = user.judge(write("import sys; " + body), "malformed", {"answer": "hidden-31415926", "bonus": 0})
    assert (verdict.status, verdict.reward) == (Status.REJECTED, 0.0)
    assert "Error" in verdict.detail or "SystemExit" in verdict.detail
    assert "31415926" not in verdict.detail


@pytest.mark.parametrize(
    "bad", ["float('nan')", "2.0", "None", "'0.5'", "{'score': 1}", "{'reward': float('nan')}", "type('T', (), {})()"]
)
def test_nor_does_one_for_which_it_returns_no_verdict(write: Write, bad: str) -> None:
    verdict = user.judge(write(f"return {bad} if completion == 'odd' else 0.0"), "odd", {})
    assert (verdict.status, verdict.reward) == (Status.REJECTED, 0.0)
    assert verdict.detail == "the function returns no verdict on this answer, twice, but not on a neutral one"


AWAY = "from verifiers.user import JudgeUnavailable as Away\n    "


@pytest.mark.parametrize(
    "body",
    [
        "raise Away('503 from the grader')",
        "raise Away",
        "raise Away('x' * 10_000)",
        "raise type('GraderAway', (Away,), {})('no answer')",
        # It goes while the function is asked whose fault it is.
        "if completion == 'text': 1 / 0\n    raise Away('gone')",
        "raise Away('gone') from ConnectionError('refused')",
    ],
)
def test_a_judge_that_says_it_is_away_is_masked(write: Write, body: str) -> None:
    verdict = user.judge(write(AWAY + body), "text", {})
    assert (verdict.status, verdict.reward) == (Status.ERROR, None)
    assert verdict.failure_kind in ("judge_unavailable", "user_function")
    assert len(verdict.failure_reason or "") <= 2000


def test_away_and_back(write: Write) -> None:
    """It raises something else on the text; it is away once the controls have passed."""
    body = AWAY + "seen.append(completion)\n    if completion == 'text' and len(seen) == 1: 1 / 0\n"
    spec = write(body + "    if completion == 'text': raise Away('gone')\n    return 0.0\nseen = []")
    assert user.judge(spec, "text", {}).failure_kind == "judge_unavailable"


@pytest.mark.parametrize(
    "raised",
    [
        "ConnectionError('the grader is away')",
        "TimeoutError",
        "RuntimeError('JudgeUnavailable')",
        # A class of the same name is another class.
        "type('JudgeUnavailable', (Exception,), {})('away')",
        "ValueError(Away('inside'))",
        "ValueError('x') from Away('as the cause')",
        "SystemExit",
    ],
)
def test_nothing_else_that_is_raised_is_a_mask(write: Write, raised: str) -> None:
    verdict = user.judge(write(f"{AWAY}if completion == 'text': raise {raised}\n    return 0.0"), "text", {})
    assert (verdict.status, verdict.reward, verdict.failure_kind) == (Status.REJECTED, 0.0, None)


def test_a_passing_failure_is_tried_again(write: Write, tmp_path: Path) -> None:
    """The function raises once, then works: its verdict counts."""
    body = (
        f"import os; tried = os.path.exists(p := {str(tmp_path / 'flag')!r}); open(p, 'w').close(); return 0.5 / tried"
    )
    assert user.judge(write(body), "yes", {}).reward == 0.5


def test_a_reference_that_the_function_cannot_read_is_masked(write: Write) -> None:
    verdict = user.judge(write("return float(completion == reference['answer'])"), "yes", {})
    assert (verdict.status, verdict.failure_kind) == (Status.ERROR, "user_function")
    assert "KeyError" in (verdict.failure_reason or "")


def test_a_neighbour_can_be_imported(write: Write, tmp_path: Path) -> None:
    (tmp_path / "my_neighbour_module.py").write_text("ONE = 1.0\n", encoding="utf-8")
    assert user.judge(write("from my_neighbour_module import ONE; return ONE"), "", {}).reward == 1.0


def test_load_errors_name_the_remedy(write: Write, tmp_path: Path) -> None:
    spec = write("return 1.0")
    with pytest.raises(ValueError, match="there is no file"):
        user.locate(f"{tmp_path}/absent.py:grade")
    with pytest.raises(ValueError, match="not of the form"):
        user.locate(f"{tmp_path}/my_judge.py")
    with pytest.raises(ValueError, match=r"no function 'score'; it has grade"):
        user.load(spec.replace(":grade", ":score"))
    broken = tmp_path / "broken.py"
    broken.write_text("import not_a_module_of_anybody\n", encoding="utf-8")
    with pytest.raises(ValueError, match="ModuleNotFoundError"):
        user.load(f"{broken}:grade")


def test_resolve(write: Write) -> None:
    spec = write("return 0.5")
    assert registry.resolve(spec)("text", {}, finish_reason="stop").reward == 0.5
    assert registry.resolve("math")(r"\boxed{1}", {"answer": "1"}, finish_reason="stop") == Verdict.of(
        Status.CORRECT, extracted="1", detail="rule 'boxed': equal as exact numbers"
    )
    with pytest.raises(ValueError, match=r"did you mean 'math'\?"):
        registry.resolve("maths")
    with pytest.raises(ValueError, match="no file"):
        registry.resolve("absent.py:grade")


def test_versions(write: Write) -> None:
    assert len(registry.version("math")) == 16
    first = registry.version(write("return 0.5"))
    assert first == registry.version(write("return 0.5")) != registry.version(write("return 0.6"))
