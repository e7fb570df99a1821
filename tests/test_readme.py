"""The README does what it says: its examples run as they stand, its links lead somewhere, its twin keeps step."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ports import free_ports

from verifiers.jobs import Job
from verifiers.pool import JudgePool
from verifiers.types import Status

ROOT = Path(__file__).resolve().parent.parent
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)#:]+)\)|<img src=\"([^\"]+)\"")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str) -> list[tuple[str, str]]:
    """(language, content) of every fenced block, in order."""
    return _BLOCK.findall(text(name))


def links(name: str) -> list[str]:
    return [link or image for link, image in _LINK.findall(text(name))]


def block_with(part: str) -> str:
    (found,) = [content for _, content in blocks("README.md") if part in content]
    return found


def test_the_chinese_twin_keeps_step() -> None:
    def headings(name: str) -> list[int]:
        outside = _BLOCK.sub("", text(name))
        return [len(marks) for marks in re.findall(r"^(#+) ", outside, flags=re.MULTILINE)]

    def tables(name: str) -> list[int]:
        return [line.count("|") for line in text(name).splitlines() if line.startswith("|")]

    assert headings("README.zh.md") == headings("README.md")
    assert blocks("README.zh.md") == blocks("README.md"), "commands and examples are the same to the letter"
    assert tables("README.zh.md") == tables("README.md")
    twins = {"README.md": "README.zh.md"}
    assert [twins.get(link, link) for link in links("README.zh.md")] == links("README.md")


@pytest.mark.parametrize("name", ["README.md", "README.zh.md", "CONTRIBUTING.md"])
def test_links_lead_somewhere(name: str) -> None:
    assert not [link for link in links(name) if not (ROOT / link).exists()]


def test_the_service_example_pasted_whole_gets_a_verdict(tmp_path: Path) -> None:
    if not shutil.which("curl"):
        pytest.skip("needs curl: apt-get install -y curl")
    example = block_with("curl").replace("8300", str(free_ports(1)[0]))
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path),
    }
    script = f"set -m\n{example}\nkill $!; wait $!"
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert '"status":"correct"' in done.stdout.replace(" ", ""), done.stdout + done.stderr


def test_the_example_of_an_own_judge_judges(tmp_path: Path) -> None:
    file = tmp_path / "my_judge.py"
    file.write_text(block_with("def last_word"), encoding="utf-8")
    job = {"verifier": f"{file}:last_word", "reference": {"word": "mat"}}
    with JudgePool(1, 20.0) as pool:
        right, wrong, blank = pool.judge([Job(text=text, **job) for text in ("the mat", "the cat", "")])  # type: ignore[arg-type]
    assert (right.status, wrong.status, blank.status) == (Status.CORRECT, Status.WRONG, Status.WRONG)
