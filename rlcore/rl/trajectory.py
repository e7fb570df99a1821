"""What learning sees of an answer: arrays with one entry per token, and the verdicts of its turns.

Suffixes on tensors, arrays and lists that cross a function say their shape:

    _B sequences   _T tokens   _G trajectories of a group   _P prompts   _V vocabulary
    _D hidden      _E experts  _L layers                    _K top-k     _R packed rows
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rollout.types import Completion, FinishReason
from verifiers.types import Problem, Verdict


@dataclass(frozen=True, eq=False)
class Turn:
    """What the policy wrote in one go, and what the judge said of it."""

    text: str
    finish_reason: FinishReason
    verdict: Verdict


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Attributes:
    ids: (`_T`) int32, the first prompt and everything after it, as it was sampled from.
    mask: (`_T`) True where the policy wrote the token.
    logprobs: (`_T`) float32, behaviour log-probs in nats after temperature; 0 outside the mask.
    versions: (`_T`) int32, the weights version that sampled the token; -1 outside the mask.
    turn: (`_T`) int16, index into `turns` of what the token belongs to; a turn's prompt belongs to it.
    turns: in their order; the last one's verdict is the trajectory's.
    routes: (`_T`, layers, top-k) expert ids where the engine gives them, of tokens in the mask.
    """

    ids: NDArray[np.int32]
    mask: NDArray[np.bool_]
    logprobs: NDArray[np.float32]
    versions: NDArray[np.int32]
    turn: NDArray[np.int16]
    turns: tuple[Turn, ...]
    routes: NDArray[np.int16] | None = None

    @property
    def verdict(self) -> Verdict:
        """Of the last turn."""
        return self.turns[-1].verdict

    @property
    def text(self) -> str:
        """Of the last turn."""
        return self.turns[-1].text

    @property
    def truncated(self) -> bool:
        """Whether the length limit cut the last turn off."""
        return self.turns[-1].finish_reason == "length"

    @property
    def new_tokens(self) -> int:
        """Tokens that the policy wrote."""
        return int(self.mask.sum())


def single_turn_trajectory(prompt_ids: Sequence[int], completion: Completion, verdict: Verdict) -> Trajectory:
    """The trajectory of one prompt and one completion of it."""
    prompt, new = len(prompt_ids), len(completion.token_ids)
    pad = np.zeros(prompt, dtype=np.float32)
    return Trajectory(
        ids=np.concatenate([np.asarray(prompt_ids, dtype=np.int32), completion.token_ids]),
        mask=np.arange(prompt + new) >= prompt,
        logprobs=np.concatenate([pad, completion.logprobs]),
        versions=np.concatenate([np.full(prompt, -1, dtype=np.int32), completion.policy_versions]),
        turn=np.zeros(prompt + new, dtype=np.int16),
        turns=(Turn(completion.text, completion.finish_reason, verdict),),
        routes=completion.routed_experts,
    )


@dataclass(frozen=True, eq=False)
class Group:
    """The trajectories of one problem, in the order they were asked for."""

    problem: Problem
    trajectories: tuple[Trajectory, ...]

    @property
    def verdicts(self) -> list[Verdict]:
        """(`_G`) of the trajectories."""
        return [trajectory.verdict for trajectory in self.trajectories]

    def rewards(self) -> list[float | None]:
        """(`_G`) rewards; None where the judge failed (the sample is masked)."""
        return [trajectory.verdict.reward for trajectory in self.trajectories]
