"""Commands of the slow lane, in each of its forms."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from verifiers.sandbox import bare_form, bubblewrap, bubblewrap_form, cgroup
from verifiers.sandbox.slow_lane import run_command
from verifiers.sandbox.types import Limits, Order, Outcome, SandboxFailed, SandboxUnavailable

LIMITS = Limits(cpu_seconds=1, wall_seconds=10, memory_bytes=256 << 20)
# For scripts of all kinds; what the judges' own commands may read is tested beside them.
SYSTEM = ("/usr", "/etc/ld.so.cache", "/etc/alternatives")
MANY = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 3 & done; echo BREACH"


def run(script: str, *, processes: int = 4, limits: Limits = LIMITS) -> Outcome:
    return run_command(Order(["/bin/sh", "-c", script], {}, b"", limits, SYSTEM, processes=processes))[0]


def shell(script: str, *, processes: int = 4, limits: Limits = LIMITS) -> tuple[str, int | None, str]:
    outcome = run(script, processes=processes, limits=limits)
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
def test_how_commands_end(form: str, script: str, status: str, returncode: int | None) -> None:
    limits = Limits(cpu_seconds=1, wall_seconds=1.5 if status == "wall" else 20, memory_bytes=256 << 20)
    assert shell(script, limits=limits)[:2] == (status, returncode)


def test_what_cannot_be_executed(form: str) -> None:
    for argv in (["/usr/bin/no such program"], ["./data"], ["/etc/ld.so.cache"]):
        outcome, _ = run_command(Order(argv, {"data": b"no program"}, b"", LIMITS, SYSTEM))
        assert (outcome.status, outcome.returncode) == ("exited", 127), argv


def test_the_exit_code_of_a_killed_command_is_no_verdict(form: str) -> None:
    # Also in a process that is larger than the command's limit: the kernel counts a peak across the start of a program.
    large = bytearray(300 << 20)
    large[:: 1 << 12] = b"x" * len(large[:: 1 << 12])
    with pytest.raises(SandboxFailed, match="killed from outside, or says so"):
        shell("exit 137")


@pytest.mark.parametrize(
    "script",
    [
        "cat /etc/passwd",
        "cat /etc/alternatives/../passwd",
        "ls /root",
        "ls /",
        "cat /proc/1/environ",
        "cat /proc/self/environ",
        "echo x > /usr/x",
        "echo x > /x",
        "echo x > /dev/x",
        "echo x > /tmp/../var/tmp/x",
        "unshare -U true",
        "chroot /usr /bin/true",
        "head -c 100000000 /dev/zero > big; test $(wc -c < big) -gt 1048576",
        "env | grep -i -e canary -e key",
        "cat < /dev/tcp/127.0.0.1/80",
        "kill -0 $PPID",
        "kill -TERM -1",
        "setsid true",
        "mkfifo pipe",
        "ulimit -n 10000",
        "chmod 777 /usr",
        "touch /usr/lib",
    ],
)
def test_nothing_is_reached(form: str, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY_KEY", "x")
    if script == "ls /" and form == "bubblewrap":
        pytest.skip("there is nothing in / but what it may read")
    status, code, stdout = shell(f"({script}) && echo BREACH")
    assert (status, "BREACH" in stdout) == ("exited", False)
    assert code


def test_other_names_are_not_there() -> None:
    if bubblewrap.find()[0] is None:
        pytest.skip("only bubblewrap hides that a path exists: needs user namespaces")
    assert shell("ls -d /home /var /srv && echo BREACH")[1:] == (2, "")


def test_one_process_cannot_fork_and_more_are_counted(form: str) -> None:
    assert "BREACH" not in shell("(:) ; true & echo BREACH", processes=1)[2]
    assert "BREACH" not in shell(MANY, processes=4)[2]
    assert "BREACH" in shell(MANY, processes=20)[2]


def test_processes_are_counted_without_a_cgroup(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroup, "parents", tuple)
    program = bubblewrap.find()[0]
    if program and os.geteuid() == 0 and not bubblewrap_form.works_as_nobody(program):
        with pytest.raises(SandboxUnavailable, match="counts no processes"):
            shell(MANY)
        return
    assert "BREACH" not in shell(MANY, processes=4)[2]
    assert "BREACH" in shell(MANY, processes=20)[2]


def test_root_without_a_cgroup_and_without_another_user_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0 or bubblewrap.find()[0] is None:
        pytest.skip("only root in bubblewrap is refused; else processes are counted")
    monkeypatch.setattr(cgroup, "parents", tuple)
    monkeypatch.setattr(bubblewrap_form, "works_as_nobody", lambda program: False)
    with pytest.raises(SandboxUnavailable, match="for root the kernel counts no processes"):
        shell("true")


HOG = "python3 -c 'x = bytearray(150 << 20); import time; time.sleep(2)'"


def test_memory_of_all_processes_together(form: str) -> None:
    if form == "bubblewrap" and not cgroup.parents():
        pytest.skip("needs a cgroup that this user may divide: run as root, or with systemd-run --user -p Delegate=yes")
    status, _, stdout = shell(f"{HOG} & {HOG} & wait; echo BREACH", processes=6)
    assert status == "memory", stdout


def test_files_go_in_and_come_out(form: str) -> None:
    order = Order(
        ["/bin/sh", "-c", "cat; ./tool; tr a-z A-Z < in.txt > out.txt; ln -s /etc/passwd link; echo err >&2"],
        files={"in.txt": b"abc", "tool": b"#!/bin/sh\necho tool\n"},
        stdin=b"input\n",
        limits=LIMITS,
        reads=SYSTEM,
        processes=6,
        keep=("out.txt", "link", "missing"),
    )
    outcome, kept = run_command(order)
    assert (outcome.status, outcome.stdout, outcome.stderr) == ("exited", b"input\ntool\n", b"err\n")
    assert kept == {"out.txt": b"ABC"}


def test_large_files_come_out_whole(form: str) -> None:
    limits = Limits(cpu_seconds=5, wall_seconds=30, memory_bytes=256 << 20, file_bytes=8 << 20)
    script = "head -c 8388608 /dev/urandom > out; head -c 0 /dev/zero > empty; cksum < out"
    order = Order(["/bin/sh", "-c", script], {}, b"", limits, SYSTEM, processes=4, keep=("out", "empty"))
    outcome, kept = run_command(order)
    again, _ = run_command(Order(["/usr/bin/cksum"], {}, kept["out"], limits, SYSTEM))
    assert (outcome.returncode, len(kept["out"]), kept["empty"]) == (0, 8 << 20, b"")
    assert again.stdout == outcome.stdout


def test_what_all_files_take_is_bounded(form: str) -> None:
    script = "for i in 1 2 3 4 5 6 7 8; do head -c 1000000 /dev/zero > f$i || exit 3; sleep 0.2; done; echo BREACH"
    assert "BREACH" not in shell(script)[2]


@pytest.mark.parametrize("name", ["../x", "/x", "a/b", "-x", ".x", "", "a b"])
def test_file_names_are_plain(name: str) -> None:
    with pytest.raises(ValueError, match="plain names"):
        run_command(Order(["/bin/true"], {name: b""}, b"", LIMITS, SYSTEM))


def test_what_one_command_left_the_next_one_does_not_see(form: str) -> None:
    assert shell("echo x > left; ls")[2] == "left\n"
    assert shell("ls")[2] == ""


def test_no_control_group_and_no_folder_is_left(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(bare_form.tempfile, "tempdir", None)
    shell("echo x > left; ln -s / link")
    left = [path for parent in cgroup.parents() for path in Path(parent).glob(f"rlcore-sandbox-{os.getpid()}-*")]
    assert (left, list(tmp_path.iterdir())) == ([], [])
