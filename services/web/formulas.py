r"""Mathematics in texts of models, drawn: LaTeX as MathML, which browsers draw by themselves, without a network.

A formula stands in `$..$`, `$$..$$`, `\(..\)`, `\[..\]`, in an environment or in a lone `\boxed{..}`; code in backticks
or fences is left alone, and so is money. Whoever wrote it may be an attacker. It stays as it was written where

* it is long or nested deep, or many stand before it;
* it holds what cannot be seen, a comment, a reference (`&#..;`) or prose, of which a drawing would lose the spaces;
* the library does not read it, or makes of it any element or attribute that is not on the lists below. What hides,
  links, strikes out or moves over its neighbours is not.

What the library makes is never a text for us: its elements are walked, and whatever stands in them is escaped.
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Iterator
from typing import Any

from markupsafe import Markup, escape

from services.web import text as texts

MOST = 200
"""So many formulas of a text are drawn."""
MAX_CHARS = 500
_MAX_BRACES = 12
_MAX_COMMANDS = 120
_MAX_DEPTH = 40
_MAX_ELEMENTS = 800
# Of one text, drawn or not; the worst formulas take 30 ms for 1,000 characters.
_MOST_TRIED = 5 * MOST
_MOST_CHARS = 20_000

ELEMENTS = frozenset(
    {
        *("math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "mstyle", "span"),
        *("msub", "msup", "msubsup", "munder", "mover", "munderover", "mtable", "mtr", "mtd"),
    }
)
"""What a drawing is made of."""
_CHILDREN = {
    **dict.fromkeys(("mfrac", "mroot", "msub", "msup", "munder", "mover"), 2),
    **dict.fromkeys(("msubsup", "munderover"), 3),
}
_WORDS = re.compile(r"[a-z]+(?:[ -][a-z]+){0,60}")
_SIZE = re.compile(r"[0-9]?(?:\.[0-9]{1,4})?(?:em|ex|pt|%)?")
# No way to the left, over what stands there; the word is for `\!`, and browsers leave it out.
_WIDTH = re.compile(r"(?:[01]?(?:\.[0-9]{1,4})?|2)em|negativethinmathspace")
_OF_WORDS = (
    *("display", "displaystyle", "columnalign", "columnlines", "rowlines", "mathvariant", "separator", "symmetric"),
    *("stretchy", "fence", "form", "accent", "accentunder", "movablelimits", "largeop"),
)
_OF_SIZES = ("scriptlevel", "linethickness", "minsize", "maxsize", "lspace", "rspace", "rowspacing")
ATTRIBUTES = dict.fromkeys(_OF_WORDS, _WORDS) | dict.fromkeys(_OF_SIZES, _SIZE) | {"width": _WIDTH}
"""Those of its elements, with what may be said."""
# Colours say nothing, and white ink would hide. Browsers know the name space.
_DROPPED = frozenset({"xmlns", "mathcolor", "mathbackground", "columnspacing"})
# Between function and argument, factors, terms; a blank that does not break.
_UNSEEN = str.maketrans("", "", "\u2061\u2062\u2063\u2064\u00a0")
_REFERENCE = re.compile(r"&#x[0-9A-Fa-f]{2,6};")

# What opens: code, which is skipped, and mathematics.
_OPENING = re.compile(
    r"(?P<fence>^[ \t>]*(?:`{3,20}|~{3,20}))|(?P<code>`+)|(?P<escaped>\\\$)|"
    r"(?<!\\)(?:\\\\)*(?P<dollars>\$\$\$|\$\$|\$)|"
    r"(?<!\\)(?P<bracket>\\[(\[])|(?<!\\)\\(?P<box>f?boxed)(?=\{)|"
    r"(?<!\\)\\begin\{(?P<environment>(?:align(?:ed)?|gather(?:ed)?|equation|cases|array|[bBpvV]?matrix)\*?)\}",
    re.MULTILINE,
)
_NUMBERED = re.compile(r"\\(begin|end)\{(align|gather|equation)\}")
_CLOSING = {r"\(": r"\)", r"\[": r"\]"}
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_COMMENT = re.compile(r"(?<!\\)(?:\\\\)*%")
_SAID = re.compile(r"\\(?:text[a-z]*|m?box|mathrm|operatorname\*?|begin|end)\s*\{[^{}]*\}")
_COMMAND = re.compile(r"\\[A-Za-z]+")
_PROSE = re.compile(r"[A-Za-z]{2,}[,;:]?\s+[A-Za-z]{2,}")
_AMOUNT = re.compile(r"\s*[0-9][0-9,.]*")
_WORD = re.compile(r"[A-Za-z]{2,}")


def mathematics(text: str) -> Markup:
    """A text, safe for a page, with its formulas drawn."""
    return texts.marked(text, (), drawings=drawings(text))


def drawings(text: str) -> list[texts.Drawing]:
    """Where formulas stand that can be drawn, in order and beside each other, and the drawings."""
    found: list[texts.Drawing] = []
    left = _MOST_CHARS
    for start, end, source, is_block in _formulas(text):
        left -= len(source)
        if left < 0 or len(found) == MOST:
            break
        drawing = _drawing(source, is_block)
        if drawing is not None:
            found.append((start, end, drawing))
    return found


def _formulas(text: str) -> Iterator[tuple[int, int, str, bool]]:
    """Start, end, source without its delimiters, and whether it stands by itself."""
    at = 0
    for _ in range(_MOST_TRIED):
        opening = _OPENING.search(text, at)
        if opening is None:
            return
        at = opening.end()
        kind = opening.lastgroup
        if kind in ("fence", "code"):
            at = _after_code(text, opening)
        elif kind == "dollars":
            dollars = opening["dollars"]
            start = opening.start("dollars")
            if (end := _end_of(text, at, dollars)) and (len(dollars) == 2 or _is_inline(text, at, end)):
                yield start, end + len(dollars), text[at:end], len(dollars) == 2
                at = end + len(dollars)
        elif kind == "bracket":
            if end := _end_of(text, at, _CLOSING[opening["bracket"]]):
                yield opening.start(), end + 2, text[at:end], opening["bracket"] == r"\["
                at = end + 2
        elif kind == "box":
            if end := _end_of_braces(text, at):
                yield opening.start(), end, text[opening.start() : end], False
                at = end
        elif kind == "environment":
            closing = f"\\end{{{opening['environment']}}}"
            if end := _end_of(text, at, closing):
                at = end + len(closing)
                # With a star: the library would number its lines.
                source = _NUMBERED.sub(r"\\\1{\2*}", text[opening.start() : at])
                yield opening.start(), at, source, True


def _after_code(text: str, opening: re.Match[str]) -> int:
    """Behind code. A fence that nobody closes goes on to the end; a backtick alone in its line is one."""
    marks = opening[0].lstrip(" \t>")
    if opening.lastgroup == "fence":
        closing = re.compile(rf"^[ \t>]*{re.escape(marks)}", re.MULTILINE).search(text, opening.end())
        return closing.end() if closing else len(text)
    line_end = text.find("\n", opening.end())
    end = text.find(marks, opening.end(), line_end if line_end >= 0 else len(text))
    return end + len(marks) if end >= 0 else opening.end()


def _end_of(text: str, start: int, closing: str) -> int:
    """Where the next closing delimiter stands that is not escaped; 0 where it is far or beyond a blank line."""
    at = start
    while (at := text.find(closing, at, start + MAX_CHARS + len(closing))) > start:
        escapes = at - start - len(text[start:at].rstrip("\\"))
        if escapes % 2 == 0:
            return 0 if _BLANK_LINE.search(text, start, at) else at
        at += 1
    return 0


def _end_of_braces(text: str, start: int) -> int:
    """Behind the brace that closes the one at `start`; 0 where it is far."""
    depth = 0
    for at in range(start, min(start + MAX_CHARS, len(text))):
        if text[at] in "{}" and text[at - 1] != "\\":
            depth += 1 if text[at] == "{" else -1
            if depth == 0:
                return at + 1
    return 0


def _is_inline(text: str, start: int, end: int) -> bool:
    """Whether what stands between two dollar signs is a formula: `$5 and $6` is money."""
    source = text[start:end]
    behind = text[end + 1 : end + 2]
    if source != source.strip() or behind.isdigit():
        return False
    # `$HOME/$PATH` is none either.
    if not (_AMOUNT.match(source) or behind.isalpha()):
        return True
    return not _WORD.search(_COMMAND.sub("", _SAID.sub("", source)))


def _is_sound(source: str) -> bool:
    """Whether a drawing would show all of it, and can be tried."""
    if not source.strip() or len(source) > MAX_CHARS or texts.HIDDEN.search(source):
        return False
    if "&#" in source or _COMMENT.search(source) or source.count("\\") > _MAX_COMMANDS:
        return False
    depth = deepest = 0
    for sign in source:
        depth += (sign == "{") - (sign == "}")
        deepest = max(deepest, depth)
    return deepest <= _MAX_BRACES and not _PROSE.search(_COMMAND.sub("", _SAID.sub("", source)))


@functools.lru_cache(maxsize=1024)
def _drawing(source: str, is_block: bool) -> Markup | None:
    if not _is_sound(source):
        return None
    # It reads a table of symbols: only who needs it waits for that.
    from latex2mathml.converter import convert_to_element

    try:
        tree = convert_to_element(source, display="block" if is_block else "inline")
        if not "".join(tree.itertext()).strip():
            return None
        parts = [*_written(tree, _Room())]
    # Whatever a stranger's formula makes the library trip over, it stays as it was written.
    except Exception:
        return None
    kind = "formula block" if is_block else "formula"
    return Markup(f'<span class="{kind}" title="{escape(texts.plain(source, MAX_CHARS))}">{"".join(parts)}</span>')


class _Unfit(ValueError):
    """This is not drawn."""


class _Room:
    def __init__(self) -> None:
        self.left = _MAX_ELEMENTS

    def take(self, depth: int) -> None:
        self.left -= 1
        if self.left < 0 or depth > _MAX_DEPTH:
            raise _Unfit("too large")


def _written(element: Any, room: _Room, depth: int = 0) -> Iterator[str]:
    """An element of the library as markup of ours. Raises _Unfit."""
    room.take(depth)
    tag, attributes = str(element.tag), "".join(_attributes(element))
    if tag == "menclose" and element.get("notation") == "box":
        tag, attributes = "mrow", ' class="boxed"'
    if tag not in ELEMENTS or len(element) != _CHILDREN.get(tag, len(element)):
        raise _Unfit(tag)
    yield f"<{tag}{attributes}>"
    yield escape(_said(element.text))
    for child in element:
        yield from _written(child, room, depth + 1)
    yield f"</{tag}>"
    if element.tail:
        raise _Unfit("a text between elements")


def _attributes(element: Any) -> Iterator[str]:
    for name, value in element.attrib.items():
        if name in _DROPPED or (element.tag == "menclose" and name == "notation"):
            continue
        if name not in ATTRIBUTES or not ATTRIBUTES[name].fullmatch(value):
            raise _Unfit(name)
        yield f' {name}="{value}"'


def _said(text: str | None) -> str:
    """The text of an element; the library spells signs as references."""
    said = _REFERENCE.sub(lambda found: html.unescape(found[0]), text or "")
    if "\\" in said or texts.HIDDEN.search(said.translate(_UNSEEN)):
        raise _Unfit("a command that it does not know, or what cannot be seen")
    return said
