"""For protocols that cannot say "the judge failed": judge again while the client waits, then an HTTP error."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from fastapi import Request

from services.access import Service, deadline_of, service_of
from services.asked import Asked, Scored
from services.guard import Refused
from services.keys import Caller
from services.routes import asked_of, shown, until_gone
from services.schemas import ScoreItem
from verifiers.types import LASTING_FAILURES, Verdict

# Not the doing of what was sent: another service may judge it.
_OURS = frozenset({"no_lean", "no_compiler", "no_reasoning_gym"})
_TRIES = 5
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.25, 5.0
_COME_AGAIN_SECONDS = 5


async def judged(request: Request, caller: Caller, items: Sequence[ScoreItem], seconds: float) -> list[Verdict]:
    """A verdict for each, in order, none of them masked, within so many seconds or what the caller's deadline leaves.

    Only what failed is judged again, `_TRIES` times at most; a service that has too much to do is asked until the time
    is up.

    Raises Refused: 422 where a problem cannot be judged against, 503 with the reason where a judge failed each time.
    """
    asked = await asked_of(service_of(request), caller, items)
    return await until_gone(request, _judged(request, caller, asked, min(deadline_of(request), seconds)))


async def let_in(
    service: Service, caller: Caller, asked: Sequence[Asked], expires: float, *, again: bool = False
) -> list[Scored]:
    """As `Scorer.score`, but where there is too much to do it comes again by itself, until `expires` (monotonic).

    Raises Refused.
    """
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            left = max(expires - time.monotonic(), 0.0)
            return await service.scorer.score(caller, asked, deadline_seconds=left, again=again)
        except Refused as error:
            if error.status not in (429, 503) or time.monotonic() + pause >= expires:
                raise
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


async def _judged(request: Request, caller: Caller, asked: Sequence[Asked], seconds: float) -> list[Verdict]:
    expires = time.monotonic() + seconds
    found: dict[int, Verdict] = {}
    pause, tries = _FIRST_PAUSE_SECONDS, 0
    while True:
        missing = [index for index in range(len(asked)) if index not in found]
        some = [asked[index] for index in missing]
        scored = await let_in(service_of(request), caller, some, expires, again=tries > 0)
        tries += 1
        failed: Verdict | None = None
        for index, one in zip(missing, scored, strict=True):
            if one.verdict.mask_sample:
                failed = _worse(failed, shown(one.verdict, caller, sent=asked[index].sent))
            else:
                found[index] = one.verdict
        if failed is None:
            return [found[index] for index in range(len(asked))]
        if failed.failure_kind in LASTING_FAILURES or tries == _TRIES or time.monotonic() + pause >= expires:
            raise _refusal(failed)
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def _worse(one: Verdict | None, other: Verdict) -> Verdict:
    """The failure that lasts, of two."""
    return one if one is not None and one.failure_kind in LASTING_FAILURES else other


def _refusal(failed: Verdict) -> Refused:
    reason = f"the judge failed ({failed.failure_kind}): {failed.failure_reason}"
    if failed.failure_kind in LASTING_FAILURES - _OURS:
        return Refused(422, reason)
    return Refused(503, reason, _COME_AGAIN_SECONDS)
