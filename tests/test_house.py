"""The rules of the house: names, sizes, docstrings, versions, and a tree that says what is there."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
import warnings
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from rlcore.config.reading import load

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("verifiers", "services", "rollout", "rlcore")
MAX_LINES = 400
VAGUE_NAMES = {"utils", "helpers", "common", "base", "misc"}
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
FOREIGN = re.compile(
    r"(?:^|[^.a-z])/(?:work|farm|root)/|https?://[^\s\"]*/simple|pythonhosted\.org|registry\.npmjs|download\.pytorch\.org"
)
# What a reader of the tree can do without, in every package.
NOT_IN_TREE = {"__init__.py", "py.typed"}


def project_files() -> list[Path]:
    """What git tracks or would track, relative to the root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if process.returncode:
        pytest.skip("needs a git checkout: the rules are about tracked files")
    return [Path(name) for name in sorted(set(process.stdout.splitlines())) if (ROOT / name).is_file()]


def package_files() -> list[Path]:
    """Of the audit's suites, answers to be judged, none is ours to keep tidy."""
    return [path for path in project_files() if path.parts[0] in PACKAGES and "suites" not in path.parts]


def project() -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


def docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse((ROOT / path).read_text(encoding="utf-8"))) or ""


def tree() -> dict[str, str]:
    """Path -> comment of every file in CONTRIBUTING's tree (two spaces a level, folders end with a slash)."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    block = text.partition("## The tree")[2].partition("```text\n")[2].partition("```")[0]
    files: dict[str, str] = {}
    folders: list[str] = []
    for line in block.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        name, _, comment = line.strip().partition(" ")
        del folders[depth:]
        if name.endswith("/"):
            folders.append(name)
        elif name:
            files["".join(folders) + name] = comment.strip()
    return files


def test_every_module_says_what_it_is() -> None:
    silent = [str(path) for path in package_files() if path.suffix == ".py" and not docstring(path)]
    assert not silent, f"no module docstring: {silent}"


def mirrored(module: Path) -> Path:
    """Where a module's tests stand."""
    return Path("tests", *module.parts[:-1], f"test_{module.name}")


def elsewhere() -> list[dict[str, Any]]:
    """Groups of modules that have no tests at that place: {modules, tests, why}."""
    entries: list[dict[str, Any]] = tomllib.loads((ROOT / "tests" / "elsewhere.toml").read_text("utf-8"))["elsewhere"]
    return entries


def test_every_module_has_its_tests_where_it_stands_or_a_reason() -> None:
    modules = [path for path in package_files() if path.suffix == ".py" and not path.stem.startswith("__")]
    without = {str(module) for module in modules if not (ROOT / mirrored(module)).is_file()}
    listed = [module for entry in elsewhere() for module in entry["modules"]]
    assert len(listed) == len(set(listed)), "a module is in tests/elsewhere.toml twice"
    missing = [f"{module}: {mirrored(Path(module))}" for module in sorted(without - set(listed))]
    assert not missing, "no tests where they belong, and no reason in tests/elsewhere.toml:\n" + "\n".join(missing)
    stale = sorted(set(listed) - without)
    assert not stale, f"in tests/elsewhere.toml, and gone or tested at their place: {stale}"
    for entry in elsewhere():
        assert entry["why"] and entry["tests"], f"a reason and the tests: {entry}"
        gone = [name for name in entry["tests"] if not (ROOT / name).is_file()]
        assert not gone, f"named in tests/elsewhere.toml and not on disk: {gone}"


def test_every_test_of_rlcore_is_of_a_module_or_named_with_what_it_tests() -> None:
    """Else tests stay behind under an old name when their module is renamed."""
    named = {name for entry in elsewhere() for name in entry["tests"]}
    rlcore = [path for path in project_files() if path.parts[:2] == ("tests", "rlcore")]
    tests = [path for path in rlcore if path.match("test_*.py")]
    assert tests
    orphans = [
        str(path)
        for path in tests
        if not (ROOT / Path(*path.parts[1:-1], path.name.removeprefix("test_"))).is_file() and str(path) not in named
    ]
    assert not orphans, f"tests of no module: {orphans}"


def test_files_are_one_thing() -> None:
    python = [path for path in project_files() if path.suffix == ".py" and "suites" not in path.parts]
    counts = {str(path): len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in python}
    assert not {path: count for path, count in counts.items() if count > MAX_LINES}
    assert not [str(path) for path in python if path.stem in VAGUE_NAMES]


def test_nothing_of_one_machine_is_in_the_tree() -> None:
    found = []
    for path in project_files():
        try:
            lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue  # not a text
        found += [
            f"{path}:{number}: {line.strip()}"
            for number, line in enumerate(lines, start=1)
            if FOREIGN.search(line.replace(TORCH_INDEX, ""))
        ]
    assert not found, "paths of a machine or registry hosts:\n" + "\n".join(found)


# In parts, so that this file passes its own search.
@pytest.mark.parametrize(
    "parts", [("cd /wo", "rk/x"), ("= /ro", "ot/a"), ("https://a.b/sim", "ple"), ("python", "hosted.org")]
)
def test_the_search_for_foreign_addresses_finds(parts: tuple[str, str]) -> None:
    assert FOREIGN.search("".join(parts))


def test_the_tree_is_the_tree() -> None:
    listed = tree()
    top = [path for path in project_files() if path.parts[0] == "deploy" or len(path.parts) == 1]
    shown = [*package_files(), *top]
    present = {str(path): path for path in shown if path.name not in NOT_IN_TREE}
    gone = [name for name in listed if not (ROOT / name).is_file()]
    assert not gone, f"in CONTRIBUTING's tree and not on disk: {gone}"
    missing = [
        f"{name}  {docstring(path).partition(chr(10))[0] if path.suffix == '.py' else ''}"
        for name, path in present.items()
        if name not in listed
    ]
    assert not missing, "on disk and not in CONTRIBUTING's tree:\n" + "\n".join(missing)
    assert not [name for name, comment in listed.items() if not comment], "a file without its line in the tree"
    assert not [name for name, comment in listed.items() if not comment or comment[-1] in ".,;:"], "half a sentence"


@pytest.mark.parametrize("path", sorted((ROOT / "deploy" / "runs").glob("*.toml")), ids=lambda path: path.name)
def test_run_files_parse(path: Path) -> None:
    assert load(path).run_dir


def test_the_demo_has_a_run_file() -> None:
    assert load(ROOT / "deploy" / "runs" / "demo.toml").run_dir == "runs/demo"


def test_changelog_knows_the_version() -> None:
    assert f"## [{project()['version']}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_extras_bring_the_stack() -> None:
    extras = project()["optional-dependencies"]
    assert set(extras) >= {"services", "train", "cpu", "gpu", "lean", "dojo", "dev"}
    named = {Requirement(line).name for lines in extras.values() for line in lines}
    assert named >= {"trl", "vllm", "torch", "transformers", "peft", "ray", "lean-dojo", "fastapi", "deepspeed"}
    assert "vllm" in {Requirement(line).name for line in extras["gpu"]}
    light = {Requirement(line).name for line in project()["dependencies"] + extras["services"]}
    assert not light & {"torch", "ray", "vllm", "transformers", "deepspeed"}


def test_constraints_pin_every_dependency() -> None:
    text = (ROOT / "deploy" / "constraints.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9._-]+==[A-Za-z0-9._!]+", line) for line in lines), (
        "only name==version, no addresses"
    )
    pins = dict(line.split("==") for line in lines)
    assert not pins.keys() & {"torchvision", "torchaudio", "torchcodec"}, "these break beside the CPU torch"
    extras = project()["optional-dependencies"]
    wanted = [line for name in ("services", "train", "cpu", "lean", "dojo", "dev") for line in extras[name]]
    for requirement in map(Requirement, project()["dependencies"] + wanted):
        if requirement.name != project()["name"]:
            pin = pins.get(requirement.name.lower())
            assert pin, f"{requirement.name} has no pin: make lock"
            assert requirement.specifier.contains(pin), f"{requirement} is pinned to {pin}: make lock"


def test_warnings_of_our_code_are_errors() -> None:
    for module in ("verifiers.types", "services", "rollout.engine", "rlcore.config", "tests.rlcore.doctor.test_checks"):
        with pytest.raises(DeprecationWarning):
            warnings.warn_explicit("old", DeprecationWarning, "file.py", 1, module=module)
    with warnings.catch_warnings(record=True) as others:
        warnings.warn_explicit("old", DeprecationWarning, "file.py", 1, module="verifiers_of_others")
    assert len(others) == 1


def test_make_has_the_targets_the_readme_names() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`make ([a-z-]+)", readme)) | {"venv", "demo", "test", "bench", "clean"} <= targets
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
