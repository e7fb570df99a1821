"""The log of a run's metrics: metrics.jsonl plus TensorBoard events.

metrics.jsonl is the record; the TensorBoard files are derived from it and are written anew when a run resumes.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from rlcore.report.catalogue import lookup
from rlcore.run.folder import write_text

if TYPE_CHECKING:
    from rlcore.report.tensorboard import Events

logger = logging.getLogger(__name__)


def read_metrics(path: str | Path) -> list[dict[str, Any]]:
    """The lines of a metrics.jsonl: `{"stage", "step", "time", "values"}` each. No file is an empty list.

    A torn last line (the writer was killed in the middle of it) is left out.

    Raises:
        ValueError: any other line is not a JSON object; file and line are named.
    """
    path = Path(path)
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")
    records: list[dict[str, Any]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            records.append({key: record[key] for key in ("stage", "step", "time", "values")})
        except (ValueError, TypeError, KeyError):
            if number == len(lines):
                break
            raise ValueError(f"{path}:{number}: not a metrics line; delete it or start a new run folder") from None
    return records


def _encode(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, allow_nan=False).encode() + b"\n"


class MetricsLog:
    """Appends to `run_dir/metrics.jsonl` and mirrors it to `run_dir/tensorboard/<stage>/`.

    On resume, lines of a stage behind its resume step are removed (atomically), so that a run that was
    killed and resumed has exactly the lines of an unbroken one.

    Args:
        run_dir: the run folder; made if missing.
        resume_step: stage -> last step that counts (-1: none does). Stages not named keep their lines.
        tensorboard: mirror to TensorBoard.

    Attributes:
        non_finite: how many NaN and infinite values were written as null.
    """

    def __init__(
        self, run_dir: str | Path, *, resume_step: Mapping[str, int] | None = None, tensorboard: bool = True
    ) -> None:
        run_dir = Path(run_dir)
        run_dir.mkdir(parents=True, exist_ok=True)
        self.path = run_dir / "metrics.jsonl"
        self.non_finite = 0
        records = _cut(self.path, resume_step or {})
        self._last_step = {record["stage"]: record["step"] for record in records}
        self._file = self.path.open("ab")
        self._events: Events | None = None
        if tensorboard:
            from rlcore.report.tensorboard import Events

            self._events = Events(run_dir / "tensorboard", records)

    def log(self, stage: str, step: int, values: Mapping[str, float | Iterable[float]]) -> None:
        """Write one step. Lists become one scalar per entry in TensorBoard; NaN and infinity become null.

        Raises:
            ValueError: a name METRICS does not have, or a step that is already there.
        """
        for name in values:
            lookup(name)
        last = self._last_step.get(stage)
        if last is not None and step <= last:
            raise ValueError(
                f"{stage} step {step} comes after step {last}: log each step once, and on resume open the log "
                f"with resume_step={{{stage!r}: {step - 1}}}"
            )
        record = {"stage": stage, "step": step, "time": time.time(), "values": self._plain(stage, step, values)}
        # One write per line: kill -9 leaves whole lines and at most one torn one.
        self._file.write(_encode(record))
        self._file.flush()
        self._last_step[stage] = step
        if self._events is not None:
            self._events.add(record)
            self._events.flush(stage)

    def _plain(self, stage: str, step: int, values: Mapping[str, float | Iterable[float]]) -> dict[str, Any]:
        plain: dict[str, Any] = {}
        for name, value in values.items():
            if isinstance(value, Iterable):
                numbers = [_finite(entry) for entry in value]
                plain[name] = numbers
            else:
                numbers = [_finite(value)]
                plain[name] = numbers[0]
            if None in numbers:
                self.non_finite += numbers.count(None)
                logger.warning(
                    "%s step %d: %s is not finite (logged as null; %d such values so far)",
                    stage, step, name, self.non_finite,
                )  # fmt: skip
        return plain

    def close(self) -> None:
        self._file.close()
        if self._events is not None:
            self._events.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _finite(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None


def _cut(path: Path, resume_step: Mapping[str, int]) -> list[dict[str, Any]]:
    """Drop a torn last line and the lines behind each resume step; returns what stays."""
    kept = [record for record in read_metrics(path) if record["step"] <= resume_step.get(record["stage"], math.inf)]
    content = b"".join(_encode(record) for record in kept)
    if path.exists() and path.read_bytes() != content:
        write_text(path, content.decode())
    return kept
