"""What the stages of a run share: Ray, learner ranks, rollout workers, the reward service, the data. Made on demand."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rlcore.config.run import RunConfig
from rlcore.data.mixture import Pool, read_pool
from rlcore.data.screening import Screening
from rlcore.data.sources.drops import Drops
from rlcore.learn.ranks import LearnerGroup
from rlcore.policy import tokens
from rlcore.report.log import MetricsLog
from rlcore.run import cluster
from rlcore.run.folder import RunFolder
from rlcore.run.rewards import OwnRewardService
from rollout.hand_over import HandOver
from rollout.pool import RolloutPool
from services.client import KEY_SETTING, RewardClient
from verifiers.types import Problem
from verifiers.user import is_user_spec


class Resources:
    """Owns every actor and process of a run; `close` ends them, and only them."""

    def __init__(self, config: RunConfig, folder: RunFolder) -> None:
        self.config, self.folder = config, folder
        self._service: OwnRewardService | None = None
        self.hand_over = HandOver(folder.path, form=config.rollout.hand_over, one_node=cluster.one_node, say=self.say)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        made = vars(self)
        for name in ("rollout", "learner", "reward_client"):
            if name in made:
                made[name].close()
        if self._service is not None:
            self._service.close()
        if "metrics" in made:
            made["metrics"].close()
        self.hand_over.close()

    @staticmethod
    def say(text: str) -> None:
        """A line for people."""
        print(text, flush=True)

    @cached_property
    def tokenizer(self) -> Any:
        """The policy's tokenizer."""
        name = self.config.model.path or self.config.model.tokenizer
        return tokens.load_tokenizer(name, self.config.model.context)

    def decode(self, token_ids: list[int]) -> str:
        """The text of completion tokens, as the rollout engines give it."""
        return str(self.tokenizer.decode(token_ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))

    @cached_property
    def _data(self) -> tuple[Pool, list[Problem]]:
        data = self.config.data
        with Screening(say=self.say, enabled=data.screen) as screening:
            pool, held_out, overlap = read_pool(
                data,
                seed=self.config.seed,
                measured=self.config.eval.problems,
                drops=self.drops,
                screening=screening,
            )
        if overlap:
            self.say(f"data: {overlap} training problems are also held out: removed from training")
        return pool, held_out

    @cached_property
    def drops(self) -> Drops:
        """The rows that the data lost."""
        return Drops(self.folder.path / "dropped_rows.jsonl", max_share=self.config.data.max_dropped_share)

    @property
    def pool(self) -> Pool:
        """The training problems by source."""
        return self._data[0]

    @property
    def held_out(self) -> list[Problem]:
        """The held-out problems; none of them is in the pool."""
        return self._data[1]

    @cached_property
    def verifiers(self) -> list[str]:
        """Names of the judges that the problems use."""
        return sorted({problem.verifier for problem in (*self.pool.problems, *self.held_out)})

    def prompt_ids(self, problem: Problem) -> tuple[int, ...]:
        """The ids a completion of the problem continues; ValueError when it leaves no room."""
        config = self.config
        return tokens.encode_prompt(
            self.tokenizer,
            problem,
            chat=config.data.chat,
            template=config.data.prompt_template,
            max_prompt=config.model.context - config.rollout.max_new_tokens,
        )

    @cached_property
    def ray(self) -> Any:
        """The context of Ray, connected (`rlcore.run.cluster`)."""
        return cluster.connect(self.config, self.say)

    @property
    def ray_logs(self) -> Path | None:
        """Folder of Ray's logs on this machine; None where Ray is not up, or keeps none here."""
        session = vars(self)["ray"].address_info.get("session_dir") if "ray" in vars(self) else None
        return Path(session) / "logs" if session else None

    @cached_property
    def learner(self) -> LearnerGroup:
        """The learner ranks, without a model yet."""
        _ = self.ray
        return LearnerGroup(self.config.learner, startup_seconds=self.config.ray.startup_seconds)

    @cached_property
    def rollout(self) -> RolloutPool:
        """The rollout workers, serving the policy of `policy_folder`."""
        _ = self.ray
        config, model = self.config.rollout, self.config.model
        options: dict[str, Any] = {"model_path": str(self.policy_folder()), "max_model_len": model.context}
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
            startup_seconds=self.config.ray.startup_seconds,
            gpus_per_worker=config.gpus_per_worker,
            on_event=self.say,
        )

    @cached_property
    def reward_client(self) -> RewardClient:
        """Client of the reward service; starts the run's own service where no URL is given."""
        reward = self.config.reward
        urls = reward.urls
        if not urls:
            user_functions = [name for name in self.verifiers if is_user_spec(name)]
            store = self.folder.path / "reward.db" if reward.keep_verdicts else None
            self._service = OwnRewardService(reward, user_functions=user_functions, say=self.say, store=store)
            urls = (self._service.url,)
            self.say(f"reward service: {self._service.url} (a page of its verdicts: open it in a browser)")
        # Not of the config: that is written down with the run.
        key = os.environ.get(KEY_SETTING, "")
        client = RewardClient(urls, key=key, max_wait_seconds=reward.max_wait_seconds, on_wait=self.say)
        client.wait_ready()
        return client

    @cached_property
    def metrics(self) -> MetricsLog:
        """The metrics log, cut back to the newest checkpoint of each stage."""
        resume = {}
        for stage in ("pretrain", "train"):
            checkpoint = self.folder.latest(stage)
            resume[stage] = checkpoint.step if checkpoint else -1
        return MetricsLog(self.folder.path, resume_step=resume)

    def fill_checkpoint(self, folder: Path) -> None:
        """Write the learner's state and the `hf/` folder of a checkpoint."""
        self.learner.save(folder / "learner")
        self.learner.export(folder / "hf", self.tokenizer)
        if not (folder / "hf" / "config.json").exists():
            raise RuntimeError(
                f"the learner wrote its checkpoint to another place than {folder}: run_dir must be a folder that "
                "every node of the cluster sees"
            )

    def policy_folder(self) -> Path:
        """The policy that RL starts from: `model.path`, or what the pretrain stage made."""
        if self.config.model.path:
            path = Path(self.config.model.path)
            return path.resolve() if path.is_dir() else path
        checkpoint = self.folder.latest("pretrain")
        if checkpoint is None or checkpoint.step < self.config.pretrain.steps:
            raise ValueError(
                f"{self.folder.path} holds no pretrained policy: run the pretrain stage first "
                "(`rlcore pretrain`), or set model.path"
            )
        return checkpoint.hf

    def weights_file(self, version: int) -> Path:
        """Where weights version `version` is handed over; the ones before the previous are removed."""
        return self.hand_over.place(version)
