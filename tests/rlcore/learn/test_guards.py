"""What a learner does with a gradient that is broken or far too long: norm, clip and skip are of the raw gradient."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from rank_processes import ProcessGroup

from rlcore.config.learner import LearnerConfig, OptimConfig
from rlcore.config.model import ModelConfig
from rlcore.learn.batch import PackedRows, TrainSequence, pack_rows
from rlcore.learn.learner import StepSpec
from rlcore.policy import architectures
from rlcore.policy.tokens import char_tokenizer
from rollout.weights import read_weights

MODEL = ModelConfig(
    hidden_size=32, layers=2, heads=2, kv_heads=1, head_dim=16, experts=4, expert_intermediate_size=16, context=64
)
MUON = OptimConfig(kind="muon", lr=1e-2, adam_lr=1e-3, clip_norm=1e-3)


@pytest.fixture(scope="module")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "hf"
    tokenizer = char_tokenizer(64)
    architectures.save(architectures.create(MODEL, tokenizer, seed=0), tokenizer, folder, None)
    return folder


@pytest.fixture(scope="module")
def group() -> Iterator[ProcessGroup]:
    made = ProcessGroup(LearnerConfig(ranks=2))
    yield made
    made.close()


def rows_of(advantage: float) -> tuple[PackedRows, StepSpec]:
    sequences = [
        TrainSequence([1, *((7 * n + 3 * i) % 90 + 3 for i in range(20))], 2, advantage=advantage * (-1) ** n)
        for n in range(6)
    ]
    rows = pack_rows(sequences, 64)
    options = {"clip_low": 0.2, "clip_high": 0.28}
    return rows, StepSpec("dapo", 1.0, rows.num_tokens, 6, int(rows.real.sum()), options=options)


def weights(group: ProcessGroup, folder: Path) -> dict[str, torch.Tensor]:
    group.write_weights(folder / "weights.safetensors")
    return {name: value.clone() for name, value in read_weights(folder / "weights.safetensors")}


def build(group: ProcessGroup, model_path: Path, stage: int, optim: OptimConfig) -> None:
    group.config = LearnerConfig(ranks=2, row_tokens=64, micro_batch_tokens=64, zero_stage=stage)  # type: ignore[arg-type]
    group.build(model_path, MODEL, optim)


@pytest.mark.parametrize("stage", [0, 1, 2, 3])
@pytest.mark.parametrize("kind", ["muon", "adamw"])
def test_a_broken_step_changes_nothing_and_is_counted(
    group: ProcessGroup, model_path: Path, tmp_path: Path, stage: int, kind: str
) -> None:
    limit = 1e-1
    build(group, model_path, stage, MUON.model_copy(update={"kind": kind, "skip_norm": limit}))
    good, spec = rows_of(1e-2)
    first = group.step(good, spec)
    assert (first["steps_skipped"], first["steps_nonfinite"]) == (0, 0) and 0 < first["grad_norm"] < limit
    before = weights(group, tmp_path)
    broken = group.step(*rows_of(float("inf")))
    assert (broken["steps_skipped"], broken["steps_nonfinite"]) == (1, 1)
    spike = group.step(*rows_of(1e4))
    assert (spike["steps_skipped"], spike["steps_nonfinite"]) == (1, 0)
    assert spike["grad_norm"] == pytest.approx(1e6 * first["grad_norm"], rel=0.5), "not of the raw gradient"
    after = weights(group, tmp_path)
    assert all(torch.equal(before[name], after[name]) for name in before)
    # As if the two had never been: momentum and Adam's step count too.
    group.step(good, spec)
    found = weights(group, tmp_path)
    build(group, model_path, stage, MUON.model_copy(update={"kind": kind, "skip_norm": limit}))
    group.step(good, spec)
    group.step(good, spec)
    expected = weights(group, tmp_path)
    assert any(not torch.equal(found[name], before[name]) for name in found), "nothing moves any more"
    assert all(torch.equal(found[name], expected[name]) for name in found)


@pytest.mark.parametrize("stage", [0, 1, 2, 3])
def test_an_expert_without_tokens_does_not_move(
    group: ProcessGroup, model_path: Path, tmp_path: Path, stage: int
) -> None:
    """Also where its weights are split over ranks, none of which sees all of its gradient."""
    build(group, model_path, stage, MUON)
    group.step(*rows_of(1.0))
    before = weights(group, tmp_path)
    rows = pack_rows([TrainSequence([1, 20, 30], 1, advantage=1.0)], 64)
    spec = StepSpec("dapo", 1.0, rows.num_tokens, 1, 3, options={"clip_low": 0.2, "clip_high": 0.28})
    gradients = {name.removeprefix("lm."): value for name, value in group.gradients(rows, spec).items()}
    group.step(rows, spec)
    after = weights(group, tmp_path)
    experts = [(name, n) for name, value in gradients.items() if ".experts." in name for n in range(len(value))]
    still = [(name, n) for name, n in experts if not gradients[name][n].any()]
    assert still and len(still) < len(experts)
    for name, n in experts:
        assert torch.equal(after[name][n], before[name][n]) == ((name, n) in still), (name, n)


@pytest.mark.parametrize("stage", [0, 1, 2, 3])
def test_a_spike_enters_the_momentum_clipped(group: ProcessGroup, model_path: Path, tmp_path: Path, stage: int) -> None:
    """Step, spike, step: ten times and a thousand times the gradient are the same where both are clipped."""

    def after_spike(size: float) -> dict[str, torch.Tensor]:
        build(group, model_path, stage, MUON)
        for advantage in (1.0, size, 1.0):
            rows, spec = rows_of(advantage)
            # Other tokens than the steps around it, or Muon would not see a direction change.
            rows.ids = (
                torch.where(rows.mask & (rows.ids > 50), rows.ids - 40, rows.ids) if size == advantage else rows.ids
            )
            assert group.step(rows, spec)["grad_norm"] > MUON.clip_norm
        return weights(group, tmp_path)

    ten, thousand = after_spike(10.0), after_spike(1000.0)
    assert max(float((ten[name] - thousand[name]).abs().max()) for name in ten) < 1e-4
