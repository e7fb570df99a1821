"""The learner over real ranks: ranks, micro-batches and ZeRO stages give the same step; state survives a restart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from rank_processes import ProcessGroup

from rlcore.config.learner import LearnerConfig, OptimConfig
from rlcore.config.model import ModelConfig
from rlcore.learn.batch import PackedRows, TrainSequence, pack_rows, shard
from rlcore.learn.learner import StepSpec, groups_by_bytes
from rlcore.policy import architectures
from rlcore.policy.tokens import char_tokenizer
from rollout.weights import TensorInfo, fingerprint, tensor_checksum

MODEL = ModelConfig(
    hidden_size=32, layers=2, heads=2, kv_heads=1, head_dim=16, experts=4, expert_intermediate_size=16, context=64
)
ADAMW = OptimConfig(kind="adamw", lr=1e-3, clip_norm=1.0)
MUON = OptimConfig(kind="muon", lr=1e-2, adam_lr=1e-3)


@pytest.fixture(scope="module")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "hf"
    tokenizer = char_tokenizer(64)
    architectures.save(architectures.create(MODEL, tokenizer, seed=0), tokenizer, folder, None)
    return folder


@pytest.fixture(scope="module")
def ranks() -> Iterator[dict[int, ProcessGroup]]:
    groups = {count: ProcessGroup(LearnerConfig(ranks=count, row_tokens=64)) for count in (1, 2)}
    yield groups
    for group in groups.values():
        group.close()


def batch() -> PackedRows:
    """Very unequal lengths: one long sequence, many short ones."""
    lengths = [60, 5, 9, 30, 7, 22, 12, 4, 41, 6, 17]
    sequences = [
        TrainSequence(
            [1, *((7 * n + 3 * i) % 90 + 3 for i in range(length))],
            2,
            advantage=1.0 if n % 2 else -0.7,
            rollout_logp=[-4.5] * (length - 1),
        )
        for n, length in enumerate(lengths)
    ]
    return pack_rows(sequences, 64)


def weights_after(
    groups: dict[int, ProcessGroup],
    path: Path,
    count: int,
    micro: int,
    stage: int,
    optim: OptimConfig,
    loss: str,
    **options: Any,
) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    group = groups[count]
    group.config = LearnerConfig(ranks=count, row_tokens=64, micro_batch_tokens=64 * micro, zero_stage=stage, **options)  # type: ignore[arg-type]
    group.build(path, MODEL, optim)
    for _ in range(2):
        rows = batch()
        # Old log-probs that differ by token: ratios are not 1, and some leave the clip range.
        wave = torch.sin(torch.arange(rows.ids.numel()).view(rows.ids.shape))
        rows.old_logp = torch.where(rows.mask, group.logprobs(rows, 1.0) + 0.4 * wave, 0.0)
        spec = StepSpec(
            loss=loss,
            lr=1.0,
            num_tokens=rows.num_tokens,
            num_sequences=rows.num_sequences,
            real_tokens=int(rows.real.sum()),
            options={"clip_low": 0.2, "clip_high": 0.28},
        )
        metrics = group.step(rows, spec)
        assert metrics["ratio_max"] > 1.02, "old log-probs did not arrive"
    file = path.parent / "after.safetensors"
    group.write_weights(file)
    return load_file(file)


def furthest(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> float:
    assert a.keys() == b.keys()
    return max((a[name] - b[name]).abs().max().item() for name in a)


@pytest.mark.parametrize("loss", ["gspo", "dapo"])
def test_ranks_and_micro_batches_give_one_gradient(ranks: Any, model_path: Path, loss: str) -> None:
    whole = weights_after(ranks, model_path, 1, 64, 0, ADAMW, loss)
    accumulated = weights_after(ranks, model_path, 1, 2, 0, ADAMW, loss)
    two_ranks = weights_after(ranks, model_path, 2, 2, 1, ADAMW, loss)
    # A step moves a weight by up to the learning rate 1e-3 (AdamW), whatever the size of the gradient.
    assert furthest(whole, accumulated) < 2e-5
    assert furthest(whole, two_ranks) < 2e-5


@pytest.mark.parametrize("stage", [1, 2, 3])
@pytest.mark.parametrize("optim", [ADAMW, MUON], ids=["adamw", "muon"])
def test_zero_stages_step_as_stage_0_does(ranks: Any, model_path: Path, stage: int, optim: OptimConfig) -> None:
    reference = weights_after(ranks, model_path, 1, 64, 0, optim, "dapo")
    sharded = weights_after(ranks, model_path, 2, 2, stage, optim, "dapo")
    initial = {name: value for name, value in architectures.load(model_path).state_dict().items() if name in reference}
    assert furthest(initial, reference) > 5e-4, "nothing moved, so this would prove nothing"
    assert furthest(reference, sharded) < 1e-4


def test_ranks_with_unequal_tokens_stay_in_step_under_zero_3(ranks: Any, model_path: Path) -> None:
    """Log-probs in chunks of 4 tokens: one rank has 2 of them more; a gather for each would meet another collective."""
    rows, vocabulary = batch(), len(char_tokenizer(64))
    tokens = [sum(part.rows.num_tokens for part in parts) for parts in shard(rows, 2, tokens=10_000)]
    assert len({-(-count // 4) for count in tokens}) == 2, "equal work, so this would prove nothing"
    reference = weights_after(ranks, model_path, 1, 64, 0, ADAMW, "gspo")
    sharded = weights_after(ranks, model_path, 2, 64, 3, ADAMW, "gspo", logits_mib=4 * 4 * vocabulary / 2**20)
    assert furthest(reference, sharded) < 2e-5


def test_no_rank_gathers_the_whole_model_and_only_the_first_keeps_it(
    ranks: Any, model_path: Path, tmp_path: Path
) -> None:
    """Under ZeRO-3, in groups of neighbours."""
    group = ranks[2]
    group.config = LearnerConfig(ranks=2, row_tokens=64, zero_stage=3)
    group.build(model_path, MODEL, ADAMW)
    expected = architectures.load(model_path).state_dict()
    del expected["lm_head.weight"]
    prints = group.write_weights(tmp_path / "w.safetensors")
    assert prints == {name: fingerprint(tensor) for name, tensor in expected.items()}
    assert group.checksums() == {name: tensor_checksum(tensor) for name, tensor in expected.items()}
    with pytest.raises(RuntimeError, match=r"learner rank 0 failed: .*Error"):
        group.write_weights(Path("/proc/none/w.safetensors"))
    assert group.write_weights(tmp_path / "again.safetensors") == prints, "the ranks are no longer in step"


def test_groups_are_neighbours_up_to_a_size_and_larger_ones_stand_alone() -> None:
    infos = [TensorInfo(str(number), torch.float32, (size,)) for number, size in enumerate([1, 1, 1, 9, 1, 2])]
    names = [[info.name for info in group] for group in groups_by_bytes(infos, 12)]
    assert names == [["0", "1", "2"], ["3"], ["4", "5"]]


def test_state_goes_on_after_a_restart(ranks: Any, model_path: Path, tmp_path: Path) -> None:
    """Two steps, save, one step - against - load, one step."""
    from safetensors.torch import load_file

    group = ranks[2]
    weights_after(ranks, model_path, 2, 2, 1, MUON, "gspo")
    group.save(tmp_path / "state")
    group.export(tmp_path / "hf", char_tokenizer(64))
    rows = batch()
    spec = StepSpec("nll", 1.0, rows.num_tokens, rows.num_sequences, int(rows.real.sum()))
    group.step(rows, spec)
    group.write_weights(tmp_path / "unbroken.safetensors")
    group.build(tmp_path / "hf", MODEL, MUON)
    group.load(tmp_path / "state")
    group.step(rows, spec)
    group.write_weights(tmp_path / "resumed.safetensors")
    unbroken, resumed = (load_file(tmp_path / f"{name}.safetensors") for name in ("unbroken", "resumed"))
    assert furthest(unbroken, resumed) == 0.0


def test_the_export_is_a_model_that_transformers_loads(ranks: Any, model_path: Path, tmp_path: Path) -> None:
    group = ranks[2]
    weights_after(ranks, model_path, 2, 2, 3, ADAMW, "gspo")
    group.export(tmp_path / "hf", char_tokenizer(64))
    model = architectures.load(tmp_path / "hf")
    ids = [1, 20, 30, 40]
    scores, counts = group.score([ids])
    logp = model(input_ids=torch.tensor([ids])).logits[0, :-1].log_softmax(-1)
    expected = logp.gather(1, torch.tensor(ids[1:])[:, None])[:, 0]
    assert scores[0] == pytest.approx(expected.tolist(), abs=1e-5)
    assert counts.sum().item() == 2 * 2 * len(ids), "layers x top-k x tokens"
