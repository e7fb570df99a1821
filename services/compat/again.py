"""For protocols that cannot say "the judge failed": judge again while the client waits, then an HTTP error."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from services.access import Service
from services.guard import Refused
from services.keys import Caller
from services.native import shown
from services.scoring import Asked
from verifiers.types import Verdict

# These stay as they are, however often one asks.
_LASTING = {"bad_reference": 422, "unknown_verifier": 422, "no_lean": 503, "no_compiler": 503, "aborted": 422}
_TRIES = 5
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.25, 5.0
_COME_AGAIN_SECONDS = 5


async def judged(service: Service, caller: Caller, asked: Sequence[Asked], seconds: float) -> list[Verdict]:
    """A verdict for each, in order, none of them masked.

    Only what failed is judged again, `_TRIES` times at most; a service that has too much to do is asked until the time
    is up.

    Raises Refused: 422 where a problem cannot be judged against, 503 with the reason where a judge failed each time.
    """
    expires = time.monotonic() + seconds
    found: dict[int, Verdict] = {}
    pause, tries = _FIRST_PAUSE_SECONDS, 0
    while True:
        missing = [index for index in range(len(asked)) if index not in found]
        left = expires - time.monotonic()
        try:
            scored = await service.scorer.score(caller, [asked[index] for index in missing], deadline_seconds=left)
        except Refused as error:
            if error.status not in (429, 503) or time.monotonic() + pause >= expires:
                raise
        else:
            tries += 1
            failed: Verdict | None = None
            for index, one in zip(missing, scored, strict=True):
                if one.verdict.mask_sample:
                    failed = _worse(failed, one.verdict)
                else:
                    found[index] = one.verdict
            if failed is None:
                return [found[index] for index in range(len(asked))]
            if failed.failure_kind in _LASTING or tries == _TRIES or time.monotonic() + pause >= expires:
                raise _refusal(failed, caller)
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def reason_of(verdict: Verdict, caller: Caller) -> str | None:
    """Why the judge failed, as this caller may see it: a user function may say what was expected."""
    if verdict.failure_kind == "user_function" and not caller.may("privileged-why"):
        return "the user function fails on every answer; a key with the scope privileged-why sees why"
    return shown(verdict, caller).failure_reason


def _worse(one: Verdict | None, other: Verdict) -> Verdict:
    """The failure that lasts, of two."""
    return one if one is not None and one.failure_kind in _LASTING else other


def _refusal(failed: Verdict, caller: Caller) -> Refused:
    reason = f"the judge failed ({failed.failure_kind}): {reason_of(failed, caller)}"
    status = _LASTING.get(failed.failure_kind or "", 503)
    return Refused(status, reason, _COME_AGAIN_SECONDS if status == 503 else None)
