"""What a corpus is made of, worked by hand."""

from __future__ import annotations

from collections import Counter
from random import Random

from rlcore.data.texts import Document, Share, draw_style, mix


def test_the_shares_that_were_generated() -> None:
    texts = [Document("abc", "b", True), Document("d", "a", False), Document("efgh", "b", False)]
    assert mix(texts) == {"b": Share(2, 2 / 3, 7, 0.5), "a": Share(1, 1 / 3, 1, 0.0)}
    assert list(mix(texts)) == ["b", "a"] and mix([]) == {}


def test_styles_come_by_their_shares() -> None:
    rng = Random("styles")
    counts = Counter(draw_style(rng, {"rare": 1, "often": 3}) for _ in range(4000))
    assert abs(counts["often"] - 3000) < 5 * (4000 * 0.75 * 0.25) ** 0.5
    assert {draw_style(rng, {"never": 0, "always": 1}) for _ in range(100)} == {"always"}
