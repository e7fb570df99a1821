"""Muon for hidden matrices and AdamW for the rest, as one optimiser that any ZeRO stage may hold.

To DeepSpeed it is an optimiser like any other: it hands over raw gradients, so the norm that is logged, the clip and
the skip are of the gradient, before momentum or a weight has moved. Each expert is orthogonalised alone, gate and up
projections apart, and scaled to AdamW's RMS. (DeepSpeed's own Muon orthogonalises while it gathers gradients: its norm
and clip are of the update.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim.adamw import adamw

from rlcore.config.learner import OptimConfig
from rlcore.learn.optim.partitions import Partition
from rlcore.policy.architectures import Architecture

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


def orthogonalise(matrices: Tensor, *, steps: int = 5) -> Tensor:
    """Newton-Schulz: the singular values of each matrix of a batch (..., A, B) go to about 1 (0.68..1.13).

    X <- aX + (b XX' + c (XX')^2) X from X = G/|G|_F, five times, a, b, c = 3.4445, -4.7750, 2.0315
    (Jordan et al. 2024; as used in arXiv 2502.16982). In bf16 on a GPU, fp32 on CPU, where ranks can then be
    compared and bf16 is no faster for small matrices.
    """
    a, b, c = NEWTON_SCHULZ
    x = matrices.to(torch.bfloat16 if matrices.is_cuda else torch.float32)
    tall = x.size(-2) > x.size(-1)
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.mT if tall else x).to(matrices.dtype)


def direction(blend: Tensor, stacked: int = 1) -> Tensor:
    """Muon's direction for a weight of shape (..., A, B): 0.2 sqrt(max(A, B)) NS(blend).

    Source: Moonlight, arXiv 2502.16982, Eq. 4 (`match_rms_adamw`): with this scale AdamW's learning rate and
    weight decay carry over. Leading dimensions are a batch (experts). `stacked` > 1 says that so many matrices are
    stacked along A (gate and up) and are orthogonalised apart.
    """
    shape = blend.shape
    pieces = blend.reshape(*shape[:-2], stacked, shape[-2] // stacked, shape[-1])
    scale = 0.2 * max(pieces.size(-2), pieces.size(-1)) ** 0.5
    return (orthogonalise(pieces) * scale).reshape(shape)


class Muon(torch.optim.Optimizer):
    """Muon on groups with `use_muon`, AdamW on the others; `partitions` says where whole matrices lie.

        m <- beta m + (1-beta) g;   u = (1-beta) g + beta m (Nesterov);   w <- w (1 - lr decay) - lr direction(u)

    An expert without a gradient (no token reached it) keeps its weights and its momentum: the direction of a momentum
    alone would be as long as any other. While `skipping`, a step changes nothing.

    Departs from the source: that rule for experts, which the paper does not speak of.
    """

    def __init__(self, groups: list[dict[str, Any]]) -> None:
        super().__init__(groups, {})
        self.partitions: Mapping[int, Partition] = {}
        self.skipping = False

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        if self.skipping:
            return
        for group in self.param_groups:
            update = self._muon if group["use_muon"] else self._adamw
            for parameter in group["params"]:
                if parameter.grad is not None:
                    update(parameter, group)

    def _muon(self, parameter: Tensor, group: dict[str, Any]) -> None:
        partition, gradient, state = self.partitions[id(parameter)], parameter.grad, self.state[parameter]
        assert gradient is not None
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(parameter)
        momentum, beta = state["momentum_buffer"], group["momentum"]
        moved = partition.moved(gradient.flatten())
        if all(bool(flags.all()) for flags in moved):
            live = torch.ones((), dtype=torch.bool, device=parameter.device)
        else:
            live = partition.spread(moved, gradient.flatten()).view_as(parameter)
        momentum.copy_(torch.where(live, momentum.lerp(gradient, 1 - beta), momentum))
        found = partition.apply(direction, torch.lerp(gradient, momentum, beta).flatten()).view_as(parameter)
        decayed = parameter * (1 - group["lr"] * group["weight_decay"])
        parameter.copy_(torch.where(live, decayed.sub_(found, alpha=group["lr"]), parameter))

    def _adamw(self, parameter: Tensor, group: dict[str, Any]) -> None:
        state = self.state[parameter]
        if not state:
            state["step"] = torch.zeros((), dtype=torch.float32)
            state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(parameter), torch.zeros_like(parameter)
        beta1, beta2 = group["betas"]
        adamw(
            [parameter],
            [parameter.grad],  # type: ignore[list-item]
            [state["exp_avg"]],
            [state["exp_avg_sq"]],
            [],
            [state["step"]],
            amsgrad=False,
            beta1=beta1,
            beta2=beta2,
            lr=group["lr"],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            maximize=False,
        )


def parameter_groups(
    named: Iterable[tuple[str, torch.nn.Parameter]], optim: OptimConfig, architecture: Architecture
) -> list[dict[str, Any]]:
    """Groups for `Muon`; `peak_lr` is what the schedule multiplies.

    Only hidden matrices decay; with kind `adamw` they are AdamW's too.
    """
    matrices: list[torch.nn.Parameter] = []
    rest: list[torch.nn.Parameter] = []
    for name, parameter in named:
        (matrices if architecture.is_hidden_matrix(name, parameter.ndim) else rest).append(parameter)
    muon = optim.kind == "muon"
    rest_lr = optim.adam_lr if muon else optim.lr
    adam = {"betas": optim.betas, "eps": 1e-10, "use_muon": False}
    groups = [{"params": rest, "lr": rest_lr, "peak_lr": rest_lr, "weight_decay": 0.0, **adam}]
    if not matrices:
        return groups
    first = {"params": matrices, "lr": optim.lr, "peak_lr": optim.lr, "weight_decay": optim.weight_decay}
    return [first | ({"use_muon": True, "momentum": optim.momentum} if muon else adam), *groups]
