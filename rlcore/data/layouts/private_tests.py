"""LiveCodeBench's private tests: JSON text, or base64 of zlib of a pickle of one.

A pickle is a program, so it is not run: of its instructions those that hold one text are read, and with any other the
row is refused.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import pickletools
import zlib
from typing import Any

from rlcore.data.layouts import cells
from verifiers.types import Json

MAX_BYTES = 64 << 20
_TEXTS = frozenset({"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE"})
# A text has no more; what is small when packed may unpack to millions.
_MOST_INSTRUCTIONS = 16
_FRAME = frozenset({"PROTO", "FRAME", "MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT", "STOP"})


def read(given: Any) -> list[Json]:
    """The tests. Raises ValueError for what is in neither form, or larger than `MAX_BYTES` unpacked."""
    if not isinstance(given, str) or given.lstrip()[:1] in ("[", "{", ""):
        return cells.records(given)
    return cells.records(_pickled_text(_inflated(given)))


def _inflated(given: str) -> bytes:
    try:
        packed = base64.b64decode(given, validate=True)
        unpacking = zlib.decompressobj()
        data = unpacking.decompress(packed, MAX_BYTES)
    except (binascii.Error, ValueError, zlib.error):
        raise ValueError("the private tests are no base64 of zlib: download them again") from None
    if unpacking.unconsumed_tail:
        raise ValueError(f"the private tests are larger than {MAX_BYTES >> 20} MiB")
    if not unpacking.eof:
        raise ValueError("the private tests are cut off: download them again")
    return data


def _pickled_text(data: bytes) -> str:
    texts: list[str] = []
    try:
        for operation, argument, _ in itertools.islice(pickletools.genops(data), _MOST_INSTRUCTIONS):
            if operation.name in _TEXTS:
                texts.append(str(argument))
            elif operation.name not in _FRAME:
                raise ValueError
    # Whatever the reader of a broken pickle raises.
    except (ValueError, IndexError, KeyError, EOFError, UnicodeError, OverflowError):
        texts = []
    if len(texts) != 1:
        raise ValueError("the private tests are a pickle of something else than one text, which is not opened")
    return texts[0]
