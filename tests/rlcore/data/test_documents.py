import json
from pathlib import Path

import pytest

from rlcore.data.documents import read_documents
from rlcore.data.families import arithmetic


def test_the_generated_corpus_and_its_mix() -> None:
    held_out = {str(problem.prompt) for problem in arithmetic.problems(100, 0)}
    corpus = read_documents("arithmetic", characters=40_000, seed=3, exclude=held_out)
    assert corpus == read_documents("arithmetic", characters=40_000, seed=3, exclude=held_out)
    assert corpus.texts[0] != read_documents("arithmetic", characters=40_000, seed=4).texts[0]
    assert not [text for text in corpus.texts if any(prompt in text for prompt in held_out)]
    assert sum(map(len, corpus.texts)) == sum(share.characters for share in corpus.mix.values())
    assert sum(map(len, corpus.texts)) >= 40_000 > sum(map(len, corpus.texts[:-1]))
    assert sum(share.documents for share in corpus.mix.values()) == len(corpus.texts)
    with pytest.raises(ValueError, match="give 1 or more"):
        read_documents("arithmetic", characters=0, seed=0)


def test_text_files_split_on_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "play.txt"
    path.write_text("\n\nFirst:\n  speak.\n\n \nSecond:\nno.\n", "utf-8")
    corpus = read_documents(str(path), characters=1, seed=0)
    assert corpus.texts == ["First:\n  speak.", "Second:\nno."]
    assert corpus.mix["play.txt"].documents == 2


def test_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in ("one", "two")), "utf-8")
    assert read_documents(str(path), characters=1, seed=0).texts == ["one", "two"]


def test_held_out_prompts_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "leak.txt"
    path.write_text("fine\n\nsays Q: 1+2*3=?\nA: 7\n", "utf-8")
    with pytest.raises(ValueError, match=r"leak\.txt, paragraph 2: contains the held-out prompt"):
        read_documents(str(path), characters=1, seed=0, exclude={"Q: 1+2*3=?\nA:"})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"\n \n", "no text in it"),
        ("a.txt", b"\xff\xfe", "not UTF-8"),
        ("a.jsonl", b'{"text": "x"}\n{"text": ""}\n', r"a\.jsonl, line 2: `text` is ''"),
        ("a.jsonl", b'{"txt": "x"}\n', r"line 1: `text` is None"),
        ("a.csv", b"x", "unknown corpus"),
    ],
)
def test_bad_files(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_documents(str(tmp_path / name), characters=1, seed=0)


def test_missing_files(tmp_path: Path) -> None:
    for name in ("gone.txt", "gone.jsonl"):
        with pytest.raises(ValueError, match="no such file"):
            read_documents(str(tmp_path / name), characters=1, seed=0)
