"""slime's remote reward model: the answer is the reward."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from canary import GOLD


@pytest.mark.parametrize("path", ["/slime", "/rm"])
@pytest.mark.parametrize(
    ("response", "label", "reward"),
    [("It is \\boxed{42}<|im_end|>", "42", 1.0), ("It is \\boxed{41}", GOLD, 0.0), ("\\boxed{42}", 42, 1.0)],
)
def test_the_body_is_the_reward(post: Any, path: str, response: str, label: Any, reward: float) -> None:
    answer = post(path, {"prompt": "6*7?", "response": response, "label": label})
    assert (answer.status_code, answer.json()) == (200, reward)


def test_chat_prompts_and_unknown_fields(post: Any) -> None:
    body = {"prompt": [{"role": "user", "content": "6*7?"}], "response": "\\boxed{42}", "label": "42", "index": 3}
    assert post("/slime", body).json() == 1.0


def test_code_hidden_in_the_label(post: Any) -> None:
    label = {"verifier": "code", "reference": {"kind": "calls", "entry_point": "f", "cases": [{"expected": int(GOLD)}]}}
    body = {"prompt": "f", "response": "```python\ndef f():\n    return 1\n```", "label": label}
    assert post("/slime", body).json() == 0.0


@pytest.mark.parametrize(
    ("body", "remedy"),
    [
        ({"prompt": "q", "response": "1", "label": None}, "label 0 is null"),
        ({"prompt": "q", "response": "1"}, "label 0 is null"),
        ({"prompt": "q", "response": "1", "label": ["1"]}, "label"),
        ({"prompt": "q", "response": 1, "label": "1"}, "response"),
        ({"prompt": "q", "response": "1", "label": {"reference": {"answers": 1}}}, "bad_reference"),
    ],
)
def test_what_cannot_be_judged_is_no_zero(post: Any, body: dict[str, Any], remedy: str) -> None:
    response = post("/slime", body)
    assert response.status_code == 422
    assert remedy in response.json()["detail"]


def test_a_judge_that_fails(post: Any, judges: str, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    calls.write_text("")
    body = {"prompt": "q", "response": "x", "label": str(calls)}
    assert post("/rm", body, verifier=f"{judges}:recovers").json() == 0.5
    response = post("/rm", body, verifier=f"{judges}:raises", headers={"X-Deadline-Ms": "700"})
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
