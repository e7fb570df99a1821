"""Which of the problems that were read may stand in a run: one for each id, for judges that there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rlcore.data.sources.drops import Dropped, Placed
from verifiers import registry


def check_verifier(name: str) -> None:
    """ValueError where no judge answers to the name, or a user's file is not there."""
    if name not in registry.VERIFIERS:
        registry.resolve(name)


def different_ids(found: Iterable[Placed | Dropped]) -> Iterator[Placed | Dropped]:
    """Each id once: what comes again is dropped."""
    places: dict[str, str] = {}
    for each in found:
        if isinstance(each, Placed) and each.problem.id in places:
            first = places[each.problem.id]
            reason = f"the id {each.problem.id!r} occurs twice, first in {first}: ids are keys, make each one different"
            yield Dropped(each.place, reason, each.problem.id)
            continue
        if isinstance(each, Placed):
            places[each.problem.id] = each.place
        yield each


def sound_judges(found: Iterable[Placed | Dropped]) -> list[Placed | Dropped]:
    """Without problems for judges that there are not."""
    wrong: dict[str, str] = {}

    def problem_of(name: str) -> str:
        if name not in wrong:
            try:
                check_verifier(name)
                wrong[name] = ""
            except ValueError as error:
                wrong[name] = str(error)
        return wrong[name]

    return [judgeable(each, problem_of(each.problem.verifier)) if isinstance(each, Placed) else each for each in found]


def judgeable(each: Placed, reason: str) -> Placed | Dropped:
    """Dropped where there is a reason."""
    return Dropped(each.place, reason, each.problem.id) if reason else each
