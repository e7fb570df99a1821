"""Answers that wait for a judge: who hands over many does not keep the others waiting. Not thread-safe."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from verifiers.jobs import Call, Task


class Waiting:
    """Tasks of several owners, who take turns; first come, first served within one. What is urgent goes before all."""

    def __init__(self) -> None:
        self._urgent: deque[Task] = deque()
        # In the order of their turns; nobody without a task.
        self._owned: dict[str, deque[Task]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, tasks: Iterable[Task], *, urgent: bool = False) -> None:
        """Behind those of the same owner; of urgent ones the last come first."""
        for task in reversed(list(tasks)) if urgent else tasks:
            if urgent:
                self._urgent.appendleft(task)
            else:
                self._owned.setdefault(task.call.owner, deque()).append(task)
            self._count += 1

    def put_back(self, tasks: Sequence[Task]) -> None:
        """Before those of the same owner; they are urgent no more."""
        for task in reversed(tasks):
            self._owned.setdefault(task.call.owner, deque()).appendleft(task)
            self._count += 1

    def take(self, most: int, fits: Callable[[Task, Task], bool]) -> list[Task]:
        """The next one and up to `most` - 1 that follow and fit it, all of one owner, whose turn is over then."""
        if self._urgent:
            owner, tasks = "", self._urgent
        else:
            owner = next(iter(self._owned))
            tasks = self._owned.pop(owner)
        chunk = [tasks.popleft()]
        while tasks and len(chunk) < most and fits(chunk[0], tasks[0]):
            chunk.append(tasks.popleft())
        if tasks and tasks is not self._urgent:
            self._owned[owner] = tasks
        self._count -= len(chunk)
        return chunk

    def since(self) -> float | None:
        """When the one that waits longest was handed over (`time.monotonic()`); None where nobody waits."""
        heads = [tasks[0] for tasks in (self._urgent, *self._owned.values()) if tasks]
        return min((task.call.since for task in heads), default=None)

    def drop(self, call: Call | None = None) -> list[Task]:
        """Take away the tasks of a call; None: all."""
        dropped: list[Task] = []
        for tasks in (self._urgent, *self._owned.values()):
            kept = [task for task in tasks if call is not None and task.call is not call]
            if len(kept) < len(tasks):
                dropped += [task for task in tasks if call is None or task.call is call]
                tasks.clear()
                tasks.extend(kept)
        self._owned = {owner: tasks for owner, tasks in self._owned.items() if tasks}
        self._count -= len(dropped)
        return dropped
