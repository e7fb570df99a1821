"""Lone surrogates in answers: a verdict, for this answer and for the others of its request."""

from __future__ import annotations

import json

import pytest

from services import surrogates
from services.schemas import ScoredCompletion, ScoreItem, ScoreRequest


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("plain", "plain"),
        ("é 答 😀", "é 答 😀"),
        ("a\ud800b", "a\ufffdb"),
        ("\udc00", "\ufffd"),
        ("\ud83d\ude00", "😀"),
    ],
)
def test_a_text(text: str, sent: str) -> None:
    assert surrogates.replaced(text) == sent


@pytest.mark.parametrize(
    ("body", "meant"),
    [
        (rb'["\ud800"]', ["\ufffd"]),
        (rb'["a\uDFFFb\uD83D"]', ["a\ufffdb\ufffd"]),
        (rb'["\ud83d\ude00"]', ["😀"]),
        (rb'["\ud83d\ud83d\ude00"]', ["\ufffd😀"]),
        # An escaped backslash, then letters.
        (rb'["\\ud800"]', [r"\ud800"]),
        (rb'["\\\ud800"]', ["\\\ufffd"]),
        # The bytes that Python's surrogatepass makes.
        ('["\ud800"]'.encode("utf-8", "surrogatepass"), ["\ufffd\ufffd\ufffd"]),
    ],
)
def test_a_body(body: bytes, meant: list[str]) -> None:
    assert json.loads(surrogates.replaced_in_json(body)) == meant


def test_what_is_no_json_stays_none() -> None:
    assert surrogates.replaced_in_json(rb'["\ud8') == rb'["\ud8'
    assert surrogates.replaced_in_json(b'{"a": "\\') == b'{"a": "\\'


def test_our_client_can_send_it() -> None:
    item = ScoreItem(id="0", problem_id="p", completion=ScoredCompletion(text="\\boxed{4\ud8002}"))
    assert "4\ufffd2" in ScoreRequest(items=(item,)).model_dump_json()
