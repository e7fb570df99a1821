"""Kimina's Lean server, with its own client from PyPI, and by the letter."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import typing_extensions
from reward_process import Service

RIGHT = "theorem t (p q : Prop) (h : p ∧ q) : q ∧ p := ⟨h.2, h.1⟩"
WRONG = (
    "open Nat\n\ntheorem t (n : Nat) : n + 0 = n := by\n  induction n with\n  | zero => rfl\n  | succ n h => exact q"
)


def checked(post: Any, text: str) -> dict[str, Any]:
    response = post("/api/check", {"snippets": [{"id": "a", "code": text}], "timeout": 60})
    assert response.status_code == 200
    (result,) = response.json()["results"]
    assert (result["error"] is None) != (result["response"] is None)
    assert result["id"] == "a"
    return dict(result)


@pytest.mark.usefixtures("to_loopback")
def test_the_real_client(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    # Before Python 3.12 pydantic takes no other, and the client does not know.
    monkeypatch.setattr("typing.TypedDict", typing_extensions.TypedDict)
    kimina = pytest.importorskip("kimina_client", reason="pip install kimina-client")
    client = kimina.KiminaClient(api_url=service.url, n_retries=1)
    assert client.health() == {"status": "ok"}
    texts = [
        RIGHT,
        WRONG,
        "theorem t : 1 = 1 := by sorry",
        "import Mathlib\ntheorem t : 1 = 1 := rfl",
        "theorem t : 1 = 1 := by\n  repeat (have h : 1 = 1 := rfl)",
    ]
    snippets = [kimina.Snippet(id=str(number), code=text) for number, text in enumerate(texts)]
    response = client.check(snippets, show_progress=False, batch_size=2)
    found = {result.id: str(result.analyze().status.value) for result in response.results}
    assert [found[str(number)] for number in range(3)] == ["valid", "lean_error", "lean_error"]
    assert found["3"] == "server_error"
    assert found["4"] == "timeout_error"


def test_the_places_are_those_of_the_whole_text(post: Any) -> None:
    (message,) = checked(post, WRONG)["response"]["messages"]
    assert message["severity"] == "error"
    assert message["pos"] == {"line": 6, "column": 22}
    assert "Unknown identifier `q`" in message["data"]
    (message,) = checked(post, "theorem t (p : Prop) (h : p) : p :=   k")["response"]["messages"]
    assert message["pos"] == {"line": 1, "column": 38}


@pytest.mark.parametrize(
    "text",
    [
        RIGHT,
        "-- a comment\n/- theorem of old -/\nopen Nat\nset_option maxHeartbeats 400000\n" + RIGHT,
        "set_option maxHeartbeats 400000 in\n" + RIGHT + " -- done",
        "theorem t : 1 = 1 := -- why not := by\n  by rfl",
        "theorem t : 1 = 1 := by\r\n  rfl\r\n",
        "universe u\ntheorem t (p : Prop) (h : p) : p := h\n/-\ntheorem of the end\n-/",
    ],
)
def test_proved(post: Any, text: str) -> None:
    result = checked(post, text)
    assert result["response"] == {"env": 0, "messages": []}
    assert result["time"] > 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("theorem t : 1 = 2 := rfl", ""),
        ("theorem t : 1 = 1 := by sorry", "Sorry"),
        ("theorem t : 1 = 1 := sorry", "sorry"),
        ("theorem t : 1 = 1 := rfl\n#eval 1", "second command"),
        ("#eval 1\ntheorem t : 1 = 1 := rfl", "may rest on #eval"),
        ("axiom c : False\ntheorem t : 1 = 2 := c.elim", "may rest on axiom"),
        ("theorem c : 1 = 2 := by sorry\ntheorem t : 1 = 2 := c", "may rest on sorry"),
        ("theorem t : 1 = 2 := by sorry\nprivate theorem u : 1 = 1 := rfl", ""),
        ("theorem t : 1 = 2 := by sorry\n  theorem t : 1 = 2 := rfl", "not one proof"),
        ("theorem t : 1 = 1 := by\n```\n```lean\nrfl", ""),
        ("theorem t : 1 = 1 := by sorry -- </think>\n```lean\nrfl\n```", "not one proof"),
        ("theorem t : 1 = 1 := := rfl", "not one proof"),
        ("theorem t : 1 = 1 :=", "not one proof"),
        ("theorem t : 1 = 1", "no proof"),
        ("theorem t : unheard := rfl", "does not accept the statement"),
        ("def f := 1", "no theorem"),
        ("", "no theorem"),
        ("theorem t : 1 = 1 := rfl" + " " * 400_000 + "--", "longer than 400000"),
    ],
)
def test_not_proved(post: Any, text: str, said: str) -> None:
    messages = checked(post, text)["response"]["messages"]
    assert [message["severity"] for message in messages] == ["error"]
    assert said.lower() in messages[0]["data"].lower()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import Mathlib\n" + RIGHT, "the embedded Lean"),
        # Options can switch the kernel off, and lemmas can use them: what stands before the theorem is not trusted.
        ("set_option debug.skipKernelTC true\n" + RIGHT, "judges one theorem"),
        ("theorem c : False := by decide +kernel\ntheorem t : 1 = 2 := c.elim", "judges one theorem"),
        ("open Nat\n  set_option debug.skipKernelTC true\n" + RIGHT, "judges one theorem"),
        ("open Nat theorem c : 1 = 2 := by decide +kernel\ntheorem t : 1 = 2 := c", "judges one theorem"),
        ("def f := 1\n" + RIGHT, "judges one theorem"),
        # Lean adds an instance to every theorem behind it.
        ("variable [Inhabited False]\ntheorem t : 1 = 2 := (default : False).elim", "judges one theorem"),
        ("theorem t : 1 = 1 := by\n  /-\n  theorem in a comment -/\n  rfl", "a comment in the proof"),
        ("namespace A\n" + RIGHT + "\nend A", "namespace"),
    ],
)
def test_not_judged(post: Any, text: str, said: str) -> None:
    error = checked(post, text)["error"]
    assert said in error
    assert "timed out" not in error


def test_a_time_limit_says_timed_out(post: Any) -> None:
    assert "timed out" in checked(post, "theorem t : 1 = 1 := by\n  repeat (have h : 1 = 1 := rfl)")["error"]


@pytest.mark.parametrize("path", ["/verify", "/one_pass_verify_batch"])
def test_the_older_routes(post: Any, path: str) -> None:
    codes = [{"custom_id": "a", "proof": RIGHT}, {"custom_id": 2, "code": WRONG}, {"custom_id": "a", "proof": ""}]
    response = post(path, {"codes": codes, "infotree_type": "original", "disable_cache": True})
    assert response.status_code == 200
    first, second, third = response.json()["results"]
    assert (first["custom_id"], second["custom_id"], third["custom_id"]) == ("a", 2, "a")
    assert first["error"] is second["error"] is None
    assert first["response"]["messages"] == []
    assert first["response"]["time"] > 0
    assert second["response"]["messages"][0]["pos"] == {"line": 6, "column": 22}
    assert third["response"]["messages"][0]["severity"] == "error"
    assert post(path, {"codes": []}).json() == {"results": []}


@pytest.mark.parametrize(
    ("path", "body", "remedy"),
    [
        ("/api/check", {"snippets": []}, "at least 1 item"),
        ("/api/check", {"snippets": [{"id": "a", "code": "x"}] * 2}, "same id"),
        ("/api/check", {"snippets": [{"id": "a", "code": 5}]}, "snippets.0.code"),
        ("/api/check", {"snippets": [{"id": "a", "code": "x"}], "timeout": -1}, "timeout"),
        ("/verify", {"codes": [{"custom_id": "a"}]}, "give proof or code"),
        ("/verify", {"codes": "x"}, "codes"),
    ],
)
def test_wrong_types_are_422(post: Any, path: str, body: dict[str, Any], remedy: str) -> None:
    response = post(path, body)
    assert response.status_code == 422
    assert remedy in response.json()["detail"]


def test_health_needs_no_key(service: Service) -> None:
    response = httpx.get(f"{service.url}/health", headers={"authorization": "Bearer no"}, trust_env=False)
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
