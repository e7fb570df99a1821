"""The section of the reward service."""

from __future__ import annotations

from rlcore.config.fields import Amount, Positive, Section, Share


class RewardConfig(Section):
    """The reward service."""

    urls: tuple[str, ...] = ()
    """Services to score with (their key: RLCORE_REWARD_KEY in the environment); empty: the run starts one on loopback
    and restarts it if it dies."""
    keep_verdicts: bool = True
    """The run's own service keeps every verdict with its inputs in `reward.db` of the run folder, for its page."""
    workers: Positive = 2
    """Judge processes of the service the run starts."""
    deadline_seconds: Amount = 5.0
    """Hard limit on judging one answer."""
    max_masked_share: Share = 0.01
    """More judge failures than this stop the run."""
    max_wait_seconds: Amount = 0.0
    """Give up waiting for a service that is away; 0 waits for ever."""
