"""One judge process: reads chunks of jobs from a socket, answers each as soon as it is judged.

Wire, both ways over one socket pair made by `verifiers.pool`:

* pool to worker: 4 bytes of length (big endian), then a JSON list of `[verifier, text, reference, finish_reason]`;
* worker to pool: one line per job, in order: a `Verdict` as JSON, or `{"crash": "why"}` when a built-in judge raised.

Before the first chunk the worker warms up (imports, one judged job) and sends one line `{"ready": true}`. Before the
first job of a user's judge it sends `{"loading": true}`, runs the user's file, and sends `{"ready": true}` again: the
import has the limit of a start, not that of an answer.
It ends at end of file, and the kernel kills it when the thread that started it dies (Linux).

This process has a memory limit and a small environment; it is not a sandbox.
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
from collections.abc import Callable

from verifiers import registry, user
from verifiers.types import FinishReason, Frozen, Json, Verdict

LENGTH = struct.Struct(">I")
READY = b'{"ready": true}\n'
LOADING = b'{"loading": true}\n'
_PR_SET_PDEATHSIG = 1


class Job(Frozen):
    """One answer to judge."""

    verifier: str
    text: str
    reference: Json
    finish_reason: FinishReason = "stop"


# Judged right by a healthy worker; it goes through math-verify so that its imports count.
CONTROL = Job(verifier="math", text=r"\boxed{x(x+1)}", reference={"answer": "x^2+x"})


def judge(job: Job) -> Verdict:
    """The verdict of one job, in this process, with its time, verifier and version filled in.

    Raises what a built-in judge raises.
    """
    started = time.perf_counter()
    if job.finish_reason == "abort":
        verdict = Verdict.failed("aborted", "the rollout engine aborted this completion: sample it again")
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
    """The verdict with the name and version of its judge."""
    found = ""
    # A verifier that cannot be found has no version; its verdict already says so.
    with contextlib.suppress(ValueError):
        found = version(verifier)
    return verdict.model_copy(update={"verifier": verifier, "verifier_version": found})


@functools.lru_cache(maxsize=256)
def _version_loaded(verifier: str) -> str:
    """Asked once: this process keeps the judge it has loaded, also when the file changes."""
    return registry.version(verifier)


def main() -> None:
    """`python -m verifiers.worker SOCKET_FD PARENT_PID MEMORY_BYTES`."""
    descriptor, parent, memory_bytes = (int(argument) for argument in sys.argv[1:])
    _die_with_parent(parent)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # What a user's function prints goes to the log.
    os.dup2(2, 1)
    # math-verify warns at every start that its timeouts are off: the pool has the deadline.
    logging.getLogger("math_verify").setLevel(logging.ERROR)
    channel = socket.socket(fileno=descriptor)
    if not judge(CONTROL).reward:
        raise SystemExit("a judge worker failed its own control job")
    channel.sendall(READY)
    with channel.makefile("rb") as requests:
        while len(header := requests.read(LENGTH.size)) == LENGTH.size:
            for item in json.loads(requests.read(LENGTH.unpack(header)[0])):
                channel.sendall(_answer(item, channel) + b"\n")


def _answer(item: tuple[str, str, Json, FinishReason], channel: socket.socket) -> bytes:
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
        return json.dumps({"crash": f"{type(error).__name__}: {error}"[:500]}).encode()


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


def _die_with_parent(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # The parent may have died before the call above.
    if os.getppid() != parent:
        raise SystemExit("the judge pool that started this worker is gone")


if __name__ == "__main__":
    main()
