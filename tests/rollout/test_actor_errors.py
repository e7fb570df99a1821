"""Real deaths of real actors, each in one line."""

from __future__ import annotations

import ctypes
import os
from typing import Any

import pytest
import ray

from rollout.actor_errors import KILLED, MAX_CHARACTERS, cause_of, last_exception

pytestmark = pytest.mark.usefixtures("local_ray")


class Dies:
    """An actor that ends at start in the way it is told, or fails in a call."""

    def __init__(self, how: str) -> None:
        if how == "library":
            ctypes.CDLL("libnuma-that-is-gone.so.1")
        elif how == "kill":
            os.kill(os.getpid(), 9)
        elif how == "crash":
            ctypes.string_at(0)
        elif how == "exit":
            os._exit(3)
        elif how == "long":
            raise ValueError("1 validation error\n  in a field\n" + "x" * 1000)

    def call(self, how: str) -> None:
        if how == "chain":
            try:
                {}["weights"]
            except KeyError as error:
                raise RuntimeError("the engine did not start, see above") from error
        elif how == "beside":
            try:
                {}["cache"]
            except KeyError:
                raise OSError("no such folder") from None
        raise AssertionError


def line_of(how: str, call: str = "") -> str:
    actor: Any = ray.remote(Dies).options(num_cpus=0).remote(how)
    with pytest.raises(ray.exceptions.RayError) as raised:
        ray.get(actor.call.remote(call), timeout=120)
    ray.kill(actor)
    line = cause_of(raised.value)
    assert len(line.splitlines()) == 1 and "\x1b" not in line
    return line


def test_a_missing_library() -> None:
    assert line_of("library") == (
        "OSError: libnuma-that-is-gone.so.1: cannot open shared object file: No such file or directory"
    )


@pytest.mark.parametrize("how", ["kill", "exit", "crash"])
def test_a_process_that_ends_without_a_word(how: str) -> None:
    assert line_of(how) == KILLED


def test_a_message_of_many_lines() -> None:
    line = line_of("long")
    assert line.startswith("ValueError: 1 validation error in a field xxx")
    assert len(line) < MAX_CHARACTERS + 10


def test_an_error_names_what_it_was_raised_from() -> None:
    assert line_of("", "chain") == "RuntimeError: the engine did not start, see above (from KeyError: 'weights')"


def test_an_error_beside_another_is_the_last_one() -> None:
    assert line_of("", "beside") == "OSError: no such folder"


def test_errors_of_our_own_process() -> None:
    assert cause_of(ValueError("one\n  two")) == "ValueError: one two"
    assert cause_of(KeyboardInterrupt()) == "KeyboardInterrupt"


def test_a_source_line_that_looks_like_an_exception() -> None:
    text = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    raise\nValueError: bad\nfor good'
    assert last_exception(text) == "ValueError: bad for good"
