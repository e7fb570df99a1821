"""Processes of a run that die or hang: `python -m tests.bench.faults [--rounds N] [--targets NAME ...] [--seed N]`.

Each case is a small run (deploy/runs/small.toml with a reward by parity) in which one process, drawn in turn, is sent
SIGKILL or SIGSTOP at a random moment; where that ends the command, the same command is given again. The run must end
with the numbers of one that nothing disturbed. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from descendants import below
from small_run import SMALL, results

REWARD = "def parity(completion, reference):\n    return float(len(completion) % 2 == 0)\n"
TARGETS = ("LearnerRank", "RolloutWorker", "services", "driver", "raylet", "gcs_server")
SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}
ATTEMPTS = 4


def start(folder: Path, reward: str, log: Path) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    command = [sys.executable, "-m", "rlcore.pipeline", str(SMALL), f"run_dir={folder}", f"data.verifier={reward}"]
    command += ["ray.stall_seconds=30"]
    with log.open("ab") as out:
        return subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment)


def victims(driver: int, target: str) -> list[int]:
    """Processes of the run that are the target."""
    if target == "driver":
        return [driver]
    found = []
    for process in below(driver):
        try:
            command = Path(f"/proc/{process.pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        name = f"ray::{target}" if target in ("LearnerRank", "RolloutWorker") else target
        if name in command and not (target == "services" and "rlcore.pipeline" in command):
            found.append(process.pid)
    return found


def end(process: subprocess.Popen[bytes]) -> None:
    """Whatever is left of a run, by process id."""
    left = [process.pid, *(each.pid for each in below(process.pid))]
    for pid in left:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait()


def case(folder: Path, reward: str, target: str, kind: str, after: float) -> dict[str, object]:
    """One run with one fault; what came of it."""
    log, began, struck = folder.with_suffix(".log"), time.monotonic(), None
    commands = 0
    while commands < ATTEMPTS:
        commands += 1
        process = start(folder, reward, log)
        try:
            while process.poll() is None and time.monotonic() - began < 900:
                found = victims(process.pid, target) if struck is None and time.monotonic() - began > after else []
                if found:
                    struck = random.choice(found)
                    os.kill(struck, SIGNALS[kind])
                    if struck == process.pid and kind == "stop":
                        # A stopped driver is a user's own doing: the run stands still until it is woken or killed.
                        time.sleep(5)
                        os.kill(struck, signal.SIGCONT)
                time.sleep(0.2)
        finally:
            end(process)
        if process.returncode == 0:
            break
    return {
        "target": target,
        "signal": kind,
        "struck": struck is not None,
        "commands": commands,
        "ended": process.returncode == 0,
        "seconds": round(time.monotonic() - began),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--targets", nargs="+", choices=TARGETS, default=TARGETS)
    options = parser.parse_args()
    random.seed(options.seed)
    with tempfile.TemporaryDirectory() as scratch:
        reward = Path(scratch) / "parity.py"
        reward.write_text(REWARD)
        unbroken = Path(scratch) / "unbroken"
        began = time.monotonic()
        assert start(unbroken, f"{reward}:parity", Path(scratch) / "unbroken.log").wait(900) == 0
        whole = time.monotonic() - began
        expected, cases = results(unbroken), []
        for number in range(options.rounds):
            for target in options.targets:
                for kind in SIGNALS:
                    folder = Path(scratch) / f"{number}-{target}-{kind}"
                    found = case(folder, f"{reward}:parity", target, kind, random.uniform(0.15, 0.9) * whole)
                    found["same"] = bool(found["ended"]) and results(folder) == expected
                    if not found["same"]:
                        print(folder.with_suffix(".log").read_text(errors="replace")[-1500:], flush=True)
                    print(json.dumps(found), flush=True)
                    cases.append(found)
    struck = [each for each in cases if each["struck"]]
    same = sum(bool(each["same"]) for each in struck)
    print(json.dumps({"cases": len(struck), "same": same, "unbroken_seconds": round(whole), "seed": options.seed}))
    return int(same < len(struck))


if __name__ == "__main__":
    sys.exit(main())
