"""Reads a run folder as it is, finished or not: what is missing or broken becomes a note, never an error."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rlcore.report.log import read_metrics

MAX_SAMPLES = 600
MAX_SAMPLE_STEPS = 12
MAX_SAMPLE_BYTES = 2_000_000
MAX_TEXT_CHARACTERS = 6_000
MAX_STATUS_FILES = 300

Json = dict[str, Any]


@dataclass
class RunRecord:
    """A run folder in memory.

    Attributes:
        stages: stage -> its lines of metrics.jsonl, in order.
        before, after: the evaluations; empty where not there.
        filter: the difficulty filter's result; empty where not there.
        samples: the embedded samples, at most MAX_SAMPLES.
        samples_total: how many samples the folder holds (of the files that were read).
        statuses: step -> status -> number of samples.
        notes: what is missing or cannot be read, for people.
    """

    folder: Path
    manifest: Json = field(default_factory=dict)
    summary: Json = field(default_factory=dict)
    before: Json = field(default_factory=dict)
    after: Json = field(default_factory=dict)
    filter: Json = field(default_factory=dict)
    stages: dict[str, list[Json]] = field(default_factory=dict)
    samples: list[Json] = field(default_factory=list)
    samples_total: int = 0
    statuses: dict[int, Counter[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def setting(self, *keys: str, default: Any = None) -> Any:
        """`manifest["config"][keys...]`, or the default."""
        value: Any = self.manifest.get("config")
        for key in keys:
            if not isinstance(value, dict) or key not in value:
                return default
            value = value[key]
        return value

    def series(self, stage: str, name: str) -> tuple[list[float], list[float | None]]:
        """Steps and values of one scalar metric; steps that do not have it are left out."""
        lines = [line for line in self.stages.get(stage, []) if name in line["values"]]
        return [line["step"] for line in lines], [line["values"][name] for line in lines]


def read_run(folder: str | Path) -> RunRecord:
    """Read everything a report shows.

    Raises:
        ValueError: there is no such folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such run folder; give the run_dir of a run")
    run = RunRecord(folder)
    run.manifest = _read_json(run, "manifest.json", "the configuration and the timing of stages are unknown")
    run.summary = _read_json(run, "summary.json")
    run.before = _read_json(run, "eval/before.json", "the policy was not measured before RL")
    run.after = _read_json(run, "eval/after.json", "the policy was not measured after RL")
    run.filter = _read_json(run, "filter.json")
    try:
        records = read_metrics(folder / "metrics.jsonl")
    except ValueError as error:
        records = []
        run.notes.append(f"metrics.jsonl cannot be read, so there are no curves: {error}")
    if not records:
        run.notes.append("metrics.jsonl has no lines: no step was finished.")
    grouped: dict[str, list[Json]] = defaultdict(list)
    for record in records:
        grouped[record["stage"]].append(record)
    run.stages = dict(grouped)
    _read_samples(run)
    return run


def _read_json(run: RunRecord, name: str, consequence: str = "") -> Json:
    path = run.folder / name
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if consequence:
            run.notes.append(f"{name} is not there: {consequence}.")
        return {}
    except ValueError as error:
        run.notes.append(f"{name} cannot be read: {error}.")
        return {}
    if not isinstance(content, dict):
        run.notes.append(f"{name} is not a JSON object.")
        return {}
    return content


def _read_samples(run: RunRecord) -> None:
    files = {
        int(match[1]): path
        for path in (run.folder / "samples").glob("step-*.jsonl")
        if (match := re.fullmatch(r"step-(\d+)\.jsonl", path.name))
    }
    steps = sorted(files)
    shown = spread(steps, MAX_SAMPLE_STEPS)
    counted = set(spread(steps, MAX_STATUS_FILES)) | set(shown)
    quota = MAX_SAMPLES // max(1, len(shown))
    for step in sorted(counted):
        lines = list(_lines(run, files[step]))
        run.samples_total += len(lines)
        run.statuses[step] = Counter(str(line.get("status")) for line in lines)
        if step not in shown:
            continue
        # Each step has its own room, so long texts of the first never push out the last.
        room = MAX_SAMPLE_BYTES // len(shown)
        for line in pick(lines, quota):
            sample = _trim(line, step)
            text = json.dumps(sample)
            room -= len(text) + 5 * sum(text.count(character) for character in "<>&")
            if room < 0:
                break
            run.samples.append(sample)


def _lines(run: RunRecord, path: Path) -> Iterator[Json]:
    bad = 0
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            bad += 1
            continue
        if isinstance(line, dict):
            yield line
    if bad:
        run.notes.append(f"samples/{path.name}: {bad} line(s) are not JSON and are left out.")


def _trim(line: Json, step: int) -> Json:
    def text(key: str) -> str:
        value = line.get(key)
        value = "" if value is None else value if isinstance(value, str) else json.dumps(value)
        cut = len(value) - MAX_TEXT_CHARACTERS
        return value if cut <= 0 else f"{value[:MAX_TEXT_CHARACTERS]} … ({cut} characters cut)"

    return {
        "step": step,
        "problem": text("problem_id"),
        "prompt": text("prompt"),
        "text": text("text"),
        "status": text("status"),
        "reward": line.get("reward"),
        "detail": text("detail"),
        "extracted": text("extracted"),
        "finish": text("finish_reason"),
        "learnt": line.get("learnt"),
        "tokens": line.get("tokens"),
    }


def spread(items: list[int], limit: int) -> list[int]:
    """At most `limit` of the items, evenly spaced, the first and the last among them."""
    if len(items) <= limit:
        return list(items)
    return [items[round(i * (len(items) - 1) / (limit - 1))] for i in range(limit)]


def pick(lines: list[Json], quota: int) -> list[Json]:
    """The first `quota` lines, but at least two of every status that occurs (rare ones are the telling ones)."""
    if len(lines) <= quota:
        return lines
    chosen = list(range(quota))
    seen = Counter(str(line.get("status")) for line in lines[:quota])
    rare = []
    for index in range(quota, len(lines)):
        status = str(lines[index].get("status"))
        if seen[status] < 2:
            seen[status] += 1
            rare.append(index)
    return [lines[index] for index in chosen[: quota - len(rare)] + rare]
