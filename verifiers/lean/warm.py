"""Inside the sandbox's fork server: Lean loaded and the imports done once; its children elaborate or check one proof.

`verifiers.lean.server` names this module as a preload, and has each child run `main`. The environments that were
imported are never changed: what a child adds to them ends with the child.

In: one line of JSON, then one line for each blob (see `verifiers.lean.export`). Out: the same.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import signal
import struct
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from verifiers.lean import elaborate, recheck
from verifiers.lean.elaborate import Base
from verifiers.lean.export import Data
from verifiers.lean.native import Lean, boxed, kept
from verifiers.lean.toolchain import LIBRARY_SETTING, MODULES_SETTING, PATH_SETTING, SORRY_SETTING

# What `importModules` wants: trust in the imported files, and load everything.
_TRUST, _LOAD_ALL = 1024, 2

LENGTH = struct.Struct(">I")

_base: Base | None = None
_has_tasks = False


def load() -> None:
    """In the fork server, before it forks. It may take seconds."""
    global _base
    lean = Lean(Path(os.environ[LIBRARY_SETTING]))
    path = lean.list([lean.string(folder) for folder in os.environ[PATH_SETTING].split(os.pathsep)])
    lean.result(lean.call("l_Lean_initSearchPath", lean.string("/nowhere"), path))
    modules = os.environ[MODULES_SETTING].split()
    # Errors are told through `sorryAx`; the environment that has the last word does not know it. In full mode it comes
    # with `Init`, there is one environment, and the axioms that a proof rests on (`recheck`) tell who uses it.
    sorry = os.environ[SORRY_SETTING].split()
    wide = _import(lean, [*modules, *sorry])
    bare = _import(lean, modules) if sorry else kept(wide)
    kernel = lean.call("lean_elab_environment_to_kernel_env", bare)
    _keep(lean, kernel)
    _base = Base(lean, wide, kernel)


def _import(lean: Lean, modules: Sequence[str]) -> int:
    # Lean clears this before it returns; initialisers of the imported modules must run.
    lean.function("lean_enable_initializer_execution")()
    imports = [lean.constructor(0, (lean.name(module.split(".")),), bytes([0, 1, 0])) for module in modules]
    word, byte = ctypes.c_size_t, ctypes.c_uint8
    run = lean.function("l_Lean_importModules", word, word, ctypes.c_uint32, word, byte, byte, byte, word)
    options = kept(lean.value("l_Lean_Options_empty"))
    answer = run(lean.array(imports), options, _TRUST, lean.array([]), 0, 1, _LOAD_ALL, boxed(1))
    return _keep(lean, lean.result(answer))


def _keep(lean: Lean, value: int) -> int:
    """Counting references would write to, and so copy, pages that all children share."""
    lean.function("lean_mark_persistent", ctypes.c_size_t)(value)
    return value


def main() -> None:
    """In a confined child: one request, from the end of stdin on."""
    # It lives for one check and holds little.
    gc.disable()
    _write(_answer(sys.stdin.buffer.read()))
    os._exit(0)


def serve(cpu_seconds: float) -> None:
    """In a confined child: requests until the end of stdin, each with 4 bytes of length before it, as the answers have.

    A request that takes longer than `cpu_seconds` of CPU time ends the child.
    """
    gc.disable()
    while len(header := _read(LENGTH.size)) == LENGTH.size:
        body = _read(*LENGTH.unpack(header))
        signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
        answer = _answer(body)
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        _write(LENGTH.pack(len(answer)) + answer)
    os._exit(0)


def _answer(body: bytes) -> bytes:
    line, *blobs = body.split(b"\n")
    request: Data = json.loads(line)
    try:
        report, blob = _DO[request["do"]](request, blobs)
        return json.dumps(report).encode() + b"\n" + blob
    # A text that our own readers do not get through. Whose fault that is, `verifiers.lean.server` finds out.
    except Exception as error:
        traceback.print_exc()
        return json.dumps({"broke": type(error).__name__}).encode() + b"\n"


def _read(size: int) -> bytes:
    """So many bytes of stdin, fewer at its end."""
    parts = []
    while size and (part := os.read(0, min(size, 1 << 20))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _write(answer: bytes) -> None:
    while answer:
        answer = answer[os.write(1, answer) :]


def _statement(request: Data, _: Sequence[bytes]) -> tuple[Data, bytes]:
    return elaborate.statement(_with_tasks(), request)


def _proof(request: Data, _: Sequence[bytes]) -> tuple[Data, bytes]:
    return elaborate.proof(_with_tasks(), request)


def _recheck(request: Data, blobs: Sequence[bytes]) -> tuple[Data, bytes]:
    stated, proved = blobs
    data = {**request, "statement": json.loads(stated), "proof": json.loads(proved)}
    assert _base is not None
    return recheck.recheck(_base.lean, _base.kernel, data), b""


def _ground(request: Data, blobs: Sequence[bytes]) -> tuple[Data, bytes]:
    assert _base is not None
    return recheck.ground(_base.lean, _base.kernel, {**request, "statement": json.loads(blobs[0])}), b""


def _with_tasks() -> Base:
    """With Lean's thread for tasks; only in a child, since a fork would not take it along."""
    global _has_tasks
    assert _base is not None
    if not _has_tasks:
        _base.lean.function("lean_init_task_manager_using", ctypes.c_uint)(1)
        _has_tasks = True
    return _base


_DO: dict[str, Callable[[Data, Sequence[bytes]], tuple[Data, bytes]]] = {
    "statement": _statement,
    "proof": _proof,
    "recheck": _recheck,
    "ground": _ground,
}
