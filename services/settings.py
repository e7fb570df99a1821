"""Settings of the reward service: options of `python -m services`, or `REWARD_*` in the environment."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.schemas import faults

PREFIX = "REWARD_"
# The variables that Kubernetes adds for a service of that name are many.
_MOST_NAMED = 8


def default_store() -> str:
    """An SQLite file in the user's folder for state."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    return f"sqlite:///{Path(state) / 'rlcore/reward.db'}"


class Settings(BaseModel):
    """Everything `services.app.start` needs."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    host: str = "127.0.0.1"
    """Address to listen on. On loopback callers without a key are let in (`auth`)."""
    port: int = Field(default=8300, ge=0, le=65535)
    """Port; 0 picks a free one."""
    port_file: Path | None = None
    """Write the port here once the service is ready."""
    processes: int = Field(default=1, ge=1, le=64)
    """Server processes that share the port, each with `workers` judges of its own; one that dies is replaced."""
    workers: int = Field(default=2, ge=1)
    """Judges of each server process."""
    deadline_seconds: float = Field(default=5.0, gt=0)
    """Hard wall-clock limit on judging one answer, where its judge has none of its own."""
    auth: Literal["auto", "required"] = "auto"
    """`auto`: whoever reaches a loopback address needs no key. On another address a key is always required."""
    admin_key: str = Field(default="", repr=False)
    """A key with all scopes, beside those of the store (for secrets of an orchestrator)."""
    store: str = Field(default_factory=default_store, repr=False)
    """Where verdicts are kept: `sqlite:///FILE`, `postgresql+psycopg://...`, or `off`."""
    store_days: float = Field(default=30.0, gt=0)
    """Verdicts older than this are deleted."""
    store_megabytes: int = Field(default=4096, ge=8)
    """Above this size of the store its oldest verdicts are deleted."""
    store_problem_megabytes: int = Field(default=1024, ge=1)
    """What the registered problems of one tenant may take; more are refused with 413."""
    store_wait_seconds: float = Field(default=30.0, gt=0)
    """How long a request waits for a store that is away, before it is refused (503)."""
    max_items: int = Field(default=1024, ge=1)
    """Items in one request."""
    max_text_chars: int = Field(default=400_000, ge=1)
    """A longer completion is not judged: its verdict is `rejected`."""
    max_body_bytes: int = Field(default=16 << 20, ge=1)
    """Bytes of one request body."""
    max_bodies_bytes: int = Field(default=64 << 20, ge=1)
    """Bytes of all request bodies at once, and half of it of one key's; more are refused with 503 and 429."""
    max_depth: int = Field(default=32, ge=4)
    """Nesting of the JSON of a request."""
    max_backlog_seconds: float = Field(default=60.0, gt=0)
    """Work admitted at most, in estimated seconds until the judges are through with it; more is refused: 503, or 429
    where one key has half of it."""
    max_request_seconds: float = Field(default=900.0, gt=0)
    """Deadline of a request that names none (header `X-Deadline-Ms`), and the longest one that may be asked for."""
    read_seconds: float = Field(default=20.0, gt=0)
    """A caller has so long for the headers of a request, again for its body, and for taking a piece of the answer."""
    max_connections: int = Field(default=4096, ge=1)
    """Open connections of one server process; requests on more are refused with 503."""
    access_log: bool = False
    """Write a line for each request to stderr: its route, status, milliseconds, id and the name of its key."""
    user_functions: tuple[str, ...] = ()
    """The verifiers `path/to/file.py:function` that callers may name, letter for letter: each runs that file here."""

    @model_validator(mode="after")
    def _bodies_fit(self) -> Settings:
        if self.max_bodies_bytes < 2 * self.max_body_bytes:
            raise ValueError("max_bodies_bytes has to be at least twice max_body_bytes: one key may have half of it")
        return self

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], **given: object) -> Settings:
        """`given` before `REWARD_NAME` before the defaults.

        Raises ValueError for a variable that is none of ours, which may be a setting that is mistyped, and for a bad
        value; both are named as the environment does.
        """
        found: dict[str, object] = {}
        foreign: list[str] = []
        for name, value in environment.items():
            if not name.startswith(PREFIX):
                continue
            field = name.removeprefix(PREFIX).lower()
            if field not in cls.model_fields:
                foreign.append(name)
                continue
            # `REWARD_USER_FUNCTIONS` holds one per line.
            found[field] = tuple(value.split("\n")) if field == "user_functions" else value
        if foreign:
            raise ValueError(_about(sorted(foreign), list(cls.model_fields)))
        asked = {name: value for name, value in given.items() if value is not None}
        try:
            return cls.model_validate(found | asked)
        except ValidationError as error:
            named = {str(each["loc"][0]) for each in error.errors(include_input=False) if each["loc"]}
            if variables := sorted(PREFIX + name.upper() for name in named & (found.keys() - asked.keys())):
                raise ValueError(f"{faults(error)} (as {', '.join(variables)} in the environment says)") from None
            raise


def _about(foreign: Sequence[str], settings: Sequence[str]) -> str:
    """Variables that are none of ours, and how to start without them. Their values may be secrets."""
    ours = [PREFIX + name.upper() for name in settings]
    near = [match for name in foreign for match in difflib.get_close_matches(name, ours, n=1, cutoff=0.85)]
    meant = f"; did you mean {', '.join(dict.fromkeys(near))}?" if near else ""
    named = ", ".join(foreign[:_MOST_NAMED])
    named += f" and {len(foreign) - _MOST_NAMED} more" if len(foreign) > _MOST_NAMED else ""
    without = " ".join(f"-u {name}" for name in foreign[:_MOST_NAMED])
    return (
        f"the environment has {named}: no setting of this service, which reads all {PREFIX}NAME{meant or '.'} Unset "
        f"what is another program's (`env {without} COMMAND`); `python -m services --help` lists the settings"
    )
