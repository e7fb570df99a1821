"""Who is let in: a backlog in seconds of the judges, half of it for one key, and quotas."""

from __future__ import annotations

import time

import pytest

from services.admission import Admission
from services.guard import Refused
from services.keys import Caller

ONE, TWO = (Caller(name, "team", frozenset({"score"})) for name in ("one", "two"))
# Two judges and 10 s are 20 s of work. A judge that nobody knows is taken to need a tenth of a second.
SECOND = ["j.py:f"] * 10


@pytest.fixture
def admission() -> Admission:
    return Admission(workers=2, max_backlog_seconds=10.0)


def refused(admission: Admission, caller: Caller, verifiers: list[str]) -> tuple[int, str]:
    with pytest.raises(Refused) as raised, admission.admitted(caller, verifiers):
        pass
    return raised.value.status, raised.value.headers["Retry-After"]


def test_one_key_has_half_and_all_together_the_whole(admission: Admission) -> None:
    third = Caller("three", "team", frozenset({"score"}))
    with admission.admitted(ONE, SECOND), admission.admitted(TWO, SECOND * 9):
        with admission.admitted(ONE, SECOND * 9):
            # Three seconds too much for two judges.
            assert refused(admission, ONE, SECOND * 3) == (429, "2")
            assert admission.backlog_seconds == pytest.approx(9.5)
            assert refused(admission, third, SECOND * 5) == (503, "2")
        with admission.admitted(third, SECOND * 5):
            assert admission.backlog_seconds == pytest.approx(7.5)
    assert admission.backlog_seconds == 0.0


def test_whatever_it_costs_an_idle_service_lets_it_in(admission: Admission) -> None:
    with admission.admitted(ONE, SECOND * 1000):
        # The longest that anyone is told to wait.
        assert refused(admission, TWO, SECOND) == (503, "60")
    with admission.admitted(TWO, SECOND):
        assert admission.backlog_seconds == pytest.approx(0.5)


def test_what_it_costs_is_learnt(admission: Admission) -> None:
    for _ in range(200):
        admission.learn("math", 0.0)
        admission.learn("j.py:f", 0.5)
    with admission.admitted(ONE, ["math"] * 1000):
        # Not nothing: handing an answer over costs too.
        assert admission.backlog_seconds == pytest.approx(0.1, rel=0.01)
        with admission.admitted(TWO, ["j.py:f"]):
            assert admission.backlog_seconds == pytest.approx(0.35, rel=0.01)


def test_a_quota_fills_again(admission: Admission, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)

    def enter(count: int, *, is_charged: bool = True) -> None:
        with admission.admitted(small, ["math"] * count, is_charged=is_charged):
            pass

    small = Caller("small", "team", frozenset({"score"}), items_per_minute=60)
    enter(50)
    assert refused(admission, small, ["math"] * 20) == (429, "10")
    # What judges failed at is asked again for nothing.
    enter(50, is_charged=False)
    now += 10
    enter(20)
    # More than a minute's worth is let in once all of it is there, and owed for.
    assert refused(admission, small, ["math"] * 500) == (429, "60")
    now += 600
    enter(500)
    assert refused(admission, small, ["math"]) == (429, "441")
