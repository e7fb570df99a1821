"""What flows into and out of a judge: `Problem` in, `Verdict` out. Frozen, JSON in and out."""

from __future__ import annotations

import enum
import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

Json = dict[str, Any]

# Why a completion ended: by itself, cut off at its token limit, or given up by the rollout engine (never judged).
FinishReason = Literal["stop", "length", "abort"]


_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def is_unicode(value: Any) -> bool:
    """Whether all text in plain data can be written as UTF-8. JSON can spell more: half a pair of surrogates."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, str) and not one.isascii():
            try:
                one.encode()
            except UnicodeEncodeError:
                return False
    return True


def _sendable(text: str) -> str:
    """Without lone surrogates, which JSON can spell and UTF-8 cannot."""
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


# What a judge says for people, which may quote an answer.
Words = Annotated[str, AfterValidator(_sendable)]


class Frozen(BaseModel):
    """Base of the contract types: immutable, an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Message(Frozen):
    """One chat message."""

    role: str
    content: str


class Problem(Frozen):
    """One thing to solve, one JSON line.

    Attributes:
        id: unique within a data set; the key of every record about this problem.
        prompt: the text the policy sees, or chat messages.
        verifier: `math`, another name of `verifiers.registry.VERIFIERS`, or `path/to/file.py:function`.
        reference: what that verifier needs (for math: `{"answer": "42"}`). Never shown to the policy.
        tags: free labels (family, level, source).
    """

    id: str
    prompt: str | tuple[Message, ...]
    verifier: str = "math"
    reference: Json = Field(default_factory=dict)
    tags: tuple[str, ...] = ()


class Status(enum.StrEnum):
    """The closed set of outcomes."""

    CORRECT = "correct"
    PARTIAL = "partial"
    WRONG = "wrong"
    NO_ANSWER = "no_answer"
    TRUNCATED = "truncated"
    TIMEOUT = "timeout"
    REJECTED = "rejected"
    ERROR = "error"


LASTING_FAILURES = frozenset(
    {"aborted", "bad_reference", "no_compiler", "no_lean", "no_reasoning_gym", "no_reference", "unknown_verifier"}
)
"""Kinds of failure that stay, however often the same answer is judged again."""


class Step(Frozen):
    """One span of the completion that was judged on its own (a tactic, a test).

    `start` and `end` are characters (code points) of the completion text, end exclusive.
    """

    start: int
    end: int
    status: str
    message: Words = ""
    reward: float | None = None


MAX_GOT_CHARS = 2_000


class FailedCase(Frozen):
    """The first case of a problem with several that an answer does not pass.

    It holds neither the case's input nor what was expected: those stand in the reference, for who may see it.

    Attributes:
        number: from 1, in the order of the reference.
        got: what the program printed or returned, in its own words; at most `MAX_GOT_CHARS` characters. None where
            nothing came out, and where a data set's own tests decide, which show a program what they expect.
        is_cut: whether more came out.
    """

    number: int
    got: Words | None = None
    is_cut: bool = False

    @classmethod
    def of(cls, number: int, got: str | None) -> FailedCase:
        """With the beginning of what came out."""
        if got is None:
            return cls(number=number)
        return cls(number=number, got=got[:MAX_GOT_CHARS], is_cut=len(got) > MAX_GOT_CHARS)


class Verdict(Frozen):
    """What a judge says of one answer.

    The status table (DESIGN.md section 3) is checked on construction, so no other combination exists:

    | status | reward | masked |
    |---|---|---|
    | correct | 1 | no |
    | partial | in (0, 1) | no |
    | wrong, no_answer, truncated, timeout, rejected | 0 | no |
    | error (the judge failed) | none | yes |

    `mask_sample`, `failure_kind` and `failure_reason` are NeMo-Gym's names. `detail` is for people and
    never holds the expected value; no text here holds a traceback, a path of the machine, or a lone surrogate, but
    what an answer says itself (`extracted`, `failed_case.got`) may be anything that is Unicode.
    """

    status: Status
    reward: float | None
    mask_sample: bool = False
    failure_kind: str | None = None
    failure_reason: Words | None = None
    extracted: Words | None = None
    detail: Words = ""
    steps: tuple[Step, ...] = ()
    failed_case: FailedCase | None = None
    seconds: float = 0.0
    verifier: str = ""
    verifier_version: str = ""

    @model_validator(mode="after")
    def _obey_the_table(self) -> Self:
        if self.status is Status.ERROR:
            if self.reward is not None or not self.mask_sample or not self.failure_kind:
                raise ValueError("an error verdict has no reward, is masked and names its failure_kind")
            return self
        if self.mask_sample or self.failure_kind is not None:
            raise ValueError(f"status {self.status} is the answer's doing: it cannot be masked")
        if self.reward is None:
            raise ValueError(f"status {self.status} needs a reward; only 'error' has none")
        allowed = {Status.CORRECT: self.reward == 1.0, Status.PARTIAL: 0.0 < self.reward < 1.0}
        if not allowed.get(self.status, self.reward == 0.0):
            raise ValueError(f"reward {self.reward} does not fit status {self.status}")
        return self

    @classmethod
    def of(cls, status: Status, *, reward: float | None = None, **fields: Any) -> Verdict:
        """A verdict of the answer; the reward follows from the status (`partial` needs one)."""
        if status is not Status.PARTIAL and reward is None:
            reward = 1.0 if status is Status.CORRECT else 0.0
        return cls(status=status, reward=reward, **fields)

    @classmethod
    def failed(cls, kind: str, reason: str, **fields: Any) -> Verdict:
        """A verdict of a judge that failed: masked, never a zero. `kind` is a short stable word."""
        return cls(
            status=Status.ERROR, reward=None, mask_sample=True, failure_kind=kind, failure_reason=reason, **fields
        )
