"""NeMo-Gym's `/verify`: the body comes back with the verdict, and can say that the judge failed."""

from __future__ import annotations

from typing import Any

import pytest
from canary import GOLD


def body(text: str, **task: Any) -> dict[str, Any]:
    """As a simple agent of NeMo-Gym sends it."""
    output = [
        {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": None},
        {"type": "function_call", "name": "f", "arguments": "{}", "call_id": "c"},
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": text, "annotations": [], "logprobs": None}],
        },
    ]
    response = {"id": "resp_1", "object": "response", "created_at": 1.0, "model": "m", "output": output, "tools": []}
    return {
        "responses_create_params": {"input": [{"role": "user", "content": "6*7?"}], "temperature": 1.0},
        "response": response,
        **task,
    }


def verdict(answer: dict[str, Any]) -> tuple[float, bool, str | None]:
    return answer["reward"], answer["mask_sample"], answer["failure_kind"]


@pytest.mark.parametrize(
    ("text", "task", "reward"),
    [
        ("It is \\boxed{42}", {"expected_answer": "42"}, 1.0),
        ("It is \\boxed{42}", {"expected_answer": 42}, 1.0),
        ("It is \\boxed{41}", {"expected_answer": "42"}, 0.0),
        ("It is \\boxed{42}", {"answer": "42"}, 1.0),
        ("It is \\boxed{41}", {"ground_truth": GOLD, "question": "6*7?"}, 0.0),
        ("nothing", {"reference": {"answer": GOLD}, "verifier": "math"}, 0.0),
    ],
)
def test_a_verdict(post: Any, text: str, task: dict[str, Any], reward: float) -> None:
    sent = body(text, **task, _ng_task_index=7)
    response = post("/verify", sent)
    assert response.status_code == 200
    answer = response.json()
    assert verdict(answer) == (reward, False, None)
    assert answer["failure_reason"] is None
    assert answer["response"] == sent["response"]
    assert answer["responses_create_params"] == sent["responses_create_params"]
    assert answer["_ng_task_index"] == 7
    # What is expected does not go back.
    assert not {"expected_answer", "answer", "ground_truth", "reference"} & set(answer)


def test_a_judge_that_fails_masks(post: Any, judges: str) -> None:
    answer = post("/verify", body("x", reference={"cases": int(GOLD)}, verifier="code")).json()
    assert verdict(answer) == (0.0, True, "verifier_error")
    assert answer["failure_reason"].startswith("bad_reference: ")
    answer = post("/verify", body("x", expected_answer="1"), verifier=f"{judges}:raises").json()
    assert verdict(answer) == (0.0, True, "judge_failed")
    assert answer["failure_reason"] == "user_function: a key with the scope privileged-why sees why"
    answer = post("/verify", body("x", question="no label")).json()
    assert verdict(answer) == (0.0, True, "verifier_error")
    assert "is null: nothing to judge against" in answer["failure_reason"]


def test_a_registered_problem(post: Any, registered: str) -> None:
    assert verdict(post("/verify", body("1", problem_id=registered)).json()) == (0.0, False, None)


def test_how_a_response_ended(post: Any) -> None:
    cut = body("The answer is 4", expected_answer="42")
    cut["response"] |= {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    assert verdict(post("/verify", cut).json()) == (0.0, False, None)
    failed = body("\\boxed{42}", expected_answer="42")
    failed["response"]["status"] = "failed"
    assert verdict(post("/verify", failed).json()) == (0.0, True, "agent_request_failed")


@pytest.mark.parametrize(
    ("sent", "remedy"),
    [
        ({}, "responses_create_params: Field required"),
        ({"responses_create_params": {}, "response": "text"}, "response"),
        ({"responses_create_params": {}, "response": {"output": [{"type": 5}]}}, "type"),
        ([], "Input should be an object"),
    ],
)
def test_wrong_types_are_422(post: Any, sent: Any, remedy: str) -> None:
    response = post("/verify", sent)
    assert response.status_code == 422
    assert remedy in response.json()["detail"]


def test_a_session_is_nothing(post: Any) -> None:
    response = post("/seed_session", {"anything": 1})
    assert (response.status_code, response.json()) == (200, {})


def measured(*rewards: float) -> list[dict[str, Any]]:
    return [{"reward": reward, "_ng_task_index": index % 2, "more": [1]} for index, reward in enumerate(rewards)]


MASKED = {"reward": 0.0, "mask_sample": True, "_ng_task_index": 2}


def test_the_metrics_of_a_run(post: Any) -> None:
    """A masked sample is no zero."""
    answer = post("/aggregate_metrics", {"verify_responses": [*measured(1.0, 0.5, 0.0, 0.5), MASKED]}).json()
    coverage = {
        "coverage/measured_rollouts": 4,
        "coverage/masked_rollouts": 1,
        "coverage/measured_tasks": 2,
        "coverage/fully_masked_tasks": 1,
    }
    assert answer["key_metrics"] == {"mean/reward": 0.5} | coverage
    assert answer["agent_metrics"] == pytest.approx(
        {"mean/reward": 0.5, "max/reward": 1.0, "min/reward": 0.0, "median/reward": 0.5, "std/reward": 0.40824829}
        | coverage
    )
    assert [(each["_ng_task_index"], each["mean/reward"]) for each in answer["group_level_metrics"]] == [
        (0, 0.5),
        (1, 0.5),
    ]


@pytest.mark.parametrize(
    ("given", "key_metrics"),
    [
        ([], {}),
        ([{"reward": 1}], {"mean/reward": 1.0}),
        (
            [MASKED],
            {
                "coverage/measured_rollouts": 0,
                "coverage/masked_rollouts": 1,
                "coverage/measured_tasks": 0,
                "coverage/fully_masked_tasks": 1,
            },
        ),
    ],
)
def test_metrics_of_little(post: Any, given: list[Any], key_metrics: dict[str, Any]) -> None:
    assert post("/aggregate_metrics", {"verify_responses": given}).json()["key_metrics"] == key_metrics


@pytest.mark.parametrize(
    "given", [None, [{}], [{"reward": "x"}], [[1]], [{"reward": 1, "_ng_task_index": "a"}], [{"reward": 1e308}]]
)
def test_metrics_of_wrong_types_are_422(post: Any, given: Any) -> None:
    assert post("/aggregate_metrics", {"verify_responses": given}).status_code == 422
