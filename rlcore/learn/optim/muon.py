"""Muon for every ZeRO stage: our update rule inside DeepSpeed's gather-and-partition machinery.

DeepSpeed's ZeRO optimisers gather each full gradient matrix, call `muon_update` on it and scatter the result.
Its own rule treats a stack of experts as one matrix and scales by sqrt(max(1, rows/cols)). `zero_muon` puts our
rule in its place: each expert alone, gate and up projections apart, scaled to AdamW's RMS.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from rlcore.config.learner import OptimConfig

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


def muon_update(grad: Tensor, momentum: Tensor, beta: float = 0.95, *, fused: int = 1, **_: Any) -> Tensor:
    """One Muon direction for a weight of shape (..., A, B); `momentum` is updated in place.

        m <- beta m + (1-beta) g;   u = (1-beta) g + beta m (Nesterov);   direction = 0.2 sqrt(max(A, B)) NS(u)

    Source: Moonlight, arXiv 2502.16982, Eq. 4 (`match_rms_adamw`): with this scale AdamW's learning rate and
    weight decay carry over. Leading dimensions are a batch (experts). `fused` > 1 says that so many matrices
    are stacked along A (gate and up) and are orthogonalised apart. A gradient that is not finite leaves the
    momentum as it was and is returned, so that the loss scaler sees it.
    """
    if not bool(torch.isfinite(grad).all()):
        return grad
    momentum.lerp_(grad, 1 - beta)
    direction = torch.lerp(grad, momentum, beta)
    shape = direction.shape
    pieces = direction.reshape(*shape[:-2], fused, shape[-2] // fused, shape[-1])
    scale = 0.2 * max(pieces.size(-2), pieces.size(-1)) ** 0.5
    return (orthogonalise(pieces) * scale).reshape(shape)


def is_muon_matrix(name: str, parameter: Tensor) -> bool:
    """Hidden matrices go to Muon; embeddings, the head, norms, biases and the router gate stay with AdamW."""
    kept_out = ("embed_tokens", "lm_head", "mlp.gate.weight", "norm")
    return parameter.ndim >= 2 and not any(part in name for part in kept_out)


def parameter_groups(named: Iterable[tuple[str, torch.nn.Parameter]], optim: OptimConfig) -> list[dict[str, Any]]:
    """Groups for `zero_muon` (kind muon) or AdamW; `peak_lr` is what the schedule multiplies.

    Only hidden matrices decay. Sets `use_muon` on each parameter, which is how ZeRO knows them.
    """
    matrices: list[torch.nn.Parameter] = []
    rest: list[torch.nn.Parameter] = []
    for name, parameter in named:
        matrix = is_muon_matrix(name, parameter)
        setattr(parameter, "use_muon", matrix and optim.kind == "muon")  # noqa: B010
        (matrices if matrix else rest).append(parameter)
    matrix_lr = optim.lr
    rest_lr = optim.adam_lr if optim.kind == "muon" else optim.lr
    adam = {"betas": optim.betas, "eps": 1e-10, "use_muon": False}
    groups = [{"params": rest, "lr": rest_lr, "peak_lr": rest_lr, "weight_decay": 0.0, **adam}]
    if not matrices:
        return groups
    first = {"params": matrices, "lr": matrix_lr, "peak_lr": matrix_lr, "weight_decay": optim.weight_decay}
    kind = {"use_muon": True, "momentum": optim.momentum} if optim.kind == "muon" else adam
    return [first | kind, *groups]


def zero_muon(groups: list[dict[str, Any]], *, fused_shapes: dict[tuple[int, ...], int]) -> torch.optim.Optimizer:
    """The optimiser to hand to `deepspeed.initialize`, at any ZeRO stage.

    `fused_shapes` maps the shape of a stacked weight to how many matrices it stacks (gate_up: 2): ZeRO calls the
    update rule with a tensor only, so the shape is the key. DeepSpeed clips after Muon's orthogonalisation, which
    shrinks the step by about 20: its gradient_clipping must be 0 with this optimiser.
    """
    from deepspeed.runtime.zero.muon import muon_optimizer, original_muon

    def update(grad: Tensor, momentum: Tensor, beta: float = 0.95, **options: Any) -> Tensor:
        return muon_update(grad, momentum, beta, fused=fused_shapes.get(tuple(grad.shape), 1))

    original_muon.muon_update = update
    muon_optimizer.muon_update = update
    optimizer: torch.optim.Optimizer = muon_optimizer.MuonWithAuxAdam(groups)
    return optimizer
