"""Why an actor of Ray failed, in one line. Ray's own messages are tracebacks with colours, or advice about clusters."""

from __future__ import annotations

import re

from ray.exceptions import OutOfMemoryError, RayActorError, RayTaskError

MAX_CHARACTERS = 400
KILLED = "its process was killed or crashed (out of memory, or a signal from outside)"

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_EXCEPTION = re.compile(r"^[A-Za-z_][\w.]*(?:: |:?$)")
_BECAUSE = "The above exception was the direct cause of the following exception:"
_BESIDE = "During handling of the above exception, another exception occurred:"


def plain(text: str) -> str:
    """The text without colours."""
    return _COLOUR.sub("", text)


def cause_of(error: BaseException) -> str:
    """The exception that ended an actor or a call of it, in one line: type and message, and what it was raised from.

    Args:
        error: what `ray.get` raised.
    """
    if isinstance(error, OutOfMemoryError):
        return "it was killed because the memory of the machine was nearly full"
    text = plain(str(error))
    if isinstance(error, RayActorError) and not error.actor_init_failed:
        return KILLED
    if isinstance(error, RayActorError | RayTaskError):
        return last_exception(text)
    return _one_line(f"{type(error).__name__}: {text}" if text else type(error).__name__)


def raised_by(error: RayTaskError) -> Exception:
    """What the actor's code raised, with the actor's traceback behind it."""
    cause: Exception = error.cause
    cause.__cause__ = error
    return cause


def last_exception(text: str) -> str:
    """The last exception of a printed traceback, in one line, and the first one that it was raised from."""
    *before, last = text.split(_BECAUSE)
    outer = _exception(last.rpartition(_BESIDE)[2])
    inner = _exception(before[0].rpartition(_BESIDE)[2]) if before else ""
    return f"{outer} (from {inner})" if inner and inner not in outer else outer


def _exception(text: str) -> str:
    lines = text.strip().splitlines()
    # Below the last frame: the source line, perhaps a line of marks, and then the exception, unindented.
    frames = [number for number, line in enumerate(lines) if line.startswith("  File ")]
    for number in range(frames[-1] + 1 if frames else 0, len(lines)):
        if _EXCEPTION.match(lines[number]):
            return _one_line("\n".join(lines[number:]))
    return _one_line(lines[-1]) if lines else ""


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]} ..."
