"""Many mixed checks, and what is left of them: memory, processes, files, descriptors.

`python -m tests.bench.soak [--checks N] [--workers N]`. The cases are those of the audit, honest and attacks, without
those that take longer than `SLOW_SECONDS` (they run into limits on purpose), in random order through one pool. Resident
memory is taken at 10 %, 50 % and 100 % of the run, between two batches. The last line is one JSON object:

* `checks`, `per_s`, `wrong` (verdicts that differ from what the case asks for), `masked`;
* `worker_mib`, `fork_server_mib`: resident memory of all processes of the kind at the three moments;
  `worker_growth` and `fork_server_growth` are last over first;
* `owner_mib`, `owner_descriptors`: of the process that holds the pool, at the same moments;
* `zombies` (dead and not reaped for two batches), `orphans` (processes left after the pool was closed), `stray_files`
  (in the working directory and in TMPDIR, both made for this run), `new_in_tmp` (names in /tmp that were not there
  before: other programs' too).

Exit code 1 when any verdict is wrong or masked, memory grows by more than a fifth, or anything is left.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

from tests.support.descendants import below, still_alive
from verifiers.audit.__main__ import went_wrong
from verifiers.audit.cases import Case, load
from verifiers.pool import JudgePool

SLOW_SECONDS = 0.5
BATCH = 250
MOMENTS = (0.1, 0.5, 1.0)
MAX_GROWTH = 1.2
KINDS = {"worker": "worker", "fork_server": "fork server"}


def main() -> int:
    """Measure, print, say whether all is well."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.soak", description=str(__doc__).splitlines()[0])
    parser.add_argument("--checks", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    in_tmp = set(os.listdir("/tmp"))
    with tempfile.TemporaryDirectory() as folder:
        for name in ("work", "tmp"):
            Path(folder, name).mkdir()
        os.chdir(Path(folder, "work"))
        os.environ["TMPDIR"] = str(Path(folder, "tmp"))
        result = soak(options.checks, options.workers)
        result["stray_files"] = sorted(str(path.relative_to(folder)) for path in Path(folder).glob("*/*"))
        os.chdir("/")
        result["new_in_tmp"] = sorted(set(os.listdir("/tmp")) - in_tmp - {Path(folder).name})
    print(json.dumps(result))
    grown = max(result["worker_growth"], result["fork_server_growth"]) > MAX_GROWTH
    left = result["zombies"] or result["orphans"] or result["stray_files"]
    return int(bool(result["wrong"] or result["masked"] or grown or left))


def soak(checks: int, workers: int) -> dict[str, Any]:
    """One run of so many checks."""
    random = Random(10_000)
    moments: list[dict[str, Any]] = []
    wrong = masked = done = 0
    dead: set[tuple[int, int]] = set()
    lasting: set[tuple[int, int]] = set()
    with JudgePool(workers, 20.0) as pool:
        cases = quick_cases(pool)
        print(f"{len(cases)} cases that take less than {SLOW_SECONDS} s", flush=True)
        began = time.monotonic()
        while done < checks:
            batch = random.choices(cases, k=min(BATCH, checks - done))
            verdicts = pool.judge([case.job() for case in batch])
            done += len(batch)
            bad = [pair for pair in zip(batch, verdicts, strict=True) if went_wrong(*pair)]
            for case, verdict in bad:
                print(f"{case.verifier}/{case.name}: {verdict.status} {verdict.detail or verdict.failure_reason}")
            wrong += len(bad)
            masked += sum(verdict.mask_sample for verdict in verdicts)
            before, dead = dead, {(process.pid, process.started) for process in below() if process.state == "Z"}
            lasting |= before & dead
            if len(moments) < len(MOMENTS) and done >= checks * MOMENTS[len(moments)]:
                moments.append(sizes())
                print(f"{done}: {moments[-1]}", flush=True)
        seconds = time.monotonic() - began
        started = below()
    last = {f"{kind}_growth": moments[-1][f"{kind}_mib"] / moments[0][f"{kind}_mib"] for kind in KINDS}
    return {
        "checks": done,
        "cases": len(cases),
        "per_s": done / seconds,
        "wrong": wrong,
        "masked": masked,
        **{name: [moment[name] for moment in moments] for name in moments[0]},
        **last,
        "zombies": len(lasting) + sum(process.state == "Z" for process in below()),
        "orphans": len(still_alive(started, 10.0)),
    }


def quick_cases(pool: JudgePool) -> list[Case]:
    """What the audit ships, without the slow ones; each has run once."""
    cases = load()
    verdicts = pool.judge([case.job() for case in cases])
    return [case for case, verdict in zip(cases, verdicts, strict=True) if verdict.seconds < SLOW_SECONDS]


def sizes() -> dict[str, Any]:
    """Memory now, and open descriptors."""
    processes = below()
    found: dict[str, Any] = {
        f"{name}_mib": round(sum(process.rss_bytes for process in processes if process.kind == kind) / (1 << 20), 1)
        for name, kind in KINDS.items()
    }
    resident = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return found | {
        "owner_mib": round(resident / (1 << 20), 1),
        "owner_descriptors": len(os.listdir("/proc/self/fd")),
        "processes": len(processes),
    }


if __name__ == "__main__":
    sys.exit(main())
