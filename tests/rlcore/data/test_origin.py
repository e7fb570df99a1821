"""Where a problem came from, under one name that every place takes."""

from __future__ import annotations

import re

import pytest

from rlcore.data.origin import SPELLING, family, labelled, name_of, ordered, spelled
from verifiers.types import Problem

ONE = Problem(id="one", prompt="1+1=", tags=("level=2",))


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("school.jsonl", "school"),
        ("../shared/data/gsm8k/train.jsonl", "gsm8k"),
        ("../shared/data/gsm8k/test.jsonl.gz", "gsm8k"),
        ("sets/DAPO-Math-17k/data/train-00000-of-00001.parquet", "DAPO-Math-17k"),
        ("train.jsonl", "train"),
        ("./test.csv", "test"),
        ("rows.v2.json", "rows_v2"),
        ("my rows (new).csv", "my_rows_new"),
        ("数学题.jsonl", "数学题"),
        ("hf:openai/gsm8k@main:test", "gsm8k.main"),
        ("hf:openai/gsm8k", "gsm8k"),
        ("hf:/sets/aime_2024/:train", "aime_2024"),
        ("leandojo:bench/random/train.json", "leandojo.random"),
        ("leandojo:bench/novel_premises/val.json@mathlib4", "leandojo.novel_premises"),
    ],
)
def test_names_of_rows(source: str, name: str) -> None:
    assert name_of(source) == name


def test_the_tag_is_the_family_and_without_one_it_is_the_judge() -> None:
    assert family(labelled(ONE, "word_problems.zh")) == "word_problems.zh"
    assert labelled(ONE, "a").tags == ("level=2", "family=a")
    assert labelled(labelled(ONE, "a"), "b").tags == ("level=2", "family=b")
    assert family(ONE) == "math"
    assert family(ONE.model_copy(update={"verifier": "a/judge.py:parity"})) == "parity"
    assert family(ONE.model_copy(update={"tags": ("family=say what/you want",)})) == "say_what_you_want"


def test_every_name_is_spelled_as_metrics_take_it() -> None:
    for name in ("a b", "..", "", "a/b:c", "\u200b", "x" * 500, "_", "1.5", "é\n", "<script>"):
        assert re.fullmatch(SPELLING, spelled(name)) and len(spelled(name)) <= 60, name
    assert spelled("..") == "unnamed"


def test_families_stand_by_source_and_variants_by_name() -> None:
    found = ["words.zh", "sums", "words.en", "sums", "codes.b", "codes.a"]
    assert ordered(found) == ["words.en", "words.zh", "sums", "codes.a", "codes.b"]
