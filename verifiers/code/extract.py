"""Finds the program in a completion. Pure text work; nothing is evaluated, every scan is linear.

1. Of the fenced blocks (`verifiers.fences`) that are not empty and carry a tag of the wanted language, the last that
   defines the wanted function or class, else the last. Without such a block the same among blocks with no tag. Blocks
   with other tags are prose.
2. Without any fence the whole text is the program when it continues given code, or when one of its lines begins like
   a line of Python or C++.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from verifiers.fences import blocks, visible_start

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


@dataclass(frozen=True, slots=True)
class Program:
    """The program of a completion.

    Attributes:
        source: its text.
        start: where it begins in the completion, in characters.
        complete: no further text could have changed it (its fence is closed and no other one is open).
    """

    source: str
    start: int
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
        return Program(bare, begin, False) if is_program else None
    tagged = [block for block in found if block.tag in LANGUAGES[language]]
    wanted = tagged or [block for block in found if not block.tag]
    wanted = [block for block in wanted if text[block.start : block.end].strip()]
    if not wanted:
        return None
    defines = re.compile("|".join(_definition(name) for name in names) or r"(?!)", re.MULTILINE)
    best = next((block for block in reversed(wanted) if defines.search(text, block.start, block.end)), wanted[-1])
    return Program(text[best.start : best.end], best.start, found[-1].closed)


def _definition(name: str) -> str:
    escaped = re.escape(name)
    return rf"^[ \t]*(?:(?:async[ \t]+)?def[ \t]+{escaped}\b|class[ \t]+{escaped}\b|{escaped}[ \t]*=)"
