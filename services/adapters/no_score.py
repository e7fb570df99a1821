"""How a run is ended whose trainer would train on a zero instead."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


class NoScore(BaseException):
    """An answer has no score, and a zero would be made up.

    It is no Exception: of each of these verl's manager `rate_limited` makes a zero and trains on.
    """


@contextlib.contextmanager
def ending() -> Iterator[None]:
    """Whatever goes wrong inside is NoScore."""
    try:
        yield
    except Exception as error:
        raise NoScore(str(error)) from error
