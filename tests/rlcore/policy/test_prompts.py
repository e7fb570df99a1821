"""Prompts of a run file as ids, and completions as the text that the engines give."""

from __future__ import annotations

import pytest

from rlcore.config.reading import parse
from rlcore.policy.prompts import Prompts
from verifiers.types import Problem

PROBLEM = Problem(id="one", prompt="1+1=?", reference={"answer": "2"})


def prompts(new_tokens: int = 16) -> Prompts:
    return Prompts(
        parse(
            {
                "model": {"context": 64},
                "rollout": {"max_new_tokens": new_tokens},
                "data": {"prompt_template": "Q: {prompt}\nA:"},
            }
        )
    )


def test_a_prompt_is_the_template_in_ids() -> None:
    """A token is a character; the text begins with the token for a text's beginning, which decoding leaves out."""
    given = prompts()
    ids = given.encode(PROBLEM)
    assert ids[0] == given.tokenizer.bos_token_id
    assert given.decode(list(ids)) == "Q: 1+1=?\nA:"
    assert len(ids) == 1 + len("Q: 1+1=?\nA:")
    assert given.tokenizer is given.tokenizer, "loaded once"


def test_decoding_leaves_spaces_before_marks_as_they_are() -> None:
    given = prompts()
    text = "a , b ? don ' t"
    ids = given.tokenizer(text, add_special_tokens=False).input_ids
    assert given.decode([*ids, given.tokenizer.eos_token_id]) == text


def test_a_prompt_has_what_the_completion_leaves_of_the_context() -> None:
    """12 tokens: 52 may follow in a context of 64, and no more."""
    assert len(prompts(52).encode(PROBLEM)) == 12
    with pytest.raises(ValueError, match="12 tokens"):
        prompts(53).encode(PROBLEM)
