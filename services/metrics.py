"""What Prometheus reads at `/metrics`, over all server processes. Labels are names of ours only, never a text of a
caller.

Each process writes what it counts to files of its own in one folder, and whichever is asked adds all of them up. The
files of a process that ended are kept, so no counter ever falls while the service runs.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from verifiers import registry
from verifiers.types import Status, Verdict

if TYPE_CHECKING:
    from services.admission import Admission
    from verifiers.pool import JudgePool

_SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
# A request may wait for its judges up to `max_request_seconds`.
_REQUEST_SECONDS = (*_SECONDS, 300.0, 900.0)
# All that judges and pool say; a team's own judge `judge_unavailable` or `user_function`, whatever it says.
FAILURES = frozenset(
    {
        *("aborted", "bad_reference", "control", "deadline", "no_compiler", "no_lean", "no_reasoning_gym"),
        *("judge_unavailable", "no_reference", "pool", "unknown_verifier", "user_function", "worker"),
    }
)
# A team's own judge: what it is called is for its callers to know.
_USERS = "user"
_PAGE_BYTES = resource.getpagesize()


class Metrics:
    """The meters of one server process. `PROMETHEUS_MULTIPROC_DIR` names the folder before this module is imported."""

    def __init__(self) -> None:
        # What is asked for is read from the files: no registry of this process.
        self.verdicts = Counter("reward_verdicts", "Verdicts of the judges", ["verifier", "status"], registry=None)
        self.failures = Counter(
            "reward_failures", "Verdicts that are a judge's failure, by kind", ["verifier", "kind"], registry=None
        )
        self.seconds = Histogram(
            "reward_judge_seconds", "Time of one verdict", ["verifier"], buckets=_SECONDS, registry=None
        )
        self.cached = Counter("reward_cached_verdicts", "Verdicts that were known already", registry=None)
        self.requests = Counter(
            "reward_requests", "Requests by method, route and HTTP status", ["method", "route", "status"], registry=None
        )
        self.request_seconds = Histogram(
            "reward_request_seconds",
            "Time of a request, to the last byte of its answer",
            ["route"],
            buckets=_REQUEST_SECONDS,
            registry=None,
        )
        self.in_flight = Gauge(
            "reward_requests_in_flight",
            "Requests that are served now",
            ["route"],
            registry=None,
            multiprocess_mode="livesum",
        )
        self._backlog = _gauge("reward_backlog_seconds", "Estimated work let in, of the server with most", "livemax")
        self._queue_age = _gauge("reward_queue_age_seconds", "How long the answer waits that waits longest", "livemax")
        self._judge_starts = Counter("reward_judge_starts", "Judge processes started, replaced ones too", registry=None)
        self._cpu = Counter("process_cpu_seconds", "CPU time of the servers, without their judges", registry=None)
        self._resident = _gauge("process_resident_memory_bytes", "Resident memory of the servers", "livesum")
        self._virtual = _gauge("process_virtual_memory_bytes", "Virtual memory of the servers", "livesum")
        self._files = _gauge("process_open_fds", "Open files of the server with most", "livemax")
        self._most_files = _gauge("process_max_fds", "Open files that a server may have", "livemin")
        _gauge("process_start_time_seconds", "Start of the server that runs longest, Unix time", "livemin").set(
            time.time()
        )
        Counter("reward_server_starts", "Server processes started, replaced ones too", registry=None).inc()
        # A counter that appears with its first failure shows no increase.
        for name in (*registry.VERIFIERS, _USERS):
            for status in Status:
                self.verdicts.labels(name, status.value)
            for kind in (*FAILURES, "other"):
                self.failures.labels(name, kind)
        self._seen_cpu = 0.0
        self._seen_starts = 0

    def count(self, verdict: Verdict) -> None:
        """One verdict."""
        name = verdict.verifier if verdict.verifier in registry.VERIFIERS else _USERS
        self.verdicts.labels(name, verdict.status.value).inc()
        self.seconds.labels(name).observe(verdict.seconds)
        if verdict.failure_kind is not None:
            self.failures.labels(name, verdict.failure_kind if verdict.failure_kind in FAILURES else "other").inc()

    def sample(self, pool: JudgePool, admission: Admission) -> None:
        """Read what is not counted as it happens. Each process does so every second: another one may be asked."""
        self._backlog.set(admission.backlog_seconds)
        self._queue_age.set(pool.queue_age_seconds)
        starts, cpu = pool.judge_starts, time.process_time()
        self._judge_starts.inc(starts - self._seen_starts)
        self._cpu.inc(cpu - self._seen_cpu)
        self._seen_starts, self._seen_cpu = starts, cpu
        virtual, resident = map(int, Path("/proc/self/statm").read_text(encoding="ascii").split()[:2])
        self._virtual.set(virtual * _PAGE_BYTES)
        self._resident.set(resident * _PAGE_BYTES)
        self._files.set(len(os.listdir("/proc/self/fd")))
        self._most_files.set(resource.getrlimit(resource.RLIMIT_NOFILE)[0])

    def text(self) -> bytes:
        """Of all processes, in Prometheus' text format."""
        everything = CollectorRegistry()
        everything.register(_Files())
        return generate_latest(everything)


class _Files(Collector):
    """Those of all processes, always in one order: a sum that is rounded otherwise may be a little smaller."""

    def collect(self) -> Iterable[Metric]:
        files = sorted(map(str, Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).glob("*.db")))
        found: Iterable[Metric] = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]
        return found


def forget(process: int) -> None:
    """A server process has ended: it holds nothing any more. What it counted stays."""
    mark_process_dead(process)  # type: ignore[no-untyped-call]


def _gauge(name: str, about: str, mode: str) -> Gauge:
    return Gauge(name, about, registry=None, multiprocess_mode=mode)  # type: ignore[arg-type]
