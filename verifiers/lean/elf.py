"""The dynamic symbols of a 64-bit little-endian ELF library: their names, without loading it."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_DYNAMIC_SYMBOLS = 11


def defined_symbols(library: Path) -> list[str]:
    """Names of all symbols that the library defines. ValueError when it is no such library."""
    with library.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as image:
        if image[:6] != b"\x7fELF\x02\x01":
            raise ValueError(f"{library} is no 64-bit little-endian ELF library")
        (offset,) = struct.unpack_from("<Q", image, 0x28)
        size, count = struct.unpack_from("<HH", image, 0x3A)
        sections = [_SECTION.unpack_from(image, offset + size * index) for index in range(count)]
        table = next((section for section in sections if section[1] == _DYNAMIC_SYMBOLS), None)
        if table is None:
            raise ValueError(f"{library} has no dynamic symbols")
        strings = sections[table[6]]
        names = image[strings[4] : strings[4] + strings[5]]
        symbols = _SYMBOL.iter_unpack(image[table[4] : table[4] + table[5]])
        # Section 0 means that the symbol is defined elsewhere.
        return [names[at : names.index(b"\0", at)].decode() for at, _, _, section, _, _ in symbols if section]
