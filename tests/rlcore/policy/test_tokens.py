import random
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from rlcore.policy.tokens import (
    CHARACTERS,
    VOCABULARY_SIZE,
    char_tokenizer,
    encode_documents,
    encode_prompt,
    encode_text,
    load_tokenizer,
)
from verifiers.types import Message, Problem

TOKENIZER = char_tokenizer(256)
TEMPLATE = (
    "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}[a] {% endif %}"
)


def problem(prompt: str | tuple[Message, ...]) -> Problem:
    return Problem(id="p1", prompt=prompt)


def prompt_ids(
    prompt: str | tuple[Message, ...], *, chat: bool = False, template: str = "", room: int = 100
) -> tuple[int, ...]:
    return encode_prompt(TOKENIZER, problem(prompt), chat=chat, template=template, max_prompt=room)


def test_special_tokens_and_size() -> None:
    assert len(TOKENIZER) == VOCABULARY_SIZE == 112
    assert (TOKENIZER.pad_token_id, TOKENIZER.bos_token_id, TOKENIZER.eos_token_id) == (0, 1, 2)
    assert TOKENIZER("0").input_ids == [3 + CHARACTERS.index("0")]
    assert TOKENIZER.model_max_length == 256


def test_every_printable_text_round_trips(tmp_path: Path) -> None:
    TOKENIZER.save_pretrained(tmp_path)
    loaded = load_tokenizer(str(tmp_path), 256)
    rng = random.Random(0)
    texts = ["".join(rng.choices(CHARACTERS, k=rng.randint(1, 80))) for _ in range(200)]
    texts += [CHARACTERS, "  two  spaces , and . marks n't 's \n\n", "<eos> <pad> </s> <|im_end|>"]
    for text in texts:
        ids = encode_text(TOKENIZER, text)
        assert len(ids) == len(text) and max(ids) < 3 + len(CHARACTERS)
        assert loaded(text).input_ids == ids
        assert TOKENIZER.decode(ids) == loaded.decode(ids) == text
        assert loaded.decode([1, *ids, 2], skip_special_tokens=True) == text


def test_unused_ids_decode_to_nothing() -> None:
    unprintable = [0, 1, 2, *range(3 + len(CHARACTERS), VOCABULARY_SIZE)]
    assert TOKENIZER.decode(unprintable, skip_special_tokens=True) == ""


def test_auto_tokenizer_reads_what_was_saved(tmp_path: Path) -> None:
    TOKENIZER.save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    assert loaded.get_vocab() == TOKENIZER.get_vocab()
    assert (loaded.pad_token_id, loaded.bos_token_id, loaded.eos_token_id) == (0, 1, 2)
    assert loaded.model_max_length == 256


def test_unknown_characters_are_named() -> None:
    with pytest.raises(ValueError, match=r"no token for 'é', '⟦'.*another tokenizer"):
        encode_text(TOKENIZER, "caf⟦é")
    with pytest.raises(ValueError, match=r"no token for '\\t'"):
        encode_documents(TOKENIZER, ["fine", "a\tb"], row_tokens=10)
    with pytest.raises(ValueError, match=r"problem p1: the tokenizer has no token for 'ü'"):
        prompt_ids("ü")


def test_only_characters_outside_the_alphabet_spell_a_special_token() -> None:
    assert encode_text(TOKENIZER, "⟦eos⟧") == [2]
    assert not set("⟦eos⟧") <= set(CHARACTERS)
    with pytest.raises(ValueError, match="no token for"):
        encode_documents(TOKENIZER, ["⟦unk⟧"], row_tokens=10)


def test_documents_get_bos_and_eos_and_are_cut_to_rows() -> None:
    a, b, c = encode_text(TOKENIZER, "abc")
    assert encode_documents(TOKENIZER, ["abc", "a"], row_tokens=5) == ([[1, a, b, c, 2], [1, a, 2]], 0)
    assert encode_documents(TOKENIZER, ["abc"], row_tokens=3) == ([[1, a, b], [c, 2]], 1)
    assert encode_documents(TOKENIZER, ["abc"], row_tokens=4) == ([[1, a, b, c]], 1)
    assert encode_documents(TOKENIZER, [], row_tokens=4) == ([], 0)
    with pytest.raises(ValueError, match=r"raise pretrain\.row_tokens"):
        encode_documents(TOKENIZER, ["abc"], row_tokens=1)


def test_plain_prompts() -> None:
    assert prompt_ids("1+1") == (1, *encode_text(TOKENIZER, "1+1"))
    assert prompt_ids("{1}", template="Q: {prompt} {x}\nA:") == (1, *encode_text(TOKENIZER, "Q: {1} {x}\nA:"))
    with pytest.raises(ValueError, match=r"write \{prompt\} in it"):
        prompt_ids("1+1", template="Q:")


def test_chat_prompts(tmp_path: Path) -> None:
    messages = (Message(role="system", content="Be brief."), Message(role="user", content="1+1"))
    for attempt in (lambda: prompt_ids(messages), lambda: prompt_ids("1+1", chat=True)):
        with pytest.raises(ValueError, match=r"problem p1: .* no chat template: set data\.chat=false"):
            attempt()
    chatty = char_tokenizer(256)
    chatty.chat_template = TEMPLATE
    ids = encode_prompt(chatty, problem(messages), chat=False, template="", max_prompt=100)
    assert chatty.decode(list(ids)) == "[system] Be brief.\n[user] 1+1\n[a] "
    ids = encode_prompt(chatty, problem("1+1"), chat=True, template="<{prompt}>", max_prompt=100)
    assert chatty.decode(list(ids)) == "[user] <1+1>\n[a] "


def test_prompts_that_do_not_fit() -> None:
    assert len(prompt_ids("12345", room=6)) == 6
    with pytest.raises(ValueError, match=r"problem p1: the prompt has 6 tokens and 1 to 5 fit: raise model\.context"):
        prompt_ids("12345", room=5)


def test_tokenizers_that_cannot_be_loaded(tmp_path: Path) -> None:
    assert len(load_tokenizer("char", 64)) == VOCABULARY_SIZE
    with pytest.raises(ValueError, match="give `char`, or a folder or hub name"):
        load_tokenizer(str(tmp_path / "none"), 64)
    endless = char_tokenizer(64)
    endless.eos_token = None
    endless.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="has no eos token"):
        load_tokenizer(str(tmp_path), 64)
