"""The report of a run with several families: tables, cards and curves tell them apart."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from rlcore.report.page import families, write_report
from rlcore.report.record import read_run


def evaluation(first: float, held_out: int) -> dict[str, Any]:
    entry = {"pass_at_1": first, "ci": [first - 0.02, first + 0.02], "samples": 8}
    return {
        "temperatures": {"0.0": entry, "1.0": entry},
        "pass_at_k": {"1": {"value": first, "ci": entry["ci"]}, "8": {"value": 0.95, "ci": [0.94, 0.96]}},
        "held_out": held_out,
        "greedy": entry,
        "best_t": {"temperature": 0.0, **entry},
    }


def make_run(folder: Path, **names: tuple[float, float, int]) -> Path:
    """`names`: family -> pass@1 before, after, held-out problems; the first stands at the top level."""
    (folder / "eval").mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"config": {"name": "demo", "stages": []}, "stages": {}}))
    for index, when in enumerate(("before", "after")):
        parts = {name: evaluation(values[index], values[2]) for name, values in names.items()}
        (folder / "eval" / f"{when}.json").write_text(json.dumps(next(iter(parts.values())) | {"by_family": parts}))
    rewards = {f"train/reward/{name}": 0.3 for name in names} if len(names) > 1 else {}
    lines = [
        {"stage": "train", "step": step, "time": 1.76e9 + step, "values": {"train/reward_mean": 0.3, **rewards}}
        for step in range(1, 6)
    ]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def words(folder: Path) -> str:
    """The page without its tags."""
    return " ".join(re.sub(r"<[^>]*>", " ", write_report(folder).read_text(encoding="utf-8")).split())


def test_families_have_their_own_tables_cards_and_curves(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", math=(0.31, 0.86, 500), code=(0.45, 0.95, 150), lean=(0.40, 0.70, 140))
    assert [(one.name, one.held_out, one.rows[0].before, one.rows[0].change) for one in families(read_run(folder))] == [
        ("math", 500, "0.310", "+0.550"),
        ("code", 150, "0.450", "+0.500"),
        ("lean", 140, "0.400", "+0.300"),
    ]
    page = words(folder)
    for shown in ("math 500 held-out problems", "code 150 held-out problems", "lean 140 held-out problems"):
        assert shown in page
    assert "pass@1 lean, T = 1 0.400 → 0.700" in page and "pass@8 math, T = 1" in page
    assert "pass@8 lean, T = 1" not in page, "a card for what the run is about, the rest in the table"
    assert "Reward by family" in page and "pass@k, math" in page


def test_one_family_needs_no_name(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", math=(0.31, 0.86, 500))
    [family] = families(read_run(folder))
    assert (family.name, family.held_out) == ("", 500)
    page = words(folder)
    assert "500 held-out problems." in page
    assert "Reward by family" not in page and "pass@k, math" not in page
