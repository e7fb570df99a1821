"""Where in a run an answer stands, in the words of trainers (`services.schemas.Labels`)."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Sequence
from typing import Any

from services.schemas import Labels

RUN_SETTING = "RLCORE_REWARD_RUN"
_MOST_FAMILY, _MOST_GROUP = 100, 200


def labels_of(
    run: str, *, step: int | None = None, family: Any = None, group: Any = None, sample: int | None = None
) -> Labels | None:
    """None without a run, which comes from RLCORE_REWARD_RUN where it is empty.

    `family` and `group` are a data set's own words: what a label may not be is cut, no run ends for it. Raises
    ValueError for a name of a run that is none.
    """
    run = run or os.environ.get(RUN_SETTING, "")
    if not run:
        return None
    return Labels(
        run=run, step=step, family=_word(family, _MOST_FAMILY), group=_word(group, _MOST_GROUP), sample=sample
    )


def groups_of(prompts: Sequence[Any]) -> list[tuple[str, int]]:
    """For each prompt a name that equal ones share, and its number among these, over all processes of a trainer."""
    rank, processes = (_whole(os.environ.get(name, "")) for name in ("RANK", "WORLD_SIZE"))
    met: Counter[str] = Counter()
    found = []
    for prompt in prompts:
        # What is no JSON, such as a picture, is told apart by its kind only.
        text = json.dumps(prompt, sort_keys=True, default=lambda value: type(value).__name__)
        name = hashlib.sha256(text.encode()).hexdigest()[:16]
        found.append((name, rank + max(processes, 1) * met[name]))
        met[name] += 1
    return found


def _word(value: Any, most: int) -> str | None:
    text = "".join(letter if letter.isprintable() else " " for letter in str(value)[:most])
    return text.strip() or None if value is not None else None


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
