"""One running service for the tests of other people's protocols, with judges that fail on purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from canary import GOLD
from reward_process import Service

JUDGES = f'''
from pathlib import Path


def raises(completion, reference):
    raise RuntimeError("a secret of the reference: {GOLD}")


def recovers(completion, reference):
    """Fails on its first answer (one call, two on neutral texts), then gives a half."""
    calls = Path(reference["answer"])
    calls.write_text(calls.read_text() + "x")
    if len(calls.read_text()) < 4:
        raise RuntimeError("not yet")
    return 0.5


def needs_no_label(completion, reference):
    return 1.0 if completion == "yes" and reference == {{"answer": None}} else 0.0
'''


@pytest.fixture(scope="session")
def judges(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The file of the user functions; `judges:NAME` is a verifier."""
    file = tmp_path_factory.mktemp("judges") / "judges.py"
    file.write_text(JUDGES, encoding="ascii")
    return str(file)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, judges: str) -> Iterator[Service]:
    """On loopback: without a key one may score and register, and sees no expected answers."""
    options = [f"--user-function={judges}:{name}" for name in ("raises", "recovers", "needs_no_label")]
    running = Service(tmp_path_factory.mktemp("compat"), "--workers", "1", "--deadline", "2", *options)
    running.wait_ready()
    yield running
    code, errors = running.end()
    assert code == 0, errors


Post = Callable[..., httpx.Response]


@pytest.fixture(scope="session")
def post(service: Service) -> Post:
    """`post(path, body, verifier=..., headers=...)`."""

    def send(
        path: str, body: Any, verifier: str | None = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        parameters = {} if verifier is None else {"verifier": verifier}
        return httpx.post(
            service.url + path, json=body, params=parameters, headers=headers, trust_env=False, timeout=200
        )

    return send


@pytest.fixture
def to_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients of others go past any proxy."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def registered(post: Post) -> str:
    """The id of a problem whose answer is gold."""
    problem = {"id": "secret", "reference": {"answer": GOLD}}
    return str(post("/v1/problems", {"problems": [problem]}).json()["problems"][0]["problem_id"])
