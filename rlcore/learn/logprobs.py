"""The policy as a module that returns token log-probs: chunked head, packed rows, router logits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


@dataclass(frozen=True)
class PolicyOutput:
    """What one forward of packed rows gives.

    Attributes:
        logp_T: log-probs in nats of the selected tokens after temperature, fp32.
        entropy_T: entropy in nats of the distributions they were drawn from, fp32, no gradient.
        router_logits_LTE: per MoE layer, the router's logits of all (R*T) tokens; empty for dense models.
    """

    logp_T: Tensor
    entropy_T: Tensor
    router_logits_LTE: list[Tensor]


def selected_logprobs(
    hidden_TD: Tensor, targets_T: Tensor, head: Callable[[Tensor], Tensor], *, temperature: float, chunk: int
) -> tuple[Tensor, Tensor]:
    """Log-probs of `targets_T` and entropies, with the logits of at most `chunk` tokens alive at once.

    log p = z_y/temperature - logsumexp(z/temperature), in fp32; the backward pass computes each chunk's logits
    again. Exact for any chunk size.
    """

    def one_chunk(hidden: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        logits = head(hidden).float() / temperature
        log_z = torch.logsumexp(logits, dim=-1)
        logp = logits.gather(-1, targets.unsqueeze(-1)).squeeze(-1) - log_z
        with torch.no_grad():
            entropy = log_z - (torch.softmax(logits, dim=-1) * logits).sum(-1)
        return logp, entropy

    if hidden_TD.shape[0] <= chunk:
        return one_chunk(hidden_TD, targets_T)
    parts = []
    for start in range(0, hidden_TD.shape[0], chunk):
        piece = (hidden_TD[start : start + chunk], targets_T[start : start + chunk])
        parts.append(checkpoint(one_chunk, *piece, use_reentrant=False))
    return torch.cat([logp for logp, _ in parts]), torch.cat([entropy for _, entropy in parts])


class Policy(nn.Module):
    """A causal language model whose forward takes packed rows and gives token log-probs.

    DeepSpeed wraps this module, so that under ZeRO-3 every parameter is gathered by the hook of its own module.
    """

    def __init__(self, lm: Any, *, logprob_chunk: int) -> None:
        super().__init__()
        self.lm: Any = lm
        self.logprob_chunk = logprob_chunk
        self._router_logits: list[Tensor] = []
        for module in lm.modules():
            if type(module).__name__.endswith("TopKRouter"):
                module.register_forward_hook(self._record_router)

    def _record_router(self, module: nn.Module, inputs: object, output: tuple[Tensor, ...]) -> None:
        self._router_logits.append(output[0])

    def forward(self, ids_RT: Tensor, positions_RT: Tensor, mask_RT: Tensor, temperature: float = 1.0) -> PolicyOutput:
        """Log-probs of the tokens where `mask_RT` is True, in row-major order.

        `positions_RT` start again at 0 with every sequence of a row: with no attention mask and no cache,
        transformers builds the block-diagonal mask from them, so sequences of a row do not see each other.
        A token at position 0 has no predecessor and must not be selected.
        """
        self._router_logits.clear()
        hidden_RTD = self.lm.model(input_ids=ids_RT, position_ids=positions_RT, use_cache=False).last_hidden_state
        router_logits = list(self._router_logits)
        self._router_logits.clear()
        predecessors_TD = hidden_RTD[:, :-1][mask_RT[:, 1:]]
        targets_T = ids_RT[:, 1:][mask_RT[:, 1:]]
        logp_T, entropy_T = selected_logprobs(
            predecessors_TD, targets_T, self.lm.lm_head, temperature=temperature, chunk=self.logprob_chunk
        )
        return PolicyOutput(logp_T, entropy_T, router_logits)
