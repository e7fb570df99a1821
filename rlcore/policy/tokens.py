"""Text to token ids and back: the built-in character tokenizer, released tokenizers, and prompts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from verifiers.types import Problem

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

# Lean's symbols last, so that the ids of ASCII text do not depend on them.
CHARACTERS = "".join(chr(code) for code in range(32, 127)) + "\n" + "¬∧∨→←↔⟨⟩"
VOCABULARY_SIZE = 112
# Brackets that are not among CHARACTERS, so no text of these characters can spell a special token.
PAD, BOS, EOS, UNKNOWN = "⟦pad⟧", "⟦bos⟧", "⟦eos⟧", "⟦unk⟧"


def char_tokenizer(context: int) -> PreTrainedTokenizerFast:
    """One token per printable ASCII character, newline or symbol of Lean; ids 0 pad, 1 bos, 2 eos, then CHARACTERS.

    The vocabulary is filled up to VOCABULARY_SIZE with special tokens that decode to nothing. Encoding adds no
    special tokens, and decoding gives the text back exactly. `context` is the `model_max_length` that is saved with it.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    names = [PAD, BOS, EOS, *CHARACTERS, UNKNOWN]
    unused = [f"⟦unused{number}⟧" for number in range(VOCABULARY_SIZE - len(names))]
    vocabulary = {name: index for index, name in enumerate([*names, *unused])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    tokenizer.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        bos_token=BOS,
        eos_token=EOS,
        unk_token=UNKNOWN,
        additional_special_tokens=unused,
        model_max_length=context,
        clean_up_tokenization_spaces=False,
    )


def load_tokenizer(name_or_folder: str, context: int) -> PreTrainedTokenizerBase:
    """`char`, or a tokenizer from a folder or the hub, with pad (eos where it has none) and eos set.

    Raises:
        ValueError: it cannot be loaded, or has no end-of-sequence token.
    """
    if name_or_folder == "char":
        return char_tokenizer(context)
    from transformers import AutoTokenizer

    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(name_or_folder)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"no tokenizer at {name_or_folder!r} ({error}): give `char`, or a folder or hub name with tokenizer.json"
        ) from None
    if tokenizer.eos_token_id is None:
        raise ValueError(f"the tokenizer of {name_or_folder!r} has no eos token: set eos_token in its config")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def encode_text(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """(`_T`) ids of a text, no special tokens added.

    Raises:
        ValueError: a character the tokenizer has no token for.
    """
    ids: list[int] = tokenizer(text, add_special_tokens=False, verbose=False).input_ids
    if _unknown(tokenizer) in ids:
        raise _no_token(tokenizer, text)
    return ids


def encode_documents(
    tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], *, row_tokens: int
) -> tuple[list[list[int]], int]:
    """Each text as bos (where there is one), its tokens, eos; and how many texts were longer than a row.

    A longer text is cut into pieces of row_tokens, so its later pieces start without bos. A last piece of one token
    has nothing to predict and is dropped.

    Raises:
        ValueError: a character the tokenizer has no token for, or row_tokens below 2.
    """
    if row_tokens < 2:
        raise ValueError(f"row_tokens={row_tokens}: a row needs at least 2 tokens, raise pretrain.row_tokens")
    encoded = tokenizer(list(texts), add_special_tokens=False, verbose=False).input_ids if texts else []
    # Read once: transformers looks a special token up anew each time.
    bos, eos, unknown = _bos(tokenizer), tokenizer.eos_token_id, _unknown(tokenizer)
    documents: list[list[int]] = []
    cut = 0
    for text, ids in zip(texts, encoded, strict=True):
        if unknown in ids:
            raise _no_token(tokenizer, text)
        whole = [*bos, *ids, eos]
        cut += len(whole) > row_tokens
        pieces = [whole[start : start + row_tokens] for start in range(0, len(whole), row_tokens)]
        documents += [piece for piece in pieces if len(piece) > 1]
    return documents, cut


def encode_prompt(
    tokenizer: PreTrainedTokenizerBase, problem: Problem, *, chat: bool, template: str, max_prompt: int
) -> tuple[int, ...]:
    """(`_T`) the ids a completion of this problem continues.

    Args:
        chat: send a string prompt as a user message; prompts that are messages always go through the chat template.
        template: put around a string prompt at `{prompt}`; empty leaves it as it is.
        max_prompt: tokens that fit, the context less the longest completion.

    Plain text starts with bos where the tokenizer has one; a chat template writes its own special tokens.

    Raises:
        ValueError: no chat template, no `{prompt}` in the template, a character without a token, or a prompt that
            is empty or does not fit; the message names the problem and the remedy.
    """
    if isinstance(problem.prompt, str):
        prompt = _fill(template, problem.prompt)
        messages = [{"role": "user", "content": prompt}] if chat else None
    else:
        prompt = ""
        messages = [message.model_dump() for message in problem.prompt]
    try:
        if messages is None:
            ids = (*_bos(tokenizer), *encode_text(tokenizer, prompt))
        else:
            ids = tuple(encode_text(tokenizer, _render(tokenizer, messages)))
    except ValueError as error:
        raise ValueError(f"problem {problem.id}: {error}") from None
    if not 1 <= len(ids) <= max_prompt:
        raise ValueError(
            f"problem {problem.id}: the prompt has {len(ids)} tokens and 1 to {max_prompt} fit: "
            "raise model.context, lower rollout.max_new_tokens, or drop the problem"
        )
    return ids


def _fill(template: str, prompt: str) -> str:
    if not template:
        return prompt
    if "{prompt}" not in template:
        raise ValueError(f"the template {template!r} has no place for the prompt: write {{prompt}} in it")
    return template.replace("{prompt}", prompt)


def _render(tokenizer: PreTrainedTokenizerBase, messages: list[dict[str, str]]) -> str:
    if not tokenizer.chat_template:
        raise ValueError(
            "the prompt is chat messages but the tokenizer has no chat template: set data.chat=false and give string "
            "prompts, or use the tokenizer of a chat model"
        )
    return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))


def _bos(tokenizer: PreTrainedTokenizerBase) -> tuple[int, ...]:
    return () if tokenizer.bos_token_id is None else (tokenizer.bos_token_id,)


def _unknown(tokenizer: PreTrainedTokenizerBase) -> int | None:
    # Some tokenizers name eos as their unknown token too; a chat template writes that one on purpose.
    unknown = tokenizer.unk_token_id
    return None if unknown == tokenizer.eos_token_id else unknown


def _no_token(tokenizer: PreTrainedTokenizerBase, text: str) -> ValueError:
    unknown = tokenizer.unk_token_id
    missing = [
        character
        for character in sorted(set(text))
        if unknown in tokenizer(character, add_special_tokens=False).input_ids
    ]
    return ValueError(
        f"the tokenizer has no token for {', '.join(map(repr, missing)) or 'a part of the text'}: "
        "replace these characters in the data or use another tokenizer"
    )
