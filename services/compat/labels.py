"""From what a trainer sends (a label, a text with special tokens) to what we judge (a problem, a completion).

A label is a problem in one of these forms:

| label | problem |
|---|---|
| `{"problem_id": "p..."}` | the registered one |
| `{"verifier": "code", "reference": {...}}` | that one |
| any other JSON object | the reference, for the judge that the query names |
| any other text or number | `{"answer": label}`, for the judge that the query names |
| null | none: the item cannot be judged |

An object may come as such or as a JSON string.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, StrictFloat, StrictInt, StrictStr, ValidationError

from services.guard import Refused
from services.schemas import ScoredCompletion, ScoreItem, ScoreProblem
from verifiers import user
from verifiers.types import FinishReason, Json

Label = StrictStr | StrictInt | StrictFloat | dict[str, Any] | None
"""What a data set's column of expected answers may hold."""

Verifier = Annotated[str, Query(description="The judge of labels that name none.")]
"""Query parameter of the routes that take labels."""

_SPECIAL = (
    r"<\|(?:im_end|im_start|endoftext|eot_id|eom_id|end_of_text|end|return|eos|pad|endofturn|end_of_turn"
    r"|begin_of_text|finetune_right_pad_id)\|>"
    r"|<(?:/?s|eos|bos|pad|end_of_turn)>|\[(?:EOS|PAD|BOS)\]"
    # DeepSeek's, with signs of full width.
    "|<\uff5c(?:begin|end)\u2581of\u2581sentence\uff5c>|<\uff5c\u2581pad\u2581\uff5c>"
)
_TRAILING = re.compile(rf"\s*(?:{_SPECIAL})$")
# With the space before it.
_LONGEST_TOKEN = 200
_LEADING = re.compile(rf"(?:{_SPECIAL})")


class Lenient(BaseModel):
    """Base of other people's bodies: what we do not know is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def item_of(
    number: int,
    label: Label,
    verifier: str,
    completion: str,
    *,
    prompt: str | None = None,
    finish_reason: FinishReason = "stop",
) -> ScoreItem:
    """One answer to judge. Raises Refused (422) where its label is no problem."""
    judged = ScoredCompletion(text=completion, finish_reason=finish_reason)
    found = _read(label)
    try:
        if isinstance(found, dict) and isinstance(found.get("problem_id"), str):
            return ScoreItem(id=str(number), problem_id=found["problem_id"], completion=judged)
        if isinstance(found, dict) and "reference" in found:
            named = {"verifier": verifier} | {key: found[key] for key in ("verifier", "reference") if key in found}
            problem = ScoreProblem(**named, prompt=prompt)
        else:
            problem = ScoreProblem(verifier=verifier, reference=_reference(number, found, verifier), prompt=prompt)
    except ValidationError as error:
        said = error.errors(include_input=False, include_url=False, include_context=False)[0]
        raise Refused(422, f"label {number}: {'.'.join(map(str, said['loc']))}: {said['msg']}") from None
    return ScoreItem(id=str(number), problem=problem, completion=judged)


def answer_in(query: str, prompt: str | None) -> str | None:
    """The completion in a text that begins with its prompt, without special tokens at its end.

    The tokenizer may have put special tokens before the prompt, or may have changed its spaces. None where the text
    does not begin with the prompt.
    """
    if not prompt:
        return without_special(query)
    at = 0
    while not query.startswith(prompt, at):
        found = _LEADING.match(query, at)
        if found is None:
            return _behind(query, prompt)
        at = found.end()
    return without_special(query[at + len(prompt) :])


def without_special(text: str) -> str:
    """A completion without the tokens that end a turn."""
    end = len(text)
    while found := _TRAILING.search(text, max(0, end - _LONGEST_TOKEN), end):
        end = found.start()
    return text[:end]


def _behind(query: str, prompt: str) -> str | None:
    """As `answer_in`, spaces aside."""
    wanted = "".join(prompt.split())
    at = 0
    while leading := _LEADING.match(query, at):
        if wanted.startswith(leading[0]):
            break
        at = leading.end()
    met = 0
    while met < len(wanted):
        if at == len(query):
            return None
        if not query[at].isspace():
            if query[at] != wanted[met]:
                return None
            met += 1
        at += 1
    return without_special(query[at:])


def _read(label: Label) -> Label:
    """A JSON object in a string as an object."""
    if not isinstance(label, str) or not label.lstrip().startswith("{"):
        return label
    try:
        found = json.loads(label)
    except (ValueError, RecursionError):
        return label
    return found if isinstance(found, dict) else label


def _reference(number: int, label: Label, verifier: str) -> Json:
    if isinstance(label, dict):
        return label
    if label is not None:
        return {"answer": str(label)}
    if user.is_user_spec(verifier):
        # It may need none.
        return {"answer": None}
    raise Refused(422, f"label {number} is null: nothing to judge against; send the problem's expected answer")
