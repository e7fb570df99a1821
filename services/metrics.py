"""What Prometheus reads at `/metrics`. Labels are verifiers and statuses of ours only, never a text of a caller."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from verifiers import registry
from verifiers.types import Verdict

_SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)


class Metrics:
    """The meters of one server process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.verdicts = Counter(
            "reward_verdicts", "Verdicts of the judges", ["verifier", "status"], registry=self._registry
        )
        self.seconds = Histogram(
            "reward_judge_seconds", "Time of one verdict", ["verifier"], buckets=_SECONDS, registry=self._registry
        )
        self.cached = Counter("reward_cached", "Verdicts that were known already", registry=self._registry)
        self.requests = Counter("reward_requests", "Requests by HTTP status", ["status"], registry=self._registry)
        self.backlog = Gauge("reward_backlog_seconds", "Estimated work that was let in", registry=self._registry)

    def count(self, verdict: Verdict) -> None:
        """One verdict."""
        name = verdict.verifier if verdict.verifier in registry.VERIFIERS else "user"
        self.verdicts.labels(name, verdict.status.value).inc()
        self.seconds.labels(name).observe(verdict.seconds)

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self._registry)
