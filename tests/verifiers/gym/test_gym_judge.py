"""The gym judge on entries of reasoning-gym written out: what is right, and each hole of a scorer that is closed."""

from __future__ import annotations

import builtins
import sys
from typing import Any

import pytest

from verifiers import registry
from verifiers.gym import scorers
from verifiers.gym.judge import judge
from verifiers.jobs import Job
from verifiers.pool import JudgePool
from verifiers.types import Json, Status

pytest.importorskip("reasoning_gym")


def entry(family: str, answer: str, **metadata: Any) -> Json:
    return {"family": family, "entry": {"question": "?", "answer": answer, "metadata": metadata}}


COUNTDOWN = entry("countdown", "94*4 - 61 - 6", numbers=[94, 61, 6, 4], target=309)
NEAR = entry("countdown", "97*3 + 7*1", numbers=[97, 3, 7, 1], target=298)
PUZZLE24 = entry("puzzle24", "4*8 - 6 - 2", numbers=[4, 8, 6, 2])
INTEGRAL = entry("simple_integration", "x**3/3 + 2*x + C", variable="x", integrand="x**2 + 2")
PARTS = entry(
    "intermediate_integration", "-x**2*cos(x) + 2*x*sin(x) + 2*cos(x) + C", variable="x", integrand="x**2*sin(x)"
)
PRODUCT = entry("polynomial_multiplication", "x**2 + 3*x + 2", variables=["x"], polynomial_expr="(x + 1)*(x + 2)")
COMPLEX = entry("complex_arithmetic", "8.0 + 3.0i", result=[8, 3])
COINS = entry("coin_flip", "0.3125")
RARE = entry("coin_flip", "0.000030517578125")
SORTED = entry("number_sorting", "['-2.5', '1', '3.0']", direction="ascending")
LIFE = entry("game_of_life", "[[0,1],[1,0]]")
HALTS = entry("game_of_life_halting", "False")
JUMBLE = entry("letter_jumble", "the cat sat")
KNIGHTS = entry("knights_knaves", "Zoey is a knight, and Liam is a knave.")
LOCK = entry(
    "quantum_lock", "A → B", initial_value=0, initial_state="red", target_value=3,
    buttons=[
        {"name": "A", "type": "add", "value": 1, "active_state": "any"},
        {"name": "B", "type": "add", "value": 2, "active_state": "any"},
        {"name": "C", "type": "add", "value": 9, "active_state": "any"},
    ],
)  # fmt: skip
ROOTS = entry("polynomial_equations", "-0.7757, 0.0, 1.9717")
POOL = entry("pool_matrix", "4.5 4.67\n400.0 5.0")
DAYS = entry("time_intervals", "5 days", task_type="date")
CLOCK = entry("time_intervals", "00:00:12.005", task_type="time_ms")
QUEENS = entry("n_queens", "_ Q\nQ _", valid_answers=["_ Q\nQ _"])
SPIRAL = entry("spiral_matrix", "1 2 3")
FRACTION = entry(
    "fraction_simplification", "$\\frac{1}{2}$",
    simplified_numerator=1, simplified_denominator=2, numerator=2, denominator=4,
)  # fmt: skip
WORD = entry("figlet_font", "CLOWREXYZAB")
COLOURS = entry(
    "graph_color", '{"0": 1, "1": 2}', puzzle={"vertices": [0, 1], "edges": [[0, 1]], "color_options": [1, 2]}
)
WORDS = entry("word_sorting", "ant, bee, Cat", sorted_words=["ant", "bee", "Cat"])
PARTS_OF_WORD = entry("palindrome_partitioning", '[["a", "a"], ["aa"]]', solution=[["a", "a"], ["aa"]])
CODE = entry("codeio", '{"N": 35}')
CRYPT = entry("cryptarithm", "A=1,B=2", words_letters=["A", "A"], result_letters="B")
EVENT = entry("calendar_arithmetic", "-1", task="recurring_event_day")
HEX = entry("bitwise_arithmetic", "0x3d2d", problem="((0x7a5b >> 0x0) >> 0x1)")
PRIMES = entry("prime_factorization", "5 × 7 × 7")
SOKOBAN = entry("sokoban", "R", gamestr="+ + + + +\n+ * @ X +\n+ + + + +\n")
ARC = entry("arc_agi", "1 2\n3 4", output=[[1, 2], [3, 4]])


@pytest.mark.parametrize(
    ("reference", "answer"),
    [
        (COUNTDOWN, "94*4 - 61 - 6"),
        (COUNTDOWN, "4 * 94 - (61 + 6)"),
        (COUNTDOWN, r"94 \times 4 - 61 - 6"),
        (COUNTDOWN, "94×4 \u2212 61 \u2212 6"),
        (COUNTDOWN, "$94 \\cdot 4 - 61 - 6$"),
        (PUZZLE24, "8*4 - (6 + 2)"),
        (INTEGRAL, "2*x + x**3/3"),
        (INTEGRAL, "x^3/3 + 2*x + C"),
        (INTEGRAL, "(x**3 + 6*x)/3 + 7"),
        (PARTS, "(2 - x**2)*cos(x) + 2*x*sin(x)"),
        (PRODUCT, "2 + 3*x + x**2"),
        (COMPLEX, "8+3i"),
        (COMPLEX, "(8.0 + 3.0j)"),
        (COINS, "5/16"),
        (COINS, "0.3125"),
        (SORTED, "[-2.5, 1, 3]"),
        (LIFE, "[[0, 1], [1, 0]]"),
        (HALTS, "false"),
        (JUMBLE, "The cat sat"),
        (KNIGHTS, "Liam is a knave and Zoey is a knight"),
        (LOCK, "B, A"),
        (ROOTS, "-0.7757,0,1.9717"),
        (POOL, "4.50 4.67\n400 5"),
        (DAYS, "5"),
        (FRACTION, "1/2"),
        (FRACTION, r"\dfrac{1}{2}"),
        (WORD, "clowrexyzab"),
        (COLOURS, '{"0": 2, "1": 1}'),
        (COLOURS, '{"1": 1, "0": 2}'),
        (WORDS, "ant,bee, Cat"),
        (WORDS, "ant, bee, Cat."),
        (PARTS_OF_WORD, '[["aa"], ["a", "a"]]'),
        (CODE, '{"N":35}'),
        (KNIGHTS, "Liam is a knave, Zoey is a knight."),
        (COMPLEX, "**8 + 3i**."),
        (COUNTDOWN, "$94*4 - 61 - 6$."),
        (COUNTDOWN, "94 \u2217 4 \u2212 61 \u2212 6"),
        (CRYPT, "A=3, B=6"),
        (EVENT, "-1"),
        (HEX, "0x3D2D"),
        (PRIMES, r"7 \times 5 \times 7"),
        (SOKOBAN, "R"),
        (ARC, "1 2\n3 4"),
    ],
)
def test_right_answers(reference: Json, answer: str) -> None:
    verdict = judge(f"<answer>{answer}</answer>", reference, finish_reason="stop")
    assert verdict.status is Status.CORRECT, verdict


@pytest.mark.parametrize(
    ("reference", "answer"),
    [
        # Other numbers, a number twice or not at all, hidden behind a point, concatenated, a factorial.
        (COUNTDOWN, "309"),
        (COUNTDOWN, "94*4 - 61 - 6 + 0"),
        (COUNTDOWN, "94*4 - 67"),
        (COUNTDOWN, "94*4.0 - 61 - 6"),
        (COUNTDOWN, "94*4 - 61 - 6 = 309"),
        (COUNTDOWN, "94*4 - 61 - 6 # 309"),
        (NEAR, "97*3 + 7 - 1/1"),
        # 24.9 was 24, and any four numbers were the given ones.
        (PUZZLE24, "6*4*1*1"),
        (PUZZLE24, "3*8*1*1"),
        (PUZZLE24, "4!*(8 - 6)/2"),
        # What does the work itself.
        (INTEGRAL, "Integral(x**2 + 2, x)"),
        (INTEGRAL, "integrate(x**2 + 2)"),
        (INTEGRAL, "0.3333333333333333*x**3 + 2*x"),
        (INTEGRAL, "x**3/3 + x"),
        (INTEGRAL, "x**3/3 + 2*x + C*x"),
        (INTEGRAL, "x**2 + 2"),
        (PRODUCT, "expand((x + 1)*(x + 2))"),
        (PRODUCT, "(x + 1)*(x + 2)"),
        (PRODUCT, "x**2 + 3*x + 2.0000000000000001"),
        # No number is equal to NaN; a first digit is not the number.
        (COMPLEX, "nan"),
        (COMPLEX, "nan + nani"),
        (COMPLEX, "8.0000001 + 3i"),
        (COMPLEX, "inf"),
        (COINS, "0"),
        (COINS, "0.3"),
        (COINS, "0.31"),
        (COINS, "1e-99999999"),
        (RARE, "0"),
        (SORTED, "[-2.5, 1.9, 3]"),
        (SORTED, "[NaN, NaN, NaN]"),
        (SORTED, "[-3, 1, 3]"),
        # Larger, truthy, with something appended, denied.
        (LIFE, "[[0,1,1],[1,0,1],[1,1,1]]"),
        (LIFE, "[[false,true],[true,false]]"),
        (HALTS, "True"),
        (HALTS, "x"),
        (JUMBLE, "the cat sat on a mat"),
        (KNIGHTS, "It is false that Zoey is a knight, and Liam is a knave."),
        (KNIGHTS, "Zoey is not a knight, and Liam is a knave."),
        (KNIGHTS, "Zoey is a knave, and Liam is a knight."),
        (LOCK, "A bad sequence"),
        (LOCK, "A, A, A"),
        (ROOTS, "-0.7757, 0.0, 1.9717, nan"),
        (ROOTS, "-0.7757, 0.0, 1.9717, none"),
        (ROOTS, "-0.7757, 0.0"),
        (POOL, "4.5 4.67\n401.0 5.0"),
        (POOL, "nan nan\nnan nan"),
        (DAYS, "5 hours"),
        (DAYS, "5 or 6 days"),
        # Milliseconds were read as a whole number.
        (CLOCK, "00:00:12.5"),
        (QUEENS, "[['_', 'Q'], ['Q', '_']]"),
        (SPIRAL, "[1, 2, 3]"),
        (FRACTION, r"\frac{1}{2}3"),
        (FRACTION, r"\frac{1}{2} or 3/4"),
        (FRACTION, "2/4"),
        (WORD, "CLOWREXYZA and more"),
        (WORD, "CLOWREXYZAQQQ"),
        (COLOURS, '{"0": 1, "1": 1}'),
        (COLOURS, '{"0": 1}'),
        (COLOURS, "[2, 1]"),
        (COLOURS, '{"0": 1, "0": 2, "1": 1}'),
        (COLOURS, '{"0": 1, "1": 2, "x": 1}'),
        (COLOURS, '{"0": true, "1": 2}'),
        (WORDS, "ant, bee, Cat, ant, bee, Cat"),
        (WORDS, "ant, bee, Cat, dog"),
        (WORDS, "ant, bee, Cat,"),
        (WORDS, "ant, bee, cat"),
        (WORDS, "bee, ant, Cat"),
        (PARTS_OF_WORD, '[["a", "a"], ["aa"], ["aa"]]'),
        (PARTS_OF_WORD, '["aa", ["aa"]]'),
        (CODE, '{"N": 1, "N": 35}'),
        (CODE, '{"N": true}'),
        (KNIGHTS, "Zoey is a knight, and Zoey and Liam is a knave."),
        (KNIGHTS, "Zoey is a knight, and Liam is a knave, knight"),
        (KNIGHTS, "Liam Zoey is a knight, and Liam is a knave."),
        (ROOTS, "-0.7757, , 0.0, 1.9717"),
        (ROOTS, "-0.7757, 0.0, 1.9717, +"),
        (ROOTS, "-0.7757, 0.0, 1.9717,"),
        # Numbers in a row, numbers joined, powers, a second division sign, a comma, another sign.
        (COUNTDOWN, "94(4) - 61 - 6"),
        (COUNTDOWN, "9 4*4 - 61 - 6"),
        (COUNTDOWN, "94**1*4 - 61 - 6"),
        (COUNTDOWN, "94*4 - (61 + 6)//1"),
        (COUNTDOWN, "(94*4 - 61 - 6,)"),
        (COUNTDOWN, "94*4 - 61 - 06"),
        (COUNTDOWN, "94*4 - 6_1 - 6"),
        (COUNTDOWN, "94*4 - 61 - 6 if 1 else 0"),
        (COUNTDOWN, "309 + 0*94*4*61*6"),
        (COUNTDOWN, "\u2079\u2074*4 - 61 - 6"),
        (CRYPT, "A=9,A=1,B=2"),
        # Beyond 1 a score is an error of the scorer's: relative to a negative number.
        (EVENT, "5"),
        (EVENT, "-100"),
        (HEX, "0x3d2e"),
        (PRIMES, "5 × 49"),
        (SOKOBAN, "L"),
        (SOKOBAN, "Right"),
        (ARC, "1 2\n3 5"),
    ],
)
def test_wrong_answers(reference: Json, answer: str) -> None:
    verdict = judge(f"<answer>{answer}</answer>", reference, finish_reason="stop")
    assert (verdict.status, verdict.reward) == (Status.WRONG, 0.0), verdict
    assert str(reference["entry"]["answer"]) not in verdict.detail


EVALUATED = [
    *(COUNTDOWN, PUZZLE24, INTEGRAL, PARTS, PRODUCT, SORTED, QUEENS, SPIRAL, HEX, LIFE),
    entry("string_insertion", "EACAD"),
    entry("binary_matrix", "1 0\n0 1"),
    entry("codeio", '{"a": 1}'),
    entry("jugs", '["fill A"]', puzzle={"jug_capacities": [3, 5, 7], "target": 3}),
]


@pytest.mark.parametrize("reference", EVALUATED, ids=lambda reference: reference["family"])
@pytest.mark.parametrize(
    "answer",
    [
        "__import__('builtins').__dict__.__setitem__('ran', 1)",
        "[__import__('builtins').__dict__.__setitem__('ran', 1)]",
        "(lambda: __import__('builtins').__dict__.__setitem__('ran', 1))()",
        '[1, exec("import builtins; builtins.ran = 1")]',
        "setattr(__import__('builtins'), 'ran', 1)",
        "().__class__.__base__.__subclasses__()",
        "breakpoint()",
    ],
)
def test_no_answer_runs_as_code(reference: Json, answer: str) -> None:
    assert judge(f"<answer>{answer}</answer>", reference, finish_reason="stop").status is Status.WRONG
    assert not hasattr(builtins, "ran")


RUN = "__import__('builtins').__dict__.__setitem__('ran', 1)"


@pytest.mark.parametrize(
    "reference",
    [
        {},
        {"family": "countdown"},
        {"family": 3, "entry": {}},
        {"family": "countdown", "entry": {"answer": "1"}},
        entry("propositional_logic", "P"),
        entry("boxnet", "[]"),
        entry("chain_sum", "3"),
        entry("no_such_family", "3"),
        entry("countdown", " ", numbers=[1], target=1),
        entry("countdown", "94*4", numbers=[94, 4], target=309),
        entry("countdown", "94", numbers=[94]),
        entry("countdown", "94"),
        entry("countdown", RUN, numbers=[], target=1),
        entry("bitwise_arithmetic", "0x1", problem=RUN),
        entry("bitwise_arithmetic", "0x1", problem="0x9**0x9**0x9"),
        entry("simple_integration", "x", variable="x", integrand=RUN),
        entry("simple_integration", "S", variable="S", integrand="1"),
        entry("simple_integration", "x", variable=RUN, integrand="1"),
        entry("polynomial_multiplication", RUN, variables=["x"]),
        entry("polynomial_multiplication", "x", variables=[RUN]),
        entry("number_sorting", f"[{RUN}]", direction="ascending"),
        entry("n_queens", "x", valid_answers=3),
        entry("arc_agi", "1 2", output=3),
        entry("word_ladder", "COT,COG"),
        entry("../countdown", "3"),
        entry("countdown\x00", "3"),
        entry("COUNTDOWN", "3"),
        entry("countdown", "94*4", numbers=[94, 4], target=376, more="9" * 1_000_000),
        entry("tower_of_hanoi", "Move disk 1 from Peg 1 to Peg 2", num_disks=1, num_pegs=3, start_peg=9, target_peg=2),
        entry("bitwise_arithmetic", "0x1", problem="0x1 << 0x" + "f" * 60),
        entry("bitwise_arithmetic", "0x1", problem="0x1.__class__"),
        entry("polynomial_multiplication", "x**2", variables=["x", ["y"]]),
        entry("intermediate_integration", "x", variable="x", integrand="().__class__"),
        entry("graph_color", '{"0": 1}', puzzle={"vertices": RUN, "edges": [], "color_options": [1]}),
        entry("word_sorting", "a, b", sorted_words="ab"),
    ],
)
def test_references_that_nothing_can_be_judged_against(reference: Json) -> None:
    verdict = judge("<answer>--</answer>", reference, finish_reason="stop")
    assert (verdict.status, verdict.failure_kind) == (Status.ERROR, "bad_reference"), verdict
    assert not hasattr(builtins, "ran")


def test_what_an_answer_costs_is_a_zero_and_no_mask() -> None:
    hostile = {
        "a slow simplification": (
            INTEGRAL,
            " + ".join(f"sin(x)**{n}*cos(x+{n})**19*tan(x)**7" for n in range(9)),
        ),
        "deep brackets": (COUNTDOWN, "(" * 9_000 + "1" + ")" * 9_000),
        "deep JSON": (LIFE, "[" * 9_000),
        "deep JSON, closed": (COLOURS, "[" * 9_000 + "]" * 9_000),
        "a long number": (POOL, "9" * 19_000),
        "a long number of factors": (PRIMES, "9" * 19_000),
        "a tower": (PUZZLE24, "9**9**9**9"),
        "an exponent": (entry("power_function", "1.5e+3"), "1e999999999"),
        "many moves": (SOKOBAN, "LR" * 9_000),
        "many gaps": (ROOTS, " , " * 6_000),
        "many quotes": (INTEGRAL, '"' * 9_000 + "x" + '"' * 9_000),
        "a cube turned often": (entry("rubiks_cube", "U", cube_size=3, scramble_moves="U'"), "U9 " * 500),
        "a long answer": (JUMBLE, "the cat " * 9_000),
    }
    honest = Job(verifier="gym", text="<answer>94*4 - 61 - 6</answer>", reference=COUNTDOWN)
    jobs = [Job(verifier="gym", text=f"<answer>{text}</answer>", reference=one) for one, text in hostile.values()]
    with JudgePool(1) as pool:
        *verdicts, last = pool.judge([*jobs, honest])
    assert {name: v.reward for name, v in zip(hostile, verdicts, strict=True) if v.reward != 0.0} == {}
    assert [v.status for v in verdicts].count(Status.TIMEOUT) == 1
    assert verdicts[0].status is Status.TIMEOUT and last.status is Status.CORRECT


def test_a_reference_that_costs_too_much_is_to_blame_itself() -> None:
    huge = entry("rubiks_cube", "U", cube_size=10**9, scramble_moves="U'")
    jobs = [
        Job(verifier="gym", text="<answer>U</answer>", reference=huge),
        Job(verifier="gym", text="<answer>94*4 - 61 - 6</answer>", reference=COUNTDOWN),
    ]
    with JudgePool(1) as pool:
        costly, honest = pool.judge(jobs)
    assert (costly.mask_sample, honest.status) == (True, Status.CORRECT), costly


def test_an_answer_is_judged_alike_whatever_was_judged_before() -> None:
    asked = [
        *((COUNTDOWN, "94*4 - 61 - 6"), (SORTED, "[-2.5, 1, 3]"), (KNIGHTS, "Liam is a knave and Zoey is a knight")),
        *((LOCK, "B, A"), (SOKOBAN, "R"), (ARC, "1 2\n3 4"), (PARTS, "(2 - x**2)*cos(x) + 2*x*sin(x)")),
        *((LOCK, "A, A, A"), (SOKOBAN, "L"), (ARC, "1 2\n3 5"), (PARTS, "x"), (COLOURS, '{"0": 1, "1": 1}')),
    ]

    def judged(order: list[tuple[Json, str]]) -> list[Status]:
        return [judge(f"<answer>{text}</answer>", one, finish_reason="stop").status for one, text in order]

    first = judged(asked)
    assert first == [Status.CORRECT] * 7 + [Status.WRONG] * 5
    assert judged(asked[::-1]) == first[::-1] and judged(asked) == first


def test_without_reasoning_gym_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "reasoning_gym.factory", None)
    scorers.load.cache_clear()
    try:
        verdict = judge("<answer>1</answer>", COUNTDOWN, finish_reason="stop")
    finally:
        scorers.load.cache_clear()
    assert (verdict.failure_kind, verdict.mask_sample) == ("no_reasoning_gym", True)
    assert "pip install 'rlcore[gym]'" in str(verdict.failure_reason)
    # Where the library is missing a broken reference is broken all the same.
    assert registry.reference_schema("gym") is not None
