"""The plots of the report, section by section: which curves stand together and what to look for in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from rlcore.config.rl import CANARY_TOLERANCES
from rlcore.report.axes import number
from rlcore.report.plots import Series, bar_plot, heat_map, line_plot, stacked_plot
from rlcore.report.record import RunRecord
from verifiers.types import Status

STATUS_ORDER = [status.value for status in Status]
# Green right, grey wrong, the rest by how much it should worry: same colours in the plot and in the samples.
STATUS_TONES = {
    "correct": 2, "partial": 5, "wrong": 6, "no_answer": 4, "truncated": 1, "timeout": 3, "rejected": 7, "error": 0,
}  # fmt: skip
TONES = 8
"""Colours that the page tells curves apart by."""
# Steady phases below, those that come and go above, so the picture does not jump.
PHASES = {
    "generate": 0, "score": 1, "learn": 2, "sync": 4, "canary": 3, "refill": 5,
}  # fmt: skip


@dataclass(frozen=True)
class Panel:
    """One plot. Where `svg` is empty the page shows `missing`, the reason."""

    title: str
    note: str
    svg: Markup
    legend: list[tuple[str, int]] = field(default_factory=list)
    headline: str = ""
    missing: str = ""


@dataclass(frozen=True)
class Section:
    id: str
    title: str
    panels: list[Panel]


def sections(run: RunRecord) -> list[Section]:
    """All sections in reading order. A panel without data stays, with the reason, where one would look for it."""
    return [
        Section("evaluation", "Before and after RL", [_temperatures(run), _pass_at_k(run), _difficulty(run)]),
        Section("learning", "Reinforcement learning", _learning(run)),
        Section("experts", "Experts", [*_load_maps(run), _load_curve(run)]),
        Section("bootstrap", "Pretraining", _pretraining(run)),
    ]


def _panel(
    title: str, note: str, svg: str, series: Sequence[Series] = (), *, missing: str, headline: str = ""
) -> Panel:
    legend = [(one.name, one.tone) for one in series if one.points()]
    return Panel(title, note, Markup(svg), legend, headline, missing)


def _curves(
    run: RunRecord,
    stage: str,
    title: str,
    note: str,
    names: dict[str, tuple[str, int]],
    *,
    smooth: bool = False,
    **options: Any,
) -> Panel:
    """A panel of scalar metrics of one stage. `names`: metric -> (label, tone); absent ones are left out."""
    series = []
    for name, (label, tone) in names.items():
        x, y = run.series(stage, name)
        if any(value is not None for value in y):
            # What is measured only now and then shows when.
            series.append(Series(label, x, y, tone, dots=len(x) <= 20, smooth=smooth))
    headline = ""
    if series and len(points := series[0].points()) > 1:
        headline = f"{number(points[0][1])} → {number(points[-1][1])}"
    missing = f"No {next(iter(names))} in metrics.jsonl."
    if not run.stages.get(stage):
        missing = f"Stage {stage} has no finished step."
    return _panel(title, note, line_plot(series, **options), series, missing=missing, headline=headline)


def _measured(run: RunRecord, table: str, key: str) -> list[Series]:
    """The evaluations before and after as curves with their intervals. `table`: temperatures or pass_at_k."""
    series = []
    for name, result, tone in (("before", run.before, 6), ("after", run.after, 0)):
        entries = sorted((float(x), entry) for x, entry in result.get(table, {}).items())
        intervals = [entry.get("ci") or (None, None) for _, entry in entries]
        x, y = [x for x, _ in entries], [entry.get(key) for _, entry in entries]
        low, high = [low for low, _ in intervals], [high for _, high in intervals]
        series.append(Series(name, x, y, tone, low=low, high=high, dots=True))
    return series


def _measured_families(run: RunRecord) -> list[str]:
    return list((run.after or run.before).get("by_family", {}))


def _whose(run: RunRecord) -> str:
    """Of several families the plots show the one at the top level, which is the first."""
    names = _measured_families(run)
    return f", {names[0]}" if len(names) > 1 else ""


def _temperatures(run: RunRecord) -> Panel:
    series = _measured(run, "temperatures", "pass_at_1")
    marks = sorted({x for one in series for x in one.x})
    svg = line_plot(series, x_label="temperature (0 is greedy)", include=(0.0, 1.0), x_ticks=marks)
    note = "On held-out problems with 95 % intervals. A gain at every temperature is more than a colder policy."
    return _panel(f"pass@1 by temperature{_whose(run)}", note, svg, series, missing="No evaluation yet.")


def _pass_at_k(run: RunRecord) -> Panel:
    series = _measured(run, "pass_at_k", "value")
    marks = sorted({x for one in series for x in one.x})
    svg = line_plot(series, x_label="k", include=(0.0, 1.0), x_ticks=marks)
    note = "Solved by at least one of k samples at T = 1, unbiased. A fall at large k would be lost diversity."
    return _panel(f"pass@k{_whose(run)}", note, svg, series, missing="No evaluation yet.")


def _difficulty(run: RunRecord) -> Panel:
    rates = [float(rate) for rate in run.filter.get("rates", []) if rate is not None]
    low = run.setting("filter", "min_pass_rate", default=0.0)
    high = run.setting("filter", "max_pass_rate", default=1.0)
    distinct = sorted(set(rates))
    counts: Counter[float] = Counter(rates)
    if len(distinct) > 17:
        counts = Counter(min(9, int(rate * 10)) / 10 + 0.05 for rate in rates)
        distinct = [index / 10 + 0.05 for index in range(10)]
    elif samples := run.setting("filter", "samples"):
        # Rates are n out of `samples`: empty bins are bins too.
        grid = [index / samples for index in range(samples + 1)]
        if all(any(abs(rate - bin_) < 1e-6 for bin_ in grid) for rate in distinct):
            counts = Counter(min(grid, key=lambda bin_: abs(bin_ - rate)) for rate in rates)
            distinct = grid
    bars = [(_short(rate), float(counts[rate]), 0 if low <= rate <= high else 6) for rate in distinct]
    kept = run.filter.get("kept")
    headline = f"{kept} of {len(rates)} kept" if kept is not None and rates else ""
    legend = [("kept", 0), ("dropped", 6)]
    note = "Problems by pass rate of the policy before RL. Always or never solved means no gradient."
    svg = bar_plot(bars if rates else [], x_label="pass rate")
    return Panel("Difficulty filter", note, Markup(svg), legend if rates else [], headline, "The filter has not run.")


def _short(rate: float) -> str:
    return f"{rate:.3f}".rstrip("0").rstrip(".").replace("0.", ".", 1) if 0 < rate < 1 else f"{rate:.0f}"


def _learning(run: RunRecord) -> list[Panel]:
    tolerance = run.setting("train", "canary_tolerance") or CANARY_TOLERANCES.get(run.setting("model", "dtype"))
    limit = (float(tolerance), "the run stops above") if tolerance else None
    return [
        _reward(run),
        *_families(run),
        *_held_out(run),
        _statuses(run),
        _curves(
            run,
            "train",
            "Entropy",
            "Nats per token. Falls as the policy commits; near 0 it no longer explores.",
            {"train/entropy": ("entropy", 4)},
            smooth=True,
            include=(0.0,),
        ),
        _curves(
            run,
            "train",
            "Completion length",
            "Tokens. A drift to the limit is a policy that rambles.",
            {"train/completion_tokens_mean": ("mean", 0), "train/completion_tokens_max": ("max", 1)},
            include=(0.0,),
        ),
        _curves(
            run,
            "train",
            "Clip share",
            "Tokens whose gradient the clip removed; 0 where the step is on-policy.",
            {"train/clip_share": ("all", 0), "train/clip_share_low": ("low", 1), "train/clip_share_high": ("high", 2)},
            include=(0.0,),
        ),
        _curves(
            run,
            "train",
            "Groups without signal",
            "Dropped because all completions got the same reward.",
            {"train/groups_dropped_easy": ("too easy", 2), "train/groups_dropped_hard": ("too hard", 3)},
            include=(0.0,),
        ),
        _curves(
            run,
            "train",
            "Canary",
            "Learner against rollout after each weight update. In bf16 the mean may be twice what rounding makes.",
            {
                "canary/max_abs_diff": ("max difference", 0),
                "canary/mean_abs_diff": ("mean", 2),
                "canary/noise": ("rounding makes", 6),
            },
            log=True,
            limit=limit,
        ),
        _curves(
            run,
            "train",
            "Mismatch",
            "KL of rollout to learner on the sampled tokens, at equal weights.",
            {"train/kl_rollout_learner": ("KL", 4)},
            log=True,
        ),
        _curves(
            run,
            "train",
            "Gradient norm",
            "Before clipping; of the raw gradient with Muon, too.",
            {"train/grad_norm": ("norm", 0)},
            smooth=True,
            include=(0.0,),
        ),
    ]


def _reward(run: RunRecord) -> Panel:
    names = {"train/reward_mean": ("reward", 0), "train/pass_rate": ("pass rate", 2)}
    note = "Mean over all judged completions of a step, dropped groups included."
    rewards = run.series("train", "train/reward_mean")
    if rewards[0] and rewards == run.series("train", "train/pass_rate"):
        del names["train/pass_rate"]
        note += " With rewards of 0 and 1 it is the pass rate."
    return _curves(run, "train", "Reward", note, names, smooth=True, include=(0.0, 1.0))


def _families(run: RunRecord) -> list[Panel]:
    """The reward of each family, in the order of the tables; no panel where there is one family only."""
    prefix = "train/reward/"
    found = dict.fromkeys(
        name.removeprefix(prefix)
        for line in run.stages.get("train", [])
        for name in line["values"]
        if name.startswith(prefix)
    )
    if not found:
        return []
    first = [name for name in _measured_families(run) if name in found]
    names = [*first, *sorted(found.keys() - set(first))]
    curves = {f"{prefix}{name}": (name, tone) for tone, name in enumerate(names[:TONES])}
    note = "Mean over the judged completions of each family's problems."
    if len(names) > TONES:
        note += f" {TONES} of {len(names)} families; metrics.jsonl has all."
    return [_curves(run, "train", "Reward by family", note, curves, smooth=True, include=(0.0, 1.0))]


def _held_out(run: RunRecord) -> list[Panel]:
    """Pass@1 on held-out problems on the way (`eval.every`); no panel where it was not measured."""
    names = list(dict.fromkeys(name for line in run.stages.get("eval", []) for name in line["values"]))
    if not names:
        return []
    suffix = "/pass_at_1"
    families = [name for name in names if name.endswith(suffix) and name.count("/") == 2]
    curves = {name: (name.split("/")[1], tone) for tone, name in enumerate(families[:TONES])}
    note = "Held-out problems at temperature 1, from the engines that RL samples with."
    return [
        _curves(run, "eval", "Held-out pass@1", note, curves or {"eval/pass_at_1": ("pass@1", 0)}, include=(0.0, 1.0))
    ]


def _statuses(run: RunRecord) -> Panel:
    steps = sorted(step for step, counts in run.statuses.items() if counts)
    present = {status for counts in run.statuses.values() for status in counts}
    series = []
    for status in STATUS_ORDER:
        if status in present:
            shares: list[float | None] = [run.statuses[s][status] / run.statuses[s].total() for s in steps]
            series.append(Series(status.replace("_", " "), [float(s) for s in steps], shares, STATUS_TONES[status]))
    svg = stacked_plot([float(s) for s in steps], series)
    note = "What the judge said of the recorded completions, as shares."
    return _panel("Verdicts", note, svg, series, missing="No samples were recorded.")


def step_phases(run: RunRecord) -> Panel:
    steps, whole = run.series("train", "time/step")
    lines = [line["values"] for line in run.stages.get("train", [])]
    at = [float(line["step"]) for line in run.stages.get("train", [])]
    series = []
    for phase, tone in PHASES.items():
        y = [values.get(f"time/{phase}") for values in lines]
        if any(y):
            series.append(Series(phase.replace("_", " "), at, y, tone))
    known = [value for value in whole if value is not None]
    headline = f"{sum(known) / len(known):.1f} s a step" if steps and known else ""
    note = "Seconds of each step by phase."
    return _panel("Where a step's time goes", note, stacked_plot(at, series) if series else "", series,
                  missing="No time/* metrics in stage train.", headline=headline)  # fmt: skip


def _loads(values: dict[str, Any], stage: str) -> list[tuple[str, list[float | None]]]:
    prefix = f"{stage}/load/layer_"
    layers = sorted(
        (int(name.removeprefix(prefix)), value) for name, value in values.items() if name.startswith(prefix)
    )
    rows: list[tuple[str, list[float | None]]] = []
    for layer, shares in layers:
        total = sum(share for share in shares if share is not None)
        scale = len(shares) / total if total else 0.0
        rows.append((f"layer {layer}", [None if share is None else share * scale for share in shares]))
    return rows


def _load_maps(run: RunRecord) -> list[Panel]:
    """First and last step of RL side by side: what RL did to the routing. Without RL, of pretraining."""
    for stage in ("train", "pretrain"):
        lines = [line for line in run.stages.get(stage, []) if f"{stage}/load/layer_0" in line["values"]]
        if lines:
            return [_load_map(stage, line, which) for line, which in ((lines[0], "first"), (lines[-1], "last"))]
    missing = "No load/layer_* metrics: a dense model, or no finished step."
    return [Panel("Load per expert", "Tokens routed to each expert over the mean.", Markup(""), missing=missing)]


def _load_map(stage: str, line: dict[str, Any], which: str) -> Panel:
    svg = heat_map(_loads(line["values"], stage), x_label="expert", show=lambda value: f"{value:.2f}")
    note = f"Tokens routed to each expert over the mean, step {line['step']} of {stage}. 1 is even, 0 is dead."
    legend = [("above the mean", 1), ("below", 0)]
    return Panel(f"Load per expert, {which} step", note, Markup(svg), legend)


def _load_curve(run: RunRecord) -> Panel:
    series = []
    for stage, tone in (("pretrain", 6), ("train", 0)):
        x, y = run.series(stage, f"{stage}/load_max_over_mean")
        # Both stages on one axis, as shares of the stage: their steps are not comparable.
        last = max(x, default=0) or 1
        series.append(Series(stage, [100 * step / last for step in x], y, tone))
    svg = line_plot(series, x_label="% of the stage")
    note = "Busiest expert over the mean, worst layer. A steady climb is a router that collapses."
    return _panel("Balance", note, svg, series, missing="No load_max_over_mean in metrics.jsonl.")


def _pretraining(run: RunRecord) -> list[Panel]:
    return [
        _curves(
            run,
            "pretrain",
            "Loss",
            "Nats per token.",
            {"pretrain/loss": ("training", 0), "pretrain/held_out_loss": ("held out", 1)},
        ),
        _curves(
            run,
            "pretrain",
            "Learning rate",
            "Warm-up, stable, decay.",
            {"pretrain/lr": ("learning rate", 0)},
        ),
        _curves(
            run,
            "pretrain",
            "Speed",
            "Tokens per second, all ranks.",
            {"pretrain/tokens_per_second": ("tokens/s", 2)},
            include=(0.0,),
        ),
    ]
