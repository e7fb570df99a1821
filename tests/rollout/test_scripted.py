"""The scripted engine: which line a request gets, and scripts that are wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rollout.scripted import ScriptedEngine
from rollout.types import Request


def ask(text: str, *, seed: int = 0, temperature: float = 1.0, max_tokens: int = 50) -> Request:
    return Request(id="q", prompt_ids=tuple(map(ord, text)), max_tokens=max_tokens, seed=seed, temperature=temperature)


def test_lines_are_found_by_ids_then_text_then_default() -> None:
    engine = ScriptedEngine(
        {"default": ["d"], "prompts": {"hi": ["text"], "ho": ["t"]}, "prompt_ids": {"104 111": ["ids"]}}
    )
    texts = [engine.generate([ask(prompt)])[0].text for prompt in ("hi", "ho", "else")]
    assert texts == ["text", "ids", "d"]


def test_the_seed_points_at_the_line_and_greedy_takes_the_first() -> None:
    engine = ScriptedEngine({"default": ["a", "b", "c"]})
    assert "".join(engine.generate([ask("x", seed=seed)])[0].text for seed in range(5)) == "abcab"
    assert engine.generate([ask("x", seed=2, temperature=0)])[0].text == "a"


def test_text_becomes_code_points_and_an_end_of_sequence() -> None:
    [completion] = ScriptedEngine({"default": ["ab"]}).generate([ask("x")])
    assert completion.token_ids.tolist() == [97, 98, 0]
    assert completion.logprobs.tolist() == [0.0, 0.0, 0.0]
    assert completion.finish_reason == "stop"


def test_a_line_is_cut_at_max_tokens() -> None:
    [completion] = ScriptedEngine({"default": [{"text": "abc", "logprobs": [-1, -2, -3]}]}).generate(
        [ask("x", max_tokens=2)]
    )
    assert (completion.text, completion.logprobs.tolist(), completion.finish_reason) == ("ab", [-1.0, -2.0], "length")


def test_token_ids_are_given_as_they_are() -> None:
    [completion] = ScriptedEngine({"default": [{"token_ids": [104, 105, 0]}]}).generate([ask("x")])
    assert (completion.token_ids.tolist(), completion.text) == ([104, 105, 0], "hi")


def test_a_tokenizer_gives_its_own_ids(model_folders: dict[bool, Path], tmp_path: Path) -> None:
    (tmp_path / "script.json").write_text(json.dumps({"prompts": {"!": ['"#']}}))
    engine = ScriptedEngine(tmp_path / "script.json", model_path=model_folders[True])
    [completion] = engine.generate([Request(id="q", prompt_ids=(1, 4), max_tokens=9)])
    assert (completion.token_ids.tolist(), completion.text) == ([5, 6, 2], '"#')


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ({"defaults": ["a"]}, "not a script"),
        ({"default": [3]}, "not a script"),
        ({"prompts": {"y": ["a"]}}, "no line for the prompt 'x'"),
        ({"default": [{"text": "ab", "logprobs": [-1]}]}, "1 logprobs for 2 tokens"),
    ],
)
def test_a_wrong_script_is_refused(script: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ScriptedEngine(script).generate([ask("x")])


def test_a_script_file_that_is_not_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "script.json").write_text("{")
    for path in (tmp_path / "script.json", tmp_path / "none.json"):
        with pytest.raises(ValueError, match="not a script"):
            ScriptedEngine(path)
