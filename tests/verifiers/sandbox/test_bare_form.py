"""What stands in for namespaces: who ends a command's processes, whose they are, what is left when all is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from descendants import Process, below, still_alive

from verifiers.sandbox import bare_form, cgroup
from verifiers.sandbox.command import Command
from verifiers.sandbox.slow_lane import run_command
from verifiers.sandbox.types import Limits, Order, Outcome, SandboxFailed, SandboxUnavailable

LIMITS = Limits(cpu_seconds=2, wall_seconds=20, memory_bytes=256 << 20)
SYSTEM = ("/usr", "/etc/ld.so.cache", "/etc/alternatives")
# Children of children whose parents are gone, all deaf.
TREE = "trap '' TERM HUP INT; (trap '' TERM; (sleep 100 & sleep 100 &) & sleep 100 &) & sleep 2; "


@pytest.fixture(autouse=True)
def in_the_bare_form(bare: str) -> None:
    """Each way of doing without bubblewrap."""


def order(script: str, *, processes: int = 12, limits: Limits = LIMITS) -> Order:
    return Order(["/bin/sh", "-c", script], {}, b"", limits, SYSTEM, processes=processes)


def run(script: str, *, processes: int = 12, limits: Limits = LIMITS) -> Outcome:
    return run_command(order(script, processes=processes, limits=limits))[0]


def started_by(action: Callable[[], object]) -> list[Process]:
    """The processes that were below us while `action` ran, the ones from before it left out."""
    others = {(process.pid, process.started) for process in below()}
    seen: dict[tuple[int, int], Process] = {}
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.update({(process.pid, process.started): process for process in below()})
            time.sleep(0.02)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        action()
    finally:
        done.set()
        watcher.join()
    return [process for key, process in seen.items() if key not in others]


@pytest.mark.parametrize("ending", ["exit 0", "while :; do :; done", "yes", "exec >&- 2>&-; sleep 100"])
def test_orphans_end_with_the_command(ending: str) -> None:
    limits = Limits(cpu_seconds=1, wall_seconds=8, memory_bytes=256 << 20)
    processes = started_by(lambda: run(TREE + ending, limits=limits))
    assert len(processes) > 4
    assert not still_alive(processes, 5)


def test_cpu_time_of_all_processes_counts() -> None:
    loops = "for i in 1 2 3 4 5 6; do (while :; do :; done) & done; wait; echo BREACH"
    outcome = run(loops, limits=Limits(cpu_seconds=3, wall_seconds=60, memory_bytes=256 << 20))
    # Each of them alone stays below it.
    assert (outcome.status, outcome.stdout) == ("cpu", b"")
    assert outcome.cpu_seconds < 6


def test_many_files_end_the_command() -> None:
    outcome = run("i=0; while [ $i -lt 1000 ]; do : > f$i || exit 3; i=$((i + 1)); done; echo BREACH")
    assert outcome.stdout == b""


def test_a_command_is_killed_from_another_thread() -> None:
    with Command(order("sleep 100")) as command:
        timer = threading.Timer(0.3, command.kill)
        timer.start()
        with pytest.raises(SandboxFailed):
            command.wait()
        timer.join()


def test_a_killed_supervisor_is_no_verdict_and_takes_all_along() -> None:
    def killed() -> None:
        # What it leaves behind keeps its output open until the wall clock.
        with Command(order(TREE + "sleep 100", limits=replace(LIMITS, wall_seconds=8))) as command:
            time.sleep(3)
            supervisor = next(process for process in below() if process.kind == "supervisor")
            os.kill(supervisor.pid, signal.SIGKILL)
            with pytest.raises(SandboxFailed, match="killed from outside"):
                command.wait()

    processes = started_by(killed)
    assert len(processes) > 4
    assert not still_alive(processes, 5)


KILLED = """
import os, signal, sys, threading
from verifiers.sandbox import bubblewrap
from verifiers.sandbox.slow_lane import run_command
from verifiers.sandbox.types import Limits, Order
bubblewrap.find = lambda: (None, "")
threading.Timer(3, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
reads = ("/usr", "/etc/ld.so.cache")
run_command(Order(["/bin/sh", "-c", sys.argv[1]], {"in": b"x"}, b"", Limits(wall_seconds=100), reads, processes=12))
"""


def test_all_ends_with_the_process_that_asked(repository: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(repository), "TMPDIR": str(tmp_path)}

    def asked() -> None:
        code = subprocess.run([sys.executable, "-c", KILLED, TREE + "sleep 100"], env=environment).returncode
        assert code == -signal.SIGKILL

    processes = started_by(asked)
    assert len(processes) > 4
    assert not still_alive(processes, 10)
    assert not list(tmp_path.iterdir()), "the supervisor has not tidied up"


def test_root_gives_the_command_a_user_of_its_own(bare: str) -> None:
    if bare != "bare" or not bare_form._free_users():
        pytest.skip("only root with the capabilities to become another user can")
    users = [run("id -u; id -g; id -G").stdout.split() for _ in range(2)]
    assert users[0][0] == users[0][1] == users[0][2]
    assert users[0] != users[1]
    assert int(users[0][0]) in bare_form._free_users()


# Our own filter asks somebody already, as the engine of a container may: the kernel has one listener for a process.
LISTENED = """
import ctypes, sys, threading
from verifiers.sandbox import bare_form, bubblewrap, cgroup, kernel, seccomp
from verifiers.sandbox.slow_lane import run_command
from verifiers.sandbox.types import Limits, Order
bubblewrap.find = lambda: (None, "")
if sys.argv[2] == "nothing":
    bare_form._free_users = lambda: range(0)
    cgroup.parents = tuple
kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)()
seccomp.ASKED.clear()
seccomp.asking().install_with_listener()
reads = ("/usr", "/etc/ld.so.cache")
order = Order(["/bin/sh", "-c", "echo done"], {}, b"", Limits(), reads, processes=int(sys.argv[1]))
print(run_command(order)[0].stdout)
"""


@pytest.mark.parametrize(("processes", "else_counted"), [(1, "nothing"), (4, "nothing"), (4, "kernel")])
def test_without_a_listener_something_else_counts(
    repository: Path, bare: str, processes: int, else_counted: str
) -> None:
    if bare != "bare":
        pytest.skip("the same for all")
    if else_counted == "kernel" and not (cgroup.parents() or bare_form._free_users()):
        pytest.skip("needs a cgroup of ours, or root")
    done = subprocess.run(
        [sys.executable, "-c", LISTENED, str(processes), else_counted],
        env={**os.environ, "PYTHONPATH": str(repository)},
        capture_output=True,
        text=True,
    )
    if processes > 1 and else_counted == "nothing":
        assert f"{SandboxUnavailable.__name__}: the slow lane" in done.stderr
        assert "allow a cgroup" in done.stderr
    else:
        assert done.stdout == "b'done\\n'\n", done.stderr


def test_no_place_for_the_folder_has_a_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bare_form.tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(SandboxUnavailable, match="name one in TMPDIR"):
        run("true")
