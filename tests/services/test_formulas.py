"""Formulas on the pages: what is one, what is drawn of it, and that nothing else comes of a stranger's text."""

from __future__ import annotations

import random
import re
from html.parser import HTMLParser

import pytest

from services.web import formulas, text
from services.web.formulas import MAX_CHARS, MOST, drawings, mathematics
from verifiers.types import Step

LONG = "x+" * 240 + "x"


def found(said: str) -> list[str]:
    return [said[start:end] for start, end, _ in drawings(said)]


class Elements(HTMLParser):
    """Names of elements and attributes, and the text; well formed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, set[str]] = {}
        self.text = ""
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value or "")
        self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        raise AssertionError(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("So $x^2$ is", ["$x^2$"]),
        (r"$$\frac12$$", [r"$$\frac12$$"]),
        (r"\(a\) and \[b\]", [r"\(a\)", r"\[b\]"]),
        (r"Thus \boxed{\frac{3}{4}}.", [r"\boxed{\frac{3}{4}}"]),
        (r"\boxed{18} and \boxed{a_{1}}", [r"\boxed{18}", r"\boxed{a_{1}}"]),
        (r"$\boxed{42}$", [r"$\boxed{42}$"]),
        (r"\begin{align} a &= b \\ &= c \end{align}", [r"\begin{align} a &= b \\ &= c \end{align}"]),
        ("$$\nx = 1\n$$", ["$$\nx = 1\n$$"]),
        ("$$$n$$$ lines", ["$$$n$$$"]),
        ("$18$ apples", ["$18$"]),
        (r"$5 \text{ cm}$", [r"$5 \text{ cm}$"]),
        (r"$2x + 3y = 7$", ["$2x + 3y = 7$"]),
        (r"$x \text{ if we like } y$", [r"$x \text{ if we like } y$"]),
        (r"$10\%$", [r"$10\%$"]),
        (r"it costs \$5, or $x$", ["$x$"]),
        (r"a \\$x$", ["$x$"]),
        ("$a$$b$", ["$a$", "$b$"]),
        ("数学 $\\sqrt{2}$ 完", [r"$\sqrt{2}$"]),
        (r"$3 \cdot 4 = 12$", [r"$3 \cdot 4 = 12$"]),
        (r"$a\quad b\,c\!d\qquad e$", [r"$a\quad b\,c\!d\qquad e$"]),
        (r"$\mathbb{R}^n$", [r"$\mathbb{R}^n$"]),
        (r"$\textcolor{red}{5}$", [r"$\textcolor{red}{5}$"]),
        ("the $k$th of $n$", ["$k$", "$n$"]),
        ("The first $n$ and then $5 more", ["$n$"]),
        ("$5 and $6 and $x$", ["$x$"]),
    ],
)
def test_what_is_a_formula(said: str, wanted: list[str]) -> None:
    assert found(said) == wanted


@pytest.mark.parametrize(
    "said",
    [
        "$5 and $6",
        "$5, and then $6.",
        "it costs $5-$6",
        "between $5/$10 a day",
        "US$5 million and US$ 6",
        "$18 per day (that is $2,000 a month)",
        "$5 million to the poor$",
        "a $ b $ c",
        r"\$5 and \$6",
        r"\$x$",
        "$HOME/$PATH and ${x} $1",
        "echo $HOME and $PATH",
        "`$x$` and ``$y$``",
        "```python\nprint('$x$')\n```",
        "~~~\n$x$\n~~~",
        "> ```\n> $x$\n> ```",
        "```\n$x$ never closed",
        "$x",
        "$$x$",
        r"\(x",
        r"\[x\)",
        r"\boxed{x",
        r"\begin{align} a \end{gather}",
        "$$a\n\nb$$",
        "$a\n\nb$",
        "$$",
        "$ $",
        r"\boxed{}",
        r"\\[2pt] x \\]",
        # What a drawing would hide.
        r"\boxed{no solution at all}",
        "$x % hidden$",
        "$x\u200b$",
        "$\u202ex$",
        r"$\text{&#x202E;}x$",
        r"$\phantom{x}y$",
        r"$\hphantom{x}y$",
        r"$\cancel{5}6$",
        r"$\href{javascript:alert(1)}{x}$",
        r"$\style{position:fixed}{x}$",
        r"$\unknowncommand{x}$",
        r"$\hspace{-5em}x$",
        r"$\hspace{100em}x$",
        r"$\hspace{9em}x$",
        r"$a\mspace{-0.9em}x$",
        r"$a\hspace{-.2em}x$",
        r"$\kern-3em x$",
        # What the library does not read.
        r"$\frac{1}$",
        r"$\left( x$",
        r"$\right) x$",
        "$x^a^b$",
        r"$\begin{matrix} a$",
        r"$\over$",
        "$^$",
        # Too much.
        f"${LONG}+xxxxxxxxxxxxxxxxxxxxxxxxx$",
        "$" + "{" * 100 + "x" + "}" * 100 + "$",
        "$" + r"\frac{" * 80 + "$",
    ],
)
def test_what_stays_as_it_was_written(said: str) -> None:
    assert found(said) == []
    assert mathematics(said) == text.visible(said)


def test_how_one_is_drawn() -> None:
    assert mathematics("a<b $x<1$") == (
        'a&lt;b <span class="formula" title="x&lt;1"><math display="inline"><mrow><mi>x</mi><mo>&lt;</mo><mn>1</mn>'
        "</mrow></math></span>"
    )
    block = mathematics(r"\[\frac{1}{2}\]")
    assert block == (
        '<span class="formula block" title="\\frac{1}{2}"><math display="block"><mrow><mfrac><mrow><mn>1</mn></mrow>'
        "<mrow><mn>2</mn></mrow></mfrac></mrow></math></span>"
    )
    assert '<mrow class="boxed">' in mathematics(r"\boxed{\sqrt{2}}")


def test_so_many_are_drawn() -> None:
    assert len(drawings("$x$ " * (MOST + 50))) == MOST
    assert len(drawings("$5 a " * 100_000)) == 0
    assert len(found(f"${LONG}$")) == 1 and len(LONG) <= MAX_CHARS


def test_a_formula_is_drawn_within_its_step() -> None:
    said = "so $x$ is $y$.\nAnd $z$"
    steps = (
        Step(start=0, end=6, status="accepted"),
        Step(start=7, end=12, status="failed", message="no $a$"),
        Step(start=15, end=23, status="not_reached"),
    )
    page = text.marked(said, steps, None, drawings(said))
    x, z = (str(drawing) for start, _, drawing in drawings(said) if start in (3, 19))
    assert page == (
        f'<span class="step accepted" id="at-1" title="step 1: accepted">so {x}</span> '
        '<span class="step failed" id="at-2" title="step 2: failed: no $a$">is $y</span>$.\n'
        '<span class="told"><b>step 2 failed:</b> no $a$</span>'
        f'<span class="step not-reached" id="at-3" title="step 3: not reached">And {z}</span>'
    )
    # Past the end of what is shown.
    assert "math" not in text.marked(said, (), 5, drawings(said))


COMMANDS = (
    r"\frac|\sqrt|\left|\right|\begin{matrix}|\end{matrix}|\begin{cases}|\end{cases}|\text{|\mathbb|\mathbf|\color{|\href{|"
    r"\style{|\over|\choose|\binom|\sum|\int|\lim|\hspace{|\operatorname{|\boxed{|\not|\substack|\phantom{|\genfrac|"
    r"\sideset|\hbox{|\limits|\overline|\hat|\vec|\underbrace|\pmod|\pmatrix{|\middle|\big"
)
WORDS = [
    *COMMANDS.split("|"),
    *("{", "}", "[", "]", "(", ")", "^", "_", "&", "\\\\", "'", "$", "%", "~", "|", ".", ",", "<", ">", '"', "#"),
    *(
        "<b>",
        "</math>",
        "<script>",
        "&lt;",
        "&#60;",
        "&#x3C;",
        "&amp;",
        "x",
        "y",
        "12",
        "0.5",
        "-1em",
        "red",
        " ",
        "\n",
    ),
    *("\u202e", "\0", "\ud800", "é", "数", "∑", "\U0001d465", "onerror=", "style=", "\u0301"),
]


def test_whatever_is_written_nothing_but_mathematics_comes_of_it() -> None:
    chance = random.Random(13)
    drawn = 0
    for _ in range(4000):
        source = "".join(chance.choices(WORDS, k=chance.randint(1, 14)))
        said = chance.choice(["${}$", "$${}$$", "\\({}\\)", "\\[{}\\]", "\\boxed{{{}}}"]).format(source)
        page = mathematics(said)
        if not drawings(said):
            assert page == text.visible(said)
            continue
        drawn += 1
        read = Elements(page)
        assert read.tags <= formulas.ELEMENTS, said
        assert read.attributes.keys() <= {*formulas.ATTRIBUTES, "class", "title"}, said
        assert read.attributes["class"] <= {"formula", "formula block", "boxed", "hidden-char"}, said
        assert not re.search("[\0\u202e\u200b\ud800]", page)
    assert drawn > 100
