"""The hand-over file: written whole or not at all, compared by name and shape, in both spellings of experts."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from rollout.weights import (
    TensorInfo,
    check_weights,
    fingerprint,
    model_shapes,
    read_state,
    read_weights,
    tensor_checksum,
    write_tensors,
    write_weights,
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    shared = torch.arange(6.0).reshape(2, 3)
    state = {
        "b": shared,
        "a": shared,
        "t": shared.t(),
        "half": torch.ones(3, dtype=torch.bfloat16),
        "s": torch.tensor(7),
    }
    write_weights(state, tmp_path / "new folder" / "w.safetensors")
    read = dict(read_weights(tmp_path / "new folder" / "w.safetensors"))
    assert list(read) == sorted(state)
    for name, tensor in state.items():
        assert read[name].dtype == tensor.dtype and torch.equal(read[name], tensor)


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    write_weights({"a": torch.ones(2)}, path)
    with pytest.raises(Exception, match="meta"):
        write_weights({"a": torch.zeros(2), "b": torch.ones(2, device="meta")}, path)
    assert [file.name for file in tmp_path.iterdir()] == ["w.safetensors"]
    assert torch.equal(dict(read_weights(path))["a"], torch.ones(2))


def test_reading_part_of_a_folder(tmp_path: Path) -> None:
    write_weights({"a": torch.ones(1), "b": torch.ones(2)}, tmp_path / "1.safetensors")
    write_weights({"c": torch.ones(3)}, tmp_path / "2.safetensors")
    assert [name for name, _ in read_weights(tmp_path)] == ["a", "b", "c"]
    assert [name for name, _ in read_weights(tmp_path, only={"b", "c"})] == ["b", "c"]
    assert [name for name, _ in read_weights(tmp_path, skip={"a"})] == ["b", "c"]


def test_an_empty_folder_and_a_torn_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no \*\.safetensors file"):
        dict(read_weights(tmp_path))
    (tmp_path / "w.safetensors").write_bytes(b"torn")
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        dict(read_weights(tmp_path))


def test_tensors_come_one_after_the_other_in_any_order(tmp_path: Path) -> None:
    """None of them is kept, so no rank ever has the model twice."""
    infos = [TensorInfo("half", torch.bfloat16, (3,)), TensorInfo("a", torch.float32, (2, 2))]
    alive: list[weakref.ref[Tensor]] = []

    def come() -> Iterator[tuple[str, Tensor]]:
        for info in reversed(infos):
            assert not any(tensor() is not None for tensor in alive)
            tensor = torch.full(info.shape, 2.0, dtype=info.dtype)
            alive.append(weakref.ref(tensor))
            yield info.name, tensor
            del tensor

    prints = write_tensors(infos, come(), tmp_path / "w.safetensors")
    assert prints == {info.name: fingerprint(torch.full(info.shape, 2.0, dtype=info.dtype)) for info in infos}
    assert load_file(tmp_path / "w.safetensors")["half"].tolist() == [2.0] * 3


@pytest.mark.parametrize("digest", [fingerprint, tensor_checksum])
def test_equal_tensors_have_equal_checksums_whatever_their_strides(digest: Callable[[Tensor], str]) -> None:
    tensor = torch.arange(6.0).reshape(2, 3)
    assert digest(tensor) == digest(tensor.t().contiguous().t())
    assert digest(tensor.bfloat16()) == digest(tensor.bfloat16().clone())
    assert len(digest(torch.empty(0))) in (32, 64)


@pytest.mark.parametrize(
    "other",
    [
        torch.arange(6.0).reshape(3, 2),
        torch.arange(6.0).reshape(2, 3).bfloat16(),
        torch.arange(6.0).reshape(2, 3) + torch.tensor([0, 0, 1e-6]),
        torch.arange(6.0).reshape(2, 3).int(),
        torch.arange(6.0).reshape(2, 3).flip(0),
        torch.arange(6.0).reshape(2, 3).view(torch.int32).bitwise_xor(torch.tensor([0, 1, 0])).view(torch.float32),
    ],
    ids=["shape", "dtype", "one value", "kind", "permuted", "one bit"],
)
def test_different_tensors_have_different_checksums(other: Tensor) -> None:
    for digest in (tensor_checksum, fingerprint):
        assert digest(other) != digest(torch.arange(6.0).reshape(2, 3))


def test_both_spellings_name_the_same_shapes(
    model_folders: dict[bool, Path], new_reference: Callable[[Path], Any]
) -> None:
    """`save_pretrained` writes experts one by one, `state_dict` has them fused."""
    model = new_reference(model_folders[False]).model
    saved = {name: tuple(tensor.shape) for name, tensor in read_weights(model_folders[False])}
    assert "model.layers.0.mlp.experts.3.up_proj.weight" in saved
    assert "model.layers.0.mlp.experts.gate_up_proj" in model.state_dict()
    assert model_shapes(model) == saved


def test_experts_given_one_by_one_are_fused_as_transformers_does(
    model_folders: dict[bool, Path], new_reference: Callable[[Path], Any]
) -> None:
    for tied, folder in model_folders.items():
        expected = new_reference(folder).model.state_dict()
        state = read_state(folder, expected)
        assert set(expected) - set(state) == ({"lm_head.weight"} if tied else set())
        for name, tensor in state.items():
            assert torch.equal(tensor, expected[name]), name


def test_a_tied_head_may_be_there_or_not(
    model_folders: dict[bool, Path], new_reference: Callable[[Path], Any], tmp_path: Path
) -> None:
    model = new_reference(model_folders[True]).model
    write_weights(model.state_dict(), tmp_path / "with.safetensors")
    assert "lm_head.weight" in dict(read_weights(tmp_path / "with.safetensors"))
    check_weights(tmp_path / "with.safetensors", model_shapes(model), tied=True)
    check_weights(model_folders[True], model_shapes(model), tied=True)
    with pytest.raises(ValueError, match=r"lm_head\.weight missing"):
        check_weights(model_folders[True], model_shapes(model), tied=False)


@pytest.mark.parametrize("kind", ["one bit", "experts permuted", "two tensors swapped"])
def test_a_file_that_changed_after_it_was_written_is_refused(
    model_folders: dict[bool, Path], new_reference: Callable[[Path], Any], tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "w.safetensors"
    model = new_reference(model_folders[False]).model
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    sent = write_weights(state, path)
    assert check_weights(path, model_shapes(model), tied=False) == sent
    raw = path.read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    names = [f"model.layers.{layer}.mlp.experts.down_proj" for layer in (0, 1)]
    experts = state[names[0]]
    if kind == "one bit":
        experts.view(torch.int32)[2, 5, 7] ^= 1
    elif kind == "experts permuted":
        experts[[0, 3]] = experts[[3, 0]]
    else:
        state |= {names[0]: state[names[1]], names[1]: state[names[0]]}
    write_weights(state, tmp_path / "other.safetensors")
    other = (tmp_path / "other.safetensors").read_bytes()
    assert len(other) == len(raw) and other[start:] != raw[start:]
    path.write_bytes(raw[:start] + other[start:])
    with pytest.raises(ValueError, match=r"experts\.down_proj is not what was written"):
        check_weights(path, model_shapes(model), tied=False)
