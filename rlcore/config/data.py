"""The section of the problems."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from rlcore.config.fields import Count, Positive, Section, Share


class ProblemPart(Section):
    """One source of a mixture of problems: `[[data.mixture]]`."""

    source: str
    """As `data.source`."""
    share: float = Field(default=1.0, gt=0.0)
    """Share of the prompts of a step and of the filter; shares are divided by their sum."""
    size: Count = 0
    """As `data.size`; 0: that."""
    levels: tuple[Positive, ...] = ()
    """Levels of a family that has them; empty: all."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Of a family that has options: `programs` has `shown`, 0 to 2 examples in the prompt (2)."""
    held_out: Count = 0
    """At most so many held-out problems are measured; 0: `eval.problems`."""


class DataConfig(Section):
    """The problems."""

    source: str = "arithmetic"
    """A family: `arithmetic`, `theorems`, `word_problems:en+zh`, `programs:en+zh`, `reasoning_gym:FAMILY`, or a file of
    your own, `path/to/file.py` (docs/DATA.md). Or rows: `leandojo:FILE.json`, `hf:NAME_OR_FOLDER[@SUBSET][:SPLIT]`, a
    path ending in .jsonl, .jsonl.gz, .json, .csv or .parquet."""
    mixture: tuple[ProblemPart, ...] = ()
    """Several sources with shares, in place of `source`."""
    format: str = "auto"
    """Layout of the rows of a file (docs/DATA.md lists them); auto looks at the keys of each."""
    held_out: str = ""
    """A source for the held-out problems; empty: split off `source`."""
    held_out_share: Share = 0.1
    """Share of problems held out, by hash of the problem's text."""
    size: Positive = 6000
    """How many problems a family makes (before the split)."""
    limit: Count = 0
    """Use at most so many training problems; 0 is all."""
    verifier: str = ""
    """Judge of every problem, overriding the loader's: `math`, `code`, `lean`, `gym` or
    `path/to/file.py:function`."""
    screen: bool = True
    """Ask the built-in judges before the run whether they can judge against each reference, and drop the rows where
    they cannot or where an answer that solves nothing passes. What was found out is kept for the next run."""
    max_dropped_share: Share = 0.05
    """More dropped rows of one source than this share stop the run (GSM8K and CMATH lose none; a few in a hundred are
    answers that no parser reads, one in twenty is a wrong format, key or judge)."""
    prompt_template: str = ""
    """A text with `{prompt}` put around every string prompt; empty leaves it as it is."""
    chat: bool = False
    """Send the prompt as a user message through the tokenizer's chat template."""
