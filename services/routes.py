"""What the routes of all protocols share: from items to what is judged, who sees what, and clients that hang up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import TypeVar

from fastapi import Request

from services.access import Service, service_of
from services.asked import Asked
from services.guard import Refused
from services.keys import Caller
from services.samples import Sample, digest_of
from services.schemas import ScoredCompletion, ScoreItem, ScoreProblem
from services.settings import Settings
from services.stored import Rescored
from verifiers import registry, user
from verifiers.types import Json, Verdict

_T = TypeVar("_T")
# Failures of a team's own judge, in words of its own.
_OWN_JUDGES = ("user_function", "judge_unavailable")


def verifiers_of(settings: Settings) -> list[str]:
    """The judges that callers may name: ours, and the functions that the service was started with."""
    return [*sorted(registry.VERIFIERS), *settings.user_functions]


def check_verifier(name: str, settings: Settings) -> None:
    """Whether callers may name this judge. Raises Refused (422)."""
    if name in verifiers_of(settings):
        return
    if user.is_user_spec(name):
        raise Refused(
            422,
            f"verifier {name!r}: this service runs only the user functions it was started with; start it with "
            f"--user-function {name}",
        )
    try:
        registry.resolve(name)
    except ValueError as error:
        raise Refused(422, str(error)) from None


def check_count(items: int, settings: Settings) -> None:
    """Raises Refused (413)."""
    if items > settings.max_items:
        raise Refused(413, f"{items} items: send at most {settings.max_items} in one request")


async def asked_of(service: Service, caller: Caller, items: Sequence[ScoreItem]) -> list[Asked]:
    """Items with their problems. Raises Refused (404, 413, 422)."""
    settings = service.settings
    check_count(len(items), settings)
    registered: dict[str, tuple[ScoreProblem, str]] = {}
    for key in {item.problem_id for item in items if item.problem_id is not None}:
        registered[key] = await asyncio.to_thread(_registered, service, caller, key)
    named = {item.problem.verifier for item in items if item.problem is not None}
    for name in named | {problem.verifier for problem, _ in registered.values()}:
        check_verifier(name, settings)
    asked = []
    for item in items:
        problem, digest = registered[item.problem_id] if item.problem_id is not None else (item.problem, "")
        assert problem is not None
        is_sent = item.problem is not None
        asked.append(Asked.of(caller.tenant, problem, item.completion, digest=digest, sent=is_sent))
    return asked


def _registered(service: Service, caller: Caller, key: str) -> tuple[ScoreProblem, str]:
    """A registered problem and the digest of its reference. Raises Refused (404)."""
    found = service.stored().problem(caller.tenant, key)
    if found is None:
        raise Refused(404, f"no problem {key[:40]!r}: register it first (POST /v1/problems)")
    return found, digest_of(found.reference)


async def sample_of(request: Request, caller: Caller, verdict_id: str) -> Sample:
    """A stored sample that this caller may see. Raises Refused (404)."""
    found = await asyncio.to_thread(service_of(request).stored().sample, verdict_id, caller.sees)
    if found is None:
        raise Refused(404, f"no verdict {verdict_id[:40]!r} of yours: it may be older than the store keeps them")
    return found


async def rescored(
    service: Service, caller: Caller, samples: Sequence[Sample], deadline_seconds: float
) -> tuple[Rescored, ...]:
    """Stored samples, judged again; both verdicts of each."""
    asked = []
    digests: dict[str, str] = {}
    for each in samples:
        check_verifier(each.verdict.verifier, service.settings)
        if each.problem not in digests:
            digests[each.problem] = await asyncio.to_thread(digest_of, each.reference)
        problem = ScoreProblem(
            verifier=each.verdict.verifier, reference=each.reference, id=each.name, prompt=each.prompt
        )
        completion = ScoredCompletion(text=each.completion, finish_reason=each.finish_reason)
        asked.append(Asked.of(each.tenant, problem, completion, digest=digests[each.problem], rescored=each.id))
    scored = await service.scorer.score(caller, asked, deadline_seconds=deadline_seconds) if asked else []
    return tuple(
        Rescored(
            verdict_id=each.id,
            before=shown(each.verdict, caller),
            now=shown(one.verdict, caller),
            now_id=one.id,
            changed=(each.verdict.status, each.verdict.reward) != (one.verdict.status, one.verdict.reward),
        )
        for each, one in zip(samples, scored, strict=True)
    )


async def until_gone(request: Request, work: Awaitable[_T]) -> _T:
    """The result of some work, which is cancelled as soon as the client hangs up. Raises Refused (499) then."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise Refused(499, "the client hung up")
    finally:
        working.cancel()
        leaving.cancel()


async def _gone(request: Request) -> None:
    # The body was read: what still comes is the end of the connection.
    while (await request.receive())["type"] != "http.disconnect":
        pass


def shown(verdict: Verdict, caller: Caller, *, sent: bool = False) -> Verdict:
    """A verdict as this caller may see it.

    Why a reference is bad may quote it: that is for who sent it himself, and for the scope privileged-why. Why a team's
    own judge fails may quote what that judge knows: for privileged-why only. What a program gave back in a case may be
    the case's input: as a bad reference.
    """
    case = verdict.failed_case
    if case is not None and case.got is not None and not sent and not caller.may("privileged-why"):
        verdict = verdict.model_copy(update={"failed_case": case.model_copy(update={"got": None, "is_cut": False})})
    hidden = verdict.failure_kind in _OWN_JUDGES or (verdict.failure_kind == "bad_reference" and not sent)
    if not hidden or caller.may("privileged-why"):
        return verdict
    return verdict.model_copy(update={"failure_reason": "a key with the scope privileged-why sees why"})


def reference_of(sample: Sample, caller: Caller) -> Json | None:
    """What was expected, for those who may see it; None for others."""
    return sample.reference if caller.may("privileged-why") else None
