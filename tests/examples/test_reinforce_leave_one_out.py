"""An algorithm in a file of the user's own: literals, the run file, and optimiser steps of a real learner."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from loss_tokens import tokens, value_and_gradient
from rank_processes import ProcessGroup

from rlcore.config.learner import LearnerConfig
from rlcore.config.model import ModelConfig
from rlcore.config.reading import ConfigError, parse
from rlcore.config.rl import TrainConfig
from rlcore.learn.batch import TrainSequence, pack_rows
from rlcore.policy import architectures
from rlcore.policy.tokens import char_tokenizer
from rlcore.rl import algorithm
from rlcore.rl.loop import learn

TOY = "tests/examples/reinforce_leave_one_out.py"


@pytest.fixture(autouse=True)
def _at_the_root(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path in a run file is taken from where the command is started."""
    monkeypatch.chdir(repository)


def toy(**settings: object) -> TrainConfig:
    """`[train]` of a parsed run file that names it."""
    return parse({"train": {"algorithm": TOY, **settings}}).train


@pytest.mark.parametrize(
    ("rewards", "expected"),
    [
        ([1.0, 0.0, 0.0, 0.0], [1.0, -1 / 3, -1 / 3, -1 / 3]),
        ([1.0, 0.5], [0.5, -0.5]),
        ([1.0, None, 0.0, 1.0], [0.5, None, -1.0, 0.5]),
        ([1.0, None], [None, None]),
        ([], []),
    ],
)
def test_the_baseline_is_the_mean_of_the_others(rewards: list[float | None], expected: list[float | None]) -> None:
    train = toy()
    found = algorithm.load(train.algorithm).advantages(rewards, algorithm.options(train.algorithm, train.options))
    assert [value is None for value in found] == [value is None for value in expected]
    assert [value for value in found if value is not None] == pytest.approx([v for v in expected if v is not None])


def test_four_tokens_by_hand() -> None:
    """Ratios 4, 1/2, 3 and 1 with advantages 1, -1, -2 and 3, cap 2; the third stands for two, the last is masked.

    L = -(1/5) (2 * 1 * -1 + .5 * -1 * -2 + 2 * 2 * -2 * -3), and dL/dl = -min(r, cap) A copies / 5.
    """
    train = toy(options={"cap": 2})
    given = tokens(
        [-1.0, -2.0, -3.0, -math.inf], [-1 - math.log(4), -2 + math.log(2), -3 - math.log(3), 5.0],
        [1.0, -1.0, -2.0, math.nan], [0, 0, 1, 1], mask=[True, True, True, False], copies=[1.0, 1.0, 2.0, 2.0],
        num_sequences=3, num_tokens=5,
    )  # fmt: skip
    result, metrics = algorithm.load(train.algorithm).loss(given, algorithm.options(train.algorithm, train.options))
    value, gradient = value_and_gradient(result, given)
    assert value == pytest.approx(-(-2 + 1 + 24) / 5, abs=1e-12)
    assert gradient.tolist() == pytest.approx([-2 / 5, 0.5 / 5, 8 / 5, 0.0], abs=1e-12)
    assert {name: value.item() for name, value in metrics.items()} == pytest.approx(
        {"clip_share_low": 0.0, "clip_share_high": 3 / 5, "ratio_max": 4.0}
    )


def test_a_run_file_has_its_options() -> None:
    assert toy().options == {"cap": 2.0}
    assert toy(options={"cap": 3}).options == {"cap": 3.0}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"clip_high": 1}, f"{TOY} has no option 'clip_high'; its options: cap"),
        ({"cap": 0.5}, f"options of {TOY}: cap=0.5: Input should be greater than or equal to 1"),
    ],
)
def test_a_mistake_names_the_remedy(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        toy(options=options)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_two_steps_of_a_learner(tmp_path: Path) -> None:
    """From rewards to weights. The first step is on-policy, so its loss is REINFORCE's; in the second ratios differ.

    All is in one row, so that the second rank has nothing but padding, and its loss not one token.
    """
    model = ModelConfig(
        hidden_size=32, layers=1, heads=2, kv_heads=1, head_dim=16, experts=2, expert_intermediate_size=16, context=32
    )
    train = toy(minibatches=2, optim={"kind": "adamw", "lr": 0.01}, options={"cap": 1.001})
    advantages = algorithm.load(TOY).advantages([1.0, 0.0, 0.0], algorithm.options(TOY, train.options))
    rows = pack_rows(
        [
            TrainSequence([1, 20, *range(30 + index, 38 + index)], 2, advantage=value, rollout_logp=[-4.5] * 8)
            for index, value in enumerate(advantages)
            if value is not None
        ],
        model.context,
    )
    assert len(rows) == 1 and rows.num_sequences == 3
    tokenizer = char_tokenizer(model.context)
    architectures.save(architectures.create(model, tokenizer, seed=0), tokenizer, tmp_path / "hf", None)
    group = ProcessGroup(LearnerConfig(ranks=2, row_tokens=model.context))
    try:
        group.build(tmp_path / "hf", model, train.optim)
        before = group.logprobs(rows, 1.0)
        first, second = learn(group, [rows, rows.map(torch.clone)], train, step=0, loss=train.algorithm)
        after = group.logprobs(rows, 1.0)
    finally:
        group.close()
    on_policy = -(rows.advantage * before)[rows.mask].sum().item() / rows.num_tokens
    assert first["loss"] == pytest.approx(on_policy, abs=1e-5)
    assert first["ratio_max"] == pytest.approx(1.0, abs=1e-4) and first["clip_share_high"] == 0.0
    assert second["ratio_max"] > 1.001 and second["clip_share_high"] > 0.0
    assert (rows.advantage * (after - before))[rows.mask].sum() > 0.1, "what had the reward is no likelier"
