"""In a child of the fork server: take the program from its descriptors, and run it as the interpreter would."""

from __future__ import annotations

import atexit
import gc
import io
import linecache
import os
import random
import signal
import site
import stat
import sys
import threading
import traceback
import types
from collections.abc import Sequence
from typing import NoReturn

from verifiers.sandbox import kernel

_FILE = "solution.py"
_EXIT_FAILURE = 1
# What the interpreter itself exits with when its output cannot be flushed.
_EXIT_NOT_FLUSHED = 120
# As where a shell sets no limit: address space for some two hundred threads.
_THREAD_STACK_BYTES = 2 << 20
_LAST_DESCRIPTOR = (1 << 32) - 1


def prepare() -> None:
    """In the fork server, before it forks: streams for its children, `exit()` and `quit()`, nothing to do at exit,
    and how large a thread's stack is that does not say it.
    """
    atexit._clear()
    # The names that a script has and an interpreter without its site folders lacks.
    site.setquit()
    site.sethelper()
    threading.stack_size(_THREAD_STACK_BYTES)
    _open_standard_streams()


def take(descriptors: Sequence[int]) -> bytes:
    """The program's text; its stdin, stdout and stderr are put in place."""
    source, *standard = descriptors[:4]
    for target, descriptor in enumerate(standard):
        os.dup2(descriptor, target)
    return os.pread(source, os.fstat(source).st_size, 0)


def place(channels: Sequence[int]) -> None:
    """Channels become 3, 4, ...; every other descriptor is closed.

    The kernel gave a request's descriptors ascending numbers, four before the channels, so none is overwritten here
    before it has been moved.
    """
    for target, descriptor in enumerate(channels, start=3):
        os.dup2(descriptor, target)
    kernel.syscall("close_range", 3 + len(channels), _LAST_DESCRIPTOR, 0)


def run(source: bytes) -> NoReturn:
    """Run a program as `__main__` and end the process as the interpreter would, at once."""
    code = _EXIT_FAILURE
    try:
        # A file size limit ends the program; by default Python would turn it into one more exception.
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        # The server's own serve a program whose input and output are files: that is most of them, and saves time.
        if not stat.S_ISREG(os.fstat(0).st_mode):
            _open_standard_streams()
        code = _execute(source)
        code = _finish(code)
    finally:
        os._exit(code & 0xFF)


def _open_standard_streams() -> None:
    """New ones on the descriptors 0, 1 and 2. They take a seekable file for one for ever, a pipe for a pipe."""
    streams = {
        "stdin": io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), "utf-8", "surrogateescape"),
        "stdout": io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "w", closefd=False)), "utf-8", "surrogateescape"),
        "stderr": io.TextIOWrapper(
            io.BufferedWriter(io.FileIO(2, "w", closefd=False)), "utf-8", "backslashreplace", line_buffering=True
        ),
    }
    for name, stream in streams.items():
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def seed(text: bytes) -> None:
    """Seed the random generators by a program's text: two programs draw different numbers, one always the same.

    So luck decides no verdict. NumPy's generator is seeded for a text that names NumPy.
    """
    number = hash(text) & 0xFFFFFFFF
    random.seed(number)
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None and b"numpy" in text:
        numpy_random.seed(number)


def _execute(source: bytes) -> int:
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=_FILE, __builtins__=__builtins__)
    sys.modules["__main__"] = main
    sys.argv = [_FILE]
    seed(source)
    gc.enable()
    try:
        # dont_inherit: this module's own __future__ imports are no business of the program.
        exec(compile(source, _FILE, "exec", dont_inherit=True), main.__dict__)
    except SystemExit as ending:
        return _exit_code(ending)
    except BaseException as error:
        _show(error, source)
        return _EXIT_FAILURE
    return 0


def _exit_code(ending: SystemExit) -> int:
    if ending.code is None or isinstance(ending.code, int):
        return ending.code or 0
    print(ending.code, file=sys.stderr)
    return _EXIT_FAILURE


def _show(error: BaseException, source: bytes) -> None:
    """The traceback, without our own frame, on stderr."""
    trace = error.__traceback__.tb_next if error.__traceback__ else None
    if sys.excepthook is not sys.__excepthook__:
        sys.excepthook(type(error), error, trace)
        return
    text = source.decode("utf-8", errors="replace")
    linecache.cache[_FILE] = (len(text), None, text.splitlines(keepends=True), _FILE)
    traceback.print_exception(type(error), error, trace)


def _finish(code: int) -> int:
    """Wait for the program's threads, run its exit functions, flush what it has not closed."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    try:
        for stream in (sys.stdout, sys.stderr):
            # A program's own stream need not know `closed`.
            if stream is not None and not getattr(stream, "closed", False):
                stream.flush()
    # The program's own stream may raise anything.
    except Exception:
        return _EXIT_NOT_FLUSHED
    return code
