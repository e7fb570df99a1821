"""Five ways of failing, trainer by trainer: away, slow, a judge that dies, a bad reference, overload. What the reward
becomes there; the table in docs/SERVICE.md says the same.

Rewards of these tests are 0.5 or 1.0, so a zero is one that a failure made. `None` is a sample that is left out.
"""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import typing_extensions
from canary import GOLD, GOLD_AS_ANSWERED
from descendants import below
from ports import free_ports
from reward_process import Service
from trainer_clients import nemo_gym, open_instruct, openrlhf, slime, verl_sandbox

from services.adapters.no_score import NoScore
from services.adapters.trl import async_reward_function, reward_function
from services.adapters.verl import compute_score, compute_score_async
from services.client import RewardClient, RewardServiceError
from services.schemas import ScoreProblem

RAISES, RIGHT = "raises", rf"\boxed{{{GOLD_AS_ANSWERED}}}"
JUDGES = """
import os, signal, time
from pathlib import Path


def _calls(reference):
    with open(reference["answer"], "a") as calls:
        calls.write("x")
        return calls.tell()


def slow_at_first(completion, reference):
    if _calls(reference) < 3:
        time.sleep(30)
    return 0.5


def dies_at_first(completion, reference):
    if _calls(reference) < 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return 0.5


def raises(completion, reference):
    raise RuntimeError("on whatever is said")


def holds(completion, reference):
    _calls(reference)
    time.sleep(1.5)
    return 1.0
"""
Asked = Callable[..., Any]


def native(url: str, text: str, label: Any, *, verifier: str = "math", **options: Any) -> float | None:
    reference = label if isinstance(label, dict) else {"answer": label}
    with RewardClient([url], on_wait=lambda _: None, **options) as client:
        return client.judge(ScoreProblem(verifier=verifier, reference=reference), text).reward


def trl(url: str, text: str, label: Any, *, verifier: str = "math", **options: Any) -> float | None:
    return reward_function(url, verifier=verifier, **options)(completions=[text], answer=[label])[0]


def trl_async(url: str, text: str, label: Any, *, verifier: str = "math", **options: Any) -> float | None:
    return asyncio.run(async_reward_function(url, verifier=verifier, **options)(completions=[text], answer=[label]))[0]


def verl(url: str, text: str, label: Any, *, verifier: str = "math") -> float:
    return float(compute_score("d", text, label, url=url, verifier=verifier)["score"])


def verl_async(url: str, text: str, label: Any, *, verifier: str = "math") -> float:
    return float(asyncio.run(compute_score_async("d", text, label, url=url, verifier=verifier))["score"])


# Those that name a judge and send what is expected.
BY_LABEL: dict[str, Asked] = {
    "native": native,
    "TRL": trl,
    "TRL, async": trl_async,
    "verl": verl,
    "verl, async": verl_async,
    "OpenRLHF": openrlhf,
    "slime": slime,
    "NeMo-Gym": nemo_gym,
}


def kimina(url: str, pause: str = "", **options: Any) -> float | None:
    """The package; 1.0 is a proof, `None` that the server could not tell."""
    from kimina_client import KiminaClient

    text = "theorem t (p q : Prop) (h : p ∧ q) : q ∧ p := ⟨h.2, h.1⟩"
    (result,) = KiminaClient(api_url=url, **options).check(text, show_progress=False).results
    return {"valid": 1.0, "server_error": None}.get(str(result.analyze().status.value), 0.0)


def fusion(url: str, pause: str = "", **options: Any) -> float:
    """The package."""
    from sandbox_fusion import RunCodeRequest, run_code

    code = f"{pause}print(42)"
    result = run_code(RunCodeRequest(code=code, language="python"), endpoint=url, **options)
    return float(result.run_result is not None and result.run_result.stdout == "42\n")


def verl_fusion(url: str, pause: str = "", **options: Any) -> float:
    return verl_sandbox(url, f"{pause}print(42)", "42\n", **options)


def instruct(url: str, pause: str = "") -> float:
    return open_instruct(url, f"{pause}def f(x): return x", "assert f(1) == 1")


# Those that send a program or a proof. They take lines to put before the program.
BY_PROGRAM: dict[str, Asked] = {
    "Kimina": kimina,
    "sandbox-fusion": fusion,
    "verl, sandbox_fusion": verl_fusion,
    "open-instruct": instruct,
}
PAUSE = "import time\ntime.sleep(0.4)\n"


@pytest.fixture(autouse=True)
def clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients of others go past any proxy; before Python 3.12 pydantic takes no other TypedDict, which Kimina's does
    not know."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("typing.TypedDict", typing_extensions.TypedDict)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("judges") / "failing.py"
    file.write_text(JUDGES, encoding="ascii")
    return str(file)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, file: str) -> Iterator[Service]:
    options = [f"--user-function={file}:{name}" for name in ("slow_at_first", "dies_at_first", "raises")]
    running = Service(tmp_path_factory.mktemp("failures"), "--workers", "4", "--deadline", "1", *options)
    running.wait_ready()
    yield running
    code, errors = running.end()
    assert code == 0, errors


def together(calls: dict[str, Asked]) -> dict[str, Any]:
    """What each of these calls comes to, all at once."""

    def come_to(call: Asked) -> Any:
        try:
            return call()
        except (NoScore, RewardServiceError, httpx.HTTPError):
            return RAISES
        except Exception as error:
            # As sandbox-fusion says that it gave up.
            assert type(error) is Exception or "requests" in type(error).__module__, error
            return RAISES

    with ThreadPoolExecutor(len(calls)) as threads:
        return dict(zip(calls, threads.map(come_to, calls.values()), strict=True))


def asked(url: str, names: Any, label: Any, **options: Any) -> dict[str, Asked]:
    return {name: functools.partial(BY_LABEL[name], url, RIGHT, label, **options) for name in names}


def run(url: str, pause: str = "") -> dict[str, Asked]:
    return {name: functools.partial(call, url, pause) for name, call in BY_PROGRAM.items()}


def at_first(url: str, verifier: str, folder: Path) -> dict[str, Asked]:
    """With a file each for the judge to count in."""
    return {
        name: functools.partial(call, url, "x", str(folder / str(number)), verifier=verifier)
        for number, (name, call) in enumerate(BY_LABEL.items())
    }


def test_a_judge_that_dies(service: Service, file: str, tmp_path: Path) -> None:
    """Three times, on neutral texts too: the pool starts others."""
    found = together(at_first(service.url, f"{file}:dies_at_first", tmp_path))
    assert found == dict.fromkeys(BY_LABEL, 0.5)


def test_judges_that_are_killed_at_work(service: Service) -> None:
    """All processes that judge, in the middle of it."""
    with ThreadPoolExecutor(1) as thread:
        asking = thread.submit(together, run(service.url, PAUSE))
        time.sleep(0.7)
        for process in below(service.server()):
            if process.kind in ("worker", "fork server", "supervisor", "program") and process.alive:
                os.kill(process.pid, signal.SIGKILL)
        assert asking.result() == dict.fromkeys(BY_PROGRAM, 1.0)


def test_a_judge_that_is_slow(service: Service, file: str, tmp_path: Path) -> None:
    """Slower than its limit, on neutral texts too: no answer's doing. Who cannot leave a sample out asks again."""
    found = together(at_first(service.url, f"{file}:slow_at_first", tmp_path))
    again = dict.fromkeys(("verl", "verl, async", "OpenRLHF", "slime"), 0.5)
    assert found == dict.fromkeys(BY_LABEL, None) | again


def test_a_deadline_that_passes(service: Service, file: str, tmp_path: Path) -> None:
    calls = str(tmp_path / "calls")
    late = functools.partial(trl, service.url, "x", calls, verifier=f"{file}:slow_at_first", deadline_seconds=0.3)
    assert late() is None


def test_a_judge_that_fails_for_good(service: Service, file: str) -> None:
    patient = [name for name in BY_LABEL if name not in ("OpenRLHF", "slime")]
    calls = asked(service.url, patient, "1", verifier=f"{file}:raises")
    calls |= asked(service.url, ("OpenRLHF", "slime"), "1", verifier=f"{file}:raises", tries=1)
    assert together(calls) == dict.fromkeys(BY_LABEL, None) | {"verl": RAISES, "verl, async": RAISES, "slime": RAISES}


def test_a_bad_reference(service: Service) -> None:
    """It ends at once."""
    patient = [name for name in BY_LABEL if name not in ("OpenRLHF", "slime")]
    calls = asked(service.url, patient, {"answer": ""})
    calls |= asked(service.url, ("OpenRLHF", "slime"), {"answer": ""}, tries=1)
    # Its test fails whatever the program does. open-instruct catches everything and writes a zero.
    calls["open-instruct"] = functools.partial(open_instruct, service.url, "def f(x): return x", "assert f(1) == g(1)")
    raised = dict.fromkeys(("verl", "verl, async", "slime"), RAISES)
    assert together(calls) == dict.fromkeys(BY_LABEL, None) | raised | {"open-instruct": 0.0}


def test_overload(file: str, tmp_path: Path) -> None:
    """One slow request is all that this key may have under way: nobody else is let in for 1.5 s."""
    few = ("--workers", "1", "--max-backlog-seconds", "0.2", f"--user-function={file}:holds")
    running = Service(tmp_path, *few)
    url = running.wait_ready()
    held = tmp_path / "held"
    with ThreadPoolExecutor(1) as thread:
        holding = thread.submit(native, url, "x", str(held), verifier=f"{file}:holds")
        while not held.exists():
            time.sleep(0.01)
        refused = httpx.post(f"{url}/v1/score", json={"items": [ITEM]}, trust_env=False)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        found = together(asked(url, BY_LABEL, GOLD) | run(url))
        assert holding.result() == 1.0
    assert running.end()[0] == 0
    assert found == dict.fromkeys([*BY_LABEL, *BY_PROGRAM], 1.0)


ITEM = {"id": "a", "problem": {"reference": {"answer": GOLD}}, "completion": {"text": "1"}}


def test_a_server_that_is_killed(service: Service) -> None:
    """Its watchdog holds the port: who comes then waits for the next one."""
    os.kill(service.server(), signal.SIGKILL)
    found = together(asked(service.url, BY_LABEL, GOLD) | run(service.url))
    assert found == dict.fromkeys([*BY_LABEL, *BY_PROGRAM], 1.0)


def test_a_service_that_comes(tmp_path: Path) -> None:
    """Nothing listens there until they have asked."""
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    waiting = ("native", "TRL", "TRL, async", "verl", "verl, async", "slime", "NeMo-Gym")
    with ThreadPoolExecutor(1) as thread:
        asking = thread.submit(together, asked(url, waiting, GOLD) | {"sandbox-fusion": functools.partial(fusion, url)})
        time.sleep(0.3)
        running = Service(tmp_path, "--workers", "1", port=port)
        running.wait_ready()
        assert asking.result() == dict.fromkeys([*waiting, "sandbox-fusion"], 1.0)
    assert running.end()[0] == 0


def test_a_service_that_does_not_come() -> None:
    url = f"http://127.0.0.1:{free_ports(1)[0]}"
    calls = asked(url, ("OpenRLHF", "slime"), GOLD, tries=2)
    calls["native"] = functools.partial(native, url, RIGHT, GOLD, max_wait_seconds=0.5)
    calls["TRL"] = functools.partial(trl, url, RIGHT, GOLD, deadline_seconds=0.5)
    calls["TRL, async"] = functools.partial(trl_async, url, RIGHT, GOLD, deadline_seconds=0.5)
    calls |= run(url)
    calls["Kimina"] = functools.partial(kimina, url, n_retries=2)
    calls["sandbox-fusion"] = functools.partial(fusion, url, max_attempts=2)
    assert together(calls) == {
        "OpenRLHF": None,
        "slime": RAISES,
        "native": RAISES,
        "TRL": None,
        "TRL, async": None,
        "Kimina": None,
        "sandbox-fusion": RAISES,
        # Both make a zero of a connection that is refused, by themselves.
        "verl, sandbox_fusion": 0.0,
        "open-instruct": 0.0,
    }
