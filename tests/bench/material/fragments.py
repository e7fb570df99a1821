# ruff: noqa: E501, RUF001 (a table of strings, some of them deceptive on purpose)
"""What the adversary builds its answers from, and the targets it cannot win, by judge."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from verifiers.types import Json


@dataclass(frozen=True)
class Grammar:
    """Fragments to string together, frames to put them in (`@` is the place), and references that none of it meets.

    `whole` are fragments that nothing may cut, since a part of them would be right: while answers are mutated each is
    one character, and `spell` writes them out.
    """

    fragments: tuple[str, ...]
    frames: tuple[str, ...]
    targets: tuple[Json, ...]
    whole: tuple[str, ...] = ()

    def make(self, rng: Random) -> str:
        """A frame around 1 to 8 fragments."""
        inside = "".join(self.fragment(rng) for _ in range(rng.randint(1, 8)))
        return rng.choice(self.frames).replace("@", inside)

    def fragment(self, rng: Random) -> str:
        """A fragment; every fourth is one that nothing may cut."""
        if self.whole and rng.random() < 0.25:
            return chr(_FIRST_WHOLE + rng.randrange(len(self.whole)))
        return rng.choice(self.fragments)

    def spell(self, text: str) -> str:
        """The answer as it is judged."""
        return text.translate({_FIRST_WHOLE + index: whole for index, whole in enumerate(self.whole)})


# Private use: no fragment holds these.
_FIRST_WHOLE = 0xE100


# Words that scale, negate, order or approximate, names that are swapped, layout, tautologies, choices beside another,
# marks that are cut off: each is wrong for every target, and nearly right for one.
_NEARLY = (
    "104729 thousands", "104729 millionths", "104729 per mille", "104729 ppm", "104729 basis points", "104729 tenfold",
    "104729-fold", "104729 reciprocal", "104729 bn", "104729 mil", "104729K", r"104729\text{ M}", "104729 dozen",
    "104729 halves", "104729 sevens", "104729 pairs", "104729 times", "104729 more than", "104729 fewer", "104729 short",
    "104729 and a half", "104729 or so", "104729 in thousands", "104729 below zero", "104729 mn", r"104729\mathrm{Q}",
    "104729平方", "104729倍", "104729多", "104729左右", "104729不到", "104729折", "104729对", "104729个亿", "104729的倒数",
    "about 104729", "close to 104729", "the successor to 104729", "one after 104729", "twice 104729", "minus 104729",
    "not 104729", "~104729", r"\approx 104729", r"\lnot 104729", "x \\approx 104729", "约104729", "第104729", "负104729",
    "the reciprocal of 104729", "at least 104729", "up to 104729", "a multiple for 104729", "大约104729", "不是104729",
    "a_1=104729, a_2=7919", "a_3=7919, a_1=104729", r"y=7x \quad y=-104729x", r"y=7x \\ y=-104729x",
    r"y=7x \, y=-104729x", "y=7x=-104729x", "y=7x and y=-104729x", "z=104729=z",
    r"104729_{8}", r"(104729)_{\text{nine}}", r"\overline{104729}", r"\cancel{104729}", r"\phantom{1}104729",
    r"0.\overline{104729}", r"\gcd(104729,7919)", r"\max(104729,999999)", r"\min(7907,104729)", r"104729 \bmod 7919",
    r"\frac{104729}{7919} \text{ or } 104729", r"104729 \text{ or } 7919", r"\log 104729", r"\ln(10^{7919})",
    r"2\begin{pmatrix}7919&1\\0&104729\end{pmatrix}", r"\begin{pmatrix}104729\\7919\end{pmatrix}", r"[7919,104729]",
    r"\sqrt[3]{-7919}", "104729, which is wrong", "104729, but doubled", "104729, or so", "104729, in thousands",
    r"\boxed{104729}.\boxed{7919}", r"\boxed{7919}, \boxed{104729} and \boxed{3}", "<answer>104729</answer><answer>7919",
    r"\textbf{(H)}\ 12\ \textbf{(G)}\ 13", "Option H or G", "not option H", "故选H或G", "H选项和G选项", r"\text{all but H}",
    "104729千元", "104729万人", "104729千个", "104729 (thousands)", "104729 (dozen)", "104729 (tenths)", "104729(x+1)",
    r"104729=\gcd(4,6)", r"104729=\sin 30^\circ", r"104729=\varphi(12)", r"104729=\sqrt{x}", r"104729=|x|", "y=7919, x=104729, y",
    "(x,y)=(104729,7919)", r"\text{half of } 104729", r"\text{Not: } 104729", "0.104729\\%", "104729 percentage points",
    "H. G is also fine", "H or G", "(H) and (G)", r"\boxed{104729} \boxed{", r"\boxed{104729} \fbox{1",  r"\sqrt{7919}+\pi \text{ dozen}", r"\sqrt{7919}+\pi 倍", r"[7919, \infty) \approx",
    "$104729$ + 1", "$104729$ minus $1$", "$104729$ times $104729$", "$104729$ per $104729$", r"\(104729\)^2", "$104729$\u00b2",
    r"\(104729\)\(104729\)", "$104729$ of $7919$", r"$104729$ \times 10^3", "not $104729$", "the square of x is 104729",
    "$104729$ plus or minus $104729$", r"$104729$ (2)", "twice $104729$", "H is not correct", "H or G is correct",
)  # fmt: skip

# No fragment holds 104729, 7919 or 611953, and none builds them but by multiplying what is there by chance.
_MATH = Grammar(
    fragments=(
        "0", "1", "2", "3", "-1", "x", "y", "n", "e", r"\pi", r"\infty", "i", "=", "+", "-", "*", "/", "^", "!", ",", ";",
        ":", ".", "...", r"\ldots", r"\cdots", r"\frac{1}{2}", r"\frac{1}{\mathrm{e}}", r"\sqrt{2}", "^{99}", r"\le",
        "<", ">", r"\ne", r"\approx", r"\in", r"\mathbb{R}", r"\emptyset", r"\{", r"\}", "(", ")", "[", "]", r"\cup",
        r"\text{", "}", "{", "%", r"\%", "$", r"\$", "A", "B", "a", "True", "False", "None", "nan", "inf", "oo", "zoo",
        " or ", " and ", r"\boxed{", "####", "The answer is ", "答案是", "一", "三", "万", "分之", "元", "cm", "\n",
        "</think>", "<think>", "\u200b", "\u202e", "\u2212", "\uff11", "\u00bd", "\x00", r"\begin{pmatrix}",
        r"\end{pmatrix}", "&", r"\\", r"\lim", r"\sum", r"\int", "x=", "0x", "1e308", "1e-308", "9^{9^9}", "lambda",
        "__import__('os')", r"\quad", r"\qquad", r"\,", "xy", "ab", " left", " apples", "个", " per ", r"\binom{t}{2}", r"\cos", r"\phantom{1}", r"\color{red}", r"\mbox{", r"\overline{3}", "'", '"',
        r"\textcolor{blue}{", r"\Large ", r"\boldsymbol{", r"\mathbf{", r"\underline{", r" \checkmark", r"\\[2pt]", r"\;",
        r",\! ", " 000", r"_{8}", r"_{10}", r"_{\text{eight}}", r"\sqrt13", r"\sqrt[3]{-8}", r"\dot{3}", r"\log 100", r"\bmod ",
        r"\max(", r"\min\{", r"\gcd(", r"\operatorname{lcm}(", r"\sin(x)^2", r"^\text{o}", r" \text{ or } ", r"\approx ",
        "Option ", "选项", "June 20th", "<answer>", "</answer>", "**", "—", ", which is the total", " x ", r"\bigcup",
        "|",
        "千米", "千克", "千", "百", "(m)", "m", "g", " (cm)", "USD ", "RMB ", r"\text{ percent}", r"\text{m}", r"\gcd(", r"\max(", r"\angle ",
        "AB", "P(A)", "|S|", "f'(2)", "f(3)", r"\text{Total: }", r"\text{Area}", " (apples)", "m+n", r"\mathbf{v}", "(x,y)", "S_{", "共", "每",
        "面积", r"\text{ for any constant } x", r"\ldots,", "1 2 3",
    ),
    frames=(
        r"\boxed{@}", "#### @", "The answer is @.", "The answer is $@$.", "答案是@", r"so \boxed{\text{@}}", "@",
        r"\boxed{@} \boxed{@}", r"\fbox{@}", "<think>@</think> \\boxed{@}", r"$\boxed{@}$", r"\boxed{x=@}", "A: @",
        r"\boxed{\{@\}}", r"\boxed{(@)}", r"\boxed{-@}", "Therefore, @.", "因此，@。", "The answer is that she has @.",
        "<answer>@</answer>", "**Final Answer**\n\n@", "Answer — @", "Result: @", "In total: @.", "So, she makes @ every day.",
        "The answer is @, which is the total.", "The answer should be @.", "故选@", "The correct option is @.",
        r"\boxed{\textcolor{red}{@}}", r"\boxed{7} **Answer: @**", r"They are \boxed{@} and \boxed{@}.", r"\boxed{\text{she has } @}",
        r"\boxed{m+n=@}", r"\boxed{|S|=@}", r"\boxed{\text{Total} = @}", r"\boxed{共@个}", r"\boxed{(x,y)=(@)}", r"\boxed{@千米}",
        "The value of x is @.", "It is $@$.", "Option @ is correct.", r"The solution is \(@\).", "The number of digits is @.",
        "@ is the correct answer.", r"\boxed{AB=@=1}", r"\boxed{@\%}", r"\boxed{@ (cm)}", r"\boxed{USD @}",
    ),
    whole=_NEARLY,
    targets=(
        {"answer": "104729"},
        {"answer": r"\frac{7919}{104729}"},
        {"answer": r"1-\frac{7919}{\mathrm{e}}"},
        {"answer": "7919x-104729y+611953=0"},
        {"answer": r"\{7919, 104729, 611953\}"},
        {"answer": r"(7919, 104729)"},
        {"answer": r"[7919, \infty)"},
        {"answer": r"\sqrt{7919}+\pi"},
        {"answer": r"\frac{7919}{2^{99}}"},
        {"answer": r"7919x^2+104729"},
        {"answer": r"\begin{pmatrix}7919&1\\0&104729\end{pmatrix}"},
        {"answer": r"7919\%"},
        {"answer": "a_1=7919, a_2=104729"},
        {"answer": r"y=7919x \quad y=-104729x"},
        {"answer": "y=-104729x"},
        {"answer": "w=104729"},
        {"answer": "H"},
        {"answer": "104729 xy"},
        {"answer": r"(7919, \frac{104729\pi}{2})"},
        {"answer": r"(7919, 104729)", "strict_percent": True},
        {"answer": r"104729\%", "strict_percent": True},
        {"answer": "(x,y)=(7919,104729)"},
        {"answer": r"7919, 611953, 104729, \ldots"},
        {"answer": "104729m"},
        {"answer": r"(-\infty,7919)\cup(\sqrt{104729^3},\infty)"},
    ),
)  # fmt: skip

_CODE_CASES = [{"args": [n], "expected": (n * 7919 + 611953) % 104729} for n in (3, 17, 29, 1001, 4242)]
# A loop is not worth more of the machine.
_LIMITS = {"cpu_seconds": 1.0, "wall_seconds": 3.0}
# Many right outputs: whatever has the right remainder.
_CHECKER = (
    "import sys\nn, expected, said = (int(open(path).read()) for path in sys.argv[1:])\n"
    "print(int(said > 104729 and said % 104729 == expected % 104729))\n"
)
_STDIN_CASES = [{"stdin": f"{c['args'][0]}\n", "stdout": f"{c['expected'] + 2 * 104729}\n"} for c in _CODE_CASES]  # type: ignore[index,operator]
_PYTEST = """
import asyncio, pytest
from unittest.mock import patch
from solution import f, BadError
class ListNode:
    def __init__(self, val, next=None):
        self.val, self.next = val, next
@pytest.mark.parametrize("x, y", [(3, 530981), (29, 108437)])
def test_f(x, y):
    assert f(x) == y
def test_nodes():
    node = ListNode(7, ListNode(104729))
    assert f(node).next.val == 530981
def test_changed():
    node = ListNode(7)
    f(node)
    assert node.val == 530981
def test_raises():
    with pytest.raises(BadError, match="530981"):
        f(-104729)
def test_printed(capsys):
    with patch("builtins.input", return_value="104729"):
        f(3)
    assert capsys.readouterr().out == "530981\\n"
async def test_awaited():
    assert await f(3) == 530981
"""
_CODE = Grammar(
    fragments=(
        "def f(x):\n", "    return 0\n", "    return x\n", "    return f\n", "    raise SystemExit(0)\n",
        "    import os; os._exit(0)\n", "    return True\n", "    return type('E', (int,), {'__eq__': lambda a, b: True})(1)\n",
        "import sys\n", "import os\n", "import gc\n", "import json\n", "import builtins\n", "sys.exit(0)\n", "os._exit(0)\n",
        "builtins.print = lambda *a, **k: None\n", "json.loads = lambda *a, **k: 0\n", "json.dumps = lambda *a: 'true'\n",
        "for d in range(3, 20):\n    try: os.write(d, b'{\"ok\": true}\\n')\n    except OSError: 0\n",
        "print('{\"passed\": true}')\n", "print(1)\n", "os.write(1, b'ok')\n", "print(open('/proc/self/maps').read())\n",
        "print([o for o in gc.get_objects() if isinstance(o, dict)][:9])\n", "class A:\n    __eq__ = lambda a, b: True\n",
        "    return A()\n", "sys.modules['__main__'].passed = True\n", "import atexit; atexit.register(os._exit, 0)\n",
        "import signal; signal.alarm(1)\n", "f = lambda x: x\n", "f = lambda *a: A()\n", "def check(*a): return True\n",
        "import threading\n", "try:\n    import ctypes\nexcept Exception:\n    ctypes = None\n", "while True: pass\n",
        "x = [0] * 10**9\n", "assert True\n", "if __name__ == '__main__':\n    f(1)\n", "    return float('nan')\n",
        "    return [x]\n", "    yield x\n", "    return b'0'\n", "\x00", "\u202e", "```\n", "```python\n", "# \ud800\n",
        "import numpy\n", "    return numpy.full((1,) * 9, x)\n", "    return numpy.array([])\n", "1 / 0\n", "exit()\n", "exit(1)\n",
        "os.write(3, b'R{\"value\": {\"ndarray\": [\"<f8\", [' + b'9,' * 9999 + b'1], [0]]}}\\n')\n", "import time; time.sleep(.2)\n",
        "os.write(3, b'R{\"value\": 0, \"value\": {\"int\": \"0x0\"}}\\n')\n", "os.write(3, b'X{\"kinds\": [\"MemoryError\"], \"args\": []}\\n')\n",
        "from rlcore.data.families import programs\n", "import verifiers.audit.cases as v\n", "print(v.load())\n", "raise SystemExit(v)\n",
        "for p in sys.path:\n    try: print(os.listdir(p))\n    except OSError: 0\n", "os.kill(os.getpid(), 19)\n", "os.abort()\n",
        "    import time; time.sleep(.2); os._exit(0)\n", "    raise KeyboardInterrupt\n", "    raise MemoryError(x)\n",
        # What tests patch and hand over, and the checker's files.
        "print(open('correct_output.txt').read())\n", "print(1)\nprint(1)\n", "print(float('inf'))\n", "print('eval')\n", "print(1.0)\n",
        "import pytest\n", "from solution import f\n", "class Solution:\n    def f(self, x):\n        return x\n", "    raise type('Skipped', (Exception,), {})\n",
        "class BadError(ValueError): pass\n", "    raise BadError(x)\n", "async def f(x):\n    return x\n", "    return (y for y in [x])\n",
        "from collections import Counter, namedtuple, defaultdict\n", "    return Counter(x)\n", "    return defaultdict(int)\n",
        "    return namedtuple('P', 'val next')(x, None)\n", "    x.val = x.next = None\n", "    x.next = x\n", "    x.__class__ = A\n", "    print(x)\n    input()\n",
        "os.write(3, b'R{\"value\": null, \"objects\": {\"0\": {\"val\": 1}}}\\n')\n", "os.write(3, b'R{\"value\": {\"own\": 0}}\\n')\n",
        "os.write(3, b'R{\"value\": {\"coroutine\": [0, true, \"x\"]}, \"printed\": \"1\"}\\n')\n",
        "os.write(3, b'X{\"kinds\": [\"Exception\"], \"args\": [], \"names\": [\"BadError\"]}\\n')\n",
        "os.write(3, b'R{\"value\": {\"namedtuple\": [\"P\", [\"val\"], [1]]}}\\n')\n", "return x\n", "    def f(x): return x\n", "1. ",
        "print(__import__('verifiers').__path__)\n", "    return '\\ud800'\n", "    return {x: {x}}\n", "    return 1 << 9**7\n",
    ),
    frames=(
        "```python\n@```", "```\n@```", "@", "```python\n@```\n```python\n@```", "```python\ndef f(x):\n    return 1\n@```",
        "1. Do:\n   ```python\n   @   ```", "@```\nDone.", "- ```py\n  @  ```", "> ```\n> @> ```", "```python\nclass Solution:\n    def f(self, x):\n@```",
        "```python\nclass ListNode: pass\n@```",
    ),
    targets=(
        {"kind": "calls", "entry_point": "f", "cases": _CODE_CASES, "limits": _LIMITS},
        {"kind": "asserts", "entry_point": "f", "limits": _LIMITS,
         "tests": "def check(f):\n" + "".join(f"    assert f({c['args'][0]}) == {c['expected']}\n" for c in _CODE_CASES)  # type: ignore[index]
                  + "check(f)\n"},
        {"kind": "asserts", "entry_point": "f", "limits": _LIMITS, "prompt_prefix": "from typing import List\n\ndef f(x):\n", "partial": True,
         "tests": "".join(f"assert f({c['args'][0]}) == {c['expected']}\n" for c in _CODE_CASES)},  # type: ignore[index]
        {"kind": "asserts", "entry_point": "f", "limits": _LIMITS, "partial": True, "tests": _PYTEST},
        {"kind": "stdin", "limits": _LIMITS, "cases": _STDIN_CASES, "checker": {"source": _CHECKER}, "partial": True},
        {"kind": "stdin", "limits": _LIMITS, "cases": [{"stdin": f"{c['args'][0]}\n", "stdout": f"{c['expected']}\n"} for c in _CODE_CASES]},  # type: ignore[index]
    ),
)  # fmt: skip

_LEAN = Grammar(
    fragments=(
        "intro h\n", "intro\n", "exact h\n", "exact rfl\n", "rfl\n", "simp\n", "simp_all\n", "simp at *\n", "decide\n",
        "decide +kernel\n", "omega\n", "trivial\n", "contradiction\n", "assumption\n", "exact absurd h h\n", "cases h\n",
        "cases h with\n", "| inl a => exact a\n", "| inr a => exact a\n", "induction n with\n", "| zero => rfl\n",
        "| succ n ih => simp [ih]\n", "constructor\n", "left\n", "right\n", "apply Or.inl\n", "apply False.elim\n",
        "exact False.elim h\n", "have h : False := by\n", "have : p := ", "show True\n", "exact trivial\n", "sorry\n", "admit\n",
        "exact sorryAx _\n", "exact sorry\n", "native_decide\n", "set_option debug.skipKernelTC true in\n", "#exit\n",
        "axiom a : False\n", "exact a\n", "end\n", "theorem x : True := trivial\n", "by\n", "first\n", "| skip\n", "try ",
        "repeat ", "all_goals ", "any_goals ", "<;> ", "(", ")", "⟨", "⟩", ", ", "· ", "  ", "\n", "exact ", "apply ",
        "refine ", "?_", "_", "fun h => ", "h", "p", "q", "n", "rw [h]\n", "rw [← h]\n", "subst h\n", "injection h\n",
        "congr\n", "exfalso\n", "by_cases h : p\n", "open Nat in\n", "unsafe ", "run_tac ", "macro \"x\" : tactic => `(tactic| skip)\n",
        "notation \"False\" => True\n", "instance : OfNat Nat 5 := ⟨4⟩\n", "-- ", "/- ", " -/", "\x00", "\u202e",
        # What readers may not get through, what Lean says of its limits, and blocks that leave their goal open.
        ".a" * 70, "a" + ".a" * 300, "«a b»." * 70, ".1" * 200, "¬" * 150, "· " * 150, "1 + " * 150, "max 0 (" * 40,
        "(0" + "+1" * 400 + ")", "9" * 900, "by exact " * 60, "fun _ => " * 60, "a\u0301", "\U0001d538", "\ud800", "\"", "'",
        "«(deterministic) timeout»", "«maximum recursion depth»", "fail \"(kernel) deterministic timeout\"\n",
        "@id.{0}", "Type ", "Sort ", "skip\n", "done\n", "suffices h : False by skip\n", "obtain ⟨a, b⟩ : p ∧ q := by skip\n",
        "case left => skip\n", "next => skip\n", "show False from by skip\n", "calc ", "_ = _ := by skip\n", "let rec f : False := f\n",
    ),
    frames=("```lean\n@```", "by\n@", "@", "```lean4\nby\n  @```", "theorem t : True := by\n  @", "```lean\nexact by\n  @```"),
    targets=(
        {"statement": "theorem t : False"},
        {"statement": "theorem t (p q : Prop) (h : p ∨ q) : p ∧ q"},
        {"statement": "theorem t (p q : Prop) (h : p → q) : q"},
        {"statement": "theorem t (p : Prop) : p ∨ p → ¬ p"},
        {"statement": "theorem t (n : Nat) : n + 1 = n"},
        {"statement": "theorem t : 2 + 2 = 5"},
        {"statement": "theorem t (n m : Nat) (h : n + m = 4) : n = 2"},
        {"statement": "theorem t (f : Nat → Nat) (h : f 0 = 1) : f 1 = 0"},
    ),
)  # fmt: skip


def _puzzle(family: str, answer: str, **metadata: object) -> Json:
    return {"family": family, "entry": {"question": "?", "answer": answer, "metadata": metadata}}


# No fragment holds a digit above 3, a word or a name of the targets.
_GYM = Grammar(
    fragments=(
        "0", "1", "2", "3", "0.3", "-1", "x", "C", "E", "pi", "+", "-", "*", "**", "/", "//", "^", "(", ")", "()",
        "[", "]", "{", "}", ",", ", ", ":", "=", "'", '"', '"x"', '{"0": 1}', "[[0]]", "[0, 1]", "\n", "\n\n", "\t", " ",
        "A", "B", "U", "R", "_ Q", "Q _", " is a ", " and ", "knight", "knave", "not ", "True", "False", "None", "NaN", "nan",
        "inf", "Infinity", "1e3", "1e-3", "1j", "\\times ", "\\div ", "\u00d7", "\u2212", "\u06f3", "sin(x)", "cos(", "exp(", "sqrt(",
        "Integral(", "integrate(", "diff(", "expand(", "Symbol('x')", "lambda: ", "__import__('os')._exit(0)", "().__class__",
        "eval(", "exec(", "1 if 1 else 0", "[1 for x in (1,)]", "*" * 9, "(" * 60, "[" * 2000, "3**3**3", "3" * 400, " # ", "!", ".",
        "Move disk 1 from Peg 1 to Peg 2\n", "fill A", "\\boxed{", "<answer>", "</answer>", "```\n", "\n```", "The answer is ",
        "</think>", "\x00", "\u202e", "\ufeff", "\ud800",
    ),
    frames=("<answer>@</answer>", "\\boxed{@}", "```\n@\n```", "The answer is @", "@", "<answer>[@]</answer>", '<answer>"@"</answer>'),
    targets=(
        _puzzle("countdown", "611953 - 7919*7 - 4", numbers=[611953, 7919, 7, 4], target=556516),
        _puzzle("puzzle24", "4*8 - 6 - 2", numbers=[4, 8, 6, 2]),
        _puzzle("simple_integration", "104729*x**7/7 + C", variable="x", integrand="104729*x**6"),
        _puzzle("polynomial_multiplication", "104729*x**2 + 7919*x", variables=["x"]),
        _puzzle("complex_arithmetic", "7919.0 + 7.0i", result=[7919, 7]),
        _puzzle("number_sorting", "['7919', '104729']", direction="ascending"),
        _puzzle("word_sorting", "qoph, zax", sorted_words=["qoph", "zax"]),
        _puzzle("knights_knaves", "Zoey is a knight, and Liam is a knave."),
        _puzzle("spiral_matrix", "7 9 1 9"),
        _puzzle("codeio", '{"N": 104729}'),
        _puzzle("polynomial_equations", "-7.5, 9.25"),
    ),
)  # fmt: skip

GRAMMARS: dict[str, Grammar] = {"math": _MATH, "code": _CODE, "gym": _GYM, "lean": _LEAN}
