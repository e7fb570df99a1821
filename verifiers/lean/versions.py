"""Which versions of Lean may judge: those whose objects we can read, less those with a known hole in the kernel.

The table of holes is Lean's own record; each row names its source. A row covers every version from `since` to the one
before `fixed`, in the order of the version numbers (Lean mends only its newest releases). It says nothing about holes
that nobody has found: the kernel's word is worth what the kernel is worth.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from verifiers.lean import native

# To add a version: run tests/verifiers/lean over its library, look for fixes of the kernel in the notes of later
# releases, then name it here.
LAYOUTS = frozenset({native.LAYOUT})
"""Versions whose objects `verifiers.lean.native` reads, exactly as `lean --version` writes them."""

_TOLD = re.compile(r"\(version (\S+?),")
_RELEASE = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_NOTES = "https://lean-lang.org/doc/reference/latest/releases/"
_ISSUES = "https://github.com/leanprover/lean4/"


@dataclass(frozen=True, slots=True)
class Hole:
    """A way to have a false theorem accepted.

    Attributes:
        since: the first version that has it; 4.0.0 where nobody says.
        fixed: the first version that does not.
        what: in a few words.
        source: where it is told.
    """

    since: str
    fixed: str
    what: str
    source: str


HOLES = (
    Hole("4.0.0", "4.34.1", "reference counts of huge inputs overflow (use after free)", f"{_NOTES}v4.34.1/"),
    Hole("4.0.0", "4.33.1", "the kernel's equality cache depends on the order of queries", f"{_ISSUES}pull/14806"),
    Hole("4.0.0", "4.33.1", "projections of data out of a proof", f"{_ISSUES}pull/14807"),
    Hole("4.0.0", "4.33.1", "reference counts overflow (use after free)", f"{_ISSUES}pull/14838"),
    Hole("4.0.0", "4.33.1", "inductive types with non-uniform parameters", f"{_ISSUES}pull/14582"),
    Hole("4.0.0", "4.32.2", "nested inductive types with unchecked parameters", f"{_ISSUES}issues/14576"),
    Hole("4.0.0", "4.32.1", "free variables in the value of an opaque constant", f"{_ISSUES}issues/14484"),
    Hole("4.0.0", "4.20.0", "Nat.pow of what is no number", f"{_ISSUES}pull/8060"),
)


def told(output: str) -> str:
    """The version in what `lean --version` writes. ValueError when there is none."""
    found = _TOLD.search(output)
    if found is None:
        raise ValueError(f"`lean --version` names no version: {output.strip()[:200]!r}")
    return found[1]


def refusal(version: str) -> str | None:
    """Why this version may not judge, with the remedy; or None."""
    usable = f"usable here: {', '.join(sorted(LAYOUTS))}"
    release = _RELEASE.fullmatch(version)
    if release is not None:
        holes = [hole for hole in HOLES if _key(hole.since) <= _key(version) < _key(hole.fixed)]
        if holes:
            first, more = holes[0], f" (and {len(holes) - 1} more)" if len(holes) > 1 else ""
            return f"Lean {version} accepts false proofs: {first.what}, {first.source}{more}; {usable}"
    if version in LAYOUTS:
        return None
    # Between releases the layout of objects changes without a number of its own.
    what = "a release" if release is not None else "a nightly, candidate or development version"
    return f"Lean {version} is {what} whose objects this judge cannot read; {usable}"


def _key(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
