"""Clients of ours that send, wait and give up as the named trainer's source does; what comes out is its reward.

Where a package from PyPI is installed, the tests use that instead.
"""

from __future__ import annotations

import random
import time
from typing import Any

import httpx

Reward = float | None


def openrlhf(url: str, text: str, label: Any, *, verifier: str = "math", tries: int = 5) -> Reward:
    """0.11.2, `SingleTurnAgentExecutor`: whatever happens, again after a second; in the end `reward=None`."""
    body = {"query": [f"q {text}"], "prompts": ["q "], "labels": [label]}
    for _ in range(tries):
        try:
            answer = _post(f"{url}/get_reward", body, verifier, seconds=180).json()
            return float(answer["rewards"][0])
        except httpx.HTTPError:
            time.sleep(1)
    return None


def slime(url: str, text: str, label: Any, *, verifier: str = "math", tries: int = 10) -> float:
    """`remote_rm`: ten times, with longer and longer pauses; then the exception ends the rollout."""
    body = {"prompt": "q", "response": text, "label": label}
    for attempt in range(tries):
        try:
            return float(_post(f"{url}/slime", body, verifier, seconds=120).json())
        except httpx.HTTPError:
            if attempt + 1 == tries:
                raise
            time.sleep(min(2.0**attempt, 30) + random.random())
    raise AssertionError("no tries")


def nemo_gym(url: str, text: str, label: Any, *, verifier: str = "math") -> Reward:
    """0.4.0, `server_utils`: for ever where nothing answers, every half second; an error status ends the rollout; a
    masked sample is left out.
    """
    output = [{"type": "message", "content": [{"type": "output_text", "text": text}]}]
    body = {"responses_create_params": {"input": "q"}, "response": {"output": output}, "expected_answer": label}
    while True:
        try:
            answer = _post(f"{url}/verify", body, verifier, seconds=None).json()
            return None if answer["mask_sample"] else float(answer["reward"])
        except httpx.TransportError:
            time.sleep(0.5)


def open_instruct(url: str, program: str, test: str) -> float:
    """`CodeVerifier`: 30 s for one request, and a zero for whatever goes wrong."""
    body = {"program": program, "tests": [test], "max_execution_time": 1.0}
    try:
        passes = _post(f"{url}/test_program", body, seconds=30).json()["results"]
        return float(sum(passes) / len(passes))
    except Exception:
        return 0.0


def verl_sandbox(url: str, program: str, stdout: str, *, seconds: float = 10.0, tries: int = 3) -> float:
    """0.9.1, `sandbox_fusion.utils`: again after a 504 only; anything else that is no result is -1, which scores 0."""
    body = {"code": program, "language": "python", "compile_timeout": seconds, "run_timeout": seconds}
    for attempt in range(tries):
        try:
            reply = httpx.post(f"{url}/run_code", json=body, timeout=2 * seconds + 10, trust_env=False)
            if reply.status_code == 504:
                time.sleep(attempt + 1)
                continue
            result = reply.raise_for_status().json()
        except httpx.HTTPError:
            return 0.0
        if result["status"] != "Success":
            return 0.0
        return float(result["run_result"]["stdout"] == stdout)
    return 0.0


def _post(url: str, body: Any, verifier: str | None = None, *, seconds: float | None) -> httpx.Response:
    parameters = {} if verifier is None else {"verifier": verifier}
    return httpx.post(url, json=body, params=parameters, timeout=seconds, trust_env=False).raise_for_status()
