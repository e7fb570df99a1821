"""The groups of each step on disk, as soon as they are judged: a run that goes on samples none of them again.

One file a step, to which groups are appended. A record is a line of JSON (what is text, and how long the trajectories
are), then the arrays of all trajectories; their sizes and a checksum stand before them. A torn record at the end is
what a killed run leaves.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from rlcore.rl.trajectory import Group, Trajectory, Turn
from verifiers.types import Problem, Verdict

ARRAYS: dict[str, str] = {"ids": "<i4", "mask": "|b1", "logprobs": "<f4", "versions": "<i4", "turn": "<i2"}
"""Field of a trajectory -> its type on disk, in the order of the record."""
_SIZES = struct.Struct("<III")


class StepBuffer:
    """The judged groups of one step.

    Args:
        path: of the file; made when the first group is added.
        version: of the policy that samples; groups that another version sampled are not given back.
    """

    def __init__(self, path: Path, version: int) -> None:
        self._path, self._version = path, version
        records, self._whole = _read(path)
        self._records = {record["place"]: (record, data) for record, data in records}

    def get(self, place: int, problem: Problem, samples: int) -> Group | None:
        """The group at this place of the stream of prompts; None where it must be sampled."""
        record, data = self._records.get(place, ({}, b""))
        known = {"problem": problem.id, "version": self._version, "samples": samples}
        if {name: record.get(name) for name in known} != known:
            return None
        return Group(problem, tuple(_trajectories(record, data)))

    def groups(self, problems: Mapping[str, Problem]) -> list[Group]:
        """All groups, in the order of the stream of prompts, whatever version sampled them; `problems` by their ids.

        Raises:
            ValueError: a problem is not there.
        """
        found = []
        for _, (record, data) in sorted(self._records.items()):
            if record["problem"] not in problems:
                raise ValueError(f"{self._path} has samples of a problem {record['problem']!r} that the data has not")
            found.append(Group(problems[record["problem"]], tuple(_trajectories(record, data))))
        return found

    def add(self, place: int, group: Group) -> None:
        """Append a group; it is on disk when this returns, though not yet safe from a power cut."""
        header = {
            "place": place,
            "problem": group.problem.id,
            "version": self._version,
            "samples": len(group.trajectories),
            "lengths": [len(trajectory.ids) for trajectory in group.trajectories],
            "turns": [[_turn_to_json(turn) for turn in trajectory.turns] for trajectory in group.trajectories],
        }
        text = json.dumps(header).encode()
        data = b"".join(
            getattr(trajectory, name).astype(kind).tobytes()
            for trajectory in group.trajectories
            for name, kind in ARRAYS.items()
        )
        self._path.parent.mkdir(parents=True, exist_ok=True)
        sizes = _SIZES.pack(len(text), len(data), zlib.crc32(data, zlib.crc32(text)))
        # One write: what a kill leaves is whole records and at most one torn one, which is written over.
        with self._path.open("r+b" if self._path.exists() else "xb", buffering=0) as file:
            file.truncate(self._whole)
            file.seek(self._whole)
            self._whole += file.write(sizes + text + data)

    def prune(self, step: int, keep: int) -> None:
        """Remove the files of all steps up to `step` but its last `keep`."""
        for path in self._path.parent.glob("step-*.groups"):
            if int(path.stem.removeprefix("step-")) <= step - keep:
                path.unlink(missing_ok=True)


def step_file(folder: Path, step: int) -> Path:
    """Where the groups of step 1.. of a run folder are."""
    return folder / "buffer" / f"step-{step}.groups"


def _turn_to_json(turn: Turn) -> dict[str, Any]:
    return {"text": turn.text, "finish_reason": turn.finish_reason, "verdict": turn.verdict.model_dump(mode="json")}


def _read(path: Path) -> tuple[list[tuple[dict[str, Any], bytes]], int]:
    """The whole records of a file, and how many bytes they are: a torn one may stand behind them."""
    records: list[tuple[dict[str, Any], bytes]] = []
    whole = 0
    if path.exists():
        with path.open("rb") as file:
            while (record := _read_record(file)) is not None:
                records.append(record)
                whole = file.tell()
    return records, whole


def _read_record(file: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    sizes = file.read(_SIZES.size)
    if len(sizes) < _SIZES.size:
        return None
    text_size, data_size, checksum = _SIZES.unpack(sizes)
    text, data = file.read(text_size), file.read(data_size)
    if zlib.crc32(data, zlib.crc32(text)) != checksum:
        return None
    header: dict[str, Any] = json.loads(text)
    return header, data


def _trajectories(record: dict[str, Any], data: bytes) -> Sequence[Trajectory]:
    trajectories, at = [], 0
    for length, turns in zip(record["lengths"], record["turns"], strict=True):
        arrays: dict[str, Any] = {}
        for name, kind in ARRAYS.items():
            arrays[name] = np.frombuffer(data, dtype=kind, count=length, offset=at)
            at += arrays[name].nbytes
        made = tuple(
            Turn(turn["text"], turn["finish_reason"], Verdict.model_validate(turn["verdict"])) for turn in turns
        )
        trajectories.append(Trajectory(**arrays, turns=made))
    return trajectories
