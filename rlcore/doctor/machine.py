"""What this machine offers, found without loading any of the heavy packages. `rlcore doctor` prints it.

Whatever may hang or crash is asked in a process of its own with a deadline (`probe`), so a broken part costs one
line of the doctor's table and not the table.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from verifiers.sandbox import bubblewrap, policy, reach
from verifiers.sandbox.slow_lane import run_command
from verifiers.sandbox.types import Limits, Order, SandboxFailed, SandboxUnavailable

GIB = 2**30
# The demo's two vLLM workers, two learner ranks, Ray and the reward service together, with some room.
DEMO_MEMORY_GIB = 6
DEMO_DISK_GIB = 2
# Ray stops creating objects when the disk of its session folder is this full.
RAY_FULL_DISK = 0.95
# What brings the findings of `build_tools`.
BUILD_PACKAGES = {
    "C++ compiler": "g++",
    "Python headers": f"python{sys.version_info[0]}.{sys.version_info[1]}-dev",
    "ninja": "ninja-build",
}
LEAST_SHARED_MEMORY = 80 * 2**20
"""The least that Ray's store takes."""
PORTS = {6379: "Ray head", 8265: "Ray dashboard and jobs", 8300: "reward service"}


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's table.

    Attributes:
        found: what is there, or why it does not work.
        remedy: what to do where it is not ok.
        demo: the CPU demo cannot run without it.
    """

    name: str
    ok: bool
    found: str
    remedy: str
    demo: bool = False


@dataclass(frozen=True)
class Probe:
    """What a probe process found, or why it found nothing."""

    value: dict[str, object] | None
    error: str = ""


def probe(code: str, *, seconds: float = 120.0, environ: Mapping[str, str] | None = None) -> Probe:
    """Run Python code that leaves a dict in `found`, in a fresh interpreter with a hard deadline.

    The dict travels through a file and not through stdout, where libraries print what they like.
    """
    with tempfile.TemporaryDirectory(prefix="doctor-") as folder:
        result = Path(folder) / "found.json"
        tail = f"\nimport json, pathlib\npathlib.Path({str(result)!r}).write_text(json.dumps(found))"
        try:
            process = subprocess.run(
                [sys.executable, "-c", code + tail],
                env={**os.environ, **(environ or {})},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                timeout=seconds,
            )
        except subprocess.TimeoutExpired:
            return Probe(None, f"no answer within {seconds:g} s")
        if process.returncode == 0 and result.exists():
            return Probe(json.loads(result.read_text(encoding="utf-8")))
        lines = [line.strip() for line in process.stderr.splitlines() if line.strip()]
        return Probe(None, lines[-1][:200] if lines else f"the process ended with status {process.returncode}")


def first_line(command: Sequence[str]) -> str:
    """The first line a program prints, or empty where it is missing, fails or hangs."""
    try:
        process = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return process.stdout.strip().partition("\n")[0] if process.returncode == 0 else ""


def python() -> list[Finding]:
    version = sys.version_info
    ok = (3, 11) <= version[:2] < (3, 13)
    found = f"{version.major}.{version.minor}.{version.micro}"
    return [Finding("python", ok, found, "apt-get install python3.11, then make venv", demo=True)]


def cores() -> list[Finding]:
    count = len(os.sched_getaffinity(0))
    flags = set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
    vector = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in flags]
    found = f"{count} ({', '.join(vector) or 'no AVX2'})"
    return [Finding("cores", count >= 2, found, "the demo runs two processes at a time: expect twice the time")]


def memory() -> list[Finding]:
    available = available_memory() / GIB
    remedy = f"the demo wants {DEMO_MEMORY_GIB} GiB: end other programs, or set rollout.workers=1 learner.ranks=1"
    return [Finding("memory", available >= DEMO_MEMORY_GIB, f"{available:.1f} GiB available", remedy, demo=True)]


def available_memory() -> int:
    """Bytes that new processes may take: the kernel's estimate, or what the control group leaves, if that is less."""
    fields = dict(line.split(":") for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines())
    available = int(fields["MemAvailable"].split()[0]) * 1024
    for limit, used in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ):
        if Path(limit).exists() and (text := Path(limit).read_text(encoding="ascii").strip()) != "max":
            available = min(available, int(text) - int(Path(used).read_text(encoding="ascii")))
    return available


def disk() -> list[Finding]:
    here, temporary = shutil.disk_usage("."), os.environ.get("RAY_TMPDIR") or tempfile.gettempdir()
    session = shutil.disk_usage(temporary)
    full = session.used / (session.used + session.free)
    room = f"make {DEMO_DISK_GIB} GiB of room for runs/"
    return [
        Finding("disk", here.free >= DEMO_DISK_GIB * GIB, f"{here.free / GIB:.1f} GiB free here", room, demo=True),
        Finding(
            "disk of Ray's session",
            full < RAY_FULL_DISK,
            f"{temporary} is {full:.0%} full",
            f"Ray stores no objects above {RAY_FULL_DISK:.0%}: make room, or name another folder in RAY_TMPDIR",
            demo=True,
        ),
    ]


def shared_memory() -> list[Finding]:
    """A container has 64 MB of it unless told otherwise; Ray's store then goes to the disk, which is slower."""
    folder = Path("/dev/shm")
    free = shutil.disk_usage(folder).free if folder.is_dir() else 0
    remedy = "Ray's store goes to the disk, which is slower: docker run --shm-size=2g, or mount a tmpfs there"
    return [Finding("shared memory", free >= LEAST_SHARED_MEMORY, f"{free / 2**20:.0f} MiB free in {folder}", remedy)]


def gpu() -> list[Finding]:
    if shutil.which("nvidia-smi") is None:
        remedy = "nothing to do for runs on CPU; a GPU needs NVIDIA's driver and pip install '.[gpu]'"
        return [Finding("gpu", False, "none (no nvidia-smi)", remedy)]
    card = first_line(["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"])
    if not card:
        return [Finding("gpu", False, "nvidia-smi does not answer", "reinstall NVIDIA's driver")]
    seen = probe("import torch\nfound = {'gpus': torch.cuda.device_count(), 'cuda': torch.version.cuda}").value
    remedy = "pip install '.[gpu]' into an environment of its own"
    if not seen or not seen["gpus"]:
        return [Finding("gpu", False, f"{card}, but torch sees none", remedy)]
    return [Finding("gpu", True, f"{seen['gpus']} x {card}; torch for CUDA {seen['cuda']}", remedy)]


def gpu_count() -> int:
    """GPUs that NVIDIA's driver shows; 0 where there is none."""
    try:
        process = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, errors="replace", timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    return sum(line.startswith("GPU ") for line in process.stdout.splitlines())


def build_tools() -> list[Finding]:
    compiler = first_line(["g++", "--version"])
    headers = Path(sysconfig.get_path("include"), "Python.h")
    ninja = shutil.which("ninja")
    apt = {name: f"apt-get install {package}" for name, package in BUILD_PACKAGES.items()}
    return [
        Finding("C++ compiler", bool(compiler), compiler or "no g++", apt["C++ compiler"], demo=True),
        Finding("Python headers", headers.exists(), str(headers), apt["Python headers"], demo=True),
        Finding(
            "ninja", ninja is not None, ninja or "not on PATH", f"{apt['ninja']}, or put .venv/bin on PATH", demo=True
        ),
    ]


def sandbox() -> list[Finding]:
    """What the judges need, asked of the judges' own sandbox."""
    here = policy.check()
    return [
        Finding(
            "Landlock, seccomp",
            not here.missing(),
            f"Landlock ABI {here.landlock_abi}, seccomp {'there' if here.seccomp else 'missing'}",
            "; ".join(here.missing()),
            demo=True,
        ),
        _slow_lane(),
    ]


def _slow_lane() -> Finding:
    """Which of its two forms this machine has; a command that does nothing is run in it."""
    name = "slow lane (C++, Lean)"
    found, why = bubblewrap.find()
    nothing = shutil.which("true", path=reach.PATH) or "/usr/bin/true"
    try:
        run_command(Order([nothing], {}, b"", Limits(), reach.tools("true"), processes=2))
    except (SandboxUnavailable, SandboxFailed) as error:
        return Finding(name, False, str(error), why or "mend what it names")
    if found is None:
        form = "under Landlock and seccomp alone: programs see that a path exists, not what is in it"
        return Finding(name, False, form, f"it works as it is; to hide paths too: {why}")
    return Finding(name, True, f"in {first_line([found, '--version']) or 'bubblewrap'}", "")


def chromium() -> list[Finding]:
    names = ("chromium", "chromium-browser", "google-chrome")
    version = next((line for name in names if (line := first_line([name, "--version"]))), "")
    return [Finding("chromium", bool(version), version or "none", "make system (tests that look at pages need it)")]


def loopback() -> list[Finding]:
    ok = port_is_free(0)
    taken = [f"{port} ({use})" for port, use in PORTS.items() if not port_is_free(port)]
    # A taken port is no fault: our own servers take any free one.
    found = f"in use: {', '.join(taken)}" if taken else "the usual ports are free"
    remedy = "no port of 127.0.0.1 can be bound: ip link set lo up"
    return [Finding("loopback ports", ok, found if ok else "none", remedy, demo=True)]


def port_is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:`port` now (0: on any port)."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
