"""Which judge answers to which name. A new judge is one line here."""

from __future__ import annotations

import difflib
import functools
import hashlib
import importlib.metadata
from pathlib import Path
from typing import Protocol

from verifiers import user
from verifiers.math import judge as math_judge
from verifiers.types import Json, Verdict


class Judge(Protocol):
    """Judges one completion against a reference.

    A built-in judge is pure (no state, clock, files or network). A user's judge does what its author wrote, on the
    first call by running the author's file.
    """

    def __call__(self, text: str, reference: Json, *, finish_reason: str) -> Verdict:
        """`finish_reason` is `stop` or `length`."""
        ...


VERIFIERS: dict[str, Judge] = {"math": math_judge.judge}

# What decides a judge's verdicts: its own files (below this package) and the libraries it asks.
_MADE_OF: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "math": (
        ("answer.py", "math/exact.py", "math/judge.py"),
        ("math-verify", "latex2sympy2_extended", "sympy"),
    ),
}


def resolve(name: str) -> Judge:
    """The judge of a name: one of VERIFIERS, or `path/to/file.py:function`.

    Raises ValueError for an unknown name or a missing file. A user's file is run at the first call of the judge,
    so this is safe outside a worker.
    """
    if name in VERIFIERS:
        return VERIFIERS[name]
    if ":" in name or name.endswith(".py"):
        user.locate(name)
        return functools.partial(_user_judge, name)
    near = difflib.get_close_matches(name, VERIFIERS, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise ValueError(
        f"unknown verifier {name!r}{hint} Known: {', '.join(sorted(VERIFIERS))}, or path/to/file.py:function"
    )


def version(name: str) -> str:
    """16 hex digits that change when the judge's verdicts may: a hash of its sources and its libraries' versions.

    Raises ValueError as `resolve`.
    """
    return _built_in_version(name) if name in VERIFIERS else user.version(name)


@functools.cache
def _built_in_version(name: str) -> str:
    digest = hashlib.sha256()
    files, libraries = _MADE_OF[name]
    for file in ("types.py", *files):
        digest.update((Path(__file__).parent / file).read_bytes())
    for library in libraries:
        digest.update(f"{library}=={importlib.metadata.version(library)}\n".encode())
    return digest.hexdigest()[:16]


def _user_judge(spec: str, text: str, reference: Json, *, finish_reason: str) -> Verdict:
    return user.judge(spec, text, reference)
