"""How a run ends that cannot go on: one line with cause and remedy, and a file with everything else.

What a user can mend by reading the run file is a ConfigError or a ValueError of ours, and says so itself; it passes
through. Anything else becomes a RunFailed.
"""

from __future__ import annotations

import dis
import re
import shutil
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

from rlcore.doctor.shared_libraries import debian_package

FOLDER = "errors"
FULL_BYTES = 2**20
LOG_BYTES = 20_000
OURS = {"rlcore", "services", "rollout", "verifiers"}

_MEMORY = (
    "end other programs, or lower rollout.workers, learner.ranks, rollout.kv_cache_gib or learner.micro_batch_tokens"
)
# What is known of the causes; the first pattern found wins, and `{0}` is its group.
REMEDIES: tuple[tuple[str, str], ...] = (
    (r"No module named '([\w.]+)'", "{0} is not installed: make venv, or pip install '.[cpu]'"),
    (r"_OpNamespace|undefined symbol:", "a compiled package did not load: `rlcore doctor` says what it misses"),
    (r"operator torchvision::|torchvision.*(?:is not|mismatch)", "pip uninstall torchvision torchaudio torchcodec"),
    (r"InvalidCxxCompiler|Python\.h: No such file|Ninja is required", "apt-get install -y g++ python3-dev ninja-build"),
    (r"CUDA out of memory|CUDA error: out of memory", "lower rollout.gpu_memory_share or learner.micro_batch_tokens"),
    (r"Free memory on device .* is less than", "lower rollout.gpu_memory_share: other processes use the card too"),
    (
        r"No available memory for the cache blocks|KV cache is needed|larger than the available KV cache memory",
        "raise rollout.kv_cache_gib, or lower model.context or rollout.max_sequences",
    ),
    (r"Not enough memory|can't allocate memory|std::bad_alloc|MemoryError|Cannot allocate memory", _MEMORY),
    (r"killed because the memory|process was killed or crashed", _MEMORY),
    (
        r"No CUDA GPUs|no NVIDIA driver|not compiled with CUDA|Failed to infer device type",
        "set rollout.gpus_per_worker=0 and learner.gpus_per_rank=0, or bring the driver and pip install '.[gpu]'",
    ),
    (r"No space left on device", "free space on the disk, on that of Ray's session (RAY_TMPDIR), or in /dev/shm"),
    (r"Address already in use|EADDRINUSE", "another program took the port in between: run the same command again"),
    (r"AuthenticationError|InvalidAuthToken", "give the cluster and this command the same RAY_AUTH_MODE and token"),
    (
        r"architectures .* (?:are|is) not supported|has no vLLM implementation|not supported for now",
        "vLLM does not serve this model: set rollout.engine=transformers",
    ),
    (
        r"Error while deserializing|HeaderTooLarge|InvalidHeader|MetadataIncomplete|SafetensorError|size mismatch|"
        r"line \d+ column \d+ \(char \d+\)|not a valid JSON|does not appear to have a file|no file named|"
        r"Unrecognized model",
        "the model's folder is damaged or incomplete: bring it again, or remove that checkpoint's folder to go on from "
        "the one before",
    ),
    (
        r"couldn't connect to|LocalEntryNotFound|OfflineModeIsEnabled|Name or service not known|Max retries exceeded",
        "what is not on this disk could not be fetched: check the network, or name a folder",
    ),
)  # fmt: skip
_LIBRARY = re.compile(r"(lib[\w.+-]+\.so[\w.]*): cannot open shared object file")


class RunFailed(RuntimeError):
    """A run that cannot go on; the message is one line."""


def explain(error: BaseException, run_dir: Path, *, logs: Path | None = None) -> BaseException:
    """What to raise in place of `error`: itself where it is a mistake of the user's, else a RunFailed.

    The full text goes into `errors/` of the run folder, where the line is not all there is to say.

    Args:
        logs: folder of Ray's logs; the ends of what the actors wrote are put into the file.
    """
    if isinstance(error, ValueError) and _raised_by_us(error):
        return error
    # torch, safetensors and Ray each wrap "no space left" in a type of their own, so the disk itself is asked.
    if run_dir.is_dir() and shutil.disk_usage(run_dir).free < FULL_BYTES:
        return RunFailed(
            f"no space left on the disk of run_dir={run_dir}: free some and run the same command again, "
            "it goes on from the last checkpoint"
        )
    ours = type(error).__module__.split(".")[0] in OURS or (isinstance(error, RuntimeError) and _raised_by_us(error))
    line = _flat(str(error)) if ours else f"{type(error).__name__}: {_last_line(error)}"
    if ours and error.__cause__ is None:
        return RunFailed(line)
    text = "\n".join([*traceback.format_exception(error), *_worker_logs(logs)])
    help_text = remedy(f"{line}\n{text}")
    return RunFailed(f"{line}{f': {help_text}' if help_text else ''}{_named(_write(run_dir, text))}")


def remedy(text: str) -> str:
    """What helps against the failure that the text tells of; empty where that is not known."""
    if library := _LIBRARY.search(text):
        package = debian_package(library[1])
        return f"apt-get install -y {package}" if package else f"{library[1]} comes with the graphics driver"
    for pattern, advice in REMEDIES:
        if found := re.search(pattern, text):
            return advice.format(*found.groups())
    return ""


def _raised_by_us(error: BaseException) -> bool:
    """Whether our own code raised it: a ValueError of a library is a bug, and its traceback is kept.

    So is one of a builtin that our code called: `int("x")` has no frame of its own.
    """
    innermost = error.__traceback__
    while innermost is not None and innermost.tb_next is not None:
        innermost = innermost.tb_next
    if innermost is None or innermost.tb_frame.f_globals.get("__name__", "").split(".")[0] not in OURS:
        return False
    instruction = innermost.tb_frame.f_code.co_code[innermost.tb_lasti]
    return dis.opname[instruction] == "RAISE_VARARGS"


def _flat(text: str) -> str:
    return " ".join(text.split())


def _last_line(error: BaseException) -> str:
    from rollout.actor_errors import cause_of

    return cause_of(error).removeprefix(f"{type(error).__name__}: ")


def _worker_logs(folder: Path | None) -> Iterator[str]:
    """The ends of what Ray's workers wrote to standard error, the newest last."""
    files = [] if folder is None or not folder.is_dir() else folder.glob("worker-*.err")
    for path in sorted(files, key=lambda path: path.stat().st_mtime):
        # Colours, and the line with ids that each begins with, say nothing.
        text = path.read_bytes()[-LOG_BYTES:].decode(errors="replace")
        lines = [line for line in text.splitlines() if not line.startswith(":")]
        if lines:
            yield f"\n--- {path}\n" + "\n".join(lines)


def _write(run_dir: Path, text: str) -> Path | None:
    """The file with the text; None where it cannot be written, which must not hide the failure itself."""
    try:
        path = run_dir / FOLDER / f"{time.strftime('%Y%m%d-%H%M%S')}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError:
        return None
    return path


def _named(path: Path | None) -> str:
    return f" (the whole text: {path})" if path else ""
