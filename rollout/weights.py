"""Weights by name: the safetensors hand-over from learner to rollout engines, and the checks before it is used.

Two spellings of a mixture-of-experts layer exist in transformers 5: `save_pretrained` writes one tensor per
expert (`experts.{e}.gate_proj.weight`), `state_dict()` holds them fused (`experts.gate_up_proj`, `_E` x 2I x H).
Both are accepted everywhere; names and shapes are compared in the first spelling.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

Shape = tuple[int, ...]

TIED_HEAD = "lm_head.weight"
EMBEDDING = "model.embed_tokens.weight"


def write_weights(state: Mapping[str, Tensor], path: Path) -> None:
    """Write `state` to the safetensors file `path`: a reader sees the old file or the whole new one.

    Tensors that share memory (a tied head) are written twice, because the format has no aliases.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    seen: set[int] = set()
    tensors: dict[str, Tensor] = {}
    for name, value in state.items():
        tensor = value.detach().contiguous()
        pointer = tensor.untyped_storage().data_ptr()
        tensors[name] = tensor.clone() if pointer in seen else tensor
        seen.add(pointer)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        save_file(tensors, temporary, metadata={"format": "pt"})
        _sync(temporary)
        temporary.replace(path)
        _sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def tensor_checksum(tensor: Tensor) -> str:
    """sha256 (hex) of dtype, shape and bytes: equal for equal tensors on any device and with any strides."""
    data = tensor.detach().cpu().contiguous()
    digest = hashlib.sha256(f"{data.dtype} {tuple(data.shape)}\n".encode())
    digest.update(data.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def model_shapes(model: nn.Module) -> dict[str, Shape]:
    """Hugging Face name -> shape of everything `model` loads, experts one by one. Works on the meta device."""
    return _per_expert({name: tuple(tensor.shape) for name, tensor in model.state_dict().items()})


def check_weights(path: Path, expected: Mapping[str, Shape], *, tied: bool) -> None:
    """Compare the names and shapes at `path` with a model's, before anything of the engine is touched.

    Args:
        path: a safetensors file, or a folder of them.
        expected: from `model_shapes`.
        tied: the head is the embedding: `lm_head.weight` may be absent and must equal the embedding where present.

    Raises:
        ValueError: unreadable; or a tensor is missing, unknown or of the wrong shape. The message names it.
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


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
