"""The recipe of docs/JUDGES.md for a new judge, followed to the letter: one file, one entry, one file of cases."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def recipe(repository: Path) -> dict[str, list[str]]:
    """The blocks of the page's sections 8 and 9, by their language."""
    page = (repository / "docs" / "JUDGES.md").read_text(encoding="utf-8")
    blocks: dict[str, list[str]] = {}
    sections = page[page.index("## 8. ") : page.index("## 10. ")]
    for language, body in re.findall(r"^```(\w*)\n(.*?)^```$", sections, re.DOTALL | re.MULTILINE):
        blocks.setdefault(language, []).append(body)
    return blocks


def audit(root: Path) -> tuple[int, dict[str, object]]:
    """The audit of the new judge, by the package below `root`."""
    done = subprocess.run(
        [sys.executable, "-m", "verifiers.audit", "--json", "--verifier", "last_line"],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.returncode, json.loads(done.stdout)


def test_a_new_judge_is_one_file_and_one_entry(repository: Path, recipe: dict[str, list[str]], tmp_path: Path) -> None:
    shutil.copytree(repository / "verifiers", tmp_path / "verifiers", ignore=shutil.ignore_patterns("__pycache__"))
    # Behind the module the page has a user's function.
    (module, _), (entry,), (cases,) = recipe["python"], recipe[""], recipe["json"]
    (tmp_path / "verifiers" / "last_line.py").write_text(module, encoding="utf-8")
    registry = tmp_path / "verifiers" / "registry.py"
    start = "VERIFIERS: dict[str, Entry] = {\n"
    registry.write_text(registry.read_text(encoding="utf-8").replace(start, start + entry), encoding="utf-8")
    suite = tmp_path / "verifiers" / "audit" / "suites" / "last_line.jsonl"
    suite.write_text(cases, encoding="utf-8")
    code, result = audit(tmp_path)
    assert (code, result["attacks"], result["honest"]) == (0, 1, 1), result
    # A suite that cannot fail proves nothing.
    suite.write_text(cases.replace('"attack"', '"honest"'), encoding="utf-8")
    code, result = audit(tmp_path)
    assert (code, result["false_rejects_list"]) == (1, ["last_line/more after the line"])
