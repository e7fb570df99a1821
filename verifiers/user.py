"""Loads a user's judge, `path/to/file.py:function`, and turns what it returns into a verdict.

The function is called as `function(completion: str, reference: dict)` and returns one of

* a float in [0, 1]: 1 is correct, 0 wrong, anything between partial;
* a bool;
* a dict `{"reward": float, "detail": str}` (`detail` optional);
* a `verifiers.types.Verdict`.

Where the judge itself cannot judge, since the model or service that it asks is away, it raises `JudgeUnavailable`: the
sample is masked (`failure_kind` "judge_unavailable") and may be judged again. Never raise it for what an answer does:
whoever writes answers would learn to get out of a zero.

A malformed answer is the answer's fault: return 0 for it. Where the function raises anything else, the rule of
`verifiers.pool` says who is to blame: it raises on the answer, judges a neutral text against the same reference, and
raises on the answer again: `rejected`, reward 0. It raises on the neutral texts as well: masked (`failure_kind`
"user_function"), never a zero. Any other return (NaN, 7.0, a string) is a broken judge: masked.

The file is loaded and run in the worker processes of `verifiers.pool` only, once per process.
"""

from __future__ import annotations

import copy
import hashlib
import importlib.util
import logging
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from verifiers.types import Json, Status, Verdict

UserFunction = Callable[[str, Json], Any]

# Answers that say nothing: bare, and in the forms that functions look for.
NEUTRAL_TEXTS = ("0", "```python\n0\n```\n<answer>0</answer>\n\\boxed{0}\n#### 0")

_loaded: dict[str, UserFunction] = {}
_log = logging.getLogger(__name__)


class JudgeUnavailable(Exception):
    """A judge of the user's own raises it where what it needs is away; the message is for whoever runs the judge."""


class _NoVerdict(ValueError):
    """What the function returned is no verdict; the message is ours."""


def is_user_spec(name: str) -> bool:
    """Whether a verifier name has the form `path/to/file.py:function`."""
    path, separator, function = name.rpartition(":")
    return bool(separator) and path.endswith(".py") and function.isidentifier()


def locate(spec: str) -> tuple[Path, str]:
    """The file and the function name of a spec, without running anything.

    Raises ValueError when the spec has another form or the file is missing.
    """
    if not is_user_spec(spec):
        raise ValueError(f"verifier {spec!r} is not of the form path/to/file.py:function")
    path, _, function = spec.rpartition(":")
    file = Path(path).expanduser().resolve()
    if not file.is_file():
        raise ValueError(f"verifier {spec!r}: there is no file there; give a path that exists where the judge runs")
    return file, function


def version(spec: str) -> str:
    """Hash of the file's bytes, without running it. Raises ValueError as `locate`."""
    return hashlib.sha256(locate(spec)[0].read_bytes()).hexdigest()[:16]


def is_loaded(spec: str) -> bool:
    """Whether this process has run the file of the spec with success."""
    return spec in _loaded


def load(spec: str) -> UserFunction:
    """Run the file and give back the function. Raises ValueError that names the remedy.

    The file's folder is appended to `sys.path`, so it may import its neighbours.
    """
    if spec in _loaded:
        return _loaded[spec]
    file, name = locate(spec)
    module_spec = importlib.util.spec_from_file_location(f"user_verifier_{version(spec)}", file)
    assert module_spec is not None and module_spec.loader is not None
    module = importlib.util.module_from_spec(module_spec)
    # Dataclasses and pydantic models defined in the file look their module up by name.
    sys.modules[module_spec.name] = module
    if str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))
    try:
        module_spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        # Where and what it says is for the log: it names files of this machine.
        _log.error("verifier %s: importing %s fails", spec, file, exc_info=error)
        raise ValueError(
            f"verifier {spec!r}: importing it fails: {type(error).__name__}; the log says where"
        ) from error
    function = getattr(module, name, None)
    if not callable(function):
        functions = sorted(key for key, value in vars(module).items() if callable(value) and not key.startswith("_"))
        raise ValueError(f"verifier {spec!r}: the file defines no function {name!r}; it has {', '.join(functions)}")
    _loaded[spec] = function
    return _loaded[spec]


def judge(spec: str, text: str, reference: Json) -> Verdict:
    """Call the user's function on one completion, and find out who is to blame where it raises."""
    try:
        function = load(spec)
    except ValueError as error:
        return _failed(str(error))
    judged = _call(function, text, reference)
    if isinstance(judged, Verdict):
        return judged
    controls = (_call(function, neutral, reference) for neutral in NEUTRAL_TEXTS)
    if not any(isinstance(control, Verdict) and not control.mask_sample for control in controls):
        return _failed(f"{spec} {_what(judged)}, on every answer, also on a neutral one")
    judged = _call(function, text, reference)
    if isinstance(judged, Verdict):
        return judged
    named = "returns no verdict" if isinstance(judged, _NoVerdict) else f"raises {type(judged).__name__}"
    detail = f"the function {named} on this answer, twice, but not on a neutral one"
    return Verdict.of(Status.REJECTED, detail=detail)


def _what(judged: BaseException) -> str:
    """What a function did in place of a verdict; the message of what it raised may hold the expected value."""
    return f"gave no verdict: {judged}" if isinstance(judged, _NoVerdict) else f"raises {type(judged).__name__}"


def _call(function: UserFunction, text: str, reference: Json) -> Verdict | BaseException:
    """The function's verdict; or what it raised, a `_NoVerdict` where it returned something else."""
    try:
        # Its own copy: the next call sees the reference as it came.
        return _verdict(function(text, copy.deepcopy(reference)))
    except JudgeUnavailable as error:
        return Verdict.failed("judge_unavailable", f"the judge says that it cannot judge now: {error}"[:2000])
    # The user's code may raise anything, and what it returned when it is looked at.
    except (Exception, SystemExit) as error:
        return error


def _failed(reason: str) -> Verdict:
    return Verdict.failed("user_function", reason[:2000])


def _verdict(returned: Any) -> Verdict:
    if isinstance(returned, Verdict):
        # By the other kinds we know our own failures, and whether the reason may be shown.
        return returned.model_copy(update={"failure_kind": "user_function"}) if returned.mask_sample else returned
    detail = ""
    if isinstance(returned, dict):
        unknown = sorted(map(str, returned.keys() - {"reward", "detail"}))
        if unknown or "reward" not in returned:
            raise _NoVerdict(f'return {{"reward": float, "detail": str}}; got keys {sorted(map(str, returned))}')
        returned, detail = returned["reward"], str(returned.get("detail", ""))[:2000]
    try:
        # float() also takes NumPy and torch scalars.
        reward = math.nan if returned is None or isinstance(returned, str) else float(returned)
    except (TypeError, ValueError):
        reward = math.nan
    if not 0.0 <= reward <= 1.0:
        got = repr(returned) if type(returned) in (int, float) else f"a {type(returned).__name__}"
        raise _NoVerdict(f"return a finite number in [0, 1], a bool, a dict or a Verdict; got {got:.200}")
    if reward in (0.0, 1.0):
        return Verdict.of(Status.CORRECT if reward else Status.WRONG, detail=detail)
    return Verdict.of(Status.PARTIAL, reward=reward, detail=detail)
