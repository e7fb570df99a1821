"""Weights from the learner to the rollout workers, and the canary that says whether they arrived."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rlcore.config.rl import CANARY_TOLERANCES
from rlcore.config.run import RunConfig
from rlcore.learn.ranks import LearnerGroup
from rlcore.rl import canary
from rollout.pool import RolloutPool


class WeightSync:
    """Hands weights over and checks them; what is wrong stops the run before it is sampled from.

    Attributes:
        weights: sha256 (hex) that names the weights which the workers hold.

    Args:
        weights_file: the file of a weights version.
        prompts: gives the prompts (`_T` ids each) that canary sequences may be chosen from, the most useful first.
        watch: the canary of a run that goes on; None chooses one by the learner's weights now.
    """

    def __init__(
        self,
        learner: LearnerGroup,
        rollout: RolloutPool,
        config: RunConfig,
        *,
        weights_file: Callable[[int], Path],
        prompts: Callable[[], Sequence[Sequence[int]]],
        vocabulary: int,
        watch: canary.Canary | None,
    ) -> None:
        self._learner, self._rollout, self._config = learner, rollout, config
        self._weights_file, self._prompts, self._vocabulary = weights_file, prompts, vocabulary
        self._tolerance = config.train.canary_tolerance or CANARY_TOLERANCES[config.model.dtype]
        self.watch = watch or self._choose()
        self.weights = ""

    def push(self, version: int) -> dict[str, Any]:
        """Give every rollout worker the learner's weights as `version`, and check the canary. Returns metrics.

        When the router has drifted so far that the canary's sequences no longer reach every expert they reached,
        others are chosen and checked too.

        Raises:
            CanaryError: rollout and learner disagree.
        """
        began = time.perf_counter()
        path = self._weights_file(version)
        checksums = self._learner.write_weights(path)
        self.weights = hashlib.sha256(json.dumps(checksums, sort_keys=True).encode()).hexdigest()
        self._rollout.update_weights(path, version)
        pushed = time.perf_counter()
        values = self._check(checksums)
        if values["canary/expert_coverage"] < self.watch.coverage:
            self.watch = self._choose()
            values = self._check(checksums)
        return values | {"time/sync": pushed - began, "time/canary": time.perf_counter() - pushed}

    def _check(self, checksums: dict[str, str]) -> dict[str, Any]:
        return canary.check(
            self._learner, self._rollout, self.watch.sequences, checksums=checksums, tolerance=self._tolerance
        )

    def _choose(self) -> canary.Canary:
        return canary.choose(
            self._learner,
            self._prompts(),
            count=self._config.train.canary_sequences,
            vocabulary=self._vocabulary,
            context=self._config.model.context,
            seed=self._config.seed,
        )
