"""The processes of a run: Ray, learner ranks, rollout workers, the reward service. Started when first needed."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from rlcore.config.run import RunConfig
from rlcore.learn.ranks import LearnerGroup
from rlcore.run import cluster
from rlcore.run.rewards import OwnRewardService
from rollout.hand_over import HandOver
from rollout.pool import RolloutPool
from services.client import KEY_SETTING, RewardClient
from verifiers.user import is_user_spec


class Processes:
    """Owns every actor and process of a run; `close` ends them, and only them.

    Args:
        base_policy: gives the folder that the rollout workers load first.
        verifiers: gives the names of the judges that will be asked.
    """

    def __init__(
        self,
        config: RunConfig,
        folder: Path,
        *,
        base_policy: Callable[[], Path],
        verifiers: Callable[[], list[str]],
        say: Callable[[str], None],
    ) -> None:
        self._config, self._folder, self._say = config, folder, say
        self._base_policy, self._verifiers = base_policy, verifiers
        self._service: OwnRewardService | None = None
        self._hand_over = HandOver(folder, form=config.rollout.hand_over, one_node=cluster.one_node, say=say)

    @cached_property
    def ray(self) -> Any:
        """The context of Ray, connected (`rlcore.run.cluster`)."""
        return cluster.connect(self._config, self._say)

    @property
    def ray_logs(self) -> Path | None:
        """Folder of Ray's logs on this machine; None where Ray is not up, or keeps none here."""
        session = vars(self)["ray"].address_info.get("session_dir") if "ray" in vars(self) else None
        return Path(session) / "logs" if session else None

    @cached_property
    def learner(self) -> LearnerGroup:
        """The learner ranks, without a model yet."""
        _ = self.ray
        deadlines = self._config.ray
        return LearnerGroup(
            self._config.learner,
            startup_seconds=deadlines.startup_seconds,
            stall_seconds=deadlines.stall_seconds,
        )

    @cached_property
    def rollout(self) -> RolloutPool:
        """The rollout workers, serving the base policy until they are given other weights."""
        _ = self.ray
        config, model = self._config.rollout, self._config.model
        options: dict[str, Any] = {"model_path": str(self._base_policy()), "max_model_len": model.context}
        if config.engine == "scripted":
            options |= {"script": config.script}
        else:
            options |= {
                "dtype": model.dtype,
                "max_sequences": config.max_sequences,
                "threads": config.threads,
                "device": "cuda" if config.gpus_per_worker else "cpu",
            }
        if config.engine == "vllm":
            options |= {"kv_cache_gib": config.kv_cache_gib, "gpu_memory_share": config.gpu_memory_share}
        return RolloutPool.start(
            config.engine,
            options,
            workers=config.workers,
            startup_seconds=self._config.ray.startup_seconds,
            gpus_per_worker=config.gpus_per_worker,
            stall_seconds=self._config.ray.stall_seconds,
            on_event=self._say,
        )

    @cached_property
    def rewards(self) -> RewardClient:
        """Client of the reward service; starts the run's own service where no URL is given."""
        reward = self._config.reward
        urls = reward.urls
        if not urls:
            user_functions = [name for name in self._verifiers() if is_user_spec(name)]
            store = self._folder / "reward.db" if reward.keep_verdicts else None
            self._service = OwnRewardService(reward, user_functions=user_functions, say=self._say, store=store)
            urls = (self._service.url,)
            self._say(f"reward service: {self._service.url} (a page of its verdicts: open it in a browser)")
        # Not of the config: that is written down with the run.
        key = os.environ.get(KEY_SETTING, "")
        client = RewardClient(urls, key=key, max_wait_seconds=reward.max_wait_seconds, on_wait=self._say)
        client.wait_ready()
        return client

    def weights_file(self, version: int) -> Path:
        """Where weights version `version` is handed over; the ones before the previous are removed."""
        return self._hand_over.place(version)

    def drop_learner(self) -> None:
        """End the learner ranks, dead or alive; `learner` starts others."""
        if "learner" in vars(self):
            self.learner.close()
            del self.learner

    def close(self) -> None:
        """End what was started."""
        started = vars(self)
        for name in ("rollout", "learner", "rewards"):
            if name in started:
                started[name].close()
        if self._service is not None:
            self._service.close()
        self._hand_over.close()
