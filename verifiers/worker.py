"""One judge process: reads chunks of jobs from a socket, answers each as soon as it is judged.

Wire, both ways over one socket pair made by `verifiers.process`:

* pool to worker: 4 bytes of length (big endian), then a chunk of jobs (`verifiers.wire`);
* worker to pool: one line per job, in order: a `Verdict` as JSON, or `{"crash": "ValueError"}` when a built-in judge
  raised: what it said may hold the expected value or paths of this machine, so only its kind leaves this process.

Before the first chunk the worker warms up (imports, one judged job) and sends one line `{"ready": true}`. Before the
first job of a user's judge it sends `{"loading": true}`, runs the user's file, and sends `{"ready": true}` again: the
import has the limit of a start, not that of an answer.
It ends at end of file, and the kernel kills it when the thread that started it dies (Linux).

What it evaluates itself it evaluates confined: in the lanes `confined` and `library` it gives up, once warm, the right
to read files other than code, to write files, to start programs or processes and to open sockets
(`verifiers.sandbox.policy`), and each answer has a limit of CPU time, at which the kernel ends it by SIGPROF. In the
lane `driver` it only moves text to sandboxed processes of its own; in the lane `user` it runs a user's function,
unconfined.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import json
import logging
import os
import resource
import signal
import socket
import struct
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from verifiers import registry, user
from verifiers.jobs import CONTROL, Job
from verifiers.sandbox import readable
from verifiers.sandbox.policy import Confinement
from verifiers.sandbox.types import SandboxFailed, SandboxUnavailable
from verifiers.types import Status, Verdict, is_unicode
from verifiers.wire import Decoder

LENGTH = struct.Struct(">I")
READY = b'{"ready": true}\n'
LOADING = b'{"loading": true}\n'
_PR_SET_PDEATHSIG = 1
_log = logging.getLogger(__name__)
# What a judge may import after it has been confined, besides the standard library.
_IMPORTED_LATE = {
    "confined": ("antlr4", "latex2sympy2_extended", "math_verify", "mpmath", "pydantic", "sympy", "verifiers"),
    "library": ("magiccube", "mpmath", "numpy", "pydantic", "reasoning_gym", "sympy", "verifiers", "zss"),
}


def judge(job: Job) -> Verdict:
    """The verdict of one job, in this process, with its time, verifier and version filled in.

    Raises what a built-in judge raises.
    """
    started = time.perf_counter()
    if job.finish_reason == "abort":
        verdict = Verdict.failed("aborted", "the rollout engine aborted this completion: sample it again")
    elif not is_unicode(job.reference):
        verdict = Verdict.failed("bad_reference", "the reference holds text that is no valid Unicode (lone surrogates)")
    elif not is_unicode(job.text):
        verdict = Verdict.of(Status.REJECTED, detail="the completion is no valid Unicode (lone surrogates)")
    else:
        try:
            judge_of_name = registry.resolve(job.verifier)
        except ValueError as error:
            verdict = Verdict.failed("unknown_verifier", str(error))
        else:
            verdict = judge_of_name(job.text, job.reference, finish_reason=job.finish_reason)
    timed = verdict.model_copy(update={"seconds": time.perf_counter() - started})
    return signed(timed, job.verifier, version=_version_loaded)


def signed(verdict: Verdict, verifier: str, *, version: Callable[[str], str] = registry.version) -> Verdict:
    """The verdict with the name and version of its judge, and after a `+` what the judge itself says it depends on."""
    found = ""
    # A verifier that cannot be found has no version; its verdict already says so.
    with contextlib.suppress(ValueError):
        found = "+".join(filter(None, (version(verifier), verdict.verifier_version)))
    return verdict.model_copy(update={"verifier": verifier, "verifier_version": found})


@functools.lru_cache(maxsize=256)
def _version_loaded(verifier: str) -> str:
    """Asked once: this process keeps the judge it has loaded, also when the file changes."""
    return registry.version(verifier)


def main() -> None:
    """`python -m verifiers.worker SOCKET_FD PARENT_PID LANE MEMORY_BYTES CPU_SECONDS`."""
    lane = sys.argv[3]
    descriptor, parent, memory_bytes = (int(sys.argv[index]) for index in (1, 2, 4))
    cpu_seconds = float(sys.argv[5]) if lane in registry.CONFINED else 0.0
    _die_with_parent(parent)
    if lane != "driver":
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # What a user's function prints goes to the log.
    os.dup2(2, 1)
    # math-verify warns at every start that its timeouts are off: the pool has the deadline.
    logging.getLogger("math_verify").setLevel(logging.ERROR)
    channel = socket.socket(fileno=descriptor)
    if lane in registry.CONFINED:
        if lane == registry.lane(CONTROL.verifier) and not judge(CONTROL).reward:
            raise SystemExit("a judge worker failed its own control job")
        _load_confined(lane)
        Confinement(readable.packages(_IMPORTED_LATE[lane]).values()).apply(None)
    channel.sendall(READY)
    decoder = Decoder()
    with channel.makefile("rb") as requests:
        while len(header := requests.read(LENGTH.size)) == LENGTH.size:
            for item in decoder.decode(requests.read(LENGTH.unpack(header)[0])):
                # Counts the CPU time of this process, not the clock: the same answer ends alike on a busy machine.
                signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
                answer = _answer(item, channel)
                signal.setitimer(signal.ITIMER_PROF, 0.0)
                channel.sendall(answer + b"\n")


def _answer(item: Sequence[Any], channel: socket.socket) -> bytes:
    verifier, text, reference, finish_reason = item
    try:
        job = Job(verifier=verifier, text=text, reference=reference, finish_reason=finish_reason)
        if problem := _load(verifier, channel):
            verdict = signed(Verdict.failed("user_function", problem), verifier)
        else:
            verdict = judge(job)
        return verdict.model_dump_json().encode()
    # Untrusted text made a built-in judge raise: the pool tries again on a fresh worker before it says whose fault.
    except Exception as error:
        # Our sandbox's own words name the remedy; any other message may hold what no log should.
        said = f": {error}" if isinstance(error, SandboxFailed | SandboxUnavailable) else ""
        frames = "".join(traceback.format_tb(error.__traceback__))
        _log.error("the judge %s raised %s%s\n%s", verifier, type(error).__name__, said, frames)
        return json.dumps({"crash": type(error).__name__}).encode()


def _load(verifier: str, channel: socket.socket) -> str:
    """Run the file of a user's judge that is not loaded yet; why that fails, else ''."""
    try:
        user.locate(verifier)
    # A built-in judge, or a file that is not there, which `judge` reports.
    except ValueError:
        return ""
    if user.is_loaded(verifier):
        return ""
    channel.sendall(LOADING)
    try:
        user.load(verifier)
    except ValueError as error:
        return str(error)[:2000]
    finally:
        channel.sendall(READY)
    return ""


def _load_confined(lane: str) -> None:
    """Import the judges of this lane and read what their versions depend on: afterwards no file can be opened."""
    for name, entry in registry.VERIFIERS.items():
        if entry.lane == lane:
            registry.prepare(name)
            _version_loaded(name)


def _die_with_parent(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # The parent may have died before the call above.
    if os.getppid() != parent:
        raise SystemExit("the judge pool that started this worker is gone")


if __name__ == "__main__":
    main()
