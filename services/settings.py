"""Settings of the reward service."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """Everything `services.app.create_app` needs; `python -m services --help` sets the ones people change."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    host: str = "127.0.0.1"
    """Address to listen on. There is no authentication: keep it on loopback or behind a proxy that has one."""
    port: int = Field(default=8300, ge=0, le=65535)
    """Port; 0 picks a free one."""
    workers: int = Field(default=2, ge=1)
    """Judge processes."""
    deadline_seconds: float = Field(default=5.0, gt=0)
    """Hard wall-clock limit on judging one answer."""
    max_items: int = Field(default=1024, ge=1)
    """Items in one request."""
    max_text_chars: int = Field(default=400_000, ge=1)
    """A longer completion is not judged: its verdict is `rejected`."""
    max_body_bytes: int = Field(default=64 << 20, ge=1)
    """Bytes of one request body."""
    max_queued: int = Field(default=16_384, ge=1)
    """Answers that wait at most; more are refused with 503."""
    max_requests: int = Field(default=64, ge=1)
    """Requests scored at once; more wait."""
    user_functions: tuple[str, ...] = ()
    """The verifiers `path/to/file.py:function` that callers may name, letter for letter: each runs that file here."""
