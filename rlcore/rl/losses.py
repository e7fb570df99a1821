"""What policy losses are made of: the tokens of a micro-batch, their ratios, what the clip removed, and `nll`.

Nothing here knows a model, a config or a process. A loss divides by a count over the whole optimiser step, so that
micro-batches and ranks add up to the gradient of one large batch. Only methods of tensors are used, so that an
algorithm's options can be read without loading torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    Metrics = dict[str, Tensor]


@dataclass(frozen=True)
class Tokens:
    """The tokens of a micro-batch, flat (`_T`); sequences stand one after the other or interleaved.

    Attributes:
        logp_T, old_T: log-probs in nats under the learner, and under the policy at rollout time (no gradient).
        advantage_T: advantages. mask_T: True where the token is in the loss.
        sequence_T: index of the token's sequence, 0...
        copies_T: how many equal sequences the token's sequence stands for, 1 where none were merged.
        num_sequences, num_tokens: of the whole optimiser step over all ranks, merged ones counted each: sequences with
            at least one token in the loss, and tokens in the loss.
    """

    logp_T: Tensor
    old_T: Tensor
    advantage_T: Tensor
    mask_T: Tensor
    sequence_T: Tensor
    copies_T: Tensor
    num_sequences: int
    num_tokens: int

    def __post_init__(self) -> None:
        assert self.logp_T.ndim == 1, f"losses take flat tokens, got {tuple(self.logp_T.shape)}"
        shapes = {t.shape for t in (self.logp_T, self.old_T, self.advantage_T, self.mask_T, self.sequence_T)}
        assert shapes == {self.copies_T.shape}, f"one entry for each token, got {shapes}"

    # Masked before any arithmetic: garbage or -inf under the mask must not turn into NaN (inf * 0), gradient included.
    def masked(self, values_T: Tensor) -> Tensor:
        """(`_T`) the values, 0 where the token is not in the loss."""
        return values_T.masked_fill(~self.mask_T, 0.0)

    def log_ratio_T(self) -> Tensor:
        """(`_T`) log-prob under the learner less that at rollout time, 0 under the mask."""
        return self.masked(self.logp_T) - self.masked(self.old_T.detach())

    def sums_B(self, values_T: Tensor) -> Tensor:
        """(`_B`) sum of `values_T` over each sequence's tokens, those under the mask included."""
        count = int(self.sequence_T.max()) + 1 if self.sequence_T.numel() else 0
        return values_T.new_zeros(count).index_add_(0, self.sequence_T, values_T)

    def lengths_B(self) -> Tensor:
        """(`_B`) tokens of each sequence that are in the loss."""
        return self.sums_B(self.mask_T.to(self.logp_T.dtype))


def clip_metrics(low: Tensor, high: Tensor, ratio: Tensor, copies: Tensor, count: int) -> Metrics:
    """How much the clip removed, as shares of `count`, and the largest ratio.

    Args:
        low, high: True where the clip took the gradient away, below and above; `ratio`, `copies`: beside them.
    """
    largest = ratio.detach().max() if ratio.numel() else ratio.new_zeros(())
    return {
        "clip_share_low": (low * copies).sum() / count,
        "clip_share_high": (high * copies).sum() / count,
        "ratio_max": largest,
    }


def nll(tokens: Tokens) -> tuple[Tensor, Metrics]:
    """Negative log-likelihood per token, -(1/num_tokens) sum_t l_t: pretraining and rejection sampling."""
    return -(tokens.masked(tokens.logp_T) * tokens.copies_T).sum() / tokens.num_tokens, {}
