"""Who waits how long: owners take turns, urgent tasks go before all."""

from __future__ import annotations

from verifiers.jobs import Call, Job, Task
from verifiers.waiting import Waiting


def tasks(owner: str, count: int, verifier: str = "math") -> list[Task]:
    call = Call([None] * count, count, owner=owner)
    return [Task(Job(verifier=verifier, text=f"{owner}{n}", reference={}), call, n) for n in range(count)]


def took(waiting: Waiting, most: int) -> list[str]:
    return [task.job.text for task in waiting.take(most, lambda one, other: one.job.verifier == other.job.verifier)]


def test_owners_take_turns() -> None:
    waiting = Waiting()
    waiting.add(tasks("a", 5))
    waiting.add(tasks("b", 2))
    waiting.add(tasks("a", 1, "code"))
    assert len(waiting) == 8
    assert took(waiting, 2) == ["a0", "a1"]
    assert took(waiting, 2) == ["b0", "b1"]
    assert took(waiting, 9) == ["a2", "a3", "a4"]
    assert took(waiting, 9) == ["a0"]
    assert len(waiting) == 0


def test_urgent_ones_go_first_and_what_is_put_back_goes_before_its_owners_others() -> None:
    waiting = Waiting()
    waiting.add(tasks("a", 3))
    waiting.add(tasks("", 1), urgent=True)
    assert took(waiting, 5) == ["0"]
    taken = waiting.take(2, lambda *_: True)
    waiting.put_back(taken)
    assert took(waiting, 5) == ["a0", "a1", "a2"]


def test_a_call_is_dropped_and_nobody_elses() -> None:
    waiting = Waiting()
    first, other, urgent = tasks("a", 3), tasks("a", 2), tasks("", 1)
    waiting.add(first)
    waiting.add(other)
    waiting.add(urgent, urgent=True)
    assert waiting.drop(first[0].call) == first
    assert waiting.drop(first[0].call) == []
    assert len(waiting) == 3
    assert took(waiting, 5) == ["0"]
    assert took(waiting, 5) == ["a0", "a1"]
    waiting.add(first)
    assert len(waiting.drop()) == 3 and len(waiting) == 0


def test_since_when_the_one_waits_that_waits_longest() -> None:
    waiting = Waiting()
    assert waiting.since() is None
    first, second, urgent = tasks("a", 2), tasks("b", 2), tasks("", 1)
    first[0].call.since, second[0].call.since, urgent[0].call.since = 5.0, 3.0, 7.0
    waiting.add(first)
    assert waiting.since() == 5.0
    waiting.add(second)
    waiting.add(urgent, urgent=True)
    assert waiting.since() == 3.0
    waiting.drop(second[0].call)
    assert waiting.since() == 5.0
    waiting.drop(first[0].call)
    assert waiting.since() == 7.0
    waiting.drop()
    assert waiting.since() is None
