"""Stored verdicts as files that other programs read: one flat record each, as JSON lines or parquet."""

from __future__ import annotations

import io
import json
from typing import Any, Protocol

from services.guard import Refused
from services.keys import Caller
from services.routes import reference_of, shown
from services.samples import Sample

# Their names and kinds, in the order of the columns.
_COLUMNS = {
    "verdict_id": "string",
    "judged_at": "float64",
    "run": "string",
    "step": "int32",
    "family": "string",
    "group": "string",
    "sample": "int32",
    "problem": "string",
    "tenant": "string",
    "verifier": "string",
    "verifier_version": "string",
    "status": "string",
    "reward": "float64",
    "seconds": "float64",
    "finish_reason": "string",
    "prompt": "string",
    "completion": "string",
    "extracted": "string",
    "detail": "string",
    "failure_kind": "string",
    "failure_reason": "string",
    # As JSON; null for callers who may not see it.
    "reference": "string",
}


# A row group of parquet: what a reader takes at once, and few enough for its footer.
_GROUP_ROWS, _GROUP_CHARS = 10_000, 16 << 20


class File(Protocol):
    """A file that is written in parts."""

    media_type: str

    def add(self, records: list[dict[str, Any]]) -> bytes:
        """The bytes that come next."""

    def end(self) -> bytes:
        """The last bytes."""


def file_of(kind: str) -> File:
    """An empty `ndjson` or `parquet` file. Raises Refused (422) without pyarrow."""
    return Lines() if kind == "ndjson" else Parquet()


def record(sample: Sample, row: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """One sample as this caller may see it; `row` is its line in the list, with its labels where it has some."""
    verdict, reference = shown(sample.verdict, caller), reference_of(sample, caller)
    return {
        "verdict_id": sample.id,
        "judged_at": sample.at,
        "run": row.get("run"),
        "step": row.get("step"),
        "family": row.get("family"),
        "group": row.get("group"),
        "sample": row.get("sample"),
        "problem": row.get("problem") or sample.name,
        "tenant": sample.tenant,
        "verifier": verdict.verifier,
        "verifier_version": verdict.verifier_version,
        "status": verdict.status.value,
        "reward": verdict.reward,
        "seconds": verdict.seconds,
        "finish_reason": sample.finish_reason,
        "prompt": sample.prompt,
        "completion": sample.completion,
        "extracted": verdict.extracted,
        "detail": verdict.detail,
        "failure_kind": verdict.failure_kind,
        "failure_reason": verdict.failure_reason,
        "reference": None if reference is None else json.dumps(reference, ensure_ascii=False),
    }


class Lines:
    """JSON lines."""

    media_type = "application/x-ndjson"

    def add(self, records: list[dict[str, Any]]) -> bytes:
        """See `File`."""
        return b"".join(json.dumps(each).encode() + b"\n" for each in records)

    def end(self) -> bytes:
        """See `File`."""
        return b""


class Parquet:
    """A parquet file. Raises Refused (422) without pyarrow."""

    media_type = "application/vnd.apache.parquet"

    def __init__(self) -> None:
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError:
            raise Refused(
                422, "parquet needs pyarrow, which this service lacks: pip install pyarrow there, or take format=ndjson"
            ) from None
        self._arrow = pyarrow
        self._schema = pyarrow.schema([(name, getattr(pyarrow, kind)()) for name, kind in _COLUMNS.items()])
        self._written = _Taken()
        self._writer = pyarrow.parquet.ParquetWriter(self._written, self._schema)
        self._waiting: list[dict[str, Any]] = []
        self._chars = 0

    def add(self, records: list[dict[str, Any]]) -> bytes:
        """See `File`."""
        self._waiting += records
        self._chars += sum(len(value) for each in records for value in each.values() if isinstance(value, str))
        if len(self._waiting) >= _GROUP_ROWS or self._chars >= _GROUP_CHARS:
            self._write_group()
        return self._written.take()

    def end(self) -> bytes:
        """See `File`."""
        self._write_group()
        self._writer.close()
        return self._written.take()

    def _write_group(self) -> None:
        if self._waiting:
            self._writer.write_table(self._arrow.Table.from_pylist(self._waiting, schema=self._schema))
        self._waiting, self._chars = [], 0


class _Taken(io.RawIOBase):
    """A file that only grows, and whose bytes are taken as they come."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        self._size += len(self._parts[-1])
        return len(self._parts[-1])

    def tell(self) -> int:
        return self._size

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken
