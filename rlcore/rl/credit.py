"""From the steps of a verdict (character spans) to what each sampled token did: the place where a failed proof broke.

Only the failed attempt is looked at. Its steps before the first failing one are credited, the failing one is blamed,
and everything else (words around the proof, steps that were never reached, the proof's later parts) is neither.
`rlcore.rl.advantages.step_advantages` turns this into advantages.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from verifiers.types import Step

ACCEPTED, FAILED = "accepted", "failed"
# What decoders write in the place of bytes that are not (yet) a character.
_BROKEN = "\N{REPLACEMENT CHARACTER}"

Span = tuple[int, int]
Decode = Callable[[list[int]], str]


@dataclass(frozen=True, slots=True)
class TokenCredit:
    """Per completion token (`_T`), both in [0, 1]; a token has at most 1 in all.

    Attributes:
        credit_T: how much of the token lies in accepted steps, times the step's reward.
        blame_T: how much of the token lies in the first failing step.
    """

    credit_T: tuple[float, ...]
    blame_T: tuple[float, ...]


def token_spans(token_ids: Sequence[int], text: str, decode: Decode) -> list[Span] | None:
    """(`_T`) characters of `text` that each sampled token gave, end exclusive.

    The text is never tokenised again: the sampled ids are decoded piece by piece. Tokens that make one character
    together share its span; a token that decodes to nothing (end of sequence) has an empty one.

    Args:
        decode: ids to text, as the rollout engine decodes a whole completion.

    Returns None where the pieces do not add up to the text (a decoder that rewrites its text as it goes).
    """
    spans: list[Span] = []
    # As streaming servers do it: a token is decoded after the piece before it, since some decoders treat the start of
    # a text in their own way (a space that is dropped).
    context, pending, at = 0, 0, 0
    before = ""
    for end in range(1, len(token_ids) + 1):
        now = decode(list(token_ids[context:end]))
        piece = now[len(before) :]
        last = end == len(token_ids)
        if not last and (now.endswith(_BROKEN) and not text.startswith(piece, at)):
            continue
        if not now.startswith(before) or not text.startswith(piece, at):
            return None
        spans += [(at, at + len(piece))] * (end - pending)
        at += len(piece)
        context, pending = pending, end
        before = decode(list(token_ids[context:pending]))
    return spans if at == len(text) else None


def credit_tokens(steps: Sequence[Step], spans_T: Sequence[Span]) -> TokenCredit:
    """What each token of a failed attempt did, from the judge's steps.

    Steps may lie in one another (`have h : T := by ...`): a character belongs to the innermost one. The failing step
    is the first that failed and holds no other failed one. An accepted step counts with its reward, 0 where the judge
    gave none: a judge gives 0 to a step that changed nothing (`skip`, a `try` that did not help).
    """
    length = max((end for _, end in spans_T), default=0)
    credit, blame = [0.0] * length, [0.0] * length
    failing = _failing(steps)
    if failing is not None:
        # Outer steps first, so that inner ones overwrite them.
        for step in sorted(steps, key=lambda step: (step.start, -step.end)):
            blamed = 1.0 if step is failing else 0.0
            earned = step.status == ACCEPTED and step.start < failing.start
            reward = min(max(step.reward or 0.0, 0.0), 1.0) if earned else 0.0
            for at in range(max(step.start, 0), min(step.end, length)):
                credit[at], blame[at] = reward, blamed
    return TokenCredit(_mean_over(credit, spans_T), _mean_over(blame, spans_T))


def _failing(steps: Sequence[Step]) -> Step | None:
    failed = [step for step in steps if step.status == FAILED and step.start < step.end]
    innermost = [step for step in failed if not any(_holds(step, other) for other in failed)]
    return min(innermost, key=lambda step: (step.start, step.end), default=None)


def _holds(outer: Step, inner: Step) -> bool:
    inside = outer.start <= inner.start and inner.end <= outer.end
    return inside and (outer.end - outer.start) > (inner.end - inner.start)


def _mean_over(values: Sequence[float], spans_T: Sequence[Span]) -> tuple[float, ...]:
    return tuple(math.fsum(values[start:end]) / (end - start) if end > start else 0.0 for start, end in spans_T)
