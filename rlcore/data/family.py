"""What a family is, and how a run file names one: `data.source`, `pretrain.corpus`. No other file names it.

A family is one file that makes problems of one kind and, where it likes, texts to pretrain on: a module of
`rlcore.data.families`, named without `.py`, or a file of the user's own by its path. It has one function

    problems(size: int, seed: int, *, ...) -> list[Problem]

that gives so many problems with different ids, the same for the same arguments. Each names its judge (`verifier`; math
unless said). Draw from `random.Random(f"clocks {seed}")` by `random()` alone, whose sequence Python keeps across
versions. What else there is, each of it only where the file has it:

* `LEVELS: tuple[int, ...]`, how hard problems may be. `problems` takes `levels`: those that a run names, else all.
* `VARIANTS: tuple[str, ...]`, such as languages, what may stand behind the name (`word_problems:en+zh`). `problems`
  takes `variants`: those of the source, else the first. Each problem has the tag `variant=NAME`, by which results are
  told apart. A `problems` that takes `variants` without `VARIANTS` checks itself what stands there.
* Other keywords of `problems`: a run sets them in `options`.
* `documents(seed, *, exclude)`, texts to pretrain on without end (`rlcore.data.texts.Document`), none with a prompt in
  it that stands in `exclude`; takes `levels` too if it likes.
* `PROVEN = True`: its tests prove its references, and a run need not ask the judges about them
  (`rlcore.data.screening`).
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.util
import inspect
import pkgutil
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from rlcore.data import families
from rlcore.data.origin import labelled, spelled
from rlcore.data.texts import Document
from verifiers.types import Problem

_FILE = re.compile(r"(?P<file>.+\.py)(?::(?P<variants>.*))?", re.DOTALL)
_GIVEN = {"size", "seed", "levels", "variants"}


@dataclass(frozen=True)
class Family:
    """A family and what stands behind its name in a source, "" where nothing does."""

    source: str
    name: str
    module: ModuleType
    variants: str = ""

    @property
    def is_proven(self) -> bool:
        """Whether its references need no judge's word."""
        return bool(getattr(self.module, "PROVEN", False))

    def problems(
        self, size: int, seed: int, *, levels: tuple[int, ...] = (), options: Mapping[str, Any] | None = None
    ) -> list[Problem]:
        """So many problems, each with its family as a tag (`rlcore.data.origin`).

        Args:
            levels: those wanted; empty is all.
            options: keywords of the family's own.

        Raises:
            ValueError: levels, variants or options that it does not have, or what it gives is not what a family gives.
        """
        takes = inspect.signature(self.module.problems).parameters
        keywords: dict[str, Any] = dict(options or {})
        own = [name for name in takes if name not in _GIVEN]
        for name in keywords.keys() - set(own):
            has = f"it has {', '.join(own)}" if own else "it has none"
            raise ValueError(f"{self.source} has no option {name!r}: {has}")
        keywords |= self._levels(levels)
        for constant, name in (("LEVELS", "levels"), ("VARIANTS", "variants")):
            if hasattr(self.module, constant) and name not in takes:
                raise ValueError(f"{self.source}: {constant}, and `problems` takes no `{name}`: let it take them")
        if "variants" in takes:
            keywords["variants"] = self._variants()
        elif self.variants:
            raise ValueError(f"{self.source}: {self.name} has no variants: write nothing behind its name")
        made = self.module.problems(size, seed, **keywords)
        if not isinstance(made, list) or not all(isinstance(problem, Problem) for problem in made):
            raise ValueError(f"{self.source}: `problems` gives no list of verifiers.types.Problem: correct the file")
        if len(made) != size:
            raise ValueError(
                f"{self.source}: {len(made)} problems, and {size} were asked for: lower data.size, or mend `problems`"
            )
        return [labelled(problem, self._name_of(problem, "variants" in takes)) for problem in made]

    def documents(self, seed: int, *, exclude: Collection[str], levels: tuple[int, ...] = ()) -> Iterator[Document]:
        """Its texts without end.

        Raises:
            ValueError: it has no texts or no such levels, or a text has a held-out prompt in it.
        """
        make = getattr(self.module, "documents", None)
        if make is None:
            raise ValueError(f"corpus {self.source!r}: the family makes no texts: write {', '.join(with_documents())}")
        keywords: dict[str, Any] = {"exclude": exclude} | self._levels(levels)
        if "levels" not in inspect.signature(make).parameters:
            if levels:
                raise ValueError(f"corpus {self.source!r} has no level {min(levels)}: its texts have no levels")
            keywords.pop("levels", None)
        made: Iterator[Document] = make(seed, **keywords)
        return made if self.is_proven else self._apart(made, exclude)

    def _apart(self, documents: Iterator[Document], exclude: Collection[str]) -> Iterator[Document]:
        for document in documents:
            if leaked := next((prompt for prompt in exclude if prompt in document.text), None):
                raise ValueError(
                    f"{self.source}: `documents` gives a text with the held-out prompt {leaked[:80]!r}: leave out what "
                    "stands in `exclude`"
                )
            yield document

    def _levels(self, wanted: tuple[int, ...]) -> dict[str, Any]:
        there: tuple[int, ...] = getattr(self.module, "LEVELS", ())
        if wanted and not there:
            raise ValueError(f"{self.source} has no levels: leave `levels` out")
        if wrong := set(wanted) - set(there):
            raise ValueError(f"{self.source} has no level {min(wrong)}: its levels are {', '.join(map(str, there))}")
        return {"levels": wanted or there} if there else {}

    def _variants(self) -> tuple[str, ...]:
        wanted = tuple(self.variants.split("+")) if self.variants else ()
        there: tuple[str, ...] | None = getattr(self.module, "VARIANTS", None)
        if there is None:
            return wanted
        if not set(wanted) <= set(there) or len(set(wanted)) < len(wanted):
            raise ValueError(
                f"data source {self.source!r}: behind the colon stand {', '.join(there)}, or several with + between"
            )
        return tuple(name for name in there if name in wanted) or there[:1]

    def _name_of(self, problem: Problem, has_variants: bool) -> str:
        if not has_variants:
            return self.name
        variant = next((tag.removeprefix("variant=") for tag in problem.tags if tag.startswith("variant=")), "")
        if not variant:
            raise ValueError(f"{self.source}: problem {problem.id!r} has no tag variant=NAME: add it in `problems`")
        return f"{self.name}.{variant}"


def find(source: str) -> Family | None:
    """The family that a source names; None where it names something else.

    Raises:
        ValueError: a file that is not there, cannot be imported, or has no `problems`.
    """
    if own := _FILE.fullmatch(source):
        path = Path(own["file"]).expanduser()
        return Family(source, spelled(path.stem.replace(".", "_")), _load(source, path), own["variants"] or "")
    name, _, variants = source.partition(":")
    if name not in names():
        return None
    return Family(source, name, _shipped(name), variants)


@functools.cache
def names() -> tuple[str, ...]:
    """The families that are there, by name."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(families.__path__)))


def with_documents() -> Sequence[str]:
    """Those of them that make texts."""
    return [name for name in names() if hasattr(_shipped(name), "documents")]


def _shipped(name: str) -> ModuleType:
    module = importlib.import_module(f"{families.__name__}.{name}")
    if not callable(getattr(module, "problems", None)):
        raise ValueError(f"{module.__file__} is no family, for it has no function `problems`: see {__name__}")
    return module


def _load(source: str, path: Path) -> ModuleType:
    """Run a file of the user's own, once per content. It may import its neighbours."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(
            f"{source}: no family can be read there ({error.strerror}; looked from {Path.cwd()}): correct the path"
        ) from None
    name = f"family_{hashlib.sha256(str(path.resolve()).encode() + content).hexdigest()[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and pydantic models of the file look their module up by name.
    sys.modules[name] = module
    if str(path.resolve().parent) not in sys.path:
        sys.path.append(str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
        if not callable(getattr(module, "problems", None)):
            raise ValueError("it has no function `problems`")
    # The user's file may raise anything.
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise ValueError(
            f"{source}: not a family ({type(error).__name__}: {error}): correct the file, the protocol is in {__name__}"
        ) from error
    return module
