"""Results of queries that took long, kept for a while: turning pages does not count a large run each time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from services.store import Store

# What takes less is asked again: it is always as it is now.
_SECONDS = 0.04
# So many times as long as it took, so that looking takes a tenth of a core at most.
_TIMES = 10
_MOST = 64
_T = TypeVar("_T")


class Remembered:
    """A few results with the time until which they hold; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[Hashable, tuple[float, Any]] = {}

    def ask(self, query: Callable[..., _T], store: Store, *arguments: Hashable) -> _T:
        """What `query(store, *arguments)` returns, or returned a moment ago. Raises what it does."""
        key = (query, store, arguments)
        began = time.monotonic()
        with self._lock:
            until, found = self._kept.get(key, (0.0, None))
        if began < until:
            result: _T = found
            return result
        result = query(store, *arguments)
        now = time.monotonic()
        if now - began > _SECONDS:
            with self._lock:
                self._kept = {other: kept for other, kept in self._kept.items() if now < kept[0]}
                if len(self._kept) >= _MOST:
                    del self._kept[next(iter(self._kept))]
                self._kept[key] = (now + _TIMES * (now - began), result)
        return result


remembered = Remembered()
"""Of this process."""
