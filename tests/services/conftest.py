"""Every response that a test gets from a service is searched for what it must not hold."""

from __future__ import annotations

from collections.abc import Iterator

import canary
import pytest


@pytest.fixture(scope="session", autouse=True)
def watched() -> Iterator[None]:
    """From the first test on, also in fixtures."""
    with canary.watch():
        yield
    assert canary.taken() == []


@pytest.fixture(autouse=True)
def nothing_is_told(watched: None) -> Iterator[None]:
    """A leak fails the test also where something swallowed it on the way."""
    yield
    assert canary.taken() == []
