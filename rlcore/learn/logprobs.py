"""The policy as a module that returns token log-probs: chunked head, packed rows, router logits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from rlcore.learn.balance import Routed
from rlcore.policy import architectures


@dataclass(frozen=True)
class PolicyOutput:
    """What one forward of packed rows gives.

    Attributes:
        logp_T: log-probs in nats of the selected tokens after temperature, fp32.
        entropy_T: entropy in nats of the distributions they were drawn from, fp32, no gradient; None if not asked for.
        routed_L: per MoE layer, what its router said of all (R*T) tokens; empty for dense models.
    """

    logp_T: Tensor
    entropy_T: Tensor | None
    routed_L: list[Routed]


class _SelectedLogprobs(torch.autograd.Function):
    """(log-probs, entropies) in chunks; the backward pass computes each chunk's logits again from the hidden states."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden_TD: Tensor,
        weight_VD: Tensor,
        bias_V: Tensor | None,
        targets_T: Tensor,
        temperature: float,
        chunk: int,
        with_entropy: bool,
    ) -> tuple[Tensor, Tensor | None]:
        # fp32 from bf16 hidden states, fp64 from fp64.
        exact = torch.promote_types(hidden_TD.dtype, torch.float32)
        logp_T, log_z_T = (hidden_TD.new_empty(len(targets_T), dtype=exact) for _ in range(2))
        entropy_T = torch.empty_like(logp_T) if with_entropy else None
        for part in _chunks(len(targets_T), chunk):
            logits = _logits(hidden_TD[part], weight_VD, bias_V, temperature, exact)
            log_z = torch.logsumexp(logits, dim=-1)
            log_z_T[part] = log_z
            logp_T[part] = logits.gather(-1, targets_T[part, None])[:, 0] - log_z
            if entropy_T is not None:
                probs = (logits - log_z.unsqueeze(-1)).exp_()
                entropy_T[part] = log_z - probs.mul_(logits).sum(-1)
        ctx.save_for_backward(hidden_TD, weight_VD, bias_V, targets_T, log_z_T)
        ctx.temperature, ctx.chunk = temperature, chunk
        if entropy_T is not None:
            ctx.mark_non_differentiable(entropy_T)
        return logp_T, entropy_T

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad_T: Tensor, _: Tensor | None) -> tuple[Tensor | None, ...]:
        """d logp_t / d z_t = (onehot(y_t) - softmax(z_t / temperature)) / temperature."""
        hidden_TD, weight_VD, bias_V, targets_T, log_z_T = ctx.saved_tensors
        d_hidden_TD = torch.empty_like(hidden_TD)
        # Chunks add up in fp32 or better: in bf16 the sum of many would lose the small ones.
        d_weight_VD = torch.zeros_like(weight_VD, dtype=log_z_T.dtype)
        d_bias_V = None if bias_V is None else torch.zeros_like(bias_V, dtype=log_z_T.dtype)
        for part in _chunks(len(targets_T), ctx.chunk):
            hidden, grad = hidden_TD[part], grad_T[part, None] / ctx.temperature
            d_logits = _logits(hidden, weight_VD, bias_V, ctx.temperature, log_z_T.dtype)
            d_logits.sub_(log_z_T[part, None]).exp_().mul_(-grad)
            d_logits.scatter_add_(-1, targets_T[part, None], grad)
            if d_bias_V is not None:
                d_bias_V += d_logits.sum(0)
            d_logits = d_logits.to(hidden.dtype)
            d_hidden_TD[part] = d_logits @ weight_VD
            if hidden.dtype == d_weight_VD.dtype:
                d_weight_VD.addmm_(d_logits.mT, hidden)
            else:
                d_weight_VD += d_logits.mT @ hidden
        d_bias = None if bias_V is None or d_bias_V is None else d_bias_V.to(bias_V.dtype)
        return d_hidden_TD, d_weight_VD.to(weight_VD.dtype), d_bias, None, None, None, None


def _chunks(tokens: int, chunk: int) -> Iterator[slice]:
    return (slice(start, start + chunk) for start in range(0, tokens, chunk))


def _logits(hidden: Tensor, weight_VD: Tensor, bias_V: Tensor | None, temperature: float, exact: torch.dtype) -> Tensor:
    return nn.functional.linear(hidden, weight_VD, bias_V).to(exact).div_(temperature)


def selected_logprobs(
    hidden_TD: Tensor,
    targets_T: Tensor,
    weight_VD: Tensor,
    bias_V: Tensor | None = None,
    *,
    temperature: float,
    chunk: int,
    entropy: bool = True,
) -> tuple[Tensor, Tensor | None]:
    """Log-probs of `targets_T` and entropies (no gradient), with the logits of at most `chunk` tokens alive at once.

    log p = z_y/temperature - logsumexp(z/temperature) with z = hidden @ weight' + bias, in fp32 (fp64 from fp64
    hidden states). Exact for any chunk size; the gradient goes to hidden states, weight and bias.
    """
    return _SelectedLogprobs.apply(hidden_TD, weight_VD, bias_V, targets_T, temperature, chunk, entropy)  # type: ignore[no-any-return]


class LogprobHead(nn.Module):
    """The model's own `lm_head` weight behind a forward that gives log-probs.

    All chunks are inside one forward of one module: under ZeRO-3 the weight is gathered once for the forward and once
    for the backward pass, however many tokens a rank has, so ranks with unequal tokens meet in the same collectives.
    """

    def __init__(self, lm_head: nn.Linear, *, logits_mib: float) -> None:
        super().__init__()
        self.weight, self.bias, self.logits_mib = lm_head.weight, lm_head.bias, logits_mib

    def forward(
        self, hidden_TD: Tensor, targets_T: Tensor, temperature: float, entropy: bool
    ) -> tuple[Tensor, Tensor | None]:
        chunk = max(1, int(self.logits_mib * 2**20 / (4 * self.weight.shape[0])))
        return selected_logprobs(
            hidden_TD, targets_T, self.weight, self.bias, temperature=temperature, chunk=chunk, entropy=entropy
        )


class Policy(nn.Module):
    """A causal language model whose forward takes packed rows and gives token log-probs.

    DeepSpeed wraps this module, so that under ZeRO-3 every parameter is gathered by the hook of its own module.
    """

    def __init__(self, lm: Any, *, logits_mib: float) -> None:
        super().__init__()
        self.lm: Any = lm
        self.head = LogprobHead(lm.lm_head, logits_mib=logits_mib)
        self._routed: list[Routed] = []
        self.architecture = architectures.of(lm)
        for router in architectures.routers(lm, self.architecture):
            router.register_forward_hook(self._record_router)

    def _record_router(self, module: nn.Module, inputs: object, output: tuple[Tensor, Tensor, Tensor]) -> None:
        logits_TE, _, experts_TK = output
        self._routed.append(Routed(logits_TE, experts_TK, self.architecture.scores))

    def forward(
        self,
        ids_RT: Tensor,
        positions_RT: Tensor,
        mask_RT: Tensor,
        temperature: float = 1.0,
        entropy: bool = False,
    ) -> PolicyOutput:
        """Log-probs of the tokens where `mask_RT` is True, in row-major order.

        `positions_RT` start again at 0 with every sequence of a row: with no attention mask and no cache,
        transformers builds the block-diagonal mask from them, so sequences of a row do not see each other.
        A token at position 0 has no predecessor and must not be selected.
        """
        self._routed.clear()
        hidden_RTD = self.lm.model(input_ids=ids_RT, position_ids=positions_RT, use_cache=False).last_hidden_state
        routed = list(self._routed)
        self._routed.clear()
        predecessors_TD = hidden_RTD[:, :-1][mask_RT[:, 1:]]
        targets_T = ids_RT[:, 1:][mask_RT[:, 1:]]
        logp_T, entropy_T = self.head(predecessors_TD, targets_T, temperature, entropy)
        return PolicyOutput(logp_T, entropy_T, routed)
