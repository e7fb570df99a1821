"""The control job: an answer that says nothing, to the same judge and reference. What it says of the two.

Whoever finds out who is to blame for a failure asks it (`verifiers.slot`), and so does whoever takes problems in, since
a reference that fails on it fails on every answer (`rlcore.data.screening`, `services.native`). It runs where answers
run, in a worker with limits: a reference is no more trusted than an answer.
"""

from __future__ import annotations

from verifiers import registry, user
from verifiers.jobs import Job
from verifiers.sandbox.types import SandboxFailed, SandboxUnavailable
from verifiers.types import Json, Status, Verdict

_SOUND = frozenset({Status.CORRECT, Status.PARTIAL, Status.WRONG})
# What a judge raises where it cannot run anything: no reference is to blame.
_OF_THE_MACHINE = (SandboxFailed.__name__, SandboxUnavailable.__name__)


def control_job(verifier: str, reference: Json) -> Job:
    """The control job of a judge and a reference."""
    return Job(verifier=verifier, text=registry.control(verifier, reference), reference=reference)


def is_sound(control: Verdict) -> bool:
    """Whether judge and reference are sound. A user's function may say anything of a neutral answer."""
    return not control.mask_sample if user.is_user_spec(control.verifier) else control.status in _SOUND


def reference_fault(control: Verdict) -> str | None:
    """Why no answer can be judged against the reference, by the verdict on its control job.

    None where it is sound, and where the judge failed for a reason that is not in the reference (no worker, no Lean,
    a user's function that raises): then it may be judged another time.
    """
    if is_sound(control):
        return None
    if control.status is not Status.ERROR:
        return f"an answer that says nothing is judged '{control.status}': {control.detail}"
    if control.failure_kind == "bad_reference":
        return control.failure_reason
    if control.failure_kind == "control" and not any(name in str(control.failure_reason) for name in _OF_THE_MACHINE):
        return f"its judge fails on any answer: {control.failure_reason}"
    return None
