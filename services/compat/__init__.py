"""Reward protocols of other people's trainers, spoken to the letter; each is a small module of its own.

The request fields that we do not know are ignored: their clients add some. What a failed judge becomes stands in each
module; it is never a reward of zero.
"""

from services.compat import (
    kimina,
    nemo_gym,
    open_instruct,
    openrlhf,
    sandbox_fusion,
    slime,
    verify,
)

__all__ = ["routers"]

routers = (
    openrlhf.router,
    verify.router,
    kimina.router,
    nemo_gym.router,
    slime.router,
    sandbox_fusion.router,
    open_instruct.router,
)
"""For `services.app`."""
