"""Which problems may stand in a run: each id once, judges that there are."""

from __future__ import annotations

import pytest

from rlcore.data.admission import check_verifier, different_ids, sound_judges
from rlcore.data.sources.drops import Dropped, Placed
from verifiers.types import Problem


def placed(name: str, place: str, verifier: str = "math") -> Placed:
    return Placed(Problem(id=name, prompt="?", verifier=verifier), place)


def test_the_first_of_equal_ids_stays_and_what_was_dropped_passes() -> None:
    lost = Dropped("line 2", "no JSON")
    first, second, again = placed("a", "line 1"), placed("b", "line 3"), placed("a", "line 4")
    found = list(different_ids([first, lost, second, again]))
    assert found[:3] == [first, lost, second]
    assert isinstance(found[3], Dropped) and found[3].place == "line 4" and "first in line 1" in found[3].reason


def test_a_judge_that_is_not_there_drops_its_rows_only() -> None:
    lost = Dropped("line 2", "no JSON")
    good, bad = placed("a", "line 1"), placed("b", "line 3", "maths")
    found = sound_judges([good, lost, bad])
    assert found[:2] == [good, lost]
    assert isinstance(found[2], Dropped) and "did you mean 'math'?" in found[2].reason and found[2].id == "b"
    check_verifier("lean")
    with pytest.raises(ValueError, match="unknown verifier 'maths'"):
        check_verifier("maths")
