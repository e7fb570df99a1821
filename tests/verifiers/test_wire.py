"""Large strings of references travel once; what arrives is what was sent."""

from __future__ import annotations

from verifiers import wire
from verifiers.jobs import Job
from verifiers.wire import LARGE_CHARS, Decoder, Encoder

HEADER = "theorem a : 1 = 1 := rfl\n" * LARGE_CHARS


def _job(**reference: object) -> Job:
    return Job(verifier="lean", text="by rfl\ud800", reference=reference, finish_reason="length")


def test_a_job_arrives_as_it_was_sent() -> None:
    job = _job(statement="theorem t : 2 = 2", header=HEADER, nested={"deep": HEADER}, number=3)
    (item,) = Decoder().decode(Encoder().encode([job]))
    assert item == ["lean", "by rfl\ud800", job.reference, "length"]


def test_a_large_string_is_sent_once_and_told_apart_from_others() -> None:
    encoder, decoder = Encoder(), Decoder()
    first = encoder.encode([_job(header=HEADER), _job(header=HEADER + "x")])
    again = encoder.encode([_job(header=HEADER + "x", statement="s"), _job(header=HEADER)])
    assert len(first) > 2 * len(HEADER) and len(again) < 1000
    assert [item[2] for item in decoder.decode(first)] == [{"header": HEADER}, {"header": HEADER + "x"}]
    assert [item[2] for item in decoder.decode(again)] == [
        {"header": HEADER + "x", "statement": "s"},
        {"header": HEADER},
    ]


def test_both_ends_forget_together(monkeypatch) -> None:
    monkeypatch.setattr(wire, "_MAX_HELD_CHARS", 3 * LARGE_CHARS)
    encoder, decoder = Encoder(), Decoder()
    texts = [str(number) * LARGE_CHARS for number in range(10)]
    for text in [*texts, *texts]:
        ((_, _, reference, _),) = decoder.decode(encoder.encode([_job(header=text)]))
        assert reference == {"header": text}
    assert len(decoder._held) <= 5
