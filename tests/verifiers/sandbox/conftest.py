"""The forms of the slow lane, one after the other."""

from __future__ import annotations

import dataclasses

import pytest

from verifiers.sandbox import bare_form, bubblewrap, landlock, policy

FORMS = ("bubblewrap", "bare", "ours", "oldest")


def use(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the slow lane work in one form: `bare` with a user of its own where we are root, `ours` as an ordinary user
    has it, `oldest` with the lowest Landlock ABI."""
    if form == "bubblewrap":
        found, why = bubblewrap.find()
        if found is None:
            pytest.skip(f"needs bubblewrap: {why}")
        return
    monkeypatch.setattr(bubblewrap, "find", lambda: (None, "switched off for this test"))
    if form == "ours" and not bare_form._free_users():
        pytest.skip("the same as bare: this user cannot become another")
    if form in ("ours", "oldest"):
        monkeypatch.setattr(bare_form, "_free_users", lambda: range(0))
    if form == "oldest":
        lowest = dataclasses.replace(policy.check(), landlock_abi=landlock.MINIMUM_ABI)
        monkeypatch.setattr(policy, "check", lambda: lowest)


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every form that this machine has."""
    use(request.param, monkeypatch)
    return str(request.param)


@pytest.fixture(params=("bare", "ours"))
def bare(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both kinds of users in the form without bubblewrap; what Landlock does there is not asked."""
    use(request.param, monkeypatch)
    return str(request.param)
