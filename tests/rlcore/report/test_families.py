"""The report of a run with several families: tables, cards and curves tell them apart."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from rlcore.report.page import families, write_report
from rlcore.report.panels import Panel, sections
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


def make_run(folder: Path, names: dict[str, tuple[float, float, int]]) -> Path:
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
    folder = make_run(
        tmp_path / "run",
        {
            "sums": (0.31, 0.86, 500),
            "programs.en": (0.45, 0.95, 150),
            "programs.zh": (0.40, 0.70, 140),
        },
    )
    assert [(one.name, one.held_out, one.rows[0].before, one.rows[0].change) for one in families(read_run(folder))] == [
        ("sums", 500, "0.310", "+0.550"),
        ("programs.en", 150, "0.450", "+0.500"),
        ("programs.zh", 140, "0.400", "+0.300"),
    ]
    page = words(folder)
    for shown in ("sums 500 held-out", "programs.en 150 held-out", "programs.zh 140 held-out"):
        assert shown in page
    assert "pass@1 programs.zh, T = 1 0.400 → 0.700" in page and "pass@8 sums, T = 1" in page
    assert "pass@8 programs.zh, T = 1" not in page, "a card for what the run is about, the rest in the table"
    assert "Reward by family" in page and "pass@k, sums" in page


def test_one_family_needs_no_name(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", {"sums": (0.31, 0.86, 500)})
    [family] = families(read_run(folder))
    assert (family.name, family.held_out) == ("", 500)
    page = words(folder)
    assert "500 held-out problems." in page
    assert "Reward by family" not in page and "pass@k, sums" not in page


def rewards_of(folder: Path) -> Panel:
    [panel] = [
        panel for section in sections(read_run(folder)) for panel in section.panels if panel.title == "Reward by family"
    ]
    return panel


def test_curves_stand_in_the_order_of_the_tables(tmp_path: Path) -> None:
    names = ("sums", "programs.zh", "programs.en")
    folder = make_run(tmp_path / "run", dict.fromkeys(names, (0.3, 0.4, 9)))
    assert rewards_of(folder).legend == [("sums", 0), ("programs.zh", 1), ("programs.en", 2)]
    for when in ("before", "after"):
        (folder / "eval" / f"{when}.json").unlink()
    assert [name for name, _ in rewards_of(folder).legend] == sorted(names), "before there is an evaluation"


def test_as_many_curves_as_there_are_colours(tmp_path: Path) -> None:
    names = [f"reasoning_gym.{letter}" for letter in "ihgfedcba"]
    panel = rewards_of(make_run(tmp_path / "run", dict.fromkeys(names, (0.3, 0.4, 9))))
    assert panel.legend == [(name, tone) for tone, name in enumerate(names[:8])]
    assert "8 of 9 families" in panel.note
