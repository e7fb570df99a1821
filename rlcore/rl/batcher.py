"""From judged groups to the sequences of each optimiser step."""

from __future__ import annotations

import random
from collections.abc import Sequence

from rlcore.config.rl import TrainConfig
from rlcore.learn.batch import TrainSequence
from rlcore.rl import algorithm as algorithms
from rlcore.rl.advantages import step_advantages
from rlcore.rl.credit import Decode, credit_tokens, token_spans
from rlcore.rl.trajectory import Group, Trajectory


def minibatches(groups: Sequence[Group], train: TrainConfig, *, seed: str, decode: Decode) -> list[list[TrainSequence]]:
    """The groups in their order, in `train.minibatches` parts of about equal size; a part that teaches nothing is out.

    Args:
        seed: of the control that permutes rewards. decode: ids to text, without special tokens.
    """
    rng = random.Random(seed)
    size = max(1, -(-len(groups) // train.minibatches))
    parts = [to_sequences(groups[at : at + size], train, rng=rng, decode=decode) for at in range(0, len(groups), size)]
    return [part for part in parts if part]


def to_sequences(
    groups: Sequence[Group], train: TrainConfig, *, rng: random.Random, decode: Decode
) -> list[TrainSequence]:
    """What is learnt from the groups: completions with advantages, masked samples left out.

    `shuffle_rewards` permutes the rewards over the batch first (a control). With `process_weight` a failed attempt
    whose judge named steps has an advantage per token; `decode` finds the tokens of a step.
    """
    algorithm = algorithms.load(train.algorithm)
    options = algorithms.options(train.algorithm, train.options)
    rewards = [group.rewards() for group in groups]
    if train.shuffle_rewards:
        flat = [reward for group in rewards for reward in group]
        rng.shuffle(flat)
        size = train.group_size
        rewards = [flat[index * size : (index + 1) * size] for index in range(len(groups))]
    sequences = []
    for group, group_rewards in zip(groups, rewards, strict=True):
        advantages = algorithm.advantages(group_rewards, options)
        if len(advantages) != len(group_rewards):
            raise ValueError(
                f"train.algorithm={train.algorithm}: {len(advantages)} advantages for {len(group_rewards)} rewards; "
                "give one for each, None for what is not learnt from"
            )
        for trajectory, advantage in zip(group.trajectories, advantages, strict=True):
            if advantage is None:
                continue
            per_token = _by_step(trajectory, advantage, train.process_weight, decode)
            sequences.append(
                TrainSequence(
                    ids=trajectory.ids,
                    prompt_length=len(trajectory.ids) - trajectory.new_tokens,
                    advantage=advantage if per_token is None else per_token,
                    rollout_logp=trajectory.logprobs[trajectory.mask],
                    versions=trajectory.versions[trajectory.mask],
                )
            )
    return sequences


def _by_step(trajectory: Trajectory, advantage: float, weight: float, decode: Decode) -> list[float] | None:
    """(`_T`) advantages of the new tokens by the verdict's steps; None where the sequence's own serves all."""
    verdict = trajectory.verdict
    if not weight or not verdict.steps or advantage >= 0:
        return None
    spans = token_spans(trajectory.ids[trajectory.mask].tolist(), trajectory.text, decode)
    if spans is None:
        return None
    tokens = credit_tokens(verdict.steps, spans)
    values = step_advantages(advantage, tokens.credit_T, tokens.blame_T, weight=weight)
    return values if len(set(values)) > 1 else None
