"""What the requests of trainers have in common: lenient bodies, texts with special tokens."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, StrictFloat, StrictInt, StrictStr

Label = StrictStr | StrictInt | StrictFloat | dict[str, Any] | list[Any] | None
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


def fenced(source: str, tag: str) -> str:
    """A completion that holds this text and nothing else: no fence inside it can end the one around it."""
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", source)), 0)
    return f"{fence}{tag}\n{source}\n{fence}"


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
