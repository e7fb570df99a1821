"""Character spans to tokens: exact where a character is several tokens, and who gets the credit and who the blame."""

from __future__ import annotations

import itertools
import random
import re

import pytest

from rlcore.policy.tokens import char_tokenizer
from rlcore.rl.credit import Span, TokenCredit, credit_tokens, token_spans
from verifiers.types import Step

EOS = -1


def byte_decode(ids: list[int]) -> str:
    """One token per byte, as in the worst case of a byte-level vocabulary; EOS is nothing."""
    return bytes(token for token in ids if token != EOS).decode(errors="replace")


def in_pieces(text: str, rng: random.Random) -> tuple[list[bytes], list[int]]:
    """A vocabulary that cuts the text's bytes anywhere, and the text in it."""
    raw = text.encode()
    cuts = sorted(rng.sample(range(1, len(raw)), min(len(raw) - 1, rng.randrange(1, 12))))
    pieces = [raw[start:end] for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    return pieces, list(range(len(pieces)))


def test_one_token_per_character() -> None:
    tokenizer = char_tokenizer(64)
    text = "by\n  skip"
    ids = [*tokenizer(text, add_special_tokens=False).input_ids, tokenizer.eos_token_id]

    def decode(token_ids: list[int]) -> str:
        return str(tokenizer.decode(token_ids, skip_special_tokens=True))

    assert token_spans(ids, text, decode) == [*((at, at + 1) for at in range(len(text))), (len(text), len(text))]


def test_the_tokens_of_one_character_share_its_span() -> None:
    """`∧` is three bytes, the emoji four: spans are code points, not bytes and not UTF-16."""
    text = "a∧😀b"
    spans = token_spans([*text.encode(), EOS], text, byte_decode)
    assert spans == [(0, 1), *[(1, 2)] * 3, *[(2, 3)] * 4, (3, 4), (4, 4)]


def test_a_broken_character_of_the_policy_does_not_shift_the_rest() -> None:
    """Two of the three bytes of a sign, then others: one replacement character, which the first byte gives."""
    ids = [0x61, 0xE2, 0x88, 0x62, 0x63]
    assert byte_decode(ids) == "a\ufffdbc"
    assert token_spans(ids, "a\ufffdbc", byte_decode) == [(0, 1), (1, 2), (2, 2), (2, 3), (3, 4)]


def test_a_decoder_that_drops_a_first_space() -> None:
    """As sentencepiece ones do: the space belongs to the token everywhere but at the start of a text."""
    words = [" by", " exact", " h"]

    def decode(ids: list[int]) -> str:
        return "".join(words[token] for token in ids).removeprefix(" ")

    assert token_spans([0, 1, 2], "by exact h", decode) == [(0, 2), (2, 8), (8, 10)]


def test_a_text_that_the_tokens_do_not_give_has_no_spans() -> None:
    assert token_spans([97, 98], "ab ", byte_decode) is None
    assert token_spans([97, 98], "xb", byte_decode) is None
    # The last byte is the first of a sign, for which this text has nothing.
    assert token_spans([97, 0xE2], "a", byte_decode) is None
    assert token_spans([], "", byte_decode) == [] and token_spans([], "a", byte_decode) is None


@pytest.mark.parametrize("text", ["xb", "ab"])
def test_a_decoder_that_rewrites_its_text_as_it_goes_gives_no_spans(text: str) -> None:
    """`a`, and with the next token `xb`: it fits neither what came before nor, where it does, the text."""
    decoded = {(): "", (0,): "a", (0, 1): "xb"}
    assert token_spans([0, 1], text, lambda ids: decoded[tuple(ids)]) is None


def test_any_cut_of_the_bytes_covers_the_text_once() -> None:
    for seed in range(200):
        rng = random.Random(seed)
        text = "".join(rng.choice("ab \n⟨∀😀é→") for _ in range(rng.randrange(3, 20)))
        pieces, ids = in_pieces(text, rng)

        def decode(token_ids: list[int], pieces: list[bytes] = pieces) -> str:
            return b"".join(pieces[token] for token in token_ids).decode(errors="replace")

        spans = token_spans(ids, text, decode)
        assert spans is not None and len(spans) == len(ids)
        distinct = sorted(set(spans))
        assert "".join(text[start:end] for start, end in distinct) == text
        assert all(left[1] == right[0] for left, right in itertools.pairwise(distinct))


def test_a_byte_level_vocabulary_as_released_models_have_it() -> None:
    """With sampled ids, which are not always those that encoding the text gives: here each part is encoded alone."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    text = "theorem t : ∀ p q : Prop, p ∧ q → q ∧ p := by\n  rintro p q ⟨h₁, h₂⟩ 😀\n  exact ⟨h₂, h₁⟩"
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        [text] * 3, trainers.BpeTrainer(vocab_size=280, initial_alphabet=alphabet, special_tokens=["<eos>"])
    )
    for parts in (list(text), re.split("(?= )", text), [text]):
        ids = [*itertools.chain.from_iterable(tokenizer.encode(part).ids for part in parts), 0]
        spans = token_spans(ids, text, tokenizer.decode)
        assert spans is not None and len(spans) == len(ids)
        for token, (start, end) in zip(ids, spans, strict=True):
            piece = tokenizer.decode([token])
            # A token that is no whole characters has the span of those that it is a part of.
            assert piece == text[start:end] or "\N{REPLACEMENT CHARACTER}" in piece


def characters(text: str) -> list[Span]:
    return [(at, at + 1) for at in range(len(text))]


def step(text: str, part: str, status: str, reward: float | None = None) -> Step:
    start = text.index(part)
    return Step(start=start, end=start + len(part), status=status, reward=reward)


def marked(text: str, values: tuple[float, ...]) -> str:
    return "".join(character for character, value in zip(text, values, strict=True) if value)


def test_credit_before_the_failing_step_and_nothing_after_it() -> None:
    text = "intro h; simp at h; exact k; rfl"
    steps = [
        step(text, "intro h", "accepted", 1.0),
        step(text, "simp at h", "failed", 0.0),
        # Lean recovers from some errors and goes on: what it says of later steps is about another goal.
        step(text, "exact k", "accepted", 1.0),
        step(text, "rfl", "not_reached", 0.0),
    ]
    tokens = credit_tokens(steps, characters(text))
    assert marked(text, tokens.credit_T) == "intro h"
    assert marked(text, tokens.blame_T) == "simp at h"


def test_the_innermost_failing_step_is_to_blame_and_not_what_holds_it() -> None:
    text = "have h : p := by apply f; exact q; exact h"
    steps = [
        step(text, "have h : p := by apply f; exact q", "failed"),
        step(text, "apply f", "accepted", 0.5),
        step(text, "exact q", "failed"),
        step(text, "exact h", "not_reached"),
    ]
    tokens = credit_tokens(steps, characters(text))
    assert marked(text, tokens.blame_T) == "exact q"
    assert marked(text, tokens.credit_T) == "apply f"
    assert max(tokens.credit_T) == 0.5


@pytest.mark.parametrize("order", [1, -1])
def test_a_character_belongs_to_the_innermost_step_whatever_their_order(order: int) -> None:
    """The first inner step begins where the outer one does, the second ends where it does."""
    text = "a; b; c; d"
    steps = [
        step(text, "a; b; c", "accepted", 0.5),
        step(text, "a", "accepted", 1.0),
        step(text, "c", "accepted", 0.25),
        step(text, "d", "failed"),
    ]
    tokens = credit_tokens(steps[::order], characters(text))
    assert tokens.credit_T == (1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.0, 0.0, 0.0)
    assert tokens.blame_T == (0.0,) * 9 + (1.0,)


@pytest.mark.parametrize("reward", [0.0, None, -1.0])
def test_a_step_without_a_reward_earns_nothing(reward: float | None) -> None:
    text = "skip; exact q"
    steps = [step(text, "skip", "accepted", reward), step(text, "exact q", "failed")]
    assert set(credit_tokens(steps, characters(text)).credit_T) == {0.0}


@pytest.mark.parametrize(("outer", "inner"), [("failed", "b"), ("accepted", "a")])
def test_only_accepted_steps_that_began_before_the_failing_one_are_credited(outer: str, inner: str) -> None:
    """A step that failed with a part of it, whatever the judge gave it; and one that begins with its failing part."""
    tokens = credit_tokens([step("a; b", "a; b", outer, 1.0), step("a; b", inner, "failed")], characters("a; b"))
    assert not any(tokens.credit_T)
    assert marked("a; b", tokens.blame_T) == inner


def test_no_tokens_have_no_credit() -> None:
    assert credit_tokens([Step(start=0, end=3, status="failed")], []) == TokenCredit((), ())


def test_no_failing_step_says_nothing() -> None:
    text = "intro h"
    tokens = credit_tokens([step(text, text, "accepted", 1.0)], characters(text))
    assert not any(tokens.credit_T) and not any(tokens.blame_T)


def test_a_token_across_a_border_counts_in_part_and_one_without_characters_not_at_all() -> None:
    steps = [Step(start=0, end=3, status="accepted", reward=1.0), Step(start=3, end=6, status="failed")]
    tokens = credit_tokens(steps, [(0, 2), (2, 4), (4, 6), (6, 6)])
    assert tokens.credit_T == (1.0, 0.5, 0.0, 0.0)
    assert tokens.blame_T == (0.0, 0.5, 1.0, 0.0)


def test_spans_of_a_judge_that_reach_past_the_text_are_cut() -> None:
    steps = [Step(start=0, end=2, status="accepted", reward=7.0), Step(start=2, end=99, status="failed")]
    tokens = credit_tokens(steps, [(0, 2), (2, 4)])
    assert tokens.credit_T == (1.0, 0.0) and tokens.blame_T == (0.0, 1.0)
