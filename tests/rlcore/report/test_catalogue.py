"""The catalogue of metrics: each is described, found by its logged name, and logged by something."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlcore.report.catalogue import METRICS, lookup


def test_every_metric_is_described_and_families_are_found() -> None:
    for name, metric in METRICS.items():
        assert metric.meaning.endswith("."), name
    assert lookup("train/loss") is METRICS["train/loss"]
    assert lookup("train/load/layer_12") is METRICS["train/load/layer_{L}"]
    assert lookup("eval/pass_at_1/temperature_0.25") is METRICS["eval/pass_at_1/temperature_{T}"]
    assert lookup("eval/pass_at_8") is METRICS["eval/pass_at_{K}"]
    assert lookup("train/reward/word_problems.zh") is METRICS["train/reward/{F}"]
    assert lookup("eval/DAPO-Math-17k/pass_at_8") is METRICS["eval/{F}/pass_at_{K}"]
    with pytest.raises(ValueError, match="unknown metric"):
        lookup("train/load/layer_{L}")


def test_every_metric_is_logged_somewhere(repository: Path) -> None:
    """In the code that measures: the report, which knows all names by itself, is no proof."""
    package = repository / "rlcore"
    paths = [path for path in package.rglob("*.py") if "report" not in path.relative_to(package).parts]
    source = "".join(path.read_text(encoding="utf-8") for path in sorted(paths))
    assert "train/reward_mean" in source
    unused = [name for name in METRICS if f'"{name.partition("{")[0]}' not in source]
    assert not unused, f"described and never logged: {unused}"
