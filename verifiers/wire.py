"""How jobs travel from the pool to a worker: JSON in which a large string of a reference is sent only once.

The answers to a problem come in groups, and all problems of a project may share a header: half a megabyte with each of
them would cost more than the judgement. Both ends keep the same list of large strings; a chunk names those it needs by
number, brings those that are new, and says when the list starts afresh.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from verifiers.jobs import Job
from verifiers.types import Json

LARGE_CHARS = 8_192
_MAX_HELD_CHARS = 16_000_000


class Encoder:
    """The pool's end, one for each worker."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._chars = 0

    def encode(self, jobs: Sequence[Job]) -> bytes:
        """One chunk, for the `Decoder` that got all chunks before it."""
        starts_afresh = self._chars > _MAX_HELD_CHARS
        if starts_afresh:
            self._numbers.clear()
            self._chars = 0
        before = len(self._numbers)
        items = [self._item(job) for job in jobs]
        new = list(self._numbers)[before:]
        return json.dumps([starts_afresh, new, items]).encode()

    def _item(self, job: Job) -> list[object]:
        small: Json = {}
        large: dict[str, int] = {}
        for key, value in job.reference.items():
            if isinstance(value, str) and len(value) >= LARGE_CHARS:
                large[key] = self._number(value)
            else:
                small[key] = value
        return [job.verifier, job.text, small, job.finish_reason, large]

    def _number(self, text: str) -> int:
        if text not in self._numbers:
            self._numbers[text] = len(self._numbers)
            self._chars += len(text)
        return self._numbers[text]


class Decoder:
    """The worker's end."""

    def __init__(self) -> None:
        self._held: list[str] = []

    def decode(self, body: bytes) -> list[list[object]]:
        """The items of a chunk: `[verifier, text, reference, finish_reason]` of each job, nothing validated."""
        starts_afresh, new, items = json.loads(body)
        if starts_afresh:
            self._held.clear()
        self._held += new
        return [
            [verifier, text, small | {key: self._held[number] for key, number in large.items()}, finish_reason]
            for verifier, text, small, finish_reason, large in items
        ]
