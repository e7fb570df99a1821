"""The section of the bootstrap stage."""

from __future__ import annotations

from pydantic import Field

from rlcore.config.fields import Amount, Count, Positive, Section
from rlcore.config.learner import OptimConfig


class TextPart(Section):
    """One corpus of a mixture to pretrain on: `[[pretrain.mixture]]`."""

    corpus: str
    """As `pretrain.corpus`."""
    share: float = Field(default=1.0, gt=0.0)
    """Share of the characters; shares are divided by their sum."""
    levels: tuple[Positive, ...] = ()
    """Levels of a family whose texts have them; empty: all."""


class PretrainConfig(Section):
    """The bootstrap stage: next-token training on packed documents."""

    corpus: str = "arithmetic"
    """A family that makes texts (`arithmetic`, `programs`, `theorems`, or a file of your own, `path/to/file.py`), or a
    text or JSONL file with a `text` field per line."""
    mixture: tuple[TextPart, ...] = ()
    """Several corpora with shares, in place of `corpus`."""
    steps: Positive = 400
    """Optimiser steps."""
    batch_tokens: Positive = 8192
    """Tokens per optimiser step over all ranks."""
    row_tokens: Positive = 128
    """Tokens of a packed row."""
    balance_coef: Amount = 1e-2
    """Load-balance loss per layer (Switch, arXiv 2101.03961)."""
    held_out_documents: Count = 256
    """Documents kept for the validation loss."""
    checkpoint_every: Positive = 100
    """Steps between checkpoints."""
    optim: OptimConfig = OptimConfig()
    """Optimiser of this stage."""
