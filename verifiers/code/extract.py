"""Finds the program in a completion. Pure text work; nothing is evaluated, every scan is linear.

1. Of the fenced blocks (`verifiers.fences`) that are not empty and carry a tag of the wanted language, the last that
   defines the wanted function or class, else the last. Without such a block the same among blocks with no tag. Blocks
   with other tags are prose.
2. Where what stands before the first fence begins like code, that fence has no tag, and those after it pair up, it
   closes one that the prompt opened: the text before it is a block of the wanted language.
3. Without any fence the whole text is the program when it continues given code, or when one of its lines begins like
   a line of Python or C++.

A block in a list or quotation loses what the list or quotation puts before its lines. Python that stands indented as a
whole moves to the margin, unless it may continue given code.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from verifiers.fences import Block, blocks, visible_start

LANGUAGES: dict[str, frozenset[str]] = {
    "python": frozenset({"python", "py", "python3", "py3"}),
    "cpp": frozenset({"cpp", "c++", "cc", "cxx", "c++17", "c++20", "cpp17", "cpp20"}),
}

_BARE = {
    "python": re.compile(
        r"^(?:(?:async )?def \w|class \w|import \w|from [\w.]+ import |@\w|print\("
        r"|(?:for|while|if) .+:[ \t]*$|\w[\w, ]* = )",
        re.MULTILINE,
    ),
    "cpp": re.compile(r"^(?:#include\b|int main\b|using namespace )", re.MULTILINE),
}
# The first line of code whose fence the prompt opened: stricter, since prose must not pass for it.
_FIRST = {
    "python": re.compile(
        r"(?:async )?def \w+[ \t]*\(|class \w+[ \t]*[(:]|import [\w.]+(?: as \w+)?(?:, ?[\w.]+)*[ \t]*$"
        r"|from [\w.]+ import |@\w[\w.]*(?:\(.*)?$|print\(|(?:for|while|if) [^ ].*:[ \t]*$|\w+(?:, ?\w+)*[ \t]*=[^=]"
        r"|#|\"{3}|'{3}",
        re.MULTILINE,
    ),
    "cpp": re.compile(r"#[ \t]*\w+|using \w|//|/\*|template\b|typedef\b|struct\b|const\b|int main\b"),
}
_STATEMENT = re.compile(r"[ \t]|(?:return|yield|raise|pass|if|for|while|try|with|else)\b")


@dataclass(frozen=True, slots=True)
class Program:
    """The program of a completion.

    Attributes:
        source: its text.
        complete: no further text could have changed it (its fence is closed and no other one is open).
    """

    source: str
    complete: bool


def find_program(
    text: str, language: str = "python", *, names: Sequence[str] = (), continues: bool = False
) -> Program | None:
    """The program of a completion by the rules of this module; None when there is none.

    Args:
        names: functions or classes that it should define.
        continues: it may be the continuation of code that the prompt gave.
    """
    begin = visible_start(text)
    if begin is None:
        return None
    found = list(blocks(text, begin))
    if not found:
        bare = text[begin:]
        is_program = bare.strip() and (continues or _BARE[language].search(bare))
        return Program(bare, False) if is_program else None
    found = _opened_by_the_prompt(text, begin, found[0], language, continues) or found
    tagged = [block for block in found if block.tag in LANGUAGES[language]]
    wanted = tagged or [block for block in found if not block.tag]
    wanted = [block for block in wanted if text[block.start : block.end].strip()]
    if not wanted:
        return None
    defines = re.compile("|".join(_definition(name) for name in names) or r"(?!)", re.MULTILINE)
    best = next((block for block in reversed(wanted) if defines.search(text, block.start, block.end)), wanted[-1])
    source = _without_margin(text[best.start : best.end], best.margin)
    if language == "python" and not continues:
        source = textwrap.dedent(source)
    return Program(source, found[-1].closed)


def _opened_by_the_prompt(text: str, begin: int, first: Block, language: str, continues: bool) -> list[Block] | None:
    """The blocks of a text whose first fence closes one that the prompt opened; None where it opens `first`."""
    end = max(begin, text.rfind("\n", begin, first.start - 1) + 1)
    code = text[begin:end].strip("\n")
    if first.tag or not (_FIRST[language].match(code) or (continues and _STATEMENT.match(code))):
        return None
    # Prose announces what its fence opens.
    if code.rstrip().endswith((":", "\N{FULLWIDTH COLON}")) or not (continues or _BARE[language].search(code)):
        return None
    after = list(blocks(text, first.start))
    # Where a fence is then left over, this one opens.
    if not all(block.closed for block in after):
        return None
    return [Block(language, begin, end, True), *after]


def _without_margin(source: str, margin: str) -> str:
    """A block's lines without what the list or quotation around it puts before all of them."""
    if not margin:
        return source
    signs = " \t>" if ">" in margin else " \t"
    lines = source.split("\n")
    has = [len(line) - len(line.lstrip(signs)) for line in lines]
    width = min([len(margin), *(width for width, line in zip(has, lines, strict=True) if width < len(line))])
    return "\n".join(line[min(width, leading) :] for line, leading in zip(lines, has, strict=True))


def _definition(name: str) -> str:
    escaped = re.escape(name)
    return rf"^[ \t>]*(?:(?:async[ \t]+)?def[ \t]+{escaped}\b|class[ \t]+{escaped}\b|{escaped}[ \t]*=)"
