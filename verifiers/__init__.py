"""Judges of one answer: math, code, Lean. No torch, ray, vllm or fastapi is imported here.

`await verifiers.judge(problem, completion, deadline)` is all of it; `verifiers.pool.JudgePool` is for many at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verifiers.types import FinishReason, Problem, Verdict


async def judge(
    problem: Problem, completion: str, deadline: float | None = None, *, finish_reason: FinishReason = "stop"
) -> Verdict:
    """The verdict of one completion, from this process's own judge pool, which the first call starts.

    Args:
        completion: the policy's text, without the prompt.
        deadline: seconds from now after which the verdict is `error`, masked ("deadline"). None waits for as long as
            the judge's own limits let an answer run.

    Cancelling it kills the worker that is at this answer. Raises as `verifiers.pool.JudgePool`.
    """
    import asyncio

    from verifiers.pool import Job, shared

    pool = await asyncio.to_thread(shared)
    job = Job(verifier=problem.verifier, text=completion, reference=problem.reference, finish_reason=finish_reason)
    return (await pool.judge_async([job], deadline_seconds=deadline))[0]
