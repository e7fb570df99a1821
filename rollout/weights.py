"""Weights by name: the safetensors file from learner to rollout engines, and the checks before it is used.

Two spellings of a mixture-of-experts layer exist in transformers 5: `save_pretrained` writes one tensor per
expert (`experts.{e}.gate_proj.weight`), `state_dict()` holds them fused (`experts.gate_up_proj`, `_E` x 2I x H).
Both are accepted everywhere; names and shapes are compared in the first spelling.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import xxhash
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

Shape = tuple[int, ...]

TIED_HEAD = "lm_head.weight"
EMBEDDING = "model.embed_tokens.weight"
FINGERPRINT = "fingerprint:"
"""Before a tensor's name in the metadata of a file that `write_tensors` made."""

_DTYPES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.bfloat16: "BF16",
    torch.float16: "F16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}


@dataclass(frozen=True)
class TensorInfo:
    """A tensor before it is there: under ZeRO-3 no rank holds it whole (vLLM's weight transfer: `ParamMeta`)."""

    name: str
    dtype: torch.dtype
    shape: Shape

    @property
    def bytes(self) -> int:
        """Size of the data."""
        return torch.Size(self.shape).numel() * self.dtype.itemsize


def describe(state: Mapping[str, Tensor]) -> list[TensorInfo]:
    """What `write_tensors` wants to know of tensors that are there."""
    return [TensorInfo(name, tensor.dtype, tuple(tensor.shape)) for name, tensor in state.items()]


def write_weights(state: Mapping[str, Tensor], path: Path) -> dict[str, str]:
    """`write_tensors` of tensors that are there. Those that share memory (a tied head) are written twice."""
    return write_tensors(describe(state), state.items(), path)


def write_tensors(
    infos: Sequence[TensorInfo], tensors: Iterable[tuple[str, Tensor]], path: Path, *, reserve: bool = False
) -> dict[str, str]:
    """Write `tensors`, one after the other and in any order, to the safetensors file `path`.

    A reader sees the old file or the whole new one. It is not forced to the disk: what a dead machine leaves of it
    is never read again.

    Args:
        infos: name, dtype and shape of all of them.
        tensors: each is used up before the next is asked for, so they need not exist at the same time.
        reserve: take all the room before the first tensor, so that a lack of it (OSError, ENOSPC) uses up none.

    Returns:
        Name -> `fingerprint`; the file's metadata hold them too.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    places, size = _places(infos)
    prints = {info.name: "0" * len(fingerprint(torch.empty(0))) for info in infos}
    start = len(_header(infos, places, prints))
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb", buffering=0) as file:
            if reserve:
                os.posix_fallocate(file.fileno(), 0, start + size)
            file.truncate(start + size)
            expected = {info.name: info for info in infos}
            for name, tensor in tensors:
                info = expected.pop(name)
                whole = tensor.detach().cpu().contiguous()
                assert (whole.dtype, tuple(whole.shape)) == (info.dtype, info.shape), name
                prints[name] = fingerprint(whole)
                _write_at(file.fileno(), _bytes_of(whole), start + places[name])
                del tensor, whole  # before the next one is gathered
            assert not expected, f"never came: {sorted(expected)}"
            _write_at(file.fileno(), memoryview(_header(infos, places, prints)), 0)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return prints


def fingerprint(tensor: Tensor) -> str:
    """XXH3 (128 bits, hex) of dtype, shape and bytes: sees any change that is not made to deceive.

    A tenth of a millisecond for a megabyte, a thirtieth of sha256: cheap enough for every tensor of every update.
    """
    return _digest(tensor, xxhash.xxh3_128)


def tensor_checksum(tensor: Tensor) -> str:
    """sha256 (hex) of dtype, shape and bytes: equal for equal tensors on any device and with any strides."""
    return _digest(tensor, hashlib.sha256)


def _digest(tensor: Tensor, algorithm: Callable[[bytes], Any]) -> str:
    data = tensor.detach().cpu().contiguous()
    digest = algorithm(f"{data.dtype} {tuple(data.shape)}\n".encode())
    digest.update(_bytes_of(data))
    return str(digest.hexdigest())


def _bytes_of(tensor: Tensor) -> memoryview:
    return tensor.reshape(-1).view(torch.uint8).numpy().data


def _places(infos: Sequence[TensorInfo]) -> tuple[dict[str, int], int]:
    """Offset of each tensor behind the header, and the end. Wide dtypes first keeps every tensor aligned."""
    places, end = {}, 0
    for info in sorted(infos, key=lambda info: (-info.dtype.itemsize, info.name)):
        places[info.name] = end
        end += info.bytes
    return places, end


def _header(infos: Sequence[TensorInfo], places: Mapping[str, int], prints: Mapping[str, str]) -> bytes:
    """The head of a safetensors file: its length (8 bytes), then JSON, filled with spaces to a multiple of 8."""
    table: dict[str, Any] = {
        "__metadata__": {"format": "pt"} | {FINGERPRINT + name: value for name, value in prints.items()}
    }
    for info in infos:
        place = places[info.name]
        offsets = [place, place + info.bytes]
        table[info.name] = {"dtype": _DTYPES[info.dtype], "shape": list(info.shape), "data_offsets": offsets}
    text = json.dumps(table, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _write_at(descriptor: int, data: memoryview, offset: int) -> None:
    while len(data):
        written = os.pwrite(descriptor, data, offset)
        data, offset = data[written:], offset + written


def model_shapes(model: nn.Module) -> dict[str, Shape]:
    """Hugging Face name -> shape of everything `model` loads, experts one by one. Works on the meta device."""
    return _per_expert({name: tuple(tensor.shape) for name, tensor in model.state_dict().items()})


def check_weights(path: Path, expected: Mapping[str, Shape], *, tied: bool) -> dict[str, str]:
    """Compare what lies at `path` with a model's names and shapes, before anything of the engine is touched.

    Args:
        path: a safetensors file, or a folder of them.
        expected: from `model_shapes`.
        tied: the head is the embedding: `lm_head.weight` may be absent and must equal the embedding where present.

    Returns:
        Name, as spelled there -> fingerprint of the tensor.

    Raises:
        ValueError: unreadable; or a tensor is missing, unknown, of the wrong shape, or not what `write_tensors` wrote.
            The message names it.
    """
    stored: dict[str, Shape] = {}
    for shapes in _index(path).values():
        stored |= shapes
    found = _per_expert(stored)
    missing = [name for name in expected if name not in found and not (tied and name == TIED_HEAD)]
    if missing:
        raise ValueError(f"{path}: {_listing(missing)} missing: write the model's whole state dict")
    unknown = [name for name in found if name not in expected]
    if unknown:
        raise ValueError(f"{path}: {_listing(unknown)} unknown to the model: write a model of the same config")
    for name, shape in found.items():
        if shape != expected[name]:
            raise ValueError(f"{path}: {name} has shape {shape}, the model needs {expected[name]}: same config?")
    if tied and TIED_HEAD in found and EMBEDDING in found:
        state = dict(read_weights(path, only={TIED_HEAD, EMBEDDING}))
        if not torch.equal(state[TIED_HEAD], state[EMBEDDING]):
            raise ValueError(f"{path}: {TIED_HEAD} differs from {EMBEDDING}, but the model ties them: untie it")
    return _verify(path)


def _verify(path: Path) -> dict[str, str]:
    found = {name: fingerprint(tensor) for name, tensor in read_weights(path)}
    written: dict[str, str] = {}
    for file in _index(path):
        with safe_open(file, framework="pt") as opened:
            written |= opened.metadata() or {}
    for name, value in found.items():
        if written.get(FINGERPRINT + name, value) != value:
            raise ValueError(f"{path}: {name} is not what was written (its fingerprint differs): write it again")
    return found


def read_weights(
    path: Path, *, only: Collection[str] | None = None, skip: Collection[str] = ()
) -> Iterator[tuple[str, Tensor]]:
    """(name, CPU tensor) of the safetensors file or folder at `path`, as spelled there, in order of names."""
    for file, shapes in _index(path).items():
        with safe_open(file, framework="pt") as opened:
            for name in sorted(shapes):
                if name not in skip and (only is None or name in only):
                    yield name, opened.get_tensor(name)


def read_state(path: Path, like: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors at `path` under the names of `like` (a `state_dict()`): experts given one by one are fused.

    A name that neither spelling has (a tied head) is left out. Call `check_weights` first.
    """
    stored = dict(read_weights(path))
    state: dict[str, Tensor] = {}
    for name, target in like.items():
        prefix, marker, last = name.rpartition(".experts.")
        if name in stored:
            state[name] = stored[name]
        elif marker and last in _FUSED:
            experts = [
                torch.cat([stored[f"{prefix}.experts.{e}.{part}.weight"] for part in _FUSED[last]])
                for e in range(target.shape[0])
            ]
            state[name] = torch.stack(experts)
    return state


_FUSED = {"gate_up_proj": ("gate_proj", "up_proj"), "down_proj": ("down_proj",)}


def _per_expert(shapes: Mapping[str, Shape]) -> dict[str, Shape]:
    split: dict[str, Shape] = {}
    for name, shape in shapes.items():
        prefix, marker, last = name.rpartition(".experts.")
        if marker and last in _FUSED and len(shape) == 3:
            parts = _FUSED[last]
            experts, rows, columns = shape
            for e in range(experts):
                split |= {f"{prefix}.experts.{e}.{part}.weight": (rows // len(parts), columns) for part in parts}
        else:
            split[name] = shape
    return split


def _index(path: Path) -> dict[Path, dict[str, Shape]]:
    files = sorted(path.glob("*.safetensors")) if path.is_dir() else [path]
    if not files:
        raise ValueError(f"{path}: no *.safetensors file in this folder: give the folder the weights were saved to")
    index: dict[Path, dict[str, Shape]] = {}
    for file in files:
        try:
            with safe_open(file, framework="pt") as opened:
                index[file] = {name: tuple(opened.get_slice(name).get_shape()) for name in opened.keys()}  # noqa: SIM118
        except (SafetensorError, OSError) as error:
            raise ValueError(f"{file}: not a whole safetensors file ({error}): write it again") from error
    return index


def _listing(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more are"
