"""verl's `compute_score`: a score with the same keys every time, and no zero for a judge that failed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from canary import GOLD, GOLD_AS_ANSWERED
from reward_process import Service

from services.adapters.no_score import NoScore
from services.adapters.verl import compute_score, compute_score_async
from services.client import AsyncRewardClient, shared_async_client

KEYS = {"score", "acc", "status", "extracted", "detail", "verdict_id"}
TEXT = rf"\boxed{{{GOLD_AS_ANSWERED}}}"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    running = Service(tmp_path_factory.mktemp("verl"), "--workers", "1")
    running.wait_ready()
    yield running
    code, errors = running.end()
    assert code == 0, errors


def test_right_and_wrong(service: Service) -> None:
    right = compute_score("gsm8k", TEXT, GOLD, url=service.url)
    wrong = compute_score("gsm8k", "no idea", GOLD, {"index": 3}, url=service.url, num_turns=1)
    assert (right["score"], right["acc"], right["status"]) == (1.0, 1.0, "correct")
    assert (wrong["score"], wrong["acc"], wrong["status"], wrong["extracted"]) == (0.0, 0.0, "no_answer", "")
    assert set(right) == set(wrong) == KEYS
    assert asyncio.run(compute_score_async("gsm8k", TEXT, GOLD, url=service.url)) == right


def test_another_judge_by_the_row(service: Service) -> None:
    cases = '{"kind": "stdin", "cases": [{"stdin": "1\\n", "stdout": "2\\n"}]}'
    text = "```python\nprint(int(input()) + 1)\n```"
    assert compute_score("apps", text, cases, {"verifier": "code"}, url=service.url)["score"] == 1.0
    cut = {"verifier": "code", "finish_reason": "length"}
    assert compute_score("apps", text[:-8], cases, cut, url=service.url)["status"] == "truncated"


def test_a_failed_judge_is_no_zero(service: Service) -> None:
    """What is raised goes through `except Exception`, with which verl's manager `rate_limited` makes zeros."""
    assert not issubclass(NoScore, Exception)
    with pytest.raises(NoScore, match="which is no zero: bad_reference"):
        compute_score("gsm8k", r"\boxed{42}", "", url=service.url)
    with pytest.raises(NoScore, match="label 0 is null"):
        asyncio.run(compute_score_async("gsm8k", r"\boxed{42}", None, url=service.url))
    with pytest.raises(NoScore, match="no such key"):
        compute_score("gsm8k", r"\boxed{42}", "42", url=service.url, key="rk_wrong")


def test_a_run_lists_its_samples(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def listed(run: str) -> list[tuple[str, str | None]]:
        got = httpx.get(f"{service.url}/v1/verdicts", params={"run": run}, trust_env=False).json()["verdicts"]
        return sorted((each["labels"]["family"], each["labels"]["group"]) for each in got)

    for index in (3, 3, 4):
        compute_score("openai/gsm8k", TEXT, GOLD, {"index": index}, url=service.url, run="mine")
    assert listed("mine") == [("openai/gsm8k", "3"), ("openai/gsm8k", "3"), ("openai/gsm8k", "4")]
    monkeypatch.setenv("RLCORE_REWARD_RUN", "by environment")
    asyncio.run(compute_score_async("a\nb" + "x" * 200, TEXT, GOLD, {"index": ""}, url=service.url))
    assert listed("by environment") == [("a b" + "x" * 97, None)]


def test_one_client_for_a_loop_and_another_for_the_next(service: Service) -> None:
    async def together() -> list[float]:
        # Two tasks at once ask for it first.
        await asyncio.gather(*(compute_score_async("gsm8k", TEXT, GOLD, url=service.url) for _ in range(2)))
        client = await shared_async_client(service.url, "")
        clients.append(client)
        texts = [TEXT if number % 2 else "no idea" for number in range(100)]
        made = [compute_score_async("gsm8k", text, GOLD, url=service.url) for text in texts]
        scores = [result["score"] for result in await asyncio.gather(*made)]
        assert await shared_async_client(service.url, "") is client
        return scores

    clients: list[AsyncRewardClient] = []
    for _ in range(2):
        assert asyncio.run(together()) == [0.0, 1.0] * 50
    assert clients[0] is not clients[1]
    # The end of a loop closes it.
    with pytest.raises(RuntimeError, match="closed"):
        asyncio.run(clients[0].wait_ready())
