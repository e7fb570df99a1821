"""The native API over what is stored: one verdict and why, lists, exports, runs, and judging again."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from services import exporting, listing, rollouts
from services.access import caller_of, deadline_of, read_model, service_of
from services.explain import explain
from services.guard import Refused
from services.keys import READS, Caller
from services.openapi import body_of
from services.routes import check_count, reference_of, rescored, sample_of, shown, until_gone, verifiers_of
from services.samples import Filter
from services.schemas import ScoredCompletion
from services.stored import (
    ListedVerdict,
    Rescored,
    RescoreRequest,
    RescoreResponse,
    RunInfo,
    RunList,
    StoredVerdict,
    VerdictPage,
)
from verifiers.types import Frozen, Status

_RESCORED_AT_ONCE = 64
_EXPORTS_AT_ONCE = 2
# By key.
_exporting: Counter[str] = Counter()
router = APIRouter()


class _Wanted(Frozen):
    """Parameters of a list: what does not name one is refused, so that none is taken for a filter that fits all."""

    verifier: str | None = None
    version: str | None = None
    status: Status | None = None
    text: str | None = Field(default=None, max_length=200)
    since: float | None = Field(default=None, allow_inf_nan=False)
    min_reward: float | None = Field(default=None, allow_inf_nan=False)
    max_reward: float | None = Field(default=None, allow_inf_nan=False)
    run: str | None = None
    step: int | None = Field(default=None, ge=0, lt=2**31)
    family: str | None = None
    group: str | None = None
    # For who sees those of all.
    tenant: str | None = None

    def filter(self, caller: Caller, before: str | None = None) -> Filter:
        """For what this caller may see. Raises Refused (403)."""
        if self.tenant is not None and caller.sees not in (None, self.tenant):
            raise Refused(403, "tenant: only a key with the scope admin sees those of others, leave it out")
        fields = {name: getattr(self, name) for name in _Wanted.model_fields}
        return Filter(**fields | {"tenant": self.tenant if caller.sees is None else caller.sees, "before": before})


class _Page(_Wanted):
    cursor: str | None = Field(default=None, pattern="^[0-9a-f]{1,32}$")
    limit: int = Field(default=100, ge=1, le=1000)


class _Export(_Wanted):
    format: Literal["ndjson", "parquet"] = "ndjson"
    limit: int = Field(default=100_000, ge=1, le=10_000_000)


@router.get("/v1/verdicts", response_model=VerdictPage)
async def verdicts(request: Request, wanted: Annotated[_Page, Query()]) -> VerdictPage:
    """The newest verdicts that fit, a page at a time. With `run`, `step`, `family` or `group`: samples of runs.

    A page that would take long to fill ends early, with a cursor: go on until that is null.
    """
    caller = await caller_of(request, *READS)
    store = service_of(request).stored()
    fitting = wanted.filter(caller, wanted.cursor)
    looking = listing.looked_up(listing.listed, store, fitting, wanted.limit, listing.PAGE_SECONDS)
    page = await until_gone(request, looking)
    return VerdictPage(verdicts=tuple(map(_line, page.rows)), cursor=page.before)


@router.get("/v1/verdicts/export", response_class=StreamingResponse)
async def export(request: Request, wanted: Annotated[_Export, Query()]) -> Response:
    """All that fit, whole, the newest first: JSON lines or a parquet file. References for `privileged-why` only."""
    caller = await caller_of(request, *READS)
    service = service_of(request)
    store = service.stored()
    if _exporting[caller.name] >= _EXPORTS_AT_ONCE:
        raise Refused(429, f"{_EXPORTS_AT_ONCE} exports of this key are under way: wait for one to end", 5)
    file = exporting.file_of(wanted.format)
    parts = listing.exported(store, wanted.filter(caller), wanted.limit)
    # A store that is away says so before the first byte goes out.
    first = await until_gone(request, listing.looked_up(next, parts, None))
    name = f'attachment; filename="verdicts.{wanted.format}"'
    content = _written(file, caller, first, parts)
    return StreamingResponse(content, media_type=file.media_type, headers={"Content-Disposition": name})


@router.get("/v1/runs", response_model=RunList)
async def runs(request: Request) -> RunList:
    """The runs that samples were labelled with, the latest first."""
    caller = await caller_of(request, *READS)
    found = await until_gone(request, listing.looked_up(rollouts.runs, service_of(request).stored(), caller.sees))
    return RunList(runs=tuple(RunInfo(**each) for each in found))


@router.get("/v1/verdicts/{verdict_id}", response_model=StoredVerdict)
async def verdict(request: Request, verdict_id: str) -> StoredVerdict:
    """Why: what was read as the answer, how it was compared, which test or line of Lean failed, limits, versions."""
    caller = await caller_of(request, *READS)
    sample = await sample_of(request, caller, verdict_id)
    labelled = await asyncio.to_thread(rollouts.with_verdict, service_of(request).stored(), sample.id, caller.sees)
    seen = shown(sample.verdict, caller)
    return StoredVerdict(
        verdict_id=sample.id,
        judged_at=sample.at,
        verdict=seen,
        explanation=explain(seen),
        problem_id=sample.problem,
        prompt=sample.prompt,
        completion=ScoredCompletion(text=sample.completion, finish_reason=sample.finish_reason),
        reference=reference_of(sample, caller),
        rescored=sample.rescored,
        labels=tuple(map(rollouts.labels_of, labelled)),
    )


@router.post("/v1/rescore", response_model=RescoreResponse, openapi_extra=body_of(RescoreRequest))
async def rescore(request: Request) -> RescoreResponse:
    """Stored samples under today's judges, with the difference. The old verdicts stay."""
    caller = await caller_of(request, "score")
    service = service_of(request)
    asked = await read_model(request, RescoreRequest)
    store = service.stored()
    check_count(len(asked.verdict_ids), service.settings)
    ids = asked.verdict_ids
    if not ids:
        wanted = Filter(tenant=caller.sees, verifier=asked.verifier, status=asked.status)
        ids = tuple(await asyncio.to_thread(store.ids, wanted, min(asked.limit, service.settings.max_items)))
    expires = time.monotonic() + deadline_of(request)
    results: list[Rescored] = []
    # Their references may be large: not all at once.
    for start in range(0, len(ids), _RESCORED_AT_ONCE):
        part = ids[start : start + _RESCORED_AT_ONCE]
        samples = await asyncio.to_thread(store.samples_by_id, part, caller.sees)
        if not asked.verdict_ids:
            # A team's own judge that is mounted no more cannot be asked again.
            samples = [each for each in samples if each.verdict.verifier in verifiers_of(service.settings)]
        left = max(expires - time.monotonic(), 0.0)
        results += await until_gone(request, rescored(service, caller, samples, left))
    return RescoreResponse(results=tuple(results), judged=len(results), changed=sum(each.changed for each in results))


def _line(row: dict[str, Any]) -> ListedVerdict:
    labels = rollouts.labels_of(row) if "run" in row else None
    return ListedVerdict(
        verdict_id=row["id"],
        judged_at=row["at"],
        verifier=row["verifier"],
        verifier_version=row["version"],
        status=row["status"],
        reward=row["reward"],
        seconds=row["seconds"],
        problem=(labels and labels.problem) or row["name"],
        tenant=row["tenant"],
        excerpt=row["excerpt"],
        labels=labels,
    )


async def _written(
    file: exporting.File, caller: Caller, part: listing.Part | None, parts: Iterator[listing.Part]
) -> AsyncIterator[bytes]:
    _exporting[caller.name] += 1
    try:
        while part is not None:
            content = await listing.looked_up(file.add, [exporting.record(sample, row, caller) for sample, row in part])
            # It is not kept while a slow client takes its bytes.
            part = None
            yield content
            part = await listing.looked_up(next, parts, None)
        yield await listing.looked_up(file.end)
    finally:
        _exporting[caller.name] -= 1
