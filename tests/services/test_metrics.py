"""What Prometheus reads: sums over all server processes that never fall, under names after its conventions."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from reward_process import Service, items

JUDGE = """
import time

from verifiers.types import Verdict
from verifiers.user import JudgeUnavailable


def slow(completion, reference):
    time.sleep(2)
    return 1.0


def away(completion, reference):
    return Verdict.failed("a kind of its own", "its model is away")


def gone(completion, reference):
    raise JudgeUnavailable("its model is away")
"""
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("judge") / "judge.py"
    file.write_text(JUDGE, encoding="ascii")
    return str(file)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, judge: str, folder: Path) -> Iterator[Service]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        running = Service(
            tmp_path_factory.mktemp("metrics"),
            *("--processes", "2", "--workers", "1"),
            *("--user-function", f"{judge}:slow", "--user-function", f"{judge}:away"),
            *("--user-function", f"{judge}:gone"),
        )
    running.wait_ready()
    assert len(list(folder.glob("reward-metrics-*"))) == 1
    yield running
    code, errors = running.end()
    assert code == 0, errors
    assert "Traceback" not in errors
    # What the servers counted into goes with the watchdog.
    assert not list(folder.glob("reward-metrics-*"))


def scraped(service: Service) -> Samples:
    """On a connection of its own: the kernel picks one of the processes."""
    text = httpx.get(f"{service.url}/metrics", trust_env=False, timeout=30).text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def only_rises(key: tuple[str, object]) -> bool:
    return key[0].endswith(("_total", "_bucket", "_count", "_sum"))


def wait_for(service: Service, is_there: Callable[[Samples], bool]) -> Samples:
    deadline = time.monotonic() + 60
    while not is_there(found := scraped(service)):
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found


def ask(service: Service, count: int, verifier: str = "math") -> int:
    asked = {"items": [item.model_dump() for item in items(count, verifier)]}
    return httpx.post(f"{service.url}/v1/score", json=asked, trust_env=False, timeout=60).status_code


def test_counters_never_fall_also_when_a_server_is_killed(service: Service) -> None:
    """Each request and each scrape meets either process; one of them ends on the way."""
    wait_for(service, lambda found: found["reward_server_starts_total", ()] == 2)
    stopped = threading.Event()
    asked: list[int] = []

    def keep_asking() -> None:
        while not stopped.is_set():
            # One that was with the server that was killed.
            with contextlib.suppress(httpx.TransportError):
                asked.append(ask(service, 3))

    fallen: list[object] = []
    before: Samples = {}
    with ThreadPoolExecutor(2) as threads:
        for _ in range(2):
            threads.submit(keep_asking)
        try:
            for number in range(90):
                if number == 30:
                    os.kill(service.server(), signal.SIGKILL)
                try:
                    now = scraped(service)
                except httpx.TransportError:
                    continue
                fallen += [
                    (key, value, now.get(key))
                    for key, value in before.items()
                    if only_rises(key) and now.get(key, -1.0) < value
                ]
                before = now
        finally:
            stopped.set()
    assert fallen == []
    assert set(asked) == {200}
    after = wait_for(service, lambda found: found["reward_server_starts_total", ()] == 3)
    # Nothing is under way in the process that ended, whatever it was at.
    labels = (("method", "POST"), ("route", "/v1/score"), ("status", "200"))
    assert after["reward_requests_total", labels] >= len(asked)
    wait_for(service, lambda found: found["reward_requests_in_flight", (("route", "/v1/score"),)] == 0)
    wait_for(service, lambda found: found["reward_judge_starts_total", ()] >= 3)


def test_what_waits_is_seen_from_either_process(service: Service, judge: str) -> None:
    route = (("route", "/v1/score"),)
    with ThreadPoolExecutor(8) as threads:
        # On two judges: some wait for others.
        asking = [threads.submit(ask, service, 1, f"{judge}:slow") for _ in range(5)]
        wait_for(service, lambda found: found["reward_queue_age_seconds", ()] > 1)
        for _ in range(8):
            found = scraped(service)
            assert 0 < found["reward_requests_in_flight", route] <= 5
            assert found["reward_backlog_seconds", ()] > 0
        assert [each.result() for each in asking] == [200] * 5
    wait_for(service, lambda found: found["reward_queue_age_seconds", ()] == 0)
    assert scraped(service)["reward_requests_in_flight", route] == 0


@pytest.mark.parametrize(("function", "kind"), [("away", "user_function"), ("gone", "judge_unavailable")])
def test_failures_are_counted_by_kinds_of_ours(service: Service, judge: str, function: str, kind: str) -> None:
    key = ("reward_failures_total", (("kind", kind), ("verifier", "user")))
    errors = ("reward_verdicts_total", (("status", "error"), ("verifier", "user")))
    before = scraped(service)
    # It is there before the first one, which would be no increase otherwise.
    assert before[key] == 0
    assert ask(service, 2, f"{judge}:{function}") == 200
    found = scraped(service)
    assert found[key] == 2
    assert found[errors] - before[errors] == 2


@pytest.mark.parametrize(
    ("method", "path", "labels"),
    [
        ("GET", "/v1/verdicts/019ab3c4d5e6f7a8b9c0d1e2f3a4", ("GET", "/v1/verdicts/{verdict_id}", "404")),
        ("GET", "/v1/verdicts/another?answer=42", ("GET", "/v1/verdicts/{verdict_id}", "404")),
        ("GET", "/samples/nothing", ("GET", "/samples/{verdict_id}", "404")),
        ("GET", "/nowhere/42", ("GET", "unmatched", "404")),
        ("GET", "/v1/score", ("GET", "/v1/score", "405")),
        ("HEAD", "/healthz", ("HEAD", "/healthz", "200")),
        ("PROPFIND", "/healthz", ("other", "/healthz", "405")),
        ("POST", "/slime", ("POST", "/slime", "415")),
    ],
)
def test_requests_are_counted_by_the_template_of_their_route(
    service: Service, method: str, path: str, labels: tuple[str, str, str]
) -> None:
    key = ("reward_requests_total", tuple(zip(("method", "route", "status"), labels, strict=True)))
    timed = ("reward_request_seconds_count", (("route", labels[1]),))
    before = scraped(service)
    assert str(httpx.request(method, service.url + path, trust_env=False).status_code) == labels[2]
    after = wait_for(service, lambda found: found.get(key, 0) == before.get(key, 0) + 1)
    assert after[timed] > before.get(timed, 0)


def test_names_follow_the_conventions(service: Service) -> None:
    text = httpx.get(f"{service.url}/metrics", trust_env=False, timeout=30).text
    families = list(text_string_to_metric_families(text))
    assert {family.name for family in families} >= {
        *("process_cpu_seconds", "process_resident_memory_bytes", "process_virtual_memory_bytes"),
        *("process_open_fds", "process_max_fds", "process_start_time_seconds"),
        *("reward_verdicts", "reward_requests", "reward_request_seconds", "reward_judge_seconds"),
    }
    for family in families:
        assert family.documentation
        assert family.name.startswith(("reward_", "process_"))
        if family.type == "counter":
            assert all(sample.name == f"{family.name}_total" for sample in family.samples)
        # Times are seconds, sizes bytes; a gauge that is neither counts things.
        assert not family.name.endswith(("_ms", "_milliseconds", "_megabytes", "_total", "_count"))
        assert all(
            set(sample.labels) <= {"le", "verifier", "status", "kind", "method", "route"} for sample in family.samples
        )
    start = next(family for family in families if family.name == "process_start_time_seconds").samples[0].value
    assert time.time() - 3600 < start < time.time()
