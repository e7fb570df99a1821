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
    assert [found[str(number)] for number in range(5)] == ["valid", *["lean_error"] * 4]


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
        "theorem t : 1 = 1 := by\n  /-\n  theorem in a comment -/\n  rfl",
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
        ("theorem t : 1 = 1 := by sorry -- </think>\n```lean\nrfl\n```", "sorry"),
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


LOOP = "by\n  repeat (have h : 1 = 1 := rfl)"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import Mathlib\n" + RIGHT, "the embedded Lean"),
        ("  import Mathlib\n" + RIGHT, "the embedded Lean"),
        ("import A.{\n" + RIGHT, "the embedded Lean"),
        # Options can switch the kernel off, and lemmas can use them: what stands before the theorem is not trusted.
        ("set_option debug.skipKernelTC true\n" + RIGHT, "judges one theorem"),
        ("theorem c : False := by decide +kernel\ntheorem t : 1 = 2 := c.elim", "judges one theorem"),
        ("open Nat\n  set_option debug.skipKernelTC true\n" + RIGHT, "judges one theorem"),
        ("open Nat theorem c : 1 = 2 := by decide +kernel\ntheorem t : 1 = 2 := c", "judges one theorem"),
        ("def f := 1\n" + RIGHT, "judges one theorem"),
        ("@[simp] theorem c : 1 = 1 := rfl\n" + RIGHT, "judges one theorem"),
        ("lemma c : 1 = 1 := rfl\n" + RIGHT, "judges one theorem"),
        ("private def f := 1\nnoncomputable section\n" + RIGHT, ""),
        ("structure S where\n  a : Nat\nderiving Repr\n" + RIGHT, "judges one theorem"),
        ('notation "x" => 1\nmacro "y" : tactic => `(tactic| rfl)\n' + RIGHT, "judges one theorem"),
        ("attribute [local simp] Nat.add_comm\n" + RIGHT, "judges one theorem"),
        ("set_option autoImplicit true\n" + RIGHT, "judges one theorem"),
        ("open Nat in\n" + RIGHT, "judges one theorem"),
        ("mutual\n" + RIGHT, "open"),
        ("end\n" + RIGHT, "close"),
        # Lean adds an instance to every theorem behind it.
        ("variable [Inhabited False]\ntheorem t : 1 = 2 := (default : False).elim", "judges one theorem"),
        ("namespace A\n" + RIGHT + "\nend A", "namespace"),
        ("open Nowhere\n" + RIGHT, "unknown namespace"),
        ("universe u u\n" + RIGHT, ""),
        ("open Nat\u2028x\n" + RIGHT, ""),
        # Limits, of the proof and of the statement.
        ("theorem t : 1 = 1 := " + LOOP, "timed out"),
        ("theorem t : 1 = 1 := by exact " + ".".join("a" * 1000), "64 parts"),
        ("theorem t : " + ".".join("a" * 1000) + " := rfl", ""),
        ("theorem " + ".".join("a" * 9000) + " : 1 = 1 := rfl", ""),
        ("theorem t : " + "¬" * 9000 + "True := by simp", ""),
        ("theorem t : " + "(" * 5000 + "True" + ")" * 5000 + " := trivial", ""),
        ("theorem t : " + "a " * 100_000 + ":= rfl", "the statement is longer"),
        ("theorem t : " + "9" * 15_000 + " = 1 := rfl", ""),
        ("theorem t : Sort (0" + "+1" * 5000 + ") := rfl", ""),
        ('theorem t : "a" = "a" := rfl', "string"),
        ("theorem t : Nat := 1", ""),
        # Comments and strings that never end; looking for their end again and again would take hours.
        ('"\\' * 100_000, "no theorem"),
        ("/-" * 100_000 + RIGHT, "no theorem"),
        ("open Nat -- " + '"\\' * 50_000 + "\n" + RIGHT.replace("⟨h.2", "⟨h.3"), ""),
        ("theorem t : 1 = 1 := rfl\x00", ""),
        ("theorem t : 1 = \x00 := rfl", "control characters"),
        ("theorem t : 1 = 1 := by exact \U000e0001", ""),
    ],
)
def test_what_the_text_does_itself_is_a_message(post: Any, text: str, said: str) -> None:
    """An `error` would say that nobody can tell: no text can have that for the asking."""
    messages = checked(post, text)["response"]["messages"]
    assert [message["severity"] for message in messages] == ["error"]
    assert said in messages[0]["data"]
    assert "Traceback" not in messages[0]["data"] and "site-packages" not in messages[0]["data"]


def raw(service: Service, path: str, body: str) -> dict[str, Any]:
    """A body letter for letter: httpx would not send half a character."""
    headers = {"content-type": "application/json"}
    response = httpx.post(f"{service.url}{path}", content=body, headers=headers, trust_env=False, timeout=60)
    return dict(response.raise_for_status().json())


@pytest.mark.parametrize("code", [r"theorem t : 1 = 1 := by exact \ud800", r"theorem t : \udfff = 1 := rfl", r"\uDBFF"])
def test_half_a_character_is_the_texts_doing(service: Service, code: str) -> None:
    """Python writes it into JSON. It must not have the texts beside it refused."""
    right = RIGHT.encode("unicode-escape").decode().replace("\\n", " ")
    body = '{"snippets": [{"id": "a", "code": "' + code + '"}, {"id": "b", "code": "' + right + '"}]}'
    odd, proved = raw(service, "/api/check", body)["results"]
    assert odd["error"] is proved["error"] is None
    assert [message["severity"] for message in odd["response"]["messages"]] == ["error"]
    assert proved["response"]["messages"] == []


@pytest.mark.parametrize(
    "problem",
    [
        '{"verifier": "lean", "reference": {"statement": "theorem t : 1 = 1"}}',
        '{"verifier": "math", "reference": {"answer": "1"}}',
    ],
)
def test_half_a_character_on_the_native_route(service: Service, problem: str) -> None:
    texts = (r"\ud800", r"```lean\nby exact \udc00\n```", r"\\boxed{\ud83d}", r"rfl")
    items = [
        '{"id": "%d", "problem": %s, "completion": {"text": "%s"}}' % (number, problem, text)  # noqa: UP031
        for number, text in enumerate(texts)
    ]
    verdicts = [
        result["verdict"] for result in raw(service, "/v1/score", '{"items": [' + ",".join(items) + "]}")["results"]
    ]
    assert [verdict["mask_sample"] for verdict in verdicts] == [False] * 4
    assert [verdict["reward"] for verdict in verdicts[:3]] == [0.0] * 3


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
