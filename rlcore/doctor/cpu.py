"""Which CPU a run computes on. Sums are taken in another order on another kind, and runs part after some steps."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from typing import Any

# What the kernels of PyTorch, oneDNN and vLLM choose by, on x86 and on ARM.
_FLAGS = re.compile(r"avx\w*|fma|f16c|amx\w*|asimd\w*|sve\w*|bf16|i8mm")
# They make a library choose as on an older CPU.
VARIABLES = ("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "MKL_ENABLE_INSTRUCTIONS", "MKL_CBWR")


def describe(information: Path = Path("/proc/cpuinfo")) -> dict[str, Any]:
    """The CPU of this machine, for the manifest.

    `model`, `architecture`, `cores` that this process may use, `flags` that numerical libraries choose their kernels
    by, `torch`: the set that PyTorch chose, `environment`: variables that held a library back.
    """
    import torch

    fields: dict[str, str] = {}
    if information.exists():
        for line in information.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            fields.setdefault(name.strip().lower(), value.strip())
    flags = fields.get("flags") or fields.get("features") or ""
    return {
        "model": fields.get("model name") or platform.processor() or platform.machine(),
        "architecture": platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "flags": sorted(flag for flag in flags.split() if _FLAGS.fullmatch(flag)),
        "torch": torch.backends.cpu.get_cpu_capability(),
        "environment": {name: os.environ[name] for name in VARIABLES if name in os.environ},
    }


def kind(cpu: dict[str, Any]) -> str:
    """What makes numbers comparable, in a few words: `AMD EPYC 7B13 (AVX2)`."""
    held_back = ", ".join(f"{name}={value}" for name, value in cpu.get("environment", {}).items())
    return f"{cpu.get('model', 'unknown CPU')} ({cpu.get('torch', '?')}{f', {held_back}' if held_back else ''})"


def differs(then: dict[str, Any], now: dict[str, Any]) -> bool:
    """Whether the same work may end in other numbers; how many cores there are changes none."""
    return any(then.get(name) != now.get(name) for name in now if name != "cores")
