"""Tracing a repository by lean-dojo (the extra `dojo`), on a host that has elan: its theorems with their proofs.

Nothing of this is on the reward path. Tracing builds the repository and takes minutes to hours. Not tried on a real
repository: it needs elan's downloads and GitHub.
"""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rlcore.data.sources.leandojo import SourceFile, Theorem

_TOOLS = {
    "git": "install git",
    "elan": "install elan: https://github.com/leanprover/elan",
    "lake": "install elan, which brings lake: https://github.com/leanprover/elan",
}


class CannotTrace(RuntimeError):
    """Something that tracing needs is missing; the message says what to install."""


def trace(url: str, commit: str, folder: Path | None = None) -> tuple[list[Theorem], list[SourceFile]]:
    """(theorems, files) of a Lean repository at a commit, for `write_theorems` and `write_corpus`.

    Args:
        url: of a Git repository. commit: its hash or tag.
        folder: where the traced repository is kept besides lean-dojo's own cache; it must not exist. None: only there.

    Raises:
        CannotTrace: lean-dojo, git, elan or lake is missing.
    """
    missing = [f"{tool} ({remedy})" for tool, remedy in _TOOLS.items() if shutil.which(tool) is None]
    try:
        dojo: Any = importlib.import_module("lean_dojo")
    except ImportError as error:
        missing.insert(0, f"lean-dojo (pip install '.[dojo]'; {error})")
    if missing:
        raise CannotTrace(f"tracing {url} is not possible here; missing: {'; '.join(missing)}")
    traced = dojo.trace(dojo.LeanGitRepo(url, commit), dst_dir=folder)
    return list(_theorems(traced, url, commit)), list(_files(traced))


def _theorems(traced: Any, url: str, commit: str) -> Iterator[Theorem]:
    for theorem in traced.get_traced_theorems():
        # Theorems of what the repository depends on are traced too.
        if theorem.repo != traced.repo:
            continue
        yield Theorem.model_validate(
            {
                "url": url,
                "commit": commit,
                "file_path": str(theorem.file_path),
                "full_name": theorem.theorem.full_name,
                "start": tuple(theorem.start),
                "end": tuple(theorem.end),
                "traced_tactics": list(_tactics(theorem)),
            }
        )


def _tactics(theorem: Any) -> Iterator[dict[str, Any]]:
    for tactic in theorem.get_traced_tactics():
        # A bullet is no step of its own; after the last goal there is nothing left to do.
        if tactic.state_before == "no goals" or "·" in tactic.tactic:
            continue
        text, premises = tactic.get_annotated_tactic()
        yield {
            "tactic": tactic.tactic,
            "annotated_tactic": (text, tuple(_plain(premise) for premise in premises)),
            "state_before": tactic.state_before,
            "state_after": tactic.state_after,
        }


def _files(traced: Any) -> Iterator[SourceFile]:
    """What a file imports comes before it."""
    graph = traced.traced_files_graph
    left = dict.fromkeys(graph)
    while left:
        ready = [path for path in left if not any(imported in left for imported in graph.successors(path))]
        for path in ready:
            del left[path]
            file = graph.nodes[path]["traced_file"]
            yield SourceFile(
                path=str(file.path),
                imports=tuple(str(imported) for imported in graph.successors(path)),
                premises=tuple(_plain(premise) for premise in file.get_premise_definitions()),
            )


def _plain(value: Any) -> Any:
    """JSON for what lean-dojo gives: paths as text, positions as [line, column]."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
