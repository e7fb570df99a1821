"""One gradient at any width: ranks, micro-batches and ZeRO stages; gradients, as an optimiser hides a wrong factor."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from rank_processes import ProcessGroup
from torch import Tensor
from wide_ranks import to_fp32, to_fp64

from rlcore.config.learner import LearnerConfig, OptimConfig
from rlcore.config.model import ModelConfig
from rlcore.learn.batch import PackedRows, TrainSequence, merge_equal, pack_rows
from rlcore.learn.learner import StepSpec
from rlcore.policy import architectures
from rlcore.policy.tokens import char_tokenizer

MODEL = ModelConfig(
    hidden_size=32, layers=2, heads=2, kv_heads=1, head_dim=16, experts=4, expert_intermediate_size=16, context=64
)
ADAMW = OptimConfig(kind="adamw", lr=1e-3)
CLIPPED = {"gspo": {"clip_low": 0.02, "clip_high": 0.03}, "dapo": {"clip_low": 0.2, "clip_high": 0.28}}
LENGTHS = (60, 5, 9, 30, 7, 22, 12, 4, 41, 6, 17)

Gradients = dict[str, Tensor]


@pytest.fixture(scope="module")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "hf"
    tokenizer = char_tokenizer(64)
    model = architectures.create(MODEL, tokenizer, seed=0)
    with torch.no_grad():
        # Far from the flat start, where all gradients look alike.
        for parameter in model.parameters():
            parameter.mul_(3.0)
    architectures.save(model, tokenizer, folder, None)
    return folder


@pytest.fixture(scope="module")
def groups() -> Iterator[dict[int, ProcessGroup]]:
    made = {count: ProcessGroup(LearnerConfig(ranks=count, row_tokens=64)) for count in (1, 2)}
    yield made
    for group in made.values():
        group.close()


def batch(lengths: tuple[int, ...] = LENGTHS) -> PackedRows:
    """Very unequal lengths, mixed signs, advantages per token for every third; old log-probs that some clip leaves."""
    sequences = [
        TrainSequence(
            [1, *((7 * n + 3 * i) % 90 + 3 for i in range(length))],
            2,
            advantage=[0.1 * (i - n) for i in range(length - 1)] if n % 3 == 2 else (1.0 if n % 2 else -0.7),
            rollout_logp=[-4.5] * (length - 1),
        )
        for n, length in enumerate(lengths)
    ]
    rows = pack_rows(sequences, 64)
    wave = torch.sin(torch.arange(rows.ids.numel()).view(rows.ids.shape))
    rows.old_logp = torch.where(rows.mask, -4.6 + 0.4 * wave, 0.0)
    return rows


def spec_of(rows: PackedRows, loss: str, **options: Any) -> StepSpec:
    counts = {"num_tokens": rows.num_tokens, "num_sequences": rows.num_sequences, "real_tokens": rows.real_tokens}
    return StepSpec(loss=loss, options=CLIPPED.get(loss, {}), lr=0.0, **counts, **options)


Build = Callable[..., ProcessGroup]


@pytest.fixture
def build(groups: dict[int, ProcessGroup], model_path: Path) -> Build:
    def build(ranks: int, rows: int, stage: int, dtype: str = "float32", optim: OptimConfig = ADAMW) -> ProcessGroup:
        group = groups[ranks]
        group.config = LearnerConfig(ranks=ranks, row_tokens=64, micro_batch_tokens=64 * rows, zero_stage=stage)  # type: ignore[arg-type]
        group.build(model_path, MODEL.model_copy(update={"dtype": dtype}), optim)
        return group

    return build


def distance(found: Gradients, expected: Gradients) -> float:
    """Relative L2 of all gradients together."""
    assert found.keys() == expected.keys() and len(expected) > 10
    gap = sum((found[name].double() - expected[name].double()).square().sum() for name in expected)
    size = sum(value.double().square().sum() for value in expected.values())
    assert size > 0
    return float((gap / size).sqrt())  # type: ignore[union-attr]


SUMS = ("loss", "entropy", "clip_share_low", "clip_share_high", "ratio_max", "mismatch_kl", "grad_norm")
WIDTHS = {"1x1": (1, 8), "1x4": (1, 1), "2x1": (2, 8), "2x2": (2, 1)}


@pytest.mark.parametrize(("width", "stage"), [("1x4", 0), ("2x1", 1), ("2x2", 2), ("2x2", 3)])
@pytest.mark.parametrize("loss", ["gspo", "dapo"])
def test_one_gradient_at_any_width(build: Build, width: str, stage: int, loss: str) -> None:
    compare(build, width, stage, loss)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("width", "stage", "loss"), [*itertools.product(WIDTHS, range(4), ("gspo", "dapo", "rft", "nll"))]
)
def test_one_gradient_in_the_whole_grid(build: Build, width: str, stage: int, loss: str) -> None:
    compare(build, width, stage, loss)


def compare(build: Build, width: str, stage: int, loss: str) -> None:
    rows = batch()
    assert len(rows) == 4
    spec = spec_of(rows, loss)
    group = build(1, 8, 0)
    expected, values = group.gradients(rows, spec), group.step(rows, spec)
    if loss in CLIPPED:
        assert values["clip_share_low"] + values["clip_share_high"] > 0, "nothing is clipped"
    group = build(*WIDTHS[width], stage)
    found, found_values = group.gradients(rows, spec), group.step(rows, spec)
    assert distance(found, expected) < 1e-5
    for name in SUMS:
        assert found_values.get(name, 0.0) == pytest.approx(values.get(name, 0.0), rel=1e-4, abs=1e-7), name
    total = float(torch.stack([value.norm() for value in expected.values()]).norm())
    assert found_values["grad_norm"] == pytest.approx(total, rel=1e-4)


@pytest.mark.parametrize("width", ["1x4", "2x1", "2x2"])
def test_one_gradient_to_rounding_in_fp64(build: Build, width: str) -> None:
    rows = batch()
    spec = spec_of(rows, "gspo")

    def in_fp64(*layout: int) -> Gradients:
        group = build(*layout, 0)
        group.run(to_fp64)
        try:
            return group.gradients(rows, spec)
        finally:
            group.run(to_fp32)

    expected = in_fp64(1, 8)
    assert all(value.dtype == torch.float64 for value in expected.values())
    assert distance(in_fp64(*WIDTHS[width]), expected) < 1e-10


@pytest.mark.parametrize("stage", [0, 2, 3])
def test_a_rank_without_rows_takes_part(build: Build, stage: int) -> None:
    rows = batch((60,))
    spec = spec_of(rows, "dapo", balance_coef=0.1)
    expected = build(1, 8, 0).gradients(rows, spec)
    group = build(2, 8, stage)
    logp = group.logprobs(rows, 1.0)
    assert logp.shape == rows.ids.shape and (logp[rows.mask] < 0).all() and not logp[~rows.mask].any()
    assert distance(group.gradients(rows, spec), expected) < 1e-5


def test_the_balance_loss_is_exact_over_ranks(build: Build) -> None:
    """Its own gradient. Over micro-batches it is not: the first ones know the load of fewer tokens."""
    rows = batch()

    def own(*layout: int) -> Gradients:
        group = build(*layout)
        plain, with_balance = (group.gradients(rows, spec_of(rows, "nll", balance_coef=coef)) for coef in (0.0, 10.0))
        return {name: with_balance[name] - plain[name] for name in plain}

    expected = own(1, 8, 0)
    assert distance(own(2, 8, 1), expected) < 1e-4
    # Four micro-batches of 60 tokens: .68; two of 120: .10.
    assert 1e-4 < distance(own(1, 2, 0), expected) < 0.2


def test_bf16_micro_batches_add_up_in_fp32(build: Build) -> None:
    """The sum of what each micro-batch gives alone; in bf16 it would be off by about 1e-3."""
    rows = batch()
    spec = spec_of(rows, "dapo")
    group = build(1, 1, 1, dtype="bfloat16")
    together = group.gradients(rows, spec)
    alone = [group.gradients(rows.slice(slice(n, n + 1)), spec) for n in range(len(rows))]
    assert all(value.dtype == torch.float32 for value in together.values())
    assert distance(together, {name: sum(part[name] for part in alone) for name in together}) < 1e-5  # type: ignore[misc]


def repeated() -> list[TrainSequence]:
    """Five sequences, 1 to 6 times each and shuffled: mixed signs, two with an advantage for each token."""
    alone = [
        TrainSequence(
            [1, *((11 * n + 5 * i) % 90 + 3 for i in range(length))],
            2 + n,
            advantage=[0.3 * (i - 2) for i in range(length - 1 - n)] if n in (1, 3) else (-1.2, 0.0, 0.8, 0.0, -0.4)[n],
            rollout_logp=[-4.0 - 0.1 * n] * (length - 1 - n),
        )
        for n, length in enumerate((12, 30, 8, 21, 17))
    ]
    return random.Random(0).sample(
        [sequence for n, sequence in enumerate(alone) for _ in range((6, 1, 4, 3, 2)[n])], 16
    )


@pytest.mark.parametrize("ratio", ["one", "others"])
@pytest.mark.parametrize("loss", ["gspo", "dapo", "rft"])
def test_equal_sequences_as_one_give_the_gradient_of_all(build: Build, loss: str, ratio: str) -> None:
    """Entropy, mismatch, clip shares, router counts and the balance loss too."""

    def rows_of(sequences: list[TrainSequence]) -> PackedRows:
        rows = pack_rows(sequences, 64)
        if ratio == "others":
            # A function of the token and its place, so that equal sequences have equal old log-probs.
            rows.old_logp = torch.where(rows.mask, -4.6 + 0.4 * torch.sin(1.7 * rows.ids + rows.positions), 0.0)
        return rows

    every, merged = rows_of(repeated()), rows_of(merge_equal(repeated()))
    assert int(merged.real.sum()) < 0.4 * int(every.real.sum())
    spec = spec_of(every, loss, balance_coef=0.1)
    assert spec == spec_of(merged, loss, balance_coef=0.1), "normalisers must count what was merged"
    group = build(1, 16, 0)
    group.run(to_fp64)
    try:
        expected, values = group.gradients(every, spec), group.step(every, spec)
        assert distance(group.gradients(merged, spec), expected) < 1e-12
        found = group.step(merged, spec)
    finally:
        group.run(to_fp32)
    assert values["balance_loss"] > 1 and (loss == "nll" or values["mismatch_kl"] > 0)
    if loss in CLIPPED and ratio == "others":
        assert values["clip_share_low"] + values["clip_share_high"] > 0, "nothing is clipped"
    for name in ("expert_counts", "load_max_over_mean", *SUMS, "balance_loss", "logprob_abs_diff_max"):
        torch.testing.assert_close(torch.tensor(found[name]), torch.tensor(values[name]), rtol=1e-9, atol=1e-12)
