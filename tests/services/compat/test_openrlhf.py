"""OpenRLHF's `/get_reward`, as its client sends it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from canary import GOLD, GOLD_AS_ANSWERED
from reward_process import Service


def one(query: str, prompt: str, label: Any) -> dict[str, Any]:
    return {"query": [query], "prompts": [prompt], "labels": [label]}


CHAT = "<|im_start|>user\nWhat is 6*7?<|im_end|>\n<|im_start|>assistant\n"


@pytest.mark.parametrize(
    ("query", "prompt", "label", "reward"),
    [
        (CHAT + "It is \\boxed{42}<|im_end|>\n", CHAT, "42", 1.0),
        (CHAT + "It is \\boxed{41}<|im_end|>\n", CHAT, GOLD, 0.0),
        (f"<s>6*7? \\boxed{{{GOLD_AS_ANSWERED}}}</s>", "6*7?", GOLD, 1.0),
        ("<s> 6*7?\n\\boxed{42}</s></s>", "6*7? ", "42", 1.0),
        ("<|begin_of_text|>q \\boxed{42}<|eot_id|>", "q", 42, 1.0),
        # The prompt's own number is no answer.
        ("Say \\boxed{42}.<|endoftext|>", "Say \\boxed{42}.", "42", 0.0),
        ("q \\boxed{0.5}", "q", 0.5, 1.0),
        ("q \\boxed{42}", "q", '{"verifier": "math", "reference": {"answer": "42"}}', 1.0),
        ("q \\boxed{42}", "q", {"verifier": "math", "reference": {"answer": "42"}}, 1.0),
        ("q \\boxed{42}", "q", '{"answer": "42"}', 1.0),
    ],
)
def test_one_sample(post: Any, query: str, prompt: str, label: Any, reward: float) -> None:
    response = post("/get_reward", one(query, prompt, label))
    assert response.status_code == 200
    answer = response.json()
    assert set(answer) == {"rewards", "scores", "extra_logs"}
    assert answer["rewards"] == answer["scores"] == [reward]
    assert all(len(values) == 1 for values in answer["extra_logs"].values())


def test_empty_lists_are_answered(post: Any) -> None:
    response = post("/get_reward", {"query": [], "prompts": [], "labels": []})
    assert (response.status_code, response.json()) == (200, {"rewards": [], "scores": [], "extra_logs": {}})


def test_a_batch_comes_back_in_order(post: Any) -> None:
    body = {
        "query": ["q \\boxed{1}", "q \\boxed{2}", "q nothing"],
        "prompts": ["q"] * 3,
        "labels": ["1", GOLD, GOLD],
        "unknown": {"field": 1},
    }
    answer = post("/get_reward", body).json()
    assert answer["rewards"] == [1.0, 0.0, 0.0]
    assert answer["extra_logs"]["no_answer"] == [0.0, 0.0, 1.0]


def test_code_by_the_query_parameter(post: Any) -> None:
    label = json.dumps(
        {"kind": "stdin", "cases": [{"stdin": "1", "stdout": "2"}, {"stdin": str(int(GOLD) - 1), "stdout": GOLD}]}
    )
    right = "q```python\nprint(int(input()) + 1)\n```<|im_end|>"
    assert post("/get_reward", one(right, "q", label), verifier="code").json()["rewards"] == [1.0]
    wrong = right.replace("+ 1", "+ 2")
    assert post("/get_reward", one(wrong, "q", label), verifier="code").json()["rewards"] == [0.0]


def test_a_registered_problem(post: Any, registered: str) -> None:
    label = json.dumps({"problem_id": registered})
    assert post("/get_reward", one("q 1", "q", label)).json()["rewards"] == [0.0]
    assert post("/get_reward", one("q 1", "q", json.dumps({"problem_id": "p0"}))).status_code == 404


@pytest.mark.parametrize(
    ("body", "remedy"),
    [
        (one("q 1", "q", None), "label 0 is null"),
        (one("other 1", "q", "1"), "does not begin with its prompt"),
        (one("q 1", "q", True), "labels.0"),
        (one("q 1", "q", {"reference": 5}), "label 0: reference"),
        (one("q 1", "q", {"reference": {}}), "bad_reference"),
        (one("q 1", "q", {"verifier": "maths", "reference": {}}), "did you mean 'math'"),
        ({"query": ["a"], "labels": []}, "1 queries and 0 labels"),
        ({"query": ["a"], "prompts": ["a", "b"], "labels": ["1"]}, "1 queries and 2 prompts"),
        ({"query": "a", "prompts": "a", "labels": "1"}, "query"),
        ({}, "query: Field required"),
    ],
)
def test_what_cannot_be_judged_is_no_zero(post: Any, body: dict[str, Any], remedy: str) -> None:
    response = post("/get_reward", body)
    assert response.status_code == 422
    assert remedy in response.json()["detail"]


def test_a_judge_that_fails_is_asked_again(post: Any, judges: str, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    calls.write_text("")
    response = post("/get_reward", one("q x", "q", str(calls)), verifier=f"{judges}:recovers")
    assert (response.status_code, response.json()["rewards"]) == (200, [0.5])
    assert len(calls.read_text()) > 3


def test_a_judge_that_goes_on_failing_is_503(post: Any, judges: str) -> None:
    response = post("/get_reward", one("q x", "q", "1"), verifier=f"{judges}:raises")
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) >= 1
    assert "user_function" in response.json()["detail"]


def test_a_user_function_may_do_without_labels(post: Any, judges: str) -> None:
    answer = post("/get_reward", one("q yes", "q ", None), verifier=f"{judges}:needs_no_label")
    assert answer.json()["rewards"] == [1.0]


ROUTES = (
    "/get_reward",
    "/verify",
    "/api/check",
    "/one_pass_verify_batch",
    "/seed_session",
    "/slime",
    "/rm",
    "/run_code",
    "/test_program",
    "/test_program_stdio",
)


@pytest.mark.parametrize("path", ROUTES)
def test_every_route_asks_for_the_key(post: Any, path: str) -> None:
    response = post(path, {}, headers={"authorization": "Bearer rk_wrong"})
    assert response.status_code == 401
    assert "no such key" in response.json()["detail"]


def test_the_bodies_are_in_the_document(service: Service) -> None:
    document = httpx.get(f"{service.url}/openapi.json", trust_env=False).json()
    for path in set(ROUTES) - {"/seed_session"}:
        schema = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        name = schema["$ref"].rpartition("/")[2]
        assert name in document["components"]["schemas"], path
