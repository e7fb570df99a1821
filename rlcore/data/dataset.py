"""The problems of a run: what is trained on, what is held out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rlcore.config.run import RunConfig
from rlcore.data.mixture import Mixture, read_problems
from rlcore.data.screening import Screening
from rlcore.data.sources.drops import Drops
from verifiers.types import Problem


@dataclass(frozen=True)
class Dataset:
    """Attributes:
    train: the training problems by source.
    held_out: the held-out ones; none of them is in `train`.
    dropped: rows that the sources lost; dropped_rows.jsonl has the reasons.
    """

    train: Mixture
    held_out: list[Problem]
    dropped: int

    @property
    def problems(self) -> list[Problem]:
        """All of them, training problems first."""
        return [*self.train.problems, *self.held_out]

    @property
    def verifiers(self) -> list[str]:
        """Names of the judges that the problems use."""
        return sorted({problem.verifier for problem in self.problems})


def read_dataset(config: RunConfig, folder: Path, say: Callable[[str], None]) -> Dataset:
    """Read every source of the run; what is dropped is written to dropped_rows.jsonl in `folder`.

    Raises:
        ValueError: as `read_problems`.
    """
    data = config.data
    drops = Drops(folder / "dropped_rows.jsonl", max_share=data.max_dropped_share)
    with Screening(say=say, enabled=data.screen) as screening:
        mixture, held_out, overlap = read_problems(
            data, seed=config.seed, measured=config.eval.problems, drops=drops, screening=screening
        )
    if overlap:
        say(f"data: {overlap} training problems are also held out: removed from training")
    return Dataset(mixture, held_out, len(drops.rows))
