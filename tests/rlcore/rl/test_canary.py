"""What the canary may never let pass."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers import AutoModelForCausalLM

from rlcore.config.learner import LearnerConfig, OptimConfig
from rlcore.config.model import ModelConfig
from rlcore.config.rl import CANARY_TOLERANCES
from rlcore.learn.ranks import LearnerGroup
from rlcore.policy import architectures
from rlcore.policy.tokens import char_tokenizer
from rlcore.rl import canary
from rlcore.rl.canary import Canary, CanaryError, Difference, agree, difference, mean_difference
from rollout.pool import RolloutPool
from rollout.transformers_engine import TransformersEngine
from rollout.weights import write_weights

CONTEXT = 64
SIZES = ModelConfig(
    hidden_size=64, layers=3, heads=2, kv_heads=1, head_dim=32, experts=4, expert_intermediate_size=64, context=CONTEXT
)
EXPERTS = "model.layers.1.mlp.experts."


def test_a_difference_is_the_largest_the_mean_and_k3() -> None:
    found = difference(torch.tensor([-1.0, -2.0, -3.0]), torch.tensor([-1.0, -2.5, -3.25]))
    assert (found.largest, found.mean) == (0.5, 0.25)
    # (0 + (e^.5 - 1.5) + (e^.25 - 1.25)) / 3
    assert found.k3 == pytest.approx((0.148721 + 0.034025) / 3, abs=1e-6)
    assert difference(torch.empty(0), torch.empty(0)) == Difference(0.0, 0.0, 0.0)


def test_one_token_that_went_to_another_expert_counts_as_one_nat_in_k3() -> None:
    assert difference(torch.tensor([0.0]), torch.tensor([-9.0])) == Difference(9.0, 9.0, pytest.approx(math.e - 2))


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_infinitely_different_and_never_agrees(broken: float) -> None:
    for ours, theirs in (([-1.0, -2.0], [-1.0, broken]), ([broken, -2.0], [broken, -2.0])):
        found = difference(torch.tensor(ours), torch.tensor(theirs))
        assert found == Difference(math.inf, math.inf, math.inf)
        assert not agree(found, None, 1e-4) and not agree(found, Difference(1.0, 1.0, 1.0), 0.0)


def test_exact_weights_are_judged_by_the_largest_difference_and_rounded_ones_by_mean_and_k3() -> None:
    assert agree(Difference(1e-4, 1.0, 1.0), None, 1e-4) and not agree(Difference(1.1e-4, 0.0, 0.0), None, 1e-4)
    noise = Difference(0.0, 0.01, 0.001)
    assert agree(Difference(4.0, 0.02, 0.003), noise, 0.0)
    assert not agree(Difference(0.0, 0.021, 0.0), noise, 0.0)
    assert not agree(Difference(0.0, 0.0, 0.0031), noise, 0.0)


def test_noise_is_the_mean_of_its_passes() -> None:
    assert mean_difference([Difference(1.0, 2.0, 3.0), Difference(3.0, 6.0, 9.0)]) == Difference(2.0, 4.0, 6.0)


def test_it_survives_the_checkpoint() -> None:
    canary = Canary(((1, 2, 3), (4,)), 0.75)
    assert Canary.from_json(canary.to_json()) == canary


@dataclass
class Pair:
    """A learner that has moved from `old` on, and a vLLM worker that is to follow."""

    learner: LearnerGroup
    pool: RolloutPool
    sequences: list[list[int]]
    tolerance: float
    old: dict[str, Tensor]
    new: dict[str, Tensor]
    folder: Path

    def check(self, state: dict[str, Tensor]) -> dict[str, Any]:
        """Of weights that arrived as they were sent: only log-probs can tell."""
        sent = write_weights(state, self.folder / "sent.safetensors")
        self.pool.update_weights(self.folder / "sent.safetensors", 1)
        return canary.check(self.learner, self.pool, self.sequences, checksums=sent, tolerance=self.tolerance)


def save_model(folder: Path, *, moved: float) -> Path:
    """Untied, with weights large enough that every expert matters; `moved` by that share of their spread."""
    tokenizer = char_tokenizer(CONTEXT)
    config = architectures.hf_config(SIZES, tokenizer)
    config.tie_word_embeddings = False
    config.initializer_range = 0.1
    torch.manual_seed(3)
    lm = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for parameter in lm.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1 * moved)
    architectures.save(lm, tokenizer, folder, None)
    return folder


@pytest.fixture(scope="module")
def learner(local_ray: None) -> Iterator[LearnerGroup]:
    group = LearnerGroup(LearnerConfig(ranks=2, row_tokens=CONTEXT), startup_seconds=240)
    yield group
    group.close()


@pytest.fixture(scope="module", params=["float32", "bfloat16"])
def pair(
    request: pytest.FixtureRequest, learner: LearnerGroup, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    dtype, folder = request.param, tmp_path_factory.mktemp("canary")
    model = SIZES.model_copy(update={"dtype": dtype})
    states = []
    for name, moved in (("old", 0.0), ("new", 0.3)):
        learner.build(save_model(folder / name, moved=moved), model, OptimConfig(kind="adamw"))
        learner.write_weights(folder / f"{name}.safetensors")
        states.append(load_file(folder / f"{name}.safetensors"))
    options = {"model_path": str(folder / "old"), "dtype": dtype, "max_model_len": CONTEXT, "threads": 1}
    pool = RolloutPool.start("vllm", options | {"kv_cache_gib": 0.125}, 1)
    prompts = [[1, *((7 * i + 11 * j) % 90 + 3 for j in range(12 + i))] for i in range(12)]
    chosen = canary.choose(learner, prompts, count=12, vocabulary=96, context=CONTEXT, seed=0)
    assert chosen.coverage == 1.0
    yield Pair(learner, pool, [list(s) for s in chosen.sequences], CANARY_TOLERANCES[dtype], *states, folder)
    pool.close()


def expert_of_another(old: dict[str, Tensor], new: dict[str, Tensor]) -> None:
    new[f"{EXPERTS}gate_up_proj"][3] = new[f"{EXPERTS}gate_up_proj"][2]


def two_experts_permuted(old: dict[str, Tensor], new: dict[str, Tensor]) -> None:
    for part in ("gate_up_proj", "down_proj"):
        new[EXPERTS + part][[0, 1]] = new[EXPERTS + part][[1, 0]]


def head_not_updated(old: dict[str, Tensor], new: dict[str, Tensor]) -> None:
    new["lm_head.weight"] = old["lm_head.weight"]


def layer_stale(old: dict[str, Tensor], new: dict[str, Tensor]) -> None:
    new.update({name: tensor for name, tensor in old.items() if name.startswith("model.layers.1.")})


def test_right_weights_pass_and_what_was_compared_is_said(pair: Pair) -> None:
    values = pair.check(pair.new)
    assert values["canary/expert_coverage"] == 1.0
    assert values["canary/tensors_checked"] == len(pair.new)
    if pair.tolerance:
        assert values["canary/max_abs_diff"] < 2e-5 and "canary/noise" not in values
    else:
        assert 0.5 < values["canary/mean_abs_diff"] / values["canary/noise"] < canary.MEAN_FACTOR
        assert values["canary/max_abs_diff"] > 10 * values["canary/mean_abs_diff"], "no case for a maximum after all"


@pytest.mark.parametrize("spoil", [expert_of_another, two_experts_permuted, head_not_updated, layer_stale])
def test_wrong_weights_are_caught_by_log_probs_alone(pair: Pair, spoil: Callable[..., None]) -> None:
    state = {name: tensor.clone() for name, tensor in pair.new.items()}
    spoil(pair.old, state)
    with pytest.raises(CanaryError, match=r"worker 0 and the learner differ by .* on the canary prompts;") as error:
        pair.check(state)
    if pair.tolerance:
        layer = "head or the final norm" if spoil is head_not_updated else "layers.1"
        assert layer in str(error.value).partition("output differs is")[2]
    if spoil is head_not_updated:
        assert "tensors that differ: lm_head.weight." in str(error.value)
    pair.check(pair.new)


def test_other_values_than_the_learners_are_caught_by_fingerprint_where_log_probs_cannot(pair: Pair) -> None:
    """One element of one expert is one bit away."""
    sent = write_weights(pair.new, pair.folder / "right.safetensors")
    state = {name: tensor.clone() for name, tensor in pair.new.items()}
    value = state[f"{EXPERTS}down_proj"].view(torch.int16)
    value[1, 0, 0] ^= 1
    write_weights(state, pair.folder / "sent.safetensors")
    pair.pool.update_weights(pair.folder / "sent.safetensors", 1)
    with pytest.raises(CanaryError, match=rf"holds other values than the learner in {EXPERTS}down_proj$"):
        canary.check(pair.learner, pair.pool, pair.sequences, checksums=sent, tolerance=pair.tolerance)


class Alone:
    """One transformers engine as a pool of one worker."""

    def __init__(self, engine: TransformersEngine) -> None:
        self.engine = engine

    def __getattr__(self, name: str) -> Callable[..., list[Any]]:
        return lambda *args: [getattr(self.engine, name)(*args)]


def test_a_fault_that_only_decoding_has_is_seen(learner: LearnerGroup, tmp_path: Path) -> None:
    """From the second token on, positions are off by one: a prefill knows nothing of it."""
    folder = save_model(tmp_path / "hf", moved=0.0)
    learner.build(folder, SIZES, OptimConfig(kind="adamw"))
    engine = TransformersEngine(folder, max_model_len=CONTEXT, threads=1)
    sent = learner.write_weights(tmp_path / "w.safetensors")
    engine.update_weights(tmp_path / "w.safetensors", 1)
    sequences = [[1, *((7 * i + 11 * j) % 90 + 3 for j in range(12 + i))] for i in range(8)]

    def check() -> dict[str, Any]:
        return canary.check(learner, Alone(engine), sequences, checksums=sent, tolerance=1e-4)  # type: ignore[arg-type]

    assert check()["canary/max_abs_diff"] < 2e-5

    def shift(module: Any, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        moved = {"position_ids": kwargs["position_ids"] + 1} if kwargs.get("past_key_values") is not None else {}
        return args, kwargs | moved

    engine._model.register_forward_pre_hook(shift, with_kwargs=True)
    with pytest.raises(CanaryError, match="continuations only, where it decodes"):
        check()
