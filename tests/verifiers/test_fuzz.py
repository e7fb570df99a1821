"""Grammar fuzz through every judge: whatever the text, a verdict; whatever is wrong, no reward; never a mask."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from judge_answers import job, judges
from leaks import leaks

from verifiers.jobs import Job
from verifiers.pool import JudgePool
from verifiers.types import Status, Verdict

# No fuzz hits these: what is rewarded all the same is a hole in the judge.
SECRET = 739_105_571
UNREACHABLE: dict[str, dict[str, Any]] = {
    "math": {"answer": f"\\frac{{{SECRET}}}{{1013}}"},
    "code": {
        "kind": "calls",
        "entry_point": "f",
        "cases": [{"args": [7], "expected": SECRET}],
        "limits": {"cpu_seconds": 1, "wall_seconds": 3, "memory_bytes": 64 << 20},
    },
    "gym": {
        "family": "countdown",
        "entry": {
            "question": "",
            "answer": f"{SECRET}*17 - 5",
            "metadata": {"numbers": [SECRET, 17, 5], "target": SECRET * 17 - 5},
        },
    },
    "lean": {"statement": "theorem t : 2 + 2 = 5"},
}
COUNTS = {"math": 500, "code": 160, "gym": 250, "lean": 250}
# How an answer is set off in its text.
FENCES = {
    "math": ("\\boxed{", "}"),
    "code": ("```python\n", "\n```"),
    "gym": ("<answer>", "</answer>"),
    "lean": ("```lean\n", "\n```"),
}
TOKENS = {
    "math": r"\frac \sqrt \boxed \text \left( \right) \begin{pmatrix} \end{pmatrix} \\ & { } [ ] ( ) , ; : = < > \le"
    r" \infty \pi e i x y 0 1 7 42 10 999 . .. \ldots % ^ _ + - \cdot / ! \% $ $$ #### \mathbb{R} \in \{ \} √ ½ 十 二"
    r" 元 \cup 答案是 answer is therefore A (B) \pm \log_2 \binom \sum_{k=1}^{9} \int_0^1 ^\circ cm km/h",
    "code": "def f(x): return x import os sys \n \t lambda yield from async await class with as try: except: @f"
    " finally: (x) {1:2} * ** // << 10**9 int str open eval exec print input() while for in range(9**9) global nonlocal"
    ' \'a\' """ \\ # ; ``` ~~~ ```cpp ``` raise SystemExit assert del None True ... : = == :=',
    "gym": "17 5 + - * / ** // ( ) 24 0 1e9 9**9**9 0x1f 1_0 4! . , = == \\times \\div \u00d7 \u2212 $ x y E pi"
    " sin( sqrt( exp( Integral( __import__('os') .__class__ [0] lambda: eval exec print() \\boxed{ } </answer> <answer>"
    " ``` \n \" ' {} [] True None NaN Infinity -inf 1j \u06f5 answer is Answer: **",
    "lean": "by intro exact apply refine constructor cases induction rfl rw [ ] simp decide calc have show first <;> ·"
    " | => ( ) ⟨ ⟩ { } , ; fun λ h h.1 x _ ?_ :=  : = ∧ ∨ ¬ → ∀ ∃ Nat Nat.succ 0 1 2 5 Eq.refl sorry admit"
    " native_decide set_option axiom theorem t end #eval #exit macro @[simp] open in \n    let match with if then else"
    " at * ``` -- /- -/ exfalso repeat try skip",
}
MARKS = "\u202e\u202d\u2066\u2069\u200b\u200d\ufeff\u00ad\u0000\ud800\x1b\r\u2028\U0001f600\u0301\uffff\u0085"
PAIRS = (("(", ")"), ("[", "]"), ("{", "}"), ("\\frac{1}{", "}"), ("\\boxed{", "}"), ("\\sqrt{", "}"), ("⟨", "⟩"),
         ("\\left(", "\\right)"), ("```\n", "\n```"), ("<think>", "</think>"), ("/-", "-/"), ("not ", ""), ("-", ""),
         ("fun x => ", ""), ("(by exact ", ")"), ("lambda: ", ""), ("\\text{", "}"), ("$", "$"))  # fmt: skip


def noise(random: Random) -> str:
    data = random.randbytes(random.choice((1, 10, 300, 3000)))
    # A text with lone surrogates is refused as a whole: they must not hide what is behind.
    if random.random() < 0.1:
        return data.decode("utf-8", "surrogateescape")
    return data.decode("latin-1") if random.random() < 0.5 else data.decode("utf-16", "replace")


def nesting(random: Random) -> str:
    opening, closing = random.choice(PAIRS)
    depth = random.choice((5, 100, 3000, 30_000))
    return opening * depth + random.choice(("1", "x", "rfl", "")) + closing * max(0, depth - random.choice((0, 0, 1)))


def long_line(random: Random) -> str:
    return random.choice(("9", "x", "(", "\\", "答", "`", "1,", "1+", "\\frac12", "\ud800", " ")) * (1 << 20)


def numbers(random: Random) -> str:
    digits = "".join(random.choices("0123456789", k=random.choice((1, 30, 5000))))
    return random.choice(
        (
            digits,
            f"-{digits}.{digits}",
            f"{digits}e{digits[:9]}",
            f"9^{{{digits}}}",
            f"{digits}!",
            f"{digits}**{digits}",
        )
    )


def tokens_of(name: str) -> Callable[[Random], str]:
    words = TOKENS[name].split(" ")
    return lambda random: random.choice((" ", "", "\n")).join(random.choices(words, k=random.choice((1, 5, 20, 200))))


def mutated(text: str, random: Random) -> str:
    """A few characters dropped, doubled, replaced or marked."""
    characters = list(text)
    for _ in range(random.randint(1, 6)):
        at = random.randrange(len(characters))
        characters[at] = random.choice(
            ("", characters[at] * 2, random.choice(MARKS), characters[at] + random.choice(MARKS))
        )
        characters = characters or [" "]
    return "".join(characters)


def fuzz(name: str, random: Random) -> Iterator[str]:
    """Endless texts for one judge."""
    opening, closing = FENCES[name]
    common = (noise, nesting, numbers, tokens_of(name), tokens_of(name), tokens_of(name))
    while True:
        text = long_line(random) if random.random() < 0.01 else random.choice(common)(random)
        if random.random() < 0.3:
            text += random.choice(common)(random)
        shape = random.random()
        if shape < 0.7:
            text = f"{opening}{text}{closing}"
        elif shape < 0.8:
            text = mutated(f"{opening}{text[:5000]}{closing}", random)
        elif shape < 0.9:
            text = f"{random.choice(tuple(FENCES.values()))[0]}{text}{closing}"
        yield text


@pytest.fixture(scope="module")
def pool() -> Iterator[JudgePool]:
    with JudgePool(2, 5.0, cpu_seconds=1.0) as pool:
        yield pool


def shown(verdict: Verdict, text: str) -> tuple[str, str, str | None, str]:
    return verdict.status, verdict.detail, verdict.failure_reason, ascii(text)[:200]


@pytest.mark.parametrize("name", judges())
def test_any_text_gets_a_verdict_and_none_a_reward(pool: JudgePool, name: str) -> None:
    random = Random(f"fuzz {name}")
    texts = [text for text, _ in zip(fuzz(name, random), range(COUNTS[name]), strict=False)]
    jobs = [Job(verifier=name, text=text, reference=UNREACHABLE[name]) for text in texts]
    # Longer than the slowest machine needs: a judge that hangs is masked by it, and found so below.
    verdicts = pool.judge(jobs, deadline_seconds=400.0)
    pairs = list(zip(texts, verdicts, strict=True))
    assert not [shown(verdict, text) for text, verdict in pairs if verdict.mask_sample]
    assert not [shown(verdict, text) for text, verdict in pairs if verdict.reward]
    assert not [(leaks(verdict, text), *shown(verdict, text)) for text, verdict in pairs if leaks(verdict, text)]
    # Each kind of ending is seen, so the fuzz reaches behind the extraction.
    assert {Status.WRONG, Status.NO_ANSWER} <= {verdict.status for verdict in verdicts}
    assert pool.healthy()


@pytest.mark.parametrize("name", judges())
def test_mutated_answers_are_never_masked(pool: JudgePool, name: str) -> None:
    """Some of them are still right: what is asked here is a verdict."""
    random = Random(f"mutants {name}")
    jobs = [job(name, number) for number in range(COUNTS[name] // 4)]
    mutants = [one.model_copy(update={"text": mutated(one.text, random)}) for one in jobs]
    verdicts = pool.judge([*jobs, *mutants])
    assert {verdict.status for verdict in verdicts[: len(jobs)]} == {Status.CORRECT}
    pairs = list(zip(mutants, verdicts[len(jobs) :], strict=True))
    assert not [shown(verdict, mutant.text) for mutant, verdict in pairs if verdict.mask_sample]
    assert not [shown(verdict, mutant.text) for mutant, verdict in pairs if leaks(verdict, mutant.text)]


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


HUGE = "9" * (1 << 20)
CALLS: dict[str, Any] = UNREACHABLE["code"]
PUZZLE: dict[str, Any] = UNREACHABLE["gym"]
BAD: dict[str, list[dict[str, Any]]] = {
    "math": [
        *({"answer": value} for value in (None, [], {}, "", " ", deep(50), "\x00", "\ud800", HUGE, "{" * 9999)),
        *({"answer": "\\frac{1}{" * 9999}, {}, {"answers": "1"}, {"answer": True}, {"answer": "\u202e"}),
    ],
    "gym": [
        *({}, {"family": "countdown"}, {"family": [], "entry": {}}, {"family": "composite", "entry": {}}),
        *({"family": "countdown", "entry": value} for value in (None, [], {}, "", deep(50), {"answer": "1"})),
        *(PUZZLE | {"family": family} for family in ("", "\x00", "chain_sum", "propositional_logic", "n_queens", HUGE)),
        *(PUZZLE | {"entry": PUZZLE["entry"] | {"answer": one}} for one in ("", "\u202e", 5, None, HUGE, "9**9**9**9")),
        *(PUZZLE | {"entry": PUZZLE["entry"] | {"metadata": one}} for one in ({}, [], deep(50), {"numbers": deep(50)})),
    ],
    "code": [
        {},
        {"kind": "stdin"},
        {"kind": "stdin", "cases": []},
        {"kind": "stdin", "cases": [{"stdin": 5, "stdout": "1"}]},
        {"kind": "stdin", "cases": [{"stdin": "5"}]},
        {"kind": "stdin", "cases": deep(500)},
        {"kind": "nothing", "cases": []},
        {"kind": ["calls"], "cases": []},
        *(CALLS | {"entry_point": value} for value in ("", "1x", "f()", 5, None, "f\x00", deep(40))),
        CALLS | {"cases": [{"args": {}, "expected": 1}]},
        CALLS | {"cases": [{"args": [deep(900)], "expected": 1}]},
        CALLS | {"limits": {"cpu_seconds": 0}},
        CALLS | {"limits": {"cpu_seconds": -1}},
        CALLS | {"limits": {"cpu": 1}},
        CALLS | {"unknown": 1},
        *({"kind": "asserts", "entry_point": "f", "tests": tests} for tests in ("", "assert", "1/0", "\x00", 5)),
        {"kind": "asserts", "entry_point": "f", "tests": "def check(candidate):\n    pass"},
        {"kind": "asserts", "entry_point": [], "tests": "assert f(1) == 2"},
    ],
    "lean": [
        {},
        *({"statement": value} for value in ("", 5, None, [], "theorem", "theorem t", "theorem t : nowhere", "\x00")),
        *({"statement": value} for value in ("def t := 1", "axiom t : False", "#eval 1", HUGE)),
        {"statement": "theorem t : " + "(" * 9999},
        {"statement": "theorem t : 2 + 2 = 4 := by rfl"},
        {"statement": "theorem t : 2 + 2 = 4", "header": 5},
        {"statement": "theorem t : 2 + 2 = 4", "header": "theorem"},
        {"statement": "theorem t : 2 + 2 = 4", "unknown": 1},
        {"statement": "theorem t : 2 + 2 = 4", "header": "\ud800"},
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", judges())
def test_a_bad_reference_is_an_error_that_says_why(pool: JudgePool, name: str) -> None:
    text = job(name, 1).text
    verdicts = pool.judge([Job(verifier=name, text=text, reference=bad) for bad in BAD[name]])
    pairs = [(ascii(bad)[:200], *shown(verdict, "")[:3]) for bad, verdict in zip(BAD[name], verdicts, strict=True)]
    assert not [pair for pair, verdict in zip(pairs, verdicts, strict=True) if not verdict.mask_sample]
    assert not [pair for pair, verdict in zip(pairs, verdicts, strict=True) if len(verdict.failure_reason or "") < 10]
    assert {verdict.failure_kind for verdict in verdicts} == {"bad_reference"}, pairs
    assert not [pair for pair, verdict in zip(pairs, verdicts, strict=True) if leaks(verdict, text)]
    assert pool.healthy()


SURROGATES = ("\ud800", "x = '\udfff'", "\ud83d \ude00", "\udcff" * 5000)


@pytest.mark.parametrize("name", judges())
def test_text_that_is_no_unicode_is_refused_wherever_it_stands(pool: JudgePool, name: str) -> None:
    right = job(name, 1)
    texts = [shape for odd in SURROGATES for shape in (odd, right.text + odd, odd + right.text)]
    texts += [f"{FENCES[name][0]}{odd}{FENCES[name][1]}" for odd in SURROGATES]
    verdicts = pool.judge([right.model_copy(update={"text": text}) for text in texts])
    assert {(verdict.status, verdict.reward) for verdict in verdicts} == {(Status.REJECTED, 0.0)}
    # At no worker's cost.
    assert not [verdict.detail for verdict in verdicts if "broke its judge" in verdict.detail]
    references = [right.reference | {"solution": odd, "header": odd} for odd in SURROGATES]
    references += [{"answer": [{odd: odd}]} for odd in SURROGATES]
    for verdict in pool.judge([right.model_copy(update={"reference": odd}) for odd in references]):
        assert (verdict.status, verdict.failure_kind) == (Status.ERROR, "bad_reference")
    # Both halves of a pair are one character.
    pair = right.model_copy(update={"text": right.text + " \U0001f600"})
    assert pool.judge([pair])[0].status is not Status.ERROR


def test_a_reference_too_deep_for_json_is_an_error(pool: JudgePool) -> None:
    with pytest.raises(RecursionError):
        json.dumps(deep(100_000))
    verdicts = pool.judge([Job(verifier=name, text="#### 1", reference={"answer": deep(100_000)}) for name in judges()])
    assert {verdict.status for verdict in verdicts} == {Status.ERROR}
    assert pool.healthy()
