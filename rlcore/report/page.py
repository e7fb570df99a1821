"""Writes `report.html`: one self-contained page about a run, finished or not. `python -m rlcore.report.page RUN_DIR`.

Reads what the run folder has (`rlcore.report.record`), draws (`rlcore.report.panels`), fills the page. The page
loads nothing from anywhere and works from a file. Text of the model is untrusted: the template escapes
everything, samples reach the page as JSON that cannot close its script element and are shown as text only,
and a content security policy lets no script run but the page's own.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from rlcore.doctor import cpu
from rlcore.report.axes import number
from rlcore.report.catalogue import METRICS
from rlcore.report.panels import STATUS_ORDER, STATUS_TONES, Section, sections, step_phases
from rlcore.report.record import RunRecord, read_run
from rlcore.run.folder import write_text

STAGE_NAMES = {
    "pretrain": "Pretraining", "filter": "Difficulty filter", "eval_before": "Evaluation before RL", "train": "RL",
    "eval_after": "Evaluation after RL",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A line of the before/after table. `verdict`: better, worse, or same where the intervals overlap."""

    name: str
    note: str
    before: str
    before_interval: str
    after: str
    after_interval: str
    change: str
    verdict: str


def write_report(run_dir: Path) -> Path:
    """Write `run_dir/report.html` (whole or not at all) and return its path. Same folder, same bytes.

    Raises:
        ValueError: there is no such folder.
    """
    run = read_run(run_dir)
    path = Path(run_dir) / "report.html"
    # Half a surrogate pair, which JSON can carry and UTF-8 cannot, becomes a question mark.
    write_text(path, render(run).encode("utf-8", errors="replace").decode())
    return path


def render(run: RunRecord) -> str:
    """The page as text."""
    environment = Environment(
        loader=PackageLoader("rlcore.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["script_hash"] = _script_hash
    template = environment.get_template("page.html")
    drawn: list[Section] = sections(run)
    return template.render(
        name=str(run.setting("name", default=None) or run.folder.resolve().name),
        subtitle=_subtitle(run),
        state=_state(run),
        notes=run.notes,
        cards=_cards(run),
        families=families(run),
        sections=drawn,
        timeline=timeline(run),
        phases=step_phases(run),
        samples=_embed({"samples": run.samples, "total": run.samples_total, "statuses": STATUS_ORDER}),
        tones=_embed(STATUS_TONES),
        sample_count=len(run.samples),
        sample_total=run.samples_total,
        sample_steps=sorted({sample["step"] for sample in run.samples}),
        facts=_facts(run),
        config=_flatten(run.manifest.get("config")),
        metrics=METRICS,
    )


def eval_rows(before: dict[str, Any], after: dict[str, Any]) -> list[Row]:
    """The before/after table: pass@1 at T=1, best over T, greedy, pass@k, then the shares."""

    def first(result: dict[str, Any]) -> dict[str, Any]:
        return result.get("temperatures", {}).get("1.0", {})

    picks = [("pass@1", "T = 1", first(before), first(after))]
    best_before, best_after = before.get("best_t", {}), after.get("best_t", {})
    chosen = dict.fromkeys(f"{entry['temperature']:g}" for entry in (best_before, best_after) if entry)
    picks.append(("pass@1, best temperature", f"T = {' → '.join(chosen)}", best_before, best_after))
    # null where the configuration does not have temperature 0
    picks.append(("pass@1, greedy", "T = 0", before.get("greedy") or {}, after.get("greedy") or {}))
    for k in sorted({*before.get("pass_at_k", {}), *after.get("pass_at_k", {})}, key=int):
        if int(k) > 1:
            picks.append(
                (f"pass@{k}", "T = 1", before.get("pass_at_k", {}).get(k, {}), after.get("pass_at_k", {}).get(k, {}))
            )
    rows = [_row(name, note, one, other) for name, note, one, other in picks if one or other]
    for key, name in (("truncated_share", "cut off by length"), ("masked_share", "judge failed")):
        if before.get(key) is not None or after.get(key) is not None:
            rows.append(_row(name, "share", {"value": before.get(key)}, {"value": after.get(key)}, judged=False))
    return rows


@dataclass(frozen=True)
class Family:
    """The table of one family. `name` is empty where the run has one family only."""

    name: str
    held_out: int | None
    rows: list[Row]


def families(run: RunRecord) -> list[Family]:
    """The before/after tables in the run's order; one without a name where there is nothing to tell apart."""
    before, after = (result.get("by_family") or {} for result in (run.before, run.after))
    names = list(dict.fromkeys([*before, *after]))
    if len(names) < 2:
        before, after, names = {"": run.before}, {"": run.after}, [""]
    tables = []
    for name in names:
        one, other = before.get(name, {}), after.get(name, {})
        if rows := eval_rows(one, other):
            tables.append(Family(name, (other or one).get("held_out"), rows))
    return tables


def _row(name: str, note: str, before: dict[str, Any], after: dict[str, Any], *, judged: bool = True) -> Row:
    def value(entry: dict[str, Any]) -> float | None:
        return entry.get("pass_at_1", entry.get("value"))

    def interval(entry: dict[str, Any]) -> str:
        return f"{entry['ci'][0]:.3f}\u2013{entry['ci'][1]:.3f}" if entry.get("ci") else ""

    old, new = value(before), value(after)
    change, verdict = "", "same"
    if old is not None and new is not None:
        change = f"{new - old:+.3f}".replace("-", "\u2212") if abs(new - old) >= 0.0005 else "0.000"
        if judged and before.get("ci") and after.get("ci"):
            verdict = (
                "better"
                if after["ci"][0] > before["ci"][1]
                else "worse"
                if after["ci"][1] < before["ci"][0]
                else "same"
            )
    return Row(
        name=name, note=note,
        before="" if old is None else f"{old:.3f}", before_interval=interval(before),
        after="" if new is None else f"{new:.3f}", after_interval=interval(after),
        change=change, verdict=verdict,
    )  # fmt: skip


def timeline(run: RunRecord) -> list[dict[str, Any]]:
    """The stages on one clock: offset and width in percent of the run, seconds, finished or not."""
    timings = dict(run.manifest.get("stages") or {})
    for name in ("pretrain", "train"):
        # The manifest learns of a stage when it is left: one that runs, or was killed, has only its steps.
        if name not in timings and (lines := run.stages.get(name)):
            timings[name] = {"start": lines[0]["time"] - (lines[0]["values"].get("time/step") or 0.0)}
    entries = []
    for name, timing in timings.items():
        start, end = timing["start"], timing.get("end")
        finished = end is not None
        if end is None:
            lines = run.stages.get(name)
            end = max(start + timing.get("seconds", 0.0), lines[-1]["time"] if lines else start)
        entries.append({"name": STAGE_NAMES.get(name, name), "start": start, "end": end, "finished": finished,
                        "seconds": timing.get("seconds") or end - start})  # fmt: skip
    if not entries:
        return []
    first = min(entry["start"] for entry in entries)
    span = max(entry["end"] for entry in entries) - first or 1.0
    for entry in entries:
        entry["offset"] = round(100 * (entry["start"] - first) / span, 2)
        entry["width"] = round(100 * (entry["end"] - entry["start"]) / span, 2)
        entry["shown"] = duration(entry["seconds"])
    return sorted(entries, key=lambda entry: entry["start"])


def duration(seconds: float) -> str:
    """`8.2 s`, `3 min 05 s`, `2 h 10 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def _state(run: RunRecord) -> dict[str, str]:
    """finished, or where it stands: the page of a run that was cut off says so."""
    timings = run.manifest.get("stages") or {}
    done = {name for name, timing in timings.items() if "end" in timing}
    wanted = run.setting("stages", default=[])
    # Without RL there is one evaluation, that of the policy as it is.
    measured = run.after or ("train" not in wanted and run.before)
    done |= {name for name, result in (("filter", run.filter), ("eval", measured)) if result}
    if run.setting("model", "path"):
        done.add("pretrain")
    todo = [name for name in wanted if name not in done]
    if run.manifest and not todo:
        return {"kind": "done", "text": "finished"}
    stage = todo[0] if todo else next((name for name in reversed(run.stages) if name in STAGE_NAMES), None)
    if stage is None:
        return {"kind": "open", "text": "not finished: no step yet"}
    lines = run.stages.get(stage, [])
    total = run.setting(stage, "steps")
    at = f" at step {lines[-1]['step']}" + (f" of {total}" if total else "") if lines else ""
    return {"kind": "open", "text": f"not finished: {STAGE_NAMES.get(stage, 'Evaluation after RL')}{at}"}


def _subtitle(run: RunRecord) -> list[str]:
    parts = []
    if path := run.setting("model", "path"):
        parts.append(str(path))
    elif run.setting("model"):
        model = {key: run.setting("model", key) for key in ("architecture", "layers", "hidden_size", "experts")}
        size = "{architecture}, {layers} layers of {hidden_size}".format(**model)
        if "moe" in str(model["architecture"]):
            size += f", {model['experts']} experts, top-{run.setting('model', 'experts_per_token')}"
        parts.append(size)
    if algorithm := run.setting("train", "algorithm"):
        parts.append(str(algorithm).upper())
    seed = run.manifest.get("seed", run.setting("seed"))
    if seed is not None:
        parts.append(f"seed {seed}")
    if isinstance(run.manifest.get("cpu"), dict):
        parts.append(cpu.kind(run.manifest["cpu"]))
    if (started := run.manifest.get("started")) is not None:
        parts.append(datetime.fromtimestamp(started, UTC).strftime("%Y-%m-%d %H:%M UTC"))
    return parts


def _cards(run: RunRecord) -> list[dict[str, str]]:
    cards = []
    for index, family in enumerate(families(run)):
        # Of the first family all of it, of the others the number that the run is about.
        for row in [row for row in family.rows if row.name.startswith("pass@")][: None if index == 0 else 1]:
            note = f"{family.name}, {row.note}" if family.name else row.note
            cards.append({"title": row.name, "note": note, "before": row.before, "after": row.after,
                          "change": row.change, "verdict": row.verdict})  # fmt: skip
    minutes = run.summary.get("minutes")
    if minutes is None and (stages := timeline(run)):
        minutes = sum(entry["seconds"] for entry in stages) / 60
    if minutes is not None:
        cards.append({"title": "wall time", "note": "all stages", "before": "", "after": duration(60 * float(minutes)),
                      "change": "", "verdict": "same"})  # fmt: skip
    return cards


def _facts(run: RunRecord) -> list[tuple[str, str]]:
    """Everything of the manifest but the configuration and the stages, flat."""
    return _flatten({key: value for key, value in run.manifest.items() if key not in ("config", "stages")})


def _flatten(value: Any, prefix: str = "") -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [
            pair for key, entry in value.items() for pair in _flatten(entry, f"{prefix}.{key}" if prefix else str(key))
        ]
    if not prefix:
        return []
    if isinstance(value, list | tuple):
        return [(prefix, ", ".join(map(str, value)))]
    return [(prefix, number(value) if isinstance(value, float) else str(value))]


def _embed(value: Any) -> Markup:
    """JSON for a script element: no character that could end it or open a comment is left."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=True)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _script_hash(script: str) -> str:
    """The value a content security policy knows an inline script by (CSP level 3, section 6.7.3.3)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
