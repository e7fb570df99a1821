"""The scorers of reasoning-gym, made ready before a judge process is confined.

A scorer is a method of a generator. Most read nothing of it but its settings, which are the default ones, so no
generator is built for them: some read long lists of words for that.
"""

from __future__ import annotations

import contextlib
import functools
import io
import warnings
from typing import Any

from verifiers.types import Json

# Their scorers read more of the generator than its settings.
_BUILT = ("sokoban", "word_ladder")


class Absent(Exception):
    """reasoning-gym is not there, or cannot be imported; the message names the remedy."""


@functools.cache
def load() -> str:
    """Import the library, which takes seconds, and build what reads files. Why that cannot be done, "" when it is."""
    try:
        with warnings.catch_warnings():
            # Of packages that it brings.
            warnings.simplefilter("ignore", SyntaxWarning)
            from reasoning_gym.factory import DATASETS
    except ImportError as error:
        missing = str(error.name or "").partition(".")[0] or "reasoning_gym"
        return f"{missing} is not installed here: pip install 'rlcore[gym]'"
    for family in _BUILT:
        if family in DATASETS:
            _scorer(family)
    return ""


@functools.cache
def _scorer(family: str) -> Any:
    from reasoning_gym.factory import DATASETS

    kind, settings = DATASETS[family]
    if family in _BUILT:
        return kind(settings(seed=0, size=1))
    scorer = kind.__new__(kind)
    scorer.config = settings()
    if hasattr(scorer.config, "board_format_opts"):
        scorer.board_format_opts = scorer.config.board_format_opts
    return scorer


def score(family: str, answer: str, entry: Json) -> float:
    """What the family's own scorer says. `entry` may be changed by it. Raises Absent, and what the scorer raises."""
    if problem := load():
        raise Absent(problem)
    # Some scorers print what they are shown.
    with contextlib.redirect_stdout(io.StringIO()):
        return float(_scorer(family).score_answer(answer, entry))
