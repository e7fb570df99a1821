"""TensorBoard event files, derived from metrics.jsonl."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tensorboard.compat.proto import event_pb2, summary_pb2  # type: ignore[import-untyped]
from tensorboard.summary.writer.event_file_writer import EventFileWriter  # type: ignore[import-untyped]


class Events:
    """One TensorBoard run per stage (`folder/<stage>`), written anew from the records on opening.

    Anew instead of appended: events are written by a thread, so a killed run's file may lack steps that
    metrics.jsonl has, and may hold steps that the resumed run does again. Each file starts with a purge of
    all that was read before it. Older files stay, because a TensorBoard that is open on one of them never
    gets past its end once it is deleted.

    Args:
        folder: where the stages' folders are.
        records: lines of metrics.jsonl that stay.
    """

    def __init__(self, folder: Path, records: Iterable[Mapping[str, Any]]) -> None:
        self._folder = folder
        self._writers: dict[str, EventFileWriter] = {}
        for record in records:
            self.add(record)
        for stage in self._writers:
            self.flush(stage)

    def add(self, record: Mapping[str, Any]) -> None:
        """Queue one line of metrics.jsonl; lists become `name/0`, `name/1` ..., nulls are left out."""
        summary = summary_pb2.Summary()
        for name, value in record["values"].items():
            scalars = {f"{name}/{i}": x for i, x in enumerate(value)} if isinstance(value, list) else {name: value}
            for tag, number in scalars.items():
                if number is not None:
                    summary.value.add(tag=tag, simple_value=number)
        event = event_pb2.Event(step=record["step"], wall_time=record["time"], summary=summary)
        self._writer(record["stage"]).add_event(event)

    def flush(self, stage: str) -> None:
        """Write what is queued for the stage."""
        self._writers[stage].flush()

    def close(self) -> None:
        for writer in self._writers.values():
            writer.close()

    def _writer(self, stage: str) -> EventFileWriter:
        if stage not in self._writers:
            folder = self._folder / stage
            older = set(folder.glob("events.out.tfevents.*"))
            writer = EventFileWriter(str(folder))
            (newest,) = set(folder.glob("events.out.tfevents.*")) - older
            for path in older:
                # TensorBoard reads in the order of names, which hold the second: after a clock that went back,
                # or twice in a second, an older file would come last and win.
                if path.name > newest.name:
                    path.unlink()
            purge = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
            writer.add_event(event_pb2.Event(step=0, session_log=purge))
            self._writers[stage] = writer
        return self._writers[stage]
