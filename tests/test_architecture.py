"""The arrows between the packages, and that the light ones stay light."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

MAY_IMPORT = {
    "verifiers": set(),
    "services": {"verifiers"},
    "rollout": set(),
    "rlcore": {"verifiers", "services", "rollout"},
}
HEAVY = {"torch", "ray", "vllm", "transformers", "deepspeed"}
# Prints the top-level names loaded by importing the given modules; `package.*` is the package with all its modules.
LOAD = """
import importlib, json, pkgutil, sys
for name in sys.argv[1:]:
    module = importlib.import_module(name.removesuffix(".*"))
    if name.endswith(".*"):
        for found in pkgutil.walk_packages(module.__path__, module.__name__ + "."):
            if not found.name.endswith(".__main__"):
                importlib.import_module(found.name)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def imports(source: str) -> Iterator[tuple[int, str]]:
    """Line and full name of every absolute import, inside functions and by literal `import_module` too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.lineno, node.module or ""
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = ast.unparse(node.func).rpartition(".")[2]
            if called in {"import_module", "__import__"}:
                yield node.lineno, str(node.args[0].value)


def forbidden(package: str, source: str) -> list[tuple[int, str]]:
    """The imports of ours that `package` may not have."""
    others = set(MAY_IMPORT) - {package} - MAY_IMPORT[package]
    return [(line, name) for line, name in imports(source) if name.partition(".")[0] in others]


def loaded_by(repository: Path, *modules: str) -> set[str]:
    process = subprocess.run(
        [sys.executable, "-c", LOAD, *modules], cwd=repository, capture_output=True, text=True, timeout=120
    )
    assert process.returncode == 0, process.stderr
    return set(json.loads(process.stdout.splitlines()[-1]))


def test_the_walk_sees_every_way_to_import() -> None:
    source = (
        "import rlcore.config as c\n"
        "from services import client\n"
        "def late():\n"
        "    from rollout.types import Completion\n"
        "    return importlib.import_module('rlcore.pipeline')\n"
        "import verifiersx, torch\n"
    )
    found = [(1, "rlcore.config"), (2, "services"), (4, "rollout.types"), (5, "rlcore.pipeline")]
    assert sorted(forbidden("verifiers", source)) == found
    assert forbidden("rlcore", source) == []


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_arrows_point_one_way(repository: Path, package: str) -> None:
    # The audit's cases are answers, not modules: some are no Python at all.
    files = [file for file in sorted((repository / package).rglob("*.py")) if "suites" not in file.parts]
    assert files
    wrong = [
        f"{file.relative_to(repository)}:{line} imports {name}"
        for file in files
        for line, name in forbidden(package, file.read_text(encoding="utf-8"))
    ]
    assert not wrong, "\n".join(wrong)


def test_judges_and_reward_service_load_nothing_heavy(repository: Path) -> None:
    loaded = loaded_by(repository, "verifiers.*", "services.*")
    assert {"verifiers", "services"} <= loaded
    assert not loaded & HEAVY


def test_judges_need_no_web_framework(repository: Path) -> None:
    assert not loaded_by(repository, "verifiers.*") & {"fastapi", "starlette", "uvicorn"}


def test_help_needs_no_torch(repository: Path) -> None:
    assert not loaded_by(repository, "rlcore.config.*", "rlcore.cli") & HEAVY


def test_doctor_needs_nothing_that_may_be_broken(repository: Path) -> None:
    assert not loaded_by(repository, "rlcore.doctor.__main__") & HEAVY
