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


class _Gradients:
    """Gradients of a head's inputs, added up chunk by chunk."""

    def __init__(self, hidden_TD: Tensor, weight_VD: Tensor, bias_V: Tensor | None, exact: torch.dtype) -> None:
        self.inputs = hidden_TD, weight_VD, bias_V
        self.d_hidden_TD = torch.empty_like(hidden_TD)
        # Chunks add up in fp32 or better: in bf16 the sum of many would lose the small ones.
        self.d_weight_VD = torch.zeros_like(weight_VD, dtype=exact)
        self.d_bias_V = None if bias_V is None else torch.zeros_like(bias_V, dtype=exact)

    def add(self, part: slice, logits: Tensor, log_z: Tensor, targets: Tensor, grad: Tensor) -> None:
        """A chunk whose log-probs have the gradient `grad` (already over the temperature). Overwrites `logits`.

        d logp_t / d z_t = (onehot(y_t) - softmax(z_t / temperature)) / temperature.
        """
        hidden_TD, weight_VD, _ = self.inputs
        hidden, grad = hidden_TD[part], grad.unsqueeze(-1)
        d_logits = logits.sub_(log_z.unsqueeze(-1)).exp_().mul_(-grad).scatter_add_(-1, targets.unsqueeze(-1), grad)
        if self.d_bias_V is not None:
            self.d_bias_V += d_logits.sum(0)
        d_logits = d_logits.to(hidden.dtype)
        self.d_hidden_TD[part] = d_logits @ weight_VD
        if hidden.dtype == self.d_weight_VD.dtype:
            self.d_weight_VD.addmm_(d_logits.mT, hidden)
        else:
            self.d_weight_VD += d_logits.mT @ hidden

    def scaled(self, scale: Tensor | float) -> tuple[Tensor, Tensor, Tensor | None]:
        """The sums times a number, in the types of the inputs."""
        _, weight_VD, bias_V = self.inputs
        d_bias = None if bias_V is None or self.d_bias_V is None else self.d_bias_V.mul_(scale).to(bias_V.dtype)
        return self.d_hidden_TD.mul_(scale), self.d_weight_VD.mul_(scale).to(weight_VD.dtype), d_bias


class _SelectedLogprobs(torch.autograd.Function):
    """(log-probs, entropies) in chunks; the backward pass computes each chunk's logits again from the hidden states.

    Not so where the gradient of the log-probs is known ahead up to a factor (`expected_T`): then a chunk's part of the
    gradients is computed while its logits are there, and the backward pass only looks whether it was right.
    """

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
        expected_T: Tensor | None,
    ) -> tuple[Tensor, Tensor | None]:
        # fp32 from bf16 hidden states, fp64 from fp64.
        exact = torch.promote_types(hidden_TD.dtype, torch.float32)
        logp_T, log_z_T = (hidden_TD.new_empty(len(targets_T), dtype=exact) for _ in range(2))
        entropy_T = torch.empty_like(logp_T) if with_entropy else None
        ctx.gradients = ctx.expected_T = None
        if expected_T is not None and any(ctx.needs_input_grad):
            ctx.expected_T = expected_T.to(exact)
            ctx.gradients = _Gradients(hidden_TD, weight_VD, bias_V, exact)
        for part in _chunks(len(targets_T), chunk):
            logits = _logits(hidden_TD[part], weight_VD, bias_V, temperature, exact)
            log_z = torch.logsumexp(logits, dim=-1)
            log_z_T[part] = log_z
            logp_T[part] = logits.gather(-1, targets_T[part, None])[:, 0] - log_z
            if entropy_T is not None:
                probs = (logits - log_z.unsqueeze(-1)).exp_()
                entropy_T[part] = log_z - probs.mul_(logits).sum(-1)
            if ctx.gradients is not None:
                ctx.gradients.add(part, logits, log_z, targets_T[part], ctx.expected_T[part] / temperature)
        ctx.save_for_backward(hidden_TD, weight_VD, bias_V, targets_T, log_z_T)
        ctx.temperature, ctx.chunk = temperature, chunk
        if entropy_T is not None:
            ctx.mark_non_differentiable(entropy_T)
        return logp_T, entropy_T

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad_T: Tensor, _: Tensor | None) -> tuple[Tensor | None, ...]:
        hidden_TD, weight_VD, bias_V, targets_T, log_z_T = ctx.saved_tensors
        gradients, scale = ctx.gradients, _factor(grad_T, ctx.expected_T)
        ctx.gradients = None
        if gradients is None or scale is None:
            gradients, scale = _Gradients(hidden_TD, weight_VD, bias_V, log_z_T.dtype), grad_T.new_ones(())
            for part in _chunks(len(targets_T), ctx.chunk):
                logits = _logits(hidden_TD[part], weight_VD, bias_V, ctx.temperature, log_z_T.dtype)
                gradients.add(part, logits, log_z_T[part], targets_T[part], grad_T[part] / ctx.temperature)
        return *gradients.scaled(scale), None, None, None, None, None


def _factor(grad_T: Tensor, expected_T: Tensor | None) -> Tensor | None:
    """What `expected_T` must be multiplied with to be `grad_T`, to rounding; None where no number does it."""
    if expected_T is None or not len(expected_T):
        return None
    largest = expected_T.abs().argmax()
    scale = grad_T[largest] / expected_T[largest]
    same = torch.allclose(grad_T, scale * expected_T, rtol=8 * torch.finfo(grad_T.dtype).eps, atol=0.0)
    return scale if same else None


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
    expected_T: Tensor | None = None,
) -> tuple[Tensor, Tensor | None]:
    """Log-probs of `targets_T` and entropies (no gradient), with the logits of at most `chunk` tokens alive at once.

    log p = z_y/temperature - logsumexp(z/temperature) with z = hidden @ weight' + bias, in fp32 (fp64 from fp64
    hidden states). Exact for any chunk size; the gradient goes to hidden states, weight and bias.

    Args:
        expected_T: what the gradient of the log-probs will be up to a factor, where that is known (a cross-entropy: how
            often each token counts). It saves making the logits twice; a wrong one costs time, never the result.
    """
    result: tuple[Tensor, Tensor | None] = _SelectedLogprobs.apply(
        hidden_TD, weight_VD, bias_V, targets_T, temperature, chunk, entropy, expected_T
    )
    return result


class LogprobHead(nn.Module):
    """The model's own `lm_head` weight behind a forward that gives log-probs.

    All chunks are inside one forward of one module: under ZeRO-3 the weight is gathered once for the forward and once
    for the backward pass, however many tokens a rank has, so ranks with unequal tokens meet in the same collectives.
    """

    def __init__(self, lm_head: nn.Linear, *, logits_mib: float) -> None:
        super().__init__()
        self.weight, self.bias, self.logits_mib = lm_head.weight, lm_head.bias, logits_mib

    def forward(
        self, hidden_TD: Tensor, targets_T: Tensor, temperature: float, entropy: bool, expected_T: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        chunk = max(1, int(self.logits_mib * 2**20 / (4 * self.weight.shape[0])))
        return selected_logprobs(
            hidden_TD,
            targets_T,
            self.weight,
            self.bias,
            temperature=temperature,
            chunk=chunk,
            entropy=entropy,
            expected_T=expected_T,
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
        expected_RT: Tensor | None = None,
    ) -> PolicyOutput:
        """Log-probs of the tokens where `mask_RT` is True, in row-major order.

        `positions_RT` start again at 0 with every sequence of a row: with no attention mask and no cache,
        transformers builds the block-diagonal mask from them, so sequences of a row do not see each other.
        A token at position 0 has no predecessor and must not be selected. `expected_RT`: as `selected_logprobs` has it.
        """
        self._routed.clear()
        hidden_RTD = self.lm.model(input_ids=ids_RT, position_ids=positions_RT, use_cache=False).last_hidden_state
        routed = list(self._routed)
        self._routed.clear()
        predecessors_TD = hidden_RTD[:, :-1][mask_RT[:, 1:]]
        targets_T = ids_RT[:, 1:][mask_RT[:, 1:]]
        expected_T = None if expected_RT is None else expected_RT[:, 1:][mask_RT[:, 1:]]
        logp_T, entropy_T = self.head(predecessors_TD, targets_T, temperature, entropy, expected_T)
        return PolicyOutput(logp_T, entropy_T, routed)
