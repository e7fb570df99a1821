"""LiveCodeBench's packed tests are read, and nothing else that can be packed so: no pickle is run."""

from __future__ import annotations

import base64
import io
import json
import pickle
import zlib
from pathlib import Path
from typing import Any

import pytest

from rlcore.data.layouts import private_tests

TESTS = [{"input": "1 2\n", "output": "3\n", "testtype": "stdin"}]


def packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode()


class Hostile:
    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (self.path, "w")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("tests", [TESTS, TESTS * 1000, [{"input": "é\n\U0001d538", "output": "\\"}]])
def test_every_protocol_of_pickle(protocol: int, tests: list[Any]) -> None:
    assert private_tests.read(packed(pickle.dumps(json.dumps(tests), protocol))) == tests
    assert private_tests.read(packed(pickle.dumps(json.dumps(tests, ensure_ascii=False), protocol))) == tests


def test_plain_json_is_read_too() -> None:
    assert private_tests.read(json.dumps(TESTS)) == TESTS
    assert private_tests.read(TESTS) == TESTS
    assert private_tests.read("[]") == []


def test_a_program_in_a_pickle_is_not_run(tmp_path: Path) -> None:
    written = tmp_path / "written"
    for value in (Hostile(written), [Hostile(written)], [json.dumps(TESTS), Hostile(written)]):
        with pytest.raises(ValueError, match="which is not opened"):
            private_tests.read(packed(pickle.dumps(value)))
    assert not written.exists()


@pytest.mark.parametrize(
    "value", [TESTS, json.dumps(TESTS).encode(), ["a"], ("a", "b"), None, 7, {"a": "b"}, ["a", "a"]]
)
def test_a_pickle_of_anything_but_one_text_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="something else than one text"):
        private_tests.read(packed(pickle.dumps(value)))


@pytest.mark.parametrize(
    "data",
    [b"", b".", b"\x80\x05", b"\x80\x05\x8c\xff", b"X\xff\xff\xff\xffabc.", b"V\\ud800\n.", b"\x8c\x01\xff.", b"abc"],
)
def test_a_broken_pickle_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        private_tests.read(packed(data))


def test_a_pickle_of_many_instructions_is_refused_unread() -> None:
    text = pickle.dumps(json.dumps(TESTS))
    assert private_tests.read(packed(b"\x80\x05" * 5 + text)) == TESTS
    for data in (b"\x80\x05" * 20 + text, b"\x94" * (1 << 25)):
        with pytest.raises(ValueError, match="something else than one text"):
            private_tests.read(packed(data))


def test_what_is_not_packed_so_is_refused() -> None:
    whole = packed(pickle.dumps(json.dumps(TESTS * 50)))
    for given in ("hello", "!!!!", "aGVsbG8=", whole[: len(whole) // 2 // 4 * 4], 7, b"x"):
        with pytest.raises(ValueError):
            private_tests.read(given)


def test_what_is_small_and_unpacks_to_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = packed(pickle.dumps("[" + " " * (private_tests.MAX_BYTES + 1) + "]"))
    assert len(bomb) < 1 << 20
    with pytest.raises(ValueError, match="larger than 64 MiB"):
        private_tests.read(bomb)
    monkeypatch.setattr(private_tests, "MAX_BYTES", 100)
    with pytest.raises(ValueError, match="larger than"):
        private_tests.read(packed(pickle.dumps(json.dumps(TESTS * 3))))


def test_texts_that_are_no_tests_are_refused() -> None:
    pickler = io.BytesIO()
    pickle.dump("just words", pickler)
    with pytest.raises(ValueError, match="no list of objects"):
        private_tests.read(packed(pickler.getvalue()))
