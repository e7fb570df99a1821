"""The report of a synthetic run folder: what it says, what it escapes, that it loads nothing, that its script runs."""

from __future__ import annotations

import json
import math
import random
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from rlcore.report.__main__ import main
from rlcore.report.page import duration, eval_rows, timeline, write_report
from rlcore.report.record import MAX_SAMPLES, pick, read_run, spread

START = 1_760_000_000.0
ATTACK = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"></script>"
CONFIG = {
    "name": "demo",
    "seed": 0,
    "stages": ["pretrain", "filter", "train", "eval"],
    "model": {"path": "", "architecture": "qwen3_moe", "layers": 4, "hidden_size": 128}
    | {"experts": 8, "experts_per_token": 2},
    "train": {"algorithm": "gspo", "steps": 100, "canary_tolerance": 1e-4},
    "pretrain": {"steps": 400},
    "filter": {"samples": 8, "min_pass_rate": 0.05, "max_pass_rate": 0.95},
}


def load(rng: random.Random) -> list[float]:
    shares = [math.exp(rng.gauss(0, 0.25)) for _ in range(8)]
    return [share / sum(shares) for share in shares]


def evaluation(base: float, slope: float, at_8: float) -> dict[str, Any]:
    def entry(value: float, width: float) -> dict[str, Any]:
        return {"pass_at_1": value, "ci": [value - width, value + width], "samples": 2}

    temperatures = {str(t): entry(base - slope * t * t, 0.03) for t in (0.0, 0.25, 0.5, 0.75, 1.0)}
    first = temperatures["1.0"]
    return {
        "temperatures": temperatures,
        "pass_at_k": {
            "1": {"value": first["pass_at_1"], "ci": first["ci"]},
            "8": {"value": at_8, "ci": [at_8 - 0.02, at_8 + 0.02]},
        },
        "held_out": 500,
        "truncated_share": 0.012,
        "masked_share": 0.0,
        "completion_tokens_mean": 36.4,
        "greedy": temperatures["0.0"],
        "best_t": {"temperature": 0.0, **temperatures["0.0"]},
    }


def pretrain_lines(rng: random.Random) -> list[dict[str, Any]]:
    lines = []
    for step in range(1, 401):
        lr = 0.01 * min(step / 30, 1.0, (1 - math.sqrt(max(0.0, (step - 280) / 120))))
        values = {
            "pretrain/loss": 0.6 + 3.9 * math.exp(-step / 35) + rng.gauss(0, 0.02),
            "pretrain/lr": lr,
            "pretrain/tokens_per_second": 28_000 + rng.gauss(0, 600),
            "pretrain/grad_norm": 1.0,
            "pretrain/load_max_over_mean": 1.3 + 0.8 * math.exp(-step / 40) + rng.gauss(0, 0.03),
        }
        if step % 50 == 0:
            values["pretrain/held_out_loss"] = 0.62 + 3.9 * math.exp(-step / 35)
        lines.append({"stage": "pretrain", "step": step, "time": START + step * 0.3, "values": values})
    return lines


def train_lines(rng: random.Random, steps: int) -> list[dict[str, Any]]:
    lines = []
    for step in range(1, steps + 1):
        reward = 0.87 - 0.55 * math.exp(-step / 25) + rng.gauss(0, 0.02)
        values: dict[str, Any] = {
            "train/reward_mean": reward,
            "train/pass_rate": reward - 0.004,
            "train/entropy": 0.02 + 0.165 * math.exp(-step / 30) + rng.gauss(0, 0.003),
            "train/completion_tokens_mean": 24 + rng.gauss(0, 0.4),
            "train/completion_tokens_max": 40 + rng.randint(0, 32),
            "train/clip_share": 0.0,
            "train/clip_share_low": 0.0,
            "train/clip_share_high": 0.0,
            "train/groups_dropped_easy": round(20 * (1 - math.exp(-step / 40))),
            "train/groups_dropped_hard": round(4 * math.exp(-step / 20)),
            "train/kl_rollout_learner": 10 ** rng.gauss(-12, 0.3),
            "train/grad_norm": 0.3 + rng.random() * 0.2,
            "train/load_max_over_mean": 1.3 + step / 500 + rng.gauss(0, 0.02),
            "canary/max_abs_diff": 10 ** rng.gauss(-5.5, 0.2),
            "time/generate": 1.4 + rng.random() * 0.2,
            "time/score": 0.3,
            "time/learn": 1.1 + rng.random() * 0.1,
            "time/sync": 0.25,
            "time/refill": rng.choice((0.0, 0.6)),
            "time/step": 3.3,
        }
        values |= {f"train/load/layer_{layer}": load(rng) for layer in range(4)}
        lines.append({"stage": "train", "step": step, "time": START + 150 + step * 3.3, "values": values})
    return lines


def sample(rng: random.Random, step: int, index: int) -> dict[str, Any]:
    a, b = rng.randint(10, 99), rng.randint(10, 99)
    right = rng.random() < 0.3 + step / 180
    status = "correct" if right else rng.choice(("wrong", "wrong", "wrong", "no_answer", "truncated"))
    answer = a + b if right else a + b + rng.randint(1, 9)
    return {
        "step": step,
        "problem_id": f"add-{index // 8:04d}",
        "prompt": f"Q: {a}+{b}=?\nA:",
        "text": f" {a} + {b}\n = {a // 10 * 10}+{b // 10 * 10} + {a % 10}+{b % 10}\n = {answer}\n#### {answer}\n",
        "status": status,
        "reward": 1.0 if right else 0.0,
        "detail": "equal as numbers" if right else "not equal: compared as numbers",
        "extracted": str(answer),
        "finish_reason": "length" if status == "truncated" else "stop",
        "tokens": 31,
    }


def make_run(folder: Path, *, steps: int = 100, finished: bool = True) -> Path:
    rng = random.Random(0)
    (folder / "eval").mkdir(parents=True)
    (folder / "samples").mkdir()

    def stage(start: float, seconds: float) -> dict[str, float]:
        return {"start": START + start, "end": START + start + seconds, "seconds": seconds}

    stages: dict[str, Any] = {"pretrain": stage(0, 120.0), "filter": stage(122, 22.0), "eval_before": stage(144, 6.0)}
    if finished:
        stages |= {"train": stage(150, 330.0), "eval_after": stage(480, 60.0)}
    manifest = {
        "config": CONFIG, "seed": 0, "started": START, "stages": stages,
        "versions": {"torch": "2.13.0", "vllm": "0.32.0"}, "hashes": {"code": "3f5a" * 16, "data": "91bc" * 16},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    lines = pretrain_lines(rng) + train_lines(rng, steps)
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "eval/before.json").write_text(json.dumps(evaluation(0.72, 0.41, 0.90)))
    rates = [rng.choice(range(9)) / 8 for _ in range(512)]
    kept = sum(0.05 <= rate <= 0.95 for rate in rates)
    dropped = {"dropped_easy": rates.count(1.0), "dropped_hard": rates.count(0.0), "no_verdict": 0}
    (folder / "filter.json").write_text(json.dumps({"kept": kept, **dropped, "rates": rates, "samples": 8}))
    if finished:
        (folder / "eval/after.json").write_text(json.dumps(evaluation(0.89, 0.03, 0.95)))
        (folder / "summary.json").write_text(json.dumps({"minutes": 538 / 60, "held_out": 500}))
    for step in range(1, steps + 1):
        rows = [sample(rng, step, index) for index in range(64)]
        if step == 1:
            rows[1] |= {"text": ATTACK, "detail": ATTACK, "problem_id": "<b>id</b>", "status": "rejected"}
        if step == steps:
            rows[60] |= {"status": "error", "reward": None, "detail": "queue: the judge did not answer"}
        (folder / f"samples/step-{step}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("report") / "demo")


@pytest.fixture(scope="module")
def page(run_dir: Path) -> str:
    return write_report(run_dir).read_text(encoding="utf-8")


class Collector(HTMLParser):
    """Tags with their attributes, and the text outside of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside not in ("script", "style"):
            self.text += data


def embedded(page: str) -> dict[str, Any]:
    match = re.search(r'<script type="application/json" id="sample-data">(.*?)</script>', page, re.DOTALL)
    assert match
    return json.loads(match[1])


def test_the_headline_table_has_values_intervals_and_changes() -> None:
    rows = {row.name: row for row in eval_rows(evaluation(0.72, 0.41, 0.90), evaluation(0.89, 0.03, 0.95))}
    first = rows["pass@1"]
    assert (first.before, first.before_interval) == ("0.310", "0.280\u20130.340")
    assert (first.after, first.change, first.verdict) == ("0.860", "+0.550", "better")
    assert (rows["pass@1, best temperature"].before, rows["pass@1, best temperature"].after) == ("0.720", "0.890")
    assert rows["pass@8"].change == "+0.050"
    assert rows["judge failed"].verdict == "same"


def test_a_change_inside_the_intervals_is_not_called_better_and_a_fall_is_called_worse() -> None:
    rows = eval_rows(evaluation(0.72, 0.41, 0.90), evaluation(0.73, 0.41, 0.80))
    verdicts = {row.name: row.verdict for row in rows}
    assert verdicts["pass@1"] == "same"
    assert verdicts["pass@8"] == "worse"
    assert next(row.change for row in rows if row.name == "pass@8") == "\u22120.100"


def test_a_missing_side_is_left_empty() -> None:
    row = eval_rows(evaluation(0.72, 0.41, 0.90), {})[0]
    assert (row.before, row.after, row.change) == ("0.310", "", "")


def test_the_page_shows_every_section_and_no_empty_panel(page: str) -> None:
    text = Collector(page).text
    for title in ("pass@1 by temperature", "Difficulty filter", "Entropy", "Completion length", "Clip share", "Canary",
                  "Load per expert", "Balance", "Loss", "Where a step's time goes", "Verdicts"):  # fmt: skip
        assert title in text
    assert "0.860" in text and "+0.550" in text and "500 held-out problems" in text
    assert "8 min 58 s" in text
    assert 'class="empty"' not in page.replace('<noscript><p class="empty">', "")


def test_the_page_loads_nothing(page: str) -> None:
    loading = {"src", "srcset", "data", "action", "poster", "formaction", "background"}
    for tag, attributes in Collector(page).tags:
        assert tag not in ("link", "iframe", "object", "embed", "img", "base"), tag
        assert not loading & attributes.keys(), (tag, attributes)
        assert (attributes.get("href") or "#").startswith("#")
        assert not [name for name in attributes if name.startswith("on")]
    assert "@import" not in page and "url(" not in page
    assert "default-src 'none'" in page


def test_text_of_the_model_cannot_become_markup(run_dir: Path, page: str) -> None:
    sample = next(sample for sample in embedded(page)["samples"] if sample["status"] == "rejected")
    assert sample["text"] == sample["detail"] == ATTACK
    assert "owned'</script>" not in page and "<img" not in page and "<b>id" not in page
    assert page.count("<script") == page.count("</script>") == 3


def test_text_of_the_manifest_is_escaped(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"config": {"name": ATTACK}, "note": ATTACK}))
    assert "<img" not in write_report(tmp_path).read_text()


def test_same_folder_same_bytes(run_dir: Path, page: str) -> None:
    assert write_report(run_dir).read_text(encoding="utf-8") == page


def test_samples_are_capped_with_first_and_last_step_and_rare_verdicts(page: str) -> None:
    data = embedded(page)
    steps = {sample["step"] for sample in data["samples"]}
    assert len(data["samples"]) <= MAX_SAMPLES
    assert {1, 100} <= steps
    assert data["total"] == 6400
    assert any(sample["status"] == "error" and sample["reward"] is None for sample in data["samples"])
    assert len(page.encode()) < 3_000_000


def test_long_texts_stay_below_the_size_limit(tmp_path: Path) -> None:
    (tmp_path / "samples").mkdir()
    row = {"step": 1, "problem_id": "a", "prompt": "p", "text": "\u00e9<" * 10_000, "status": "wrong", "reward": 0.0}
    (tmp_path / "samples/step-1.jsonl").write_text((json.dumps(row) + "\n") * 700)
    page = write_report(tmp_path)
    assert page.stat().st_size < 3_000_000
    assert "characters cut" in page.read_text()


def test_an_interrupted_run_says_where_it_stands(tmp_path: Path) -> None:
    run = make_run(tmp_path / "cut", steps=42, finished=False)
    with (run / "metrics.jsonl").open("a") as file:
        file.write('{"stage": "train", "st')
    text = Collector(write_report(run).read_text()).text
    assert "not finished: RL at step 42 of 100" in text
    assert "eval/after.json is not there" in text
    assert "before RL; not yet after" in text
    assert "2 min 19 s, not finished" in re.sub(r"\s+", " ", text)


@pytest.mark.parametrize(
    ("stages", "model", "ended", "state"),
    [
        (["pretrain"], {}, ["pretrain"], "finished"),
        (["pretrain", "train"], {}, ["pretrain"], "not finished: RL"),
        (["pretrain", "train"], {"path": "a"}, ["train"], "finished"),
        (["train", "eval"], {}, ["eval_before", "train"], "not finished: Evaluation after RL"),
        (["eval"], {"path": "a"}, ["eval_before"], "finished"),
    ],
)
def test_finished_means_every_stage_that_was_asked_for(
    tmp_path: Path, stages: list[str], model: dict[str, str], ended: list[str], state: str
) -> None:
    timings = {name: {"start": START, "end": START + 1, "seconds": 1.0} for name in ended}
    manifest = {"config": {"stages": stages, "model": model}, "stages": timings}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "eval").mkdir()
    (tmp_path / "eval/before.json").write_text(json.dumps(evaluation(0.72, 0.41, 0.90)))
    assert re.search(r'<span class="state \w+">(.*)</span>', write_report(tmp_path).read_text())[1] == state  # type: ignore[index]


def test_an_empty_folder_gives_a_page_that_says_so(tmp_path: Path) -> None:
    text = Collector(write_report(tmp_path).read_text()).text
    assert "metrics.jsonl has no lines" in text
    assert "not finished: no step yet" in text
    assert "No samples were recorded." in text


@pytest.mark.parametrize("name", ["manifest.json", "eval/after.json", "filter.json", "summary.json", "metrics.jsonl"])
def test_a_broken_file_is_named_and_the_rest_is_shown(tmp_path: Path, name: str) -> None:
    run = make_run(tmp_path / "run", steps=3)
    (run / name).write_text("{broken\n{}\n")
    text = Collector(write_report(run).read_text()).text
    assert f"{name} cannot be read" in text
    assert "Verdicts" in text


def test_holes_and_single_steps_are_drawn(tmp_path: Path) -> None:
    lines = [
        {"stage": "train", "step": step, "time": 1.0, "values": {"train/reward_mean": value, "canary/max_abs_diff": 0.0,
                                                                 "train/load/layer_0": [0.5, None, 0.5]}}
        for step, value in ((1, None), (2, 0.5))
    ]  # fmt: skip
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    page = write_report(tmp_path).read_text()
    assert "reward: 0.500 at step 2" in page
    assert "nan" not in page.lower().replace("finance", "")


def test_the_timeline_has_one_clock_and_shows_stages_the_manifest_does_not_have_yet() -> None:
    run = read_run(Path(__file__).parent)
    run.manifest = {"stages": {"pretrain": {"start": START, "end": START + 60.0, "seconds": 60.0}}}
    run.stages = {
        "train": [
            {"stage": "train", "step": step, "time": START + 60 + 30 * step, "values": {"time/step": 30.0}}
            for step in (1, 2)
        ]
    }
    assert [(e["offset"], e["width"], e["shown"], e["finished"]) for e in timeline(run)] == [
        (0.0, 50.0, "1 min 00 s", True),
        (50.0, 50.0, "1 min 00 s", False),
    ]
    # Left by an error after 90 s of work: its own seconds count.
    run.manifest["stages"]["train"] = {"start": START + 60.0, "seconds": 90.0}
    assert [(entry["name"], entry["offset"], entry["width"]) for entry in timeline(run)] == [
        ("Pretraining", 0.0, 40.0),
        ("RL", 40.0, 60.0),
    ]
    assert [duration(8.24), duration(185), duration(7805)] == ["8.2 s", "3 min 05 s", "2 h 10 min"]


def test_spread_and_pick() -> None:
    assert spread(list(range(100)), 3) == [0, 50, 99]
    assert spread([4, 5], 3) == [4, 5]
    lines = [{"status": "wrong", "n": n} for n in range(10)] + [{"status": "error", "n": 10}]
    assert [line["n"] for line in pick(lines, 4)] == [0, 1, 2, 10]


def test_the_command(run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = subprocess.run([sys.executable, "-m", "rlcore.report", str(run_dir)], capture_output=True, text=True)
    assert done.stdout.strip() == str(run_dir / "report.html"), done.stderr
    assert main([str(tmp_path / "absent")]) == 2
    assert "no such run folder" in capsys.readouterr().err


def dom(page: Path, fragment: str, profile: Path) -> str:
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium to open the report in: apt-get update && apt-get install -y chromium")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
             "--disable-background-networking", "--disable-component-update"]  # fmt: skip
    command = [browser, *flags, f"--user-data-dir={profile}", "--dump-dom", f"{page.resolve().as_uri()}{fragment}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def test_in_a_browser_the_samples_are_filtered_and_stay_text(run_dir: Path, page: str, tmp_path: Path) -> None:
    shown = dom(run_dir / "report.html", "#samples&step=1&status=rejected", tmp_path / "profile")
    assert 'data-ready="true"' in shown
    assert re.search(r'<output id="sample-count">1 of 1 shown</output>', shown)
    assert shown.count('<article class="sample">') == 1
    assert "<title>demo: report of the run</title>" in shown
    assert "&lt;script&gt;" in shown and "<img" not in shown
    wrong = sum(s["step"] == 1 and s["status"] == "wrong" for s in embedded(page)["samples"])
    assert f">wrong {wrong}</button>" in shown
